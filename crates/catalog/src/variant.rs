//! A variant: one artifact for one platform with one value for every axis and option.

use std::{collections::BTreeMap, fmt};

use buildkit_llb::Platform;

use crate::{
    name::{ArtifactName, VariableName},
    template::Variables,
};

/// The variables that every variant has, in the order in which `variables` fills them in. No axis or option may have
/// their names.
pub(crate) const RESERVED: [&str; 5] = ["arch", "artifact", "os", "platform", "variant"];

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
        let values = self
            .values
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()));
        built_in.chain(values).collect()
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
