//! How many variants there may be: axes multiply, and four of a hundred values would take all memory there is.

use crate::artifact::Artifact;

/// The most variants of one call, and of one artifact.
pub const MAX_VARIANTS: usize = 100_000;

/// How many variants `artifact` has, options at their defaults. It is no more than the largest number that there is.
pub(crate) fn variants(artifact: &Artifact) -> usize {
    let values = artifact.axes.values().map(Vec::len);
    values.fold(artifact.platforms.len(), usize::saturating_mul)
}

/// What the variants of `artifact` are the product of: ``2 platform(s), 100 values of `l10n` ``.
pub(crate) fn factors(artifact: &Artifact) -> String {
    let platforms = format!("{} platform(s)", artifact.platforms.len());
    let axes = artifact.axes.iter();
    let axes = axes.map(|(name, values)| format!("{} values of `{name}`", values.len()));
    let factors: Vec<String> = std::iter::once(platforms).chain(axes).collect();
    factors.join(", ")
}
