//! The paths of outputs: each is in the output directory, no two are the same, and none is below another one.

use std::collections::BTreeMap;

use super::about;
use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    path::ContextPath,
    problem::{Found, Problem},
    variant::Variant,
};

/// The outputs with an invalid path, or with the path of another output. One wrong `output` is one problem, in however
/// many variants it shows.
pub(super) fn output_problems(catalog: &CheckedCatalog) -> Vec<Found> {
    let mut problems = Vec::new();
    let mut written: BTreeMap<ContextPath, Variant> = BTreeMap::new();
    for artifact in catalog.artifacts() {
        let mut no_path = None;
        let mut clashes: BTreeMap<String, Problem> = BTreeMap::new();
        for variant in artifact.variants() {
            // The archive of an image holds all its platforms.
            if artifact.kind.is_image() && Some(&variant.platform) != artifact.platforms.first() {
                continue;
            }
            match output_path(artifact, &variant) {
                Err(problem) => drop(no_path.get_or_insert(problem)),
                Ok(path) => match written.get(&path) {
                    Some(first) => add_clash(&mut clashes, &path, first, &variant),
                    None => drop(written.insert(path, variant)),
                },
            }
        }
        let found = no_path.into_iter().chain(clashes.into_values());
        problems.extend(found.map(|problem| about(artifact, problem)));
    }
    problems.extend(nested(catalog, &written));
    problems
}

/// The outputs that would be below another one, which is a file, or a directory with the files of its artifact alone.
fn nested(catalog: &CheckedCatalog, written: &BTreeMap<ContextPath, Variant>) -> Vec<Found> {
    let mut clashes: BTreeMap<(&str, &str), Found> = BTreeMap::new();
    for (path, variant) in written {
        let mut above = std::iter::successors(path.parent(), ContextPath::parent);
        let Some((above, owner)) = above.find_map(|above| written.get_key_value(&above)) else {
            continue;
        };
        let names = (owner.artifact.as_str(), variant.artifact.as_str());
        clashes.entry(names).or_insert_with(|| {
            let problem = Problem::OutputBelow {
                path: path.to_string(),
                above: above.to_string(),
                owner: owner.to_string(),
            };
            about(&catalog.artifacts[&variant.artifact], problem)
        });
    }
    clashes.into_values().collect()
}

/// Adds the problem that `second` has the output path of `first`: once for the artifact of `first`, with all
/// placeholders that tell variants of the two apart.
fn add_clash(
    clashes: &mut BTreeMap<String, Problem>,
    path: &ContextPath,
    first: &Variant,
    second: &Variant,
) {
    let more = second.told_from(first);
    if let Some(Problem::OutputClash { telling, .. }) = clashes.get_mut(first.artifact.as_str()) {
        let new = more.into_iter().filter(|name| !telling.contains(name));
        let new: Vec<String> = new.collect();
        telling.extend(new);
        return;
    }
    let clash = Problem::OutputClash {
        path: path.to_string(),
        first: first.to_string(),
        second: second.to_string(),
        telling: more,
    };
    clashes.insert(first.artifact.to_string(), clash);
}

impl CheckedCatalog {
    /// The path of the output of `variant` below the output directory; an error if an option's value leads out of it.
    ///
    /// # Panics
    /// If `variant` is not of this catalog.
    pub fn output(&self, variant: &Variant) -> Result<ContextPath, Problem> {
        output_path(&self.artifacts[&variant.artifact], variant)
    }
}

/// The directory of the records of outputs, in the output directory.
pub const RECORDS_DIRECTORY: &str = ".llbgen";

pub(crate) fn output_path(artifact: &Artifact, variant: &Variant) -> Result<ContextPath, Problem> {
    let path = artifact.output.expand(&variant.variables())?;
    if path.chars().any(char::is_control) {
        let path = path.escape_default().to_string();
        return Err(Problem::OutputControl { path });
    }
    let parsed: ContextPath = match path.parse() {
        Ok(parsed) => parsed,
        Err(_) => return Err(Problem::OutputPath { path }),
    };
    if parsed.components().next() == Some(RECORDS_DIRECTORY) {
        return Err(Problem::OutputRecord { path });
    }
    Ok(parsed)
}
