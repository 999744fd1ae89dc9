//! Dockerfiles that stand for artifacts.

use std::collections::BTreeSet;

use catalog::{Artifact, Base, CheckedCatalog};

use crate::error::FrontendError;

/// The artifact that a Dockerfile stands for: the one of its name, or the one whose base it names.
pub(crate) fn artifact_of(catalog: &CheckedCatalog, file: &str) -> Result<String, FrontendError> {
    let dockerfile = |artifact: &Artifact| match artifact.base() {
        Base::FromLine { from } => Some(from.file_name().to_owned()),
        Base::Named(_) => None,
    };
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    if catalog.get(stem).is_some() {
        return Ok(stem.to_owned());
    }
    let mut based = catalog
        .artifacts()
        .filter(|artifact| dockerfile(artifact).as_deref() == Some(file));
    if let (Some(artifact), None) = (based.next(), based.next()) {
        return Ok(artifact.name().to_string());
    }
    let valid: BTreeSet<String> = catalog.artifacts().filter_map(dockerfile).collect();
    Err(FrontendError::UnknownFile {
        file: file.to_owned(),
        valid: valid.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use catalog::Catalog;

    use super::*;

    #[test]
    fn an_artifact_is_selected_by_its_name_or_by_its_base() {
        let based = |name: &str, file: &str| Artifact::rootfs(name, Base::from_line(file));
        let catalog = Catalog::new()
            .artifact(based("ground", "dockerfiles/base.dockerfile"))
            .artifact(based("tools", "dockerfiles/shared.dockerfile"))
            .artifact(based("more", "dockerfiles/shared.dockerfile"))
            .artifact(Artifact::rootfs("shell", "debian:12"))
            .check()
            .unwrap();
        let check = |file: &str, expected: Option<&str>| match artifact_of(&catalog, file) {
            Ok(artifact) => assert_eq!(Some(artifact.as_str()), expected, "{file}"),
            Err(FrontendError::UnknownFile { file: named, valid }) => {
                assert_eq!((named.as_str(), None), (file, expected));
                let all = ["base.dockerfile", "shared.dockerfile"];
                assert_eq!(valid, all);
            }
            Err(error) => panic!("{error}"),
        };
        check("ground.dockerfile", Some("ground"));
        check("shell.anything", Some("shell"));
        check("shell", Some("shell"));
        check("base.dockerfile", Some("ground"));
        // The name of an artifact says more than a base that several have.
        check("tools.dockerfile", Some("tools"));
        check("shared.dockerfile", None);
        check("other.dockerfile", None);
        check("base.Dockerfile", None);
    }
}
