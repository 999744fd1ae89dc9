//! An image on its way out of a daemon: pushed, or into an archive.

use std::{collections::BTreeSet, sync::Arc};

use buildkit_client::{CacheEntry, Daemon, Export, SessionId, Solve};
use catalog::{
    Annotated, Annotation, Attestations, Compression, ID_ANNOTATION, ImageForm,
    METADATA_ANNOTATION, PART_ANNOTATION, Variant, listed,
};
use tokio_util::sync::CancellationToken;

use super::{
    Archive, ImageOptions,
    archive_file::{Whole, Written, archive_export},
    layers,
};
use crate::{
    build::{BuildOptions, FailureReason},
    declared::{tell_of_refused, with_declared},
    delivered::{Form, Output, WrittenOutput},
    event::Event,
    platform_result::{self, PlatformResult, Shape},
    product::ImageProduct,
    solve::{note_down, redacted_progress, with_sources},
};

/// The result of solving an image.
#[derive(Debug)]
pub(crate) enum Left {
    /// A complete archive.
    Archive(Box<Output>),
    /// The digest under which its repositories have it. No tag names it yet.
    Pushed(String),
}

/// Solves the platforms of an image, and pushes it by its digest or publishes its archive.
pub(crate) async fn solve(
    daemon: &Daemon,
    image: &ImageProduct,
    session: &SessionId,
    variant: &Arc<Variant>,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Left, FailureReason> {
    let solving = Solving {
        daemon,
        image,
        session,
        variant,
        options,
        cancelled,
        events,
    };
    if options.image.push {
        return Ok(Left::Pushed(solving.push().await?));
    }
    if options.image.archive == Archive::Docker {
        solving.tell_of(without_index(image));
    }
    let path = options.output.path(image.variant(), image.output())?;
    let written = Written::default();
    let draft = options.output.draft(&path)?;
    let export = archive_export(draft, image, options.image.archive, written.clone());
    let digest = solving.export(export).await?;
    let Whole {
        digest: file,
        size,
        fingerprint,
        layers,
    } = written.take().ok_or(FailureReason::NoTar)?;
    if let Some(wanted) = unforced(&image.form()) {
        solving.tell_of(layers::warning(wanted, &layers));
    }
    let output = image.leaves(Form::Archive {
        file: WrittenOutput {
            path: Some(path),
            digest: file.to_string(),
            size,
        },
        image: digest,
        references: image.names().written(),
        metadata: image.metadata().digest(),
    });
    for plan in image.plans() {
        note_down(&options.output, plan, &output, fingerprint, events);
    }
    Ok(Left::Archive(Box::new(output)))
}

/// One image on its way out of a daemon.
pub(super) struct Solving<'a> {
    pub(super) daemon: &'a Daemon,
    pub(super) image: &'a ImageProduct,
    pub(super) session: &'a SessionId,
    pub(super) variant: &'a Arc<Variant>,
    pub(super) options: &'a BuildOptions,
    pub(super) cancelled: &'a CancellationToken,
    pub(super) events: &'a (dyn Fn(Event) + Sync),
}

