//! The variants of a declared artifact.

use std::collections::BTreeMap;

use buildkit_llb::Platform;

use super::Artifact;
use crate::{name::VariableName, option::settled, variant::Variant};

impl Artifact {
    /// Every variant, options at their defaults.
    pub(crate) fn variants(&self) -> Vec<Variant> {
        self.variants_for(&self.platforms)
    }

    /// Every variant for `platforms`, options at their defaults.
    pub(crate) fn variants_for(&self, platforms: &[Platform]) -> Vec<Variant> {
        let mut combinations = vec![settled(&self.options, BTreeMap::new())];
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
        };
        platforms
            .iter()
            .flat_map(|platform| combinations.iter().map(move |values| (platform, values)))
            .map(|(platform, values)| variant(platform, values))
            .collect()
    }

    /// The variant of it that `above`, of an artifact made from it, is made from: the same platform and values, with
    /// those `options` alone.
    pub(crate) fn variant_below<'a>(
        &'a self,
        above: &Variant,
        options: impl IntoIterator<Item = &'a VariableName>,
    ) -> Variant {
        let kept = |name: &VariableName| Some((name.clone(), above.values.get(name)?.clone()));
        let names = self.axes.keys().chain(options);
        Variant {
            artifact: self.name.clone(),
            platform: above.platform.clone(),
            values: names.filter_map(kept).collect(),
            axes: self.axes.keys().cloned().collect(),
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
