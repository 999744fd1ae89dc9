//! Two trees that should be one: the artifact's, and that of the Dockerfile it replaces.

use std::collections::BTreeSet;

use crate::tree::Tree;

/// A path at which the trees may differ, and why that is right.
pub type Justified = (&'static str, &'static str);

/// The most differences that an artifact may have.
const MOST: usize = 10;

/// Compares the artifact's tree with its twin's. Every difference must be justified, and every justified path differ.
pub fn compare(artifact: &Tree, twin: &Tree, justified: &[Justified]) -> Result<(), String> {
    if justified.len() > MOST {
        return Err(format!(
            "{} justified differences, {MOST} at most",
            justified.len()
        ));
    }
    let differences = artifact.differences(twin);
    let allowed: BTreeSet<&str> = justified.iter().map(|(path, _)| *path).collect();
    let unexpected = differences
        .iter()
        .filter(|(path, _)| !allowed.contains(path.as_str()));
    let mut problems: Vec<String> = unexpected
        .map(|(path, nodes)| format!("{path}: {nodes}"))
        .collect();
    let missing = allowed
        .iter()
        .filter(|path| !differences.contains_key(**path));
    problems.extend(missing.map(|path| format!("{path}: is justified, but does not differ")));
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n"))
    }
}
