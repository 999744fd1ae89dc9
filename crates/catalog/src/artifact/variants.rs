//! The variants of a declared artifact.

use std::collections::BTreeMap;

use buildkit_llb::Platform;

use super::{Artifact, Base};
use crate::{
    kind::Kind, name::VariableName, option::settled, template::TemplateError, variant::Variant,
};

impl Artifact {
    /// Every variant, options at their defaults.
    pub(crate) fn variants(&self) -> Vec<Variant> {
        self.variants_for(&self.platforms)
    }

    /// Every variant for `platforms`, options at their defaults, without the combinations that it leaves out.
    pub(crate) fn variants_for(&self, platforms: &[Platform]) -> Vec<Variant> {
        let mut combinations = vec![settled(&self.options, BTreeMap::new(), self.scope.tables())];
        for (axis, values) in &self.axes {
            combinations = combinations
                .into_iter()
                .flat_map(|combination| {
                    values.iter().map(move |value| {
                        let mut combination = combination.clone();
                        combination.insert(axis.clone(), value.clone());
                        combination
                    })
                })
                .collect();
        }
        let axes: Vec<VariableName> = self.axes.keys().cloned().collect();
        let variant = |platform: &Platform, values: &BTreeMap<_, _>| Variant {
            artifact: self.name.clone(),
            platform: platform.clone(),
            values: values.clone(),
            axes: axes.clone(),
            scope: self.scope.clone(),
        };
        platforms
            .iter()
            .flat_map(|platform| combinations.iter().map(move |values| (platform, values)))
            .map(|(platform, values)| variant(platform, values))
            .filter(|variant| !self.leaves_out(variant))
            .collect()
    }

    /// Whether its own `exclude`, or that of its base, leaves a variant out.
    pub(crate) fn leaves_out(&self, variant: &Variant) -> bool {
        let is_excluded = self.exclude.as_ref().is_some_and(|exclude| {
            // The check reports a condition on what is no variable.
            let holds = exclude.holds("exclude", &variant.variables());
            holds.unwrap_or(false)
        });
        let is_below = |base: &Variant| {
            let mut values = base.values.iter();
            base.platform == variant.platform
                && values.all(|(name, value)| variant.values.get(name) == Some(value))
        };
        let mut bases = self.base_variants.iter();
        is_excluded || bases.any(|bases| !bases.iter().any(is_below))
    }

    /// The variant of it that `above`, of an artifact made from it, is made from: the same platform, those `options`
    /// alone, and on each axis the value of the equally named variable, or the only value. The error is an axis that has
    /// neither. A stage sees all variables of what needs it.
    pub(crate) fn variant_below<'a>(
        &'a self,
        above: &Variant,
        options: impl IntoIterator<Item = &'a VariableName>,
    ) -> Result<Variant, VariableName> {
        let constants = above.scope.constants();
        if self.kind == Kind::Stage {
            let mut values = settled(&self.options, BTreeMap::new(), self.scope.tables());
            values.extend(constants.clone());
            values.extend(above.values.clone());
            values.retain(|name, _| !self.scope.constants().contains_key(name));
            return Ok(self.variant_with(&above.platform, values));
        }
        let given = |name: &VariableName| above.values.get(name).or(constants.get(name)).cloned();
        let mut values: BTreeMap<VariableName, String> = BTreeMap::new();
        for name in options {
            values.extend(given(name).map(|value| (name.clone(), value)));
        }
        for (axis, all) in &self.axes {
            let only = || match &all[..] {
                [only] => Some(only.clone()),
                _ => None,
            };
            let value = given(axis).or_else(only).ok_or_else(|| axis.clone())?;
            values.insert(axis.clone(), value);
        }
        Ok(self.variant_with(&above.platform, values))
    }

    fn variant_with(&self, platform: &Platform, values: BTreeMap<VariableName, String>) -> Variant {
        Variant {
            artifact: self.name.clone(),
            platform: platform.clone(),
            values,
            axes: self.axes.keys().cloned().collect(),
            scope: self.scope.clone(),
        }
    }

    /// The name of the base of a variant; `None` if a FROM line names it.
    pub(crate) fn base_text(&self, variant: &Variant) -> Result<Option<String>, TemplateError> {
        match &self.base {
            Base::FromLine { .. } => Ok(None),
            Base::Named(name) => name.expand(&variant.variables()).map(Some),
        }
    }

    /// The number of its variants, options at their defaults; `usize::MAX` if there are more.
    pub(crate) fn variant_count(&self) -> usize {
        let values = self.axes.values().map(Vec::len);
        values.fold(self.platforms.len(), usize::saturating_mul)
    }

    /// The factors of the number of its variants: ``2 platform(s), 100 values of `l10n` ``.
    pub(crate) fn variant_factors(&self) -> String {
        let platforms = format!("{} platform(s)", self.platforms.len());
        let axes = self.axes.iter();
        let axes = axes.map(|(name, values)| format!("{} values of `{name}`", values.len()));
        let factors: Vec<String> = std::iter::once(platforms).chain(axes).collect();
        factors.join(", ")
    }
}
