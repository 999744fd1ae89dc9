//! The artifacts that can be built: `--call targets`.

use std::collections::BTreeMap;

use catalog::{Artifact, Base, CheckedCatalog, ContextPath, ImageRef, Inputs, ResolvedBase};
use engine::table;
use serde::Serialize;

use super::{
    Answer,
    place::{Location, Sources},
};
use crate::{build::Build, error::FrontendError};

/// BuildKit's `targets.List`, with the properties that an artifact has beyond a Dockerfile's stage.
#[derive(Debug, Serialize)]
pub(super) struct List {
    targets: Vec<Target>,
    sources: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Target {
    name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    default: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    base: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
    kind: &'static str,
    platforms: Vec<String>,
}

pub(super) async fn answer(build: &Build<'_>) -> Result<Answer, FrontendError> {
    let list = list(
        build.catalog,
        default(build)?.as_deref(),
        &dockerfiles(build).await?,
    );
    Answer::new(&list, list.to_text())
}

/// The artifact that is built without `--target`.
fn default(build: &Build<'_>) -> Result<Option<String>, FrontendError> {
    if build.options.target.is_none()
        && let Some(of_file) = build.target()?
    {
        return Ok(Some(of_file));
    }
    Ok(match build.catalog.defaults() {
        [default] => Some(default.to_string()),
        _ => None,
    })
}

/// The texts of the Dockerfiles that name bases, where they are there.
async fn dockerfiles(build: &Build<'_>) -> Result<BTreeMap<ContextPath, String>, FrontendError> {
    let mut texts = BTreeMap::new();
    let named = build.catalog.artifacts().map(Artifact::base);
    let named: Vec<&ContextPath> = named
        .filter_map(|base| match base {
            Base::FromLine { from } => Some(from),
            Base::Named(_) => None,
        })
        .collect();
    if named.is_empty() {
        return Ok(texts);
    }
    let patterns = named.iter().map(|path| path.as_str());
    let snapshot = build.source.contexts.main(patterns).await?;
    for path in named {
        let bytes = snapshot.bytes(build.gateway, path.as_str()).await?;
        if let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            texts.insert(path.clone(), text);
        }
    }
    Ok(texts)
}

/// The artifacts of a catalog, in its order.
pub(super) fn list(
    catalog: &CheckedCatalog,
    default: Option<&str>,
    dockerfiles: &BTreeMap<ContextPath, String>,
) -> List {
    let inputs = Inputs {
        dockerfiles: dockerfiles.clone(),
        ..Inputs::default()
    };
    let mut sources = Sources::default();
    let target = |artifact: &Artifact| Target {
        name: artifact.name().to_string(),
        default: default == Some(artifact.name().as_str()),
        description: artifact.summary().to_owned(),
        base: base(catalog, artifact, &inputs),
        location: artifact.place().map(|place| sources.declared(place)),
        kind: artifact.kind().as_str(),
        platforms: platforms(artifact),
    };
    List {
        targets: catalog.artifacts().map(target).collect(),
        sources: sources.into_bytes(),
    }
}

fn platforms(artifact: &Artifact) -> Vec<String> {
    let platforms = artifact.declared_platforms().iter();
    platforms.map(ToString::to_string).collect()
}

/// The image that a base stands for, or else the base as it is declared.
pub(super) fn base(catalog: &CheckedCatalog, artifact: &Artifact, inputs: &Inputs) -> String {
    let variants = catalog.variants(artifact);
    let resolved = variants
        .first()
        .and_then(|variant| catalog.resolve_base(variant, inputs).ok());
    match resolved {
        Some(ResolvedBase::Image { reference, .. }) => match reference.parse::<ImageRef>() {
            Ok(image) => image.familiar(),
            Err(_) => reference,
        },
        _ => artifact.base().to_string(),
    }
}

impl List {
    pub(super) fn to_text(&self) -> String {
        let row = |target: &Target| {
            let name = if target.default {
                format!("{} (default)", target.name)
            } else {
                target.name.clone()
            };
            let (kind, base) = (target.kind.to_owned(), target.base.clone());
            [name, kind, base, target.description.clone()]
        };
        let rows: Vec<[String; 4]> = self.targets.iter().map(row).collect();
        table(["TARGET", "KIND", "BASE", "DESCRIPTION"], &rows)
    }
}
