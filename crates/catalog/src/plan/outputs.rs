//! Outputs of one call that clash.

use std::collections::BTreeMap;

use super::Plan;
use crate::path::ContextPath;

/// Two outputs of one selection that would be one file, or one below the other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` would be written by `{first}` and by `{second}`")]
pub struct OutputClash {
    /// The path.
    pub path: ContextPath,
    /// The variant that is planned first.
    pub first: String,
    /// The other one.
    pub second: String,
}

/// Refuses plans whose outputs clash. [`Catalog::check`](crate::Catalog::check) has done so for options at their
/// defaults.
pub fn check_outputs(plans: &[Plan]) -> Result<(), OutputClash> {
    let mut written: BTreeMap<&ContextPath, usize> = BTreeMap::new();
    let clash = |path: &ContextPath, one: usize, other: usize| OutputClash {
        path: path.clone(),
        first: plans[one.min(other)].variant.to_string(),
        second: plans[one.max(other)].variant.to_string(),
    };
    for (index, plan) in plans.iter().enumerate() {
        match written.get(&plan.output) {
            // The archive of an image holds all its platforms.
            Some(other) if plan.is_of_image(&plans[*other]) => {}
            Some(other) => return Err(clash(&plan.output, *other, index)),
            None => drop(written.insert(&plan.output, index)),
        }
    }
    for (path, index) in &written {
        for above in std::iter::successors(path.parent(), ContextPath::parent) {
            if let Some(other) = written.get(&above) {
                return Err(clash(&above, *other, *index));
            }
        }
    }
    Ok(())
}
