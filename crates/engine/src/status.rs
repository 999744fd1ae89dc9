//! The status of a product: what is there, and what is to be done. `plan`, `why` and `build` give this one answer.

use std::path::Path;

use buildkit_client::CancellationToken;
use catalog::Platform;
use futures_util::{StreamExt as _, stream};
use registry::RegistryAccess;

use crate::{
    delivered::Output,
    freshness::{Freshness, Inspection, each_freshness},
    output_lock::OutputLock,
    partial_push::Joinable,
    product::{ImageProduct, Product},
    published::{Presence, Wanted, presence},
    resolve::ResolveError,
};

/// The most products that are asked for at a time. Their questions go side by side, as far as the session of each
/// registry lets them.
const AT_A_TIME: usize = 64;

/// The status of a product.
#[derive(Debug)]
pub enum Status {
    /// On disk: for each platform, whether it must be built.
    OnDisk(Vec<Freshness>),
    /// In registries.
    InRegistries(InRegistries),
}

/// The presence in registries of an image that is to be pushed.
#[derive(Debug)]
pub enum InRegistries {
    /// Everything that is asked for.
    There(Box<Output>),
    /// All platforms, one by one, and not the index under all its names.
    Joinable(Joinable),
    /// Not what is asked for.
    Missing,
    /// They cannot be asked.
    Unknown(ResolveError),
}

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// The registries, for images that are pushed.
    pub registries: Option<&'a RegistryAccess>,
    /// The directory that outputs are written to.
    pub directory: &'a Path,
    /// How thoroughly the files of earlier builds are checked.
    pub inspection: Inspection,
}

impl Status {
    /// The status of a product: in the registries if it is an image that is pushed and has an id, else on disk.
    pub async fn of(product: &Product, looked: Looked<'_>, cancelled: &CancellationToken) -> Self {
        match (looked.registries, product.image()) {
            (Some(access), Some(image)) if image.id().is_some() => {
                Self::InRegistries(InRegistries::of(image, access, cancelled).await)
            }
            _ => Self::OnDisk(on_disk(product, looked.directory, looked.inspection, None)),
        }
    }
}

impl Status {
    /// The status of each product; registries are asked side by side.
    pub async fn of_all(
        products: &[Product],
        looked: Looked<'_>,
        cancelled: &CancellationToken,
    ) -> Vec<Self> {
        let each = products
            .iter()
            .map(|product| Self::of(product, looked, cancelled));
        stream::iter(each).buffered(AT_A_TIME).collect().await
    }
}

/// The freshness of each platform of a product that goes to `directory`. A caller that acts on the answer holds the
/// lock of the output.
pub(crate) fn on_disk(
    product: &Product,
    directory: &Path,
    inspection: Inspection,
    lock: Option<&OutputLock>,
) -> Vec<Freshness> {
    let said = product.said();
    each_freshness(product.plans(), said.as_ref(), directory, inspection, lock)
}

impl InRegistries {
    /// Asks the registries of many images what they have of each, side by side.
    pub(crate) async fn of_all(
        images: &[&ImageProduct],
        access: &RegistryAccess,
        cancelled: &CancellationToken,
    ) -> Vec<Self> {
        let asking = images
            .iter()
            .map(|image| Self::of(image, access, cancelled));
        stream::iter(asking).buffered(AT_A_TIME).collect().await
    }

    /// Asks the registries of an image what they have of it.
    pub(crate) async fn of(
        image: &ImageProduct,
        access: &RegistryAccess,
        cancelled: &CancellationToken,
    ) -> Self {
        let Some(id) = image.id() else {
            return Self::Missing;
        };
        let asked: Vec<Platform> = image.platforms().cloned().collect();
        let wanted = Wanted {
            names: image.names(),
            mark: &image.mark(id),
            asked: &asked,
            declared: image.declared(),
        };
        match presence(wanted, access, cancelled).await {
            Ok(Presence::Whole(published) | Presence::Part(published)) => {
                Self::There(Box::new(image.published(published)))
            }
            Ok(Presence::Parts(joinable)) => Self::Joinable(joinable),
            Ok(Presence::Missing) => Self::Missing,
            Err(error) => Self::Unknown(error),
        }
    }
}