impl Solving<'_> {
    /// Solves all platforms, and has the daemon export the image. Returns its digest.
    pub(super) async fn export(&self, export: Export) -> Result<String, FailureReason> {
        let (image, options) = (self.image, self.options);
        let is_index = options.image.push || options.image.archive == Archive::Oci;
        let export = with_options(export, image, &options.image, is_index);
        let parts = image
            .plans()
            .iter()
            .map(|plan| PlatformResult::of_client(plan).with_labels(image.metadata().labels()))
            .collect();
        let shape = if is_index { Shape::Index } else { Shape::Plain };
        let imports: Vec<_> = options
            .caches
            .imports()
            .iter()
            .map(CacheEntry::to_import)
            .collect();
        let solve = Solve::led_by(async move |gateway| {
            platform_result::lead(gateway, parts, shape, &imports).await
        });
        let solve = options
            .in_session(options.caches.carried_by(solve), self.session.clone())
            .with_export(export);
        // An archive knows its names, and reaches no registry for them.
        let pushed = if options.image.push {
            image.names().repositories()
        } else {
            BTreeSet::new()
        };
        let solve = with_declared(solve, image.plans(), pushed, options);
        let Attestations { provenance, sbom } = if is_index {
            image.form().attestations
        } else {
            Attestations::default()
        };
        let solve = solve.with_attestations(provenance.as_deref(), sbom.as_deref());
        let solve = with_sources(solve, image.plans(), options)?;
        let on_progress = redacted_progress(self.variant, options, self.events);
        let solved = self.daemon.solve(solve, on_progress, self.cancelled).await;
        tell_of_refused(&options.registries, self.events);
        let solved = solved?;
        let digest = solved.image_digest().ok_or(FailureReason::NoDigest)?;
        Ok(digest.to_owned())
    }

    /// Has the daemon push the image by its digest, which it returns.
    async fn push(&self) -> Result<String, FailureReason> {
        let names = self.image.names();
        let by_digest = Export::image().with_names(names.repositories());
        let digest = self.export(by_digest.pushed_by_digest()).await?;
        if let Some(wanted) = unforced(&self.image.form()) {
            self.tell_of(self.of_pushed_layers(wanted, &digest).await);
        }
        Ok(digest)
    }

    /// The warning about the layers of a pushed image, if there is one.
    async fn of_pushed_layers(&self, wanted: Compression, digest: &str) -> Option<String> {
        let name = self.image.names().all().next()?;
        let access = &self.options.registries;
        match layers::pushed(name, digest, access, self.cancelled).await {
            Ok(layers) => layers::warning(wanted, &layers),
            Err(error) => Some(format!(
                "it is not known whether its layers are `{}`: {error}: {}",
                wanted.name(),
                error.problem
            )),
        }
    }

    fn tell_of(&self, warning: Option<String>) {
        if let Some(warning) = warning {
            let artifact = &self.image.variant().artifact;
            (self.events)(Event::Warning(format!("`{artifact}`: {warning}")));
        }
    }
}

/// Without an index, the daemon refuses what would be noted on one.
fn with_options(
    export: Export,
    image: &ImageProduct,
    options: &ImageOptions,
    is_index: bool,
) -> Export {
    let mut export = export;
    if is_index {
        export = export.with_oci_media_types();
    }
    if let Some(id) = image.id().filter(|_| is_index) {
        let key = match image.part_of() {
            Some(_) => PART_ANNOTATION,
            None => ID_ANNOTATION,
        };
        export = export.with_index_annotation(key, id.to_string());
    }
    if let Some(metadata) = image.metadata().digest().filter(|_| is_index) {
        export = export.with_index_annotation(METADATA_ANNOTATION, metadata);
    }
    for Annotation { place, value } in image.metadata().annotations() {
        let is_asked = |platform| image.platforms().any(|asked| asked == platform);
        if needs_index(place.on) && !is_index || !place.platform.as_ref().is_none_or(is_asked) {
            continue;
        }
        let platform = place.platform.as_ref().filter(|_| is_index);
        let platform = platform.map(ToString::to_string);
        let part = place.on.as_str();
        export = export.with_annotation(part, platform.as_deref(), &place.key, value);
    }
    let form = image.form();
    if let Some(compression) = form.compression {
        let (name, level) = (compression.name(), compression.level());
        export = export.with_compression(name, level, form.force_compression);
    }
    match options.epoch {
        Some(epoch) => export.with_epoch(epoch),
        None => export,
    }
}

/// Whether a part of an image is there with an index alone.
fn needs_index(on: Annotated) -> bool {
    on != Annotated::Manifest
}

/// The compression that is asked for, unless the daemon is forced to it.
fn unforced(form: &ImageForm) -> Option<Compression> {
    form.compression.filter(|_| !form.force_compression)
}

/// The warning about what an image has in its index, and an archive without one does not have.
fn without_index(image: &ImageProduct) -> Option<String> {
    let annotations = image.metadata().annotations().iter();
    let annotations = annotations.filter(|one| needs_index(one.place.on));
    let annotations = annotations.map(|one| format!("{}:{}", one.place.on.as_str(), one.place.key));
    let Attestations { provenance, sbom } = image.form().attestations;
    let attestations = [("provenance", provenance), ("sbom", sbom)].into_iter();
    let attestations = attestations.filter_map(|(name, one)| one.map(|_| name.to_owned()));
    let left_out: Vec<String> = annotations.chain(attestations).collect();
    let listed = listed(&left_out);
    let warning = format!("an archive for Docker has no index, so {listed} is left out");
    (!left_out.is_empty()).then_some(warning)
}
