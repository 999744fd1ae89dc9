//! Attestations of images, as artifacts declare them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    problem::Problem,
    template::{Template, Text, Variables},
};

/// The attestations of an image, which the daemon puts into manifests of their own in its index. None unless they are
/// asked for: an attestation says when it was made, so that no two builds have the same digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attestations {
    /// How it was built: `mode=min` and the like.
    pub provenance: Option<String>,
    /// What is in it: empty, or `generator=IMAGE`.
    pub sbom: Option<String>,
}

impl Attestations {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An attestation of an image: `{ type = "provenance", mode = "max" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a table such as `{ type = \"provenance\", mode = \"max\" }`"
)]
pub struct Attest {
    #[serde(rename = "type")]
    kind: AttestKind,
    /// How much a provenance tells; `min` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<ProvenanceMode>,
    /// The version of SLSA's format of a provenance: `v0.2` or `v1`; the daemon's by default. A template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Template>,
    /// The id of the builder in a provenance; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    builder_id: Option<Template>,
    /// The name of the file of a provenance; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filename: Option<Template>,
    /// Whether a provenance is in images alone: `true` or `false`; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inline_only: Option<Template>,
    /// Whether a provenance claims that the build can be repeated: `true` or `false`; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reproducible: Option<Template>,
    /// The image that lists what is in an image, for an sbom; the daemon's by default. A template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generator: Option<Template>,
}

/// The subject of an attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", expecting = "`provenance` or `sbom`")]
enum AttestKind {
    /// How an image was built.
    Provenance,
    /// What is in an image.
    Sbom,
}

/// How much a provenance tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", expecting = "`min` or `max`")]
pub enum ProvenanceMode {
    /// Without the values of build arguments and the graph.
    #[default]
    Min,
    /// Everything.
    Max,
}

impl AttestKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Provenance => "provenance",
            Self::Sbom => "sbom",
        }
    }
}

impl ProvenanceMode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

impl Attest {
    const fn of(kind: AttestKind) -> Self {
        Self {
            kind,
            mode: None,
            version: None,
            builder_id: None,
            filename: None,
            inline_only: None,
            reproducible: None,
            generator: None,
        }
    }

    /// How an image was built.
    pub fn provenance(mode: ProvenanceMode) -> Self {
        Self {
            mode: Some(mode),
            ..Self::of(AttestKind::Provenance)
        }
    }

    /// What is in an image, as the daemon's own generator lists it.
    pub fn sbom() -> Self {
        Self::of(AttestKind::Sbom)
    }

    /// The same provenance in this version of SLSA's format, `v0.2` or `v1`; a [`Template`].
    pub fn version(self, version: &str) -> Self {
        let version = Some(Template::unchecked(version));
        Self { version, ..self }
    }

    /// The same provenance with this id of the builder; a [`Template`].
    pub fn builder_id(self, id: &str) -> Self {
        let builder_id = Some(Template::unchecked(id));
        Self { builder_id, ..self }
    }

    /// The same sbom, made by this image; a [`Template`].
    pub fn generator(self, image: &str) -> Self {
        let generator = Some(Template::unchecked(image));
        Self { generator, ..self }
    }

    /// The texts with their keys, in the order in which BuildKit is told them.
    fn texts(&self) -> impl Iterator<Item = (&'static str, &Template)> {
        let texts = [
            ("version", &self.version),
            ("builder-id", &self.builder_id),
            ("filename", &self.filename),
            ("inline-only", &self.inline_only),
            ("reproducible", &self.reproducible),
            ("generator", &self.generator),
        ];
        let texts = texts.into_iter();
        texts.filter_map(|(key, text)| Some((key, text.as_ref()?)))
    }

    /// The problem of a key that attestations of its type do not have, or of a text.
    fn problem(&self) -> Option<Problem> {
        let is_sbom = self.kind == AttestKind::Sbom;
        let mode = self.mode.filter(|_| is_sbom).map(|_| "mode");
        let mut keys = self.texts().map(|(key, _)| key);
        let misplaced = mode.or_else(|| keys.find(|key| (*key == "generator") != is_sbom));
        let kind = self.kind.as_str();
        let misplaced = misplaced.map(|key| Problem::AttestKey { kind, key });
        let mut texts = self.texts();
        misplaced.or_else(|| texts.find_map(|(_, text)| Some(text.problem()?.into())))
    }

    /// The parameters as BuildKit reads them: fields with commas between them.
    fn filled(&self, variables: &Variables) -> Result<String, Problem> {
        let mut fields: Vec<String> = Vec::new();
        if self.kind == AttestKind::Provenance {
            let mode = self.mode.unwrap_or_default();
            fields.push(format!("mode={}", mode.as_str()));
        }
        for (key, text) in self.texts() {
            let value = text.expand(variables)?;
            if value.contains([',', '"']) || value.is_empty() {
                return Err(Problem::AttestValue { key, value });
            }
            fields.push(format!("{key}={value}"));
        }
        Ok(fields.join(","))
    }
}

/// As its type, and its keys as they are written: `provenance mode=max`.
impl fmt::Display for Attest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if let Some(mode) = self.mode {
            write!(f, " mode={}", mode.as_str())?;
        }
        let mut texts = self.texts();
        texts.try_for_each(|(key, text)| write!(f, " {key}={text}"))
    }
}

/// The attestations of a variant with these variables.
pub(crate) fn attestations(
    declared: &[Attest],
    variables: &Variables,
) -> Result<Attestations, Problem> {
    let mut found = Attestations::default();
    for attest in declared {
        let place = match attest.kind {
            AttestKind::Provenance => &mut found.provenance,
            AttestKind::Sbom => &mut found.sbom,
        };
        *place = Some(attest.filled(variables)?);
    }
    Ok(found)
}

/// The variables that attestations use.
pub(crate) fn names_in(declared: &[Attest]) -> Vec<&str> {
    let texts = declared.iter().flat_map(Attest::texts);
    texts.flat_map(|(_, text)| text.names()).collect()
}

/// The problems of attestations in all variants.
pub(crate) fn problems(declared: &[Attest]) -> Vec<Problem> {
    let kinds = [AttestKind::Provenance, AttestKind::Sbom].into_iter();
    let twice = kinds.filter(|kind| declared.iter().filter(|it| it.kind == *kind).count() > 1);
    let twice = twice.map(|kind| Problem::AttestTwice {
        kind: kind.as_str(),
    });
    let own = declared.iter().filter_map(Attest::problem);
    own.chain(twice).collect()
}
