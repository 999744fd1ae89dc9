//! The last stage of an image that is pushed: its tags, which move when every product of the call is delivered.

use std::sync::Arc;

use buildkit_client::{Daemon, Export, SessionId};
use catalog::{Platform, Variant};
use tokio_util::sync::CancellationToken;

use super::export::Solving;
use crate::{
    build::{BuildOptions, FailureReason},
    delivered::Output,
    event::Event,
    moves::{Moves, UnfinishedTags},
    names::Published,
    partial_push,
    product::ImageProduct,
    source_failure::Trouble,
    tagging,
};

/// An image that its repositories have under its digest, and under no tag yet.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) image: ImageProduct,
    pub(crate) digest: String,
}

impl Pushed {
    /// Moves the tags of the image. Returns what it is published under.
    pub(crate) async fn publish(
        &self,
        daemon: &Daemon,
        moves: &Moves,
        options: &BuildOptions,
        cancelled: &CancellationToken,
        events: &(dyn Fn(Event) + Sync),
    ) -> Result<Output, FailureReason> {
        let variant = Arc::new(self.image.variant().clone());
        let publishing = Publishing {
            pushed: self,
            daemon,
            moves,
            variant: &variant,
            options,
            cancelled,
            events,
        };
        Ok(self.image.pushed(publishing.run().await?))
    }

    /// Its tags, after the call broke off.
    pub(crate) fn unfinished(&self, moves: &Moves) -> UnfinishedTags {
        moves.are_to_move(self.image.to_move());
        let artifact = self.image.variant().artifact.to_string();
        moves.unfinished(artifact, self.digest.clone())
    }

    /// The notice about an image whose tags do not move, because the call failed.
    pub(crate) fn untagged(&self) -> String {
        format!(
            "`{}` is in its repositories as `{}`, and no tag is moved: not everything of this call is built",
            self.image.variant().artifact,
            self.digest
        )
    }
}

/// One image whose tags are moved.
struct Publishing<'a> {
    pushed: &'a Pushed,
    daemon: &'a Daemon,
    moves: &'a Moves,
    variant: &'a Arc<Variant>,
    options: &'a BuildOptions,
    cancelled: &'a CancellationToken,
    events: &'a (dyn Fn(Event) + Sync),
}

impl Publishing<'_> {
    async fn run(&self) -> Result<Published, FailureReason> {
        let Pushed { image, digest } = self.pushed;
        let registries = &self.options.registries;
        if let Some(id) = image.part_of() {
            let publishing =
                partial_push::publish(image, id, digest, self.moves, registries, self.cancelled);
            let (published, is_whole) = publishing.await?;
            (self.events)(Event::Notice(of_part(image, is_whole)));
            return Ok(published);
        }
        let names = image.names();
        match tagging::tag(names, digest, self.moves, registries, self.cancelled).await {
            Err(error)
                if error.trouble() == Some(Trouble::Unreachable) && names.platforms.is_empty() =>
            {
                self.push_tags().await
            }
            tagged => Ok(tagged?),
        }
    }

    /// Has the daemon move the tags, where only the daemon can reach a registry. No step runs again.
    async fn push_tags(&self) -> Result<Published, FailureReason> {
        let Pushed { image, digest } = self.pushed;
        let names = &image.names().index;
        self.moves.are_begun(names);
        let export = Export::image().with_names(names).pushed();
        // A session that was closed is not opened again.
        let session = &SessionId::random();
        let image = &image.clone().for_sessions(&self.options.sessions(session));
        let again = Solving {
            daemon: self.daemon,
            image,
            session,
            variant: self.variant,
            options: self.options,
            cancelled: self.cancelled,
            events: self.events,
        };
        let found = again.export(export).await?;
        if found != *digest {
            return Err(FailureReason::TwoDigests {
                pushed: digest.clone(),
                digest: found,
            });
        }
        Ok(Published {
            references: names
                .iter()
                .map(|name| format!("{name}@{digest}"))
                .collect(),
            digest: found,
        })
    }
}

/// The result of pushing some platforms, as a phrase.
fn of_part(image: &ImageProduct, is_whole: bool) -> String {
    let artifact = &image.variant().artifact;
    if is_whole {
        return format!(
            "`{artifact}`: its other platforms are in the registries, too: all are one image now"
        );
    }
    let asked: Vec<&Platform> = image.platforms().collect();
    let others = image.declared().iter();
    let others = others.filter(|platform| !asked.contains(platform));
    format!(
        "`{artifact}`: no tag of the whole image is moved: that is done by the build that finds {}, too",
        catalog::listed(others.map(ToString::to_string))
    )
}
