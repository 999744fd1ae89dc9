//! One image: its platforms solved together, and what leaves the daemon.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use archive::{Compress, Compressor, Digest};
use buildkit_client::{Daemon, Export, SinkError, Solve};
use catalog::{Id, Plan, Variant};
use frontend::{Part, Shape};
use tokio_util::sync::CancellationToken;

use crate::{
    build::{BuildOptions, FailureReason},
    event::Event,
    metadata::Output,
    output::{Draft, OutputError},
    record,
    solve::{told, with_sources},
};

/// The annotation of an index that has the full id of what it was built from.
pub const ID_ANNOTATION: &str = "dev.llbgen.id";

/// How images leave the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageOptions {
    /// Whether they are pushed, instead of written as archives.
    pub push: bool,
    /// What kind of archives are written.
    pub archive: Archive,
    /// The compression of layers; the daemon's default when there is none.
    pub compression: Option<ImageCompression>,
    /// Whether layers that the daemon has in another compression are compressed again, those of bases among them.
    pub force_compression: bool,
    /// What is said of images beside their configs.
    pub annotations: Vec<Annotation>,
    /// The latest time in an image, in seconds since 1970.
    pub epoch: Option<i64>,
    /// What is attested of them.
    pub attestations: Attestations,
}

/// What the daemon attests of an image, in manifests of their own in its index. Nothing unless it is asked for: an
/// attestation says when it was made, so that no two builds have the same digest.
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

/// What kind of archive an image is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Archive {
    /// OCI's, with an index of all platforms.
    #[default]
    Oci,
    /// For `docker load`, of one platform: the daemon refuses several.
    Docker,
}

/// How the layers of an image are compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCompression {
    /// `uncompressed`, `gzip`, `zstd` or `estargz`.
    pub name: String,
    /// The level.
    pub level: Option<u8>,
}

/// A key and a value on a part of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The part.
    pub on: Annotated,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// The parts of an image that have annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Annotated {
    /// The index, which is one for all platforms.
    Index,
    /// The manifest of every platform.
    Manifest,
}

/// An image to build: a plan for each platform, and the names that it is pushed under.
#[derive(Debug)]
pub struct ImagePlan {
    /// The plans, which differ in their platforms alone.
    pub plans: Vec<Plan>,
    /// References with tags.
    pub names: Vec<String>,
    /// Its id, when the plans are for all platforms that the artifact is declared for.
    pub id: Option<Id>,
}

impl ImagePlan {
    /// The variant of its first platform, by which failures are told.
    pub(crate) fn variant(&self) -> &Variant {
        &self.plans[0].variant
    }

    /// What it leaves: in a file, or in registries.
    fn output(&self, digest: &str) -> Output {
        Output {
            artifact: self.variant().artifact.to_string(),
            platform: platforms(&self.plans),
            values: self.variant().values_as_text(),
            id: self.id,
            path: PathBuf::new(),
            references: Vec::new(),
            image: Some(digest.to_owned()),
            digest: digest.to_owned(),
            size: 0,
            entries: 0,
            vertex: String::new(),
            up_to_date: false,
        }
    }

    /// What pushing it left.
    fn pushed(&self, digest: &str) -> Output {
        let reference = |name: &String| format!("{name}@{digest}");
        Output {
            references: self.names.iter().map(reference).collect(),
            ..self.output(digest)
        }
    }

    /// What an earlier build left in the registries.
    pub fn published(&self, digest: &str) -> Output {
        Output {
            up_to_date: true,
            ..self.pushed(digest)
        }
    }
}

/// The platforms of plans, with commas between them.
pub(crate) fn platforms(plans: &[Plan]) -> String {
    let platforms: Vec<String> = plans
        .iter()
        .map(|plan| plan.variant.platform.to_string())
        .collect();
    platforms.join(",")
}

impl ImageOptions {
    /// What of them changes the bytes of an image, as a part of its id.
    pub fn format(&self) -> BTreeMap<String, String> {
        let compression = self.compression.as_ref().map(|compression| {
            let level = compression.level.map(|level| format!(":{level}"));
            format!("{}{}", compression.name, level.unwrap_or_default())
        });
        let settings = [
            ("compression", compression),
            (
                "force-compression",
                self.force_compression.then(|| "true".to_owned()),
            ),
            ("epoch", self.epoch.map(|epoch| epoch.to_string())),
            ("provenance", self.attestations.provenance.clone()),
            ("sbom", self.attestations.sbom.clone()),
        ];
        let annotations = self.annotations.iter().map(|annotation| {
            let part = match annotation.on {
                Annotated::Index => "index",
                Annotated::Manifest => "manifest",
            };
            let name = format!("annotation {part} {}", annotation.key);
            (name, annotation.value.clone())
        });
        settings
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .chain(annotations)
            .collect()
    }
}

