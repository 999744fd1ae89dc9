//! An image on its way out of a daemon: pushed, or into an archive.

use std::sync::Arc;

use buildkit_client::{Daemon, Export, Solve};
use catalog::Variant;
use frontend::{Part, Shape};
use tokio_util::sync::CancellationToken;

use super::{
    Annotated, Annotation, Archive, Attestations, ID_ANNOTATION, ImageOptions, ImagePlan,
    archive_file::{Written, archive_export},
};
use crate::{
    build::{BuildOptions, FailureReason},
    event::Event,
    metadata::Output,
    names::Published,
    solve::{note_down, told, with_sources},
    source_failure::SourceTrouble,
    tagging,
};

/// Solves the platforms of an image and pushes it, or publishes its archive.
pub(crate) async fn solve(
    daemon: &Daemon,
    image: &ImagePlan,
    variant: &Arc<Variant>,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Output, FailureReason> {
    let solving = Solving {
        daemon,
        image,
        variant,
        options,
        cancelled,
        events,
    };
    if options.image.push {
        let published = solving.push().await?;
        return Ok(image.pushed(published));
    }
    let path = options.output.path(&image.plans[0])?;
    let written = Written::default();
    let draft = options.output.draft(&path)?;
    let export = archive_export(draft, image, options.image.archive, written.clone());
    let digest = solving.export(export).await?;
    let (file, size, fingerprint) = written.take().ok_or(FailureReason::NoTar)?;
    let output = Output {
        path,
        digest: file.to_string(),
        size,
        references: match options.image.archive {
            Archive::Docker => image.names.index.clone(),
            Archive::Oci => Vec::new(),
        },
        ..image.output(&digest)
    };
    for plan in &image.plans {
        note_down(&options.output, plan, &output, fingerprint, events);
    }
    Ok(output)
}

/// One image on its way out of a daemon.
struct Solving<'a> {
    daemon: &'a Daemon,
    image: &'a ImagePlan,
    variant: &'a Arc<Variant>,
    options: &'a BuildOptions,
    cancelled: &'a CancellationToken,
    events: &'a (dyn Fn(Event) + Sync),
}

impl Solving<'_> {
    /// Solves all platforms, and has the daemon export the image; its digest.
    async fn export(&self, export: Export) -> Result<String, FailureReason> {
        let (image, options) = (self.image, self.options);
        let is_index = options.image.push || options.image.archive == Archive::Oci;
        let export = with_options(export, image, &options.image, is_index);
        let parts = image.plans.iter().map(Part::from).collect();
        let shape = if is_index { Shape::Index } else { Shape::Plain };
        let solve = Solve::led_by(move |gateway| frontend::lead(gateway, parts, shape))
            .with_export(export)
            .with_secrets(options.secrets.to_session())
            .with_ssh(options.ssh.to_session())
            .with_auth(options.registries.credentials.clone());
        let Attestations { provenance, sbom } = &options.image.attestations;
        let solve = solve.with_attestations(provenance.as_deref(), sbom.as_deref());
        let solve = with_sources(solve, &image.plans, options)?;
        let on_progress = told(self.variant, options, self.events);
        let solved = self
            .daemon
            .solve(solve, on_progress, self.cancelled)
            .await?;
        let digest = solved.image_digest().ok_or(FailureReason::NoDigest)?;
        Ok(digest.to_owned())
    }

    /// Has the daemon push the image by its digest, and then moves the tags.
    async fn push(&self) -> Result<Published, FailureReason> {
        let names = &self.image.names;
        let by_digest = Export::image().with_names(names.repositories());
        let digest = self.export(by_digest.pushed_by_digest()).await?;
        let registries = &self.options.registries;
        match tagging::tag(names, &digest, registries, self.cancelled).await {
            Err(error)
                if error.trouble() == Some(SourceTrouble::Unreachable)
                    && names.platforms.is_empty() =>
            {
                self.push_tags(&digest).await
            }
            tagged => Ok(tagged?),
        }
    }

    /// Has the daemon move the tags, where only the daemon can reach a registry. Nothing is carried out again.
    async fn push_tags(&self, pushed: &str) -> Result<Published, FailureReason> {
        let names = &self.image.names.index;
        let export = Export::image().with_names(names).pushed();
        let digest = self.export(export).await?;
        if digest != pushed {
            let pushed = pushed.to_owned();
            return Err(FailureReason::TwoDigests { pushed, digest });
        }
        Ok(Published {
            references: names
                .iter()
                .map(|name| format!("{name}@{digest}"))
                .collect(),
            digest,
        })
    }
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
