//! A variant: one artifact for one platform with one value for every axis and option.

use std::{cmp::Ordering, collections::BTreeMap, fmt, sync::Arc};

use buildkit_llb::Platform;

use crate::{
    name::{ArtifactName, VariableName},
    template::{ValueTables, Variables},
};

/// The variables that every variant has, in the order in which `variables` fills them in. No axis or option may have
/// their names.
pub(crate) const RESERVED: [&str; 5] = ["arch", "artifact", "os", "platform", "variant"];

/// The name before the dot of git's variables. No axis or option may have it, either.
pub(crate) const GIT: &str = "git";

/// Whether no axis or option may have this name.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || name == GIT
}

/// One artifact for one platform, with one value for every axis and option.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant {
    /// The artifact.
    pub artifact: ArtifactName,
    /// The platform.
    pub platform: Platform,
    /// The values of its axes and options.
    pub values: BTreeMap<VariableName, String>,
    /// The names in `values` that are axes: these tell the variants of one artifact apart.
    pub(crate) axes: Vec<VariableName>,
    pub(crate) scope: Scope,
}

/// What an artifact's texts know in all its variants. It follows from the artifact, so that two variants never differ in
/// it alone, and comparisons leave it out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope(Arc<Constants>);

#[derive(Debug, Default)]
struct Constants {
    /// The values in the artifact's name.
    values: BTreeMap<VariableName, String>,
    tables: Arc<ValueTables>,
}

impl Scope {
    pub(crate) fn new(values: BTreeMap<VariableName, String>, tables: Arc<ValueTables>) -> Self {
        Self(Arc::new(Constants { values, tables }))
    }

    /// The values in the artifact's name.
    pub(crate) fn constants(&self) -> &BTreeMap<VariableName, String> {
        &self.0.values
    }

    /// The variables that have values whatever the variant.
    pub(crate) fn variables(&self) -> Variables {
        let constants = self.0.values.iter();
        let constants = constants.map(|(name, value)| (name.to_string(), value.clone()));
        Variables::with_tables(constants.collect(), &self.0.tables)
    }

    /// The rows of the values of variables.
    pub(crate) fn tables(&self) -> &Arc<ValueTables> {
        &self.0.tables
    }
}

impl PartialEq for Scope {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Scope {}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scope {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Variant {
    /// The variables that fill in templates.
    pub fn variables(&self) -> Variables {
        let platform = self.platform.to_string();
        let mut parts = platform.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        let (os, arch, variant) = (part(), part(), part());
        let artifact = self.artifact.as_str();
        let built_in = RESERVED
            .into_iter()
            .zip([arch, artifact, os, &platform, variant]);
        let built_in = built_in.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let values = self.scope.constants().iter().chain(&self.values);
        let values = values.map(|(name, value)| (name.to_string(), value.clone()));
        Variables::with_tables(built_in.chain(values).collect(), self.scope.tables())
    }

    /// The placeholders whose values tell it from `other`. For the platform there is only one: `{arch}`, or
    /// `{platform}` if `{arch}` is the same.
    pub(crate) fn told_from(&self, other: &Self) -> Vec<String> {
        let (own, others) = (self.variables(), other.variables());
        let differs = |name: &str| own.get(name) != others.get(name);
        let artifact = differs("artifact").then_some("artifact");
        let platform = if differs("arch") {
            Some("arch")
        } else {
            differs("platform").then_some("platform")
        };
        let axes = self.axes.iter().map(VariableName::as_str);
        let axes = axes.filter(|axis| artifact.is_none() && differs(axis));
        let names = artifact.into_iter().chain(platform).chain(axes);
        names.map(|name| format!("{{{name}}}")).collect()
    }

    /// The values of its axes and options, as text.
    pub fn values_as_text(&self) -> BTreeMap<String, String> {
        self.values
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect()
    }

    /// The options that have a value here.
    pub(crate) fn options(&self) -> impl Iterator<Item = &VariableName> {
        self.values.keys().filter(|name| !self.axes.contains(name))
    }
}

/// `base-rootfs linux/arm64`, then axis values: `fonts linux/arm64 l10n=en_US`.
impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.artifact, self.platform)?;
        self.axes
            .iter()
            .try_for_each(|axis| write!(f, " {axis}={}", self.values[axis]))
    }
}