/// Solves the platforms of an image and pushes it, or publishes its archive.
pub(crate) async fn solve(
    daemon: &Daemon,
    image: &ImagePlan,
    variant: &Arc<Variant>,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Output, FailureReason> {
    let path = options.output.path(&image.plans[0])?;
    let written = Arc::new(Mutex::new(None));
    let export = if options.image.push {
        Export::image().with_names(&image.names).pushed()
    } else {
        archive_export(&path, image, options.image.archive, Arc::clone(&written))?
    };
    let is_index = options.image.push || options.image.archive == Archive::Oci;
    let export = with_options(export, image, &options.image, is_index);
    let parts = image.plans.iter().map(Part::from).collect();
    let shape = if is_index { Shape::Index } else { Shape::Plain };
    let solve = Solve::led_by(move |gateway| frontend::lead(gateway, parts, shape))
        .with_export(export)
        .with_secrets(options.secrets.to_session())
        .with_ssh(options.ssh.to_session())
        .with_auth(options.credentials.clone());
    let Attestations { provenance, sbom } = &options.image.attestations;
    let solve = solve.with_attestations(provenance.as_deref(), sbom.as_deref());
    let solve = with_sources(solve, &image.plans, options)?;
    let on_progress = told(variant, options, events);
    let solved = daemon.solve(solve, on_progress, cancelled).await?;
    let digest = solved.image_digest().ok_or(FailureReason::NoDigest)?;
    let written = written
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if options.image.push {
        return Ok(image.pushed(digest));
    }
    let (file, size) = written.ok_or(FailureReason::NoTar)?;
    let output = Output {
        path,
        digest: file.to_string(),
        size,
        references: match options.image.archive {
            Archive::Docker => image.names.clone(),
            Archive::Oci => Vec::new(),
        },
        ..image.output(digest)
    };
    if let Some(directory) = options.output.records() {
        for plan in &image.plans {
            record::write(directory, plan, &output)?;
        }
    }
    Ok(output)
}

/// Without an index, the daemon refuses what would be noted on one.
fn with_options(
    export: Export,
    image: &ImagePlan,
    options: &ImageOptions,
    is_index: bool,
) -> Export {
    let mut export = export;
    if is_index {
        export = export.with_oci_media_types();
    }
    if let Some(id) = image.id.filter(|_| is_index) {
        export = export.with_index_annotation(ID_ANNOTATION, id.to_string());
    }
    for Annotation { on, key, value } in &options.annotations {
        export = match on {
            Annotated::Index => export.with_index_annotation(key, value),
            Annotated::Manifest => export.with_manifest_annotation(key, value),
        };
    }
    if let Some(compression) = &options.compression {
        let (name, level) = (&compression.name, compression.level);
        export = export.with_compression(name, level, options.force_compression);
    }
    match options.epoch {
        Some(epoch) => export.with_epoch(epoch),
        None => export,
    }
}

/// The digest and size of an archive that was written.
type Written = Arc<Mutex<Option<(Digest, u64)>>>;

/// An archive that gets its name when it is whole.
fn archive_export(
    path: &std::path::Path,
    image: &ImagePlan,
    archive: Archive,
    written: Written,
) -> Result<Export, FailureReason> {
    let draft = Draft::create(path)?;
    let sink = move |tar: &mut dyn Read| {
        *written.lock().unwrap_or_else(PoisonError::into_inner) = Some(publish(tar, draft)?);
        Ok(())
    };
    let export = match archive {
        Archive::Oci => Export::oci(sink),
        Archive::Docker => Export::docker(sink),
    };
    Ok(if image.names.is_empty() {
        export
    } else {
        export.with_names(&image.names)
    })
}

/// A tar ends in two blocks of zeros, which are written only when it is whole.
const TAR_END: usize = 1024;

fn publish(tar: &mut dyn Read, draft: Draft) -> Result<(Digest, u64), SinkError> {
    let unwritten = |source| OutputError::File {
        path: draft.path().to_owned(),
        source,
    };
    let mut writer = Compressor::new(draft.writer(), Compress::No).map_err(unwritten)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut end = Vec::new();
    loop {
        let read = tar.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        writer.write_all(&buffer[..read]).map_err(unwritten)?;
        end.extend_from_slice(&buffer[read.saturating_sub(TAR_END)..read]);
        end.drain(..end.len().saturating_sub(TAR_END));
    }
    // An exporter that fails while it writes closes its stream all the same.
    if end.len() < TAR_END || end.iter().any(|byte| *byte != 0) {
        let error = "the daemon broke its archive off";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error).into());
    }
    let summary = writer.finish().map_err(unwritten)?;
    draft.publish()?;
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_is_broken_off_gets_no_name() {
        let directory = tempfile::tempdir().unwrap();
        let check = |bytes: &[u8], is_whole: bool| {
            let path = directory.path().join("x.tar");
            let published = publish(&mut &*bytes, Draft::create(&path).unwrap());
            assert_eq!((published.is_ok(), path.exists()), (is_whole, is_whole));
            let _ = std::fs::remove_file(path);
        };
        let whole = [vec![b'x'; 300_000], vec![0; 1024]].concat();
        check(&whole, true);
        check(&whole[..whole.len() - 1], false);
        check(&whole[..300_000 + 1000], false);
        check(&whole[..300_000], false);
        check(&[], false);
    }
}
