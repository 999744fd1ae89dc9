//! The keys of an artifact that say how it is published: annotations, compression, attestations.

use super::{about, annotations};
use crate::{
    artifact::Artifact,
    attest,
    catalog::CheckedCatalog,
    kind::Kind,
    problem::{Found, Problem},
    variant::Variant,
};

/// The problems of these keys.
pub(super) fn form_problems(catalog: &CheckedCatalog) -> Vec<Found> {
    let artifacts = catalog.artifacts();
    let delivered = artifacts.filter(|artifact| artifact.kind.is_delivered());
    let each = delivered.flat_map(|artifact| {
        let problems = problems(artifact).into_iter();
        problems.map(move |problem| about(artifact, problem))
    });
    each.collect()
}

fn problems(artifact: &Artifact) -> Vec<Problem> {
    if artifact.kind.is_image() {
        let problems = annotations::problem(artifact).into_iter();
        return problems.chain(attest_problems(artifact)).collect();
    }
    let kind = artifact.kind.as_str();
    let keys = [
        ("annotations", !artifact.annotations.is_empty()),
        ("attest", !artifact.attest.is_empty()),
    ];
    let keys = keys.into_iter().filter(|(_, is_there)| *is_there);
    let keys = keys.map(|(key, _)| Problem::OfImages { key, kind });
    let compression = artifact.compression.and_then(|compression| {
        let text = compression.to_string();
        if artifact.kind == Kind::Files {
            return Some(Problem::CompressedFiles);
        }
        let is_of_tars = compression.of_tar().is_ok();
        (!is_of_tars).then_some(Problem::NotOfTars { text, kind })
    });
    keys.chain(compression).collect()
}

fn attest_problems(artifact: &Artifact) -> Vec<Problem> {
    let declared = &artifact.attest;
    let problems = attest::problems(declared);
    if declared.is_empty() || !problems.is_empty() {
        return problems;
    }
    let mut variants = artifact.variants().into_iter();
    let problem = variants.find_map(|variant| attest_problem(artifact, &variant));
    problem.into_iter().collect()
}

/// The problem of the attestations of a variant: the platforms of an image have the same ones.
fn attest_problem(artifact: &Artifact, variant: &Variant) -> Option<Problem> {
    let first = Variant {
        platform: artifact.platforms.first()?.clone(),
        ..variant.clone()
    };
    let filled = |variant: &Variant| attest::attestations(&artifact.attest, &variant.variables());
    match (filled(variant), filled(&first)) {
        (Err(problem), _) => Some(problem),
        (Ok(own), Ok(first)) if own != first => Some(Problem::OneForAllPlatforms {
            key: "attest".to_owned(),
        }),
        _ => None,
    }
}
