//! The limit on variants. Axes multiply: four axes of a hundred values each would take all memory.

/// The most variants of one call, and of one artifact.
pub const MAX_VARIANTS: usize = 100_000;
