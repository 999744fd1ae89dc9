//! The limit on variants. Axes multiply: four axes of a hundred values each would take all memory.

use crate::artifact::Artifact;

/// The most variants of one call, and of one artifact.
pub const MAX_VARIANTS: usize = 100_000;

/// The number of variants of `artifact`, options at their defaults; `usize::MAX` if there are more.
pub(crate) fn variants(artifact: &Artifact) -> usize {
    let values = artifact.axes.values().map(Vec::len);
    values.fold(artifact.platforms.len(), usize::saturating_mul)
}

/// The factors of the number of variants of `artifact`: ``2 platform(s), 100 values of `l10n` ``.
pub(crate) fn factors(artifact: &Artifact) -> String {
    let platforms = format!("{} platform(s)", artifact.platforms.len());
    let axes = artifact.axes.iter();
    let axes = axes.map(|(name, values)| format!("{} values of `{name}`", values.len()));
    let factors: Vec<String> = std::iter::once(platforms).chain(axes).collect();
    factors.join(", ")
}
