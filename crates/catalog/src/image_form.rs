//! The form in which an image leaves the daemon, as far as it changes bytes: what an artifact declares, and what a call
//! says instead.

use std::collections::BTreeMap;

use crate::{
    artifact::Artifact,
    attest::{Attestations, attestations},
    compression::Compression,
    problem::Problem,
    variant::Variant,
};

/// The form of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageForm {
    /// The compression of layers; the daemon's default when there is none.
    pub compression: Option<Compression>,
    /// Whether layers that the daemon has in another compression are compressed again, those of bases among them.
    pub force_compression: bool,
    /// The attestations.
    pub attestations: Attestations,
}

/// What a call says of the form of images. It goes before what artifacts declare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenForm {
    /// The compression of layers. One that is forced is always had; the daemon keeps layers in others else.
    pub compression: Option<Compression>,
    /// Whether that compression is forced.
    pub force_compression: bool,
    /// The attestation of how an image was built.
    pub provenance: Attestation,
    /// The attestation of what is in an image.
    pub sbom: Attestation,
}

/// An attestation as a call asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Attestation {
    /// As the artifact declares it.
    #[default]
    AsDeclared,
    /// None.
    Without,
    /// With these parameters.
    With(String),
}

impl Attestation {
    fn or(&self, declared: Option<String>) -> Option<String> {
        match self {
            Self::AsDeclared => declared,
            Self::Without => None,
            Self::With(parameters) => Some(parameters.clone()),
        }
    }
}

impl ImageForm {
    /// The form of a variant of an artifact. A declared compression is forced: an artifact is what its catalog says,
    /// whatever the daemon has.
    pub(crate) fn of(
        artifact: &Artifact,
        variant: &Variant,
        given: &GivenForm,
    ) -> Result<Self, Problem> {
        if !artifact.kind.is_image() {
            return Ok(Self::default());
        }
        let (compression, force_compression) = match (given.compression, artifact.compression) {
            (Some(given_one), _) => (Some(given_one), given.force_compression),
            (None, declared) => (declared, declared.is_some()),
        };
        let declared = attestations(&artifact.attest, &variant.variables())?;
        Ok(Self {
            compression,
            force_compression,
            attestations: Attestations {
                provenance: given.provenance.or(declared.provenance),
                sbom: given.sbom.or(declared.sbom),
            },
        })
    }

    /// The settings that enter an id.
    pub(crate) fn settings(&self, epoch: Option<i64>) -> BTreeMap<&'static str, String> {
        let Attestations { provenance, sbom } = &self.attestations;
        let settings = [
            ("compression", self.compression.map(String::from)),
            (
                "force-compression",
                self.force_compression.then(|| "true".to_owned()),
            ),
            ("epoch", epoch.map(|epoch| epoch.to_string())),
            ("provenance", provenance.clone()),
            ("sbom", sbom.clone()),
        ];
        let settings = settings.into_iter();
        settings
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}
