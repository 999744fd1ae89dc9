//! Products: what is delivered as one thing, a tar or the files of one platform, or an image of all its
//! platforms.

mod image_metadata;
mod image_names;
mod image_product;

use std::collections::BTreeMap;

use catalog::{CheckedCatalog, ContextPath, Id, Kind, Plan, Variant};

use self::image_names::Namer;
pub(crate) use self::image_names::repositories;
pub use self::{
    image_metadata::ImageMetadata,
    image_names::{Goal, ImageNaming, NameError, names_of_platform, refuse_one_name},
    image_product::ImageProduct,
};
use crate::{error::EngineError, freshness::Said, workspace::Asked};

/// What is delivered as one thing.
#[derive(Debug, Clone)]
pub enum Product {
    /// A tar of one platform.
    Tar(Box<Plan>),
    /// A directory of one platform.
    Files(Box<Plan>),
    /// An image of one or several platforms.
    Image(Box<ImageProduct>),
}

/// How plans become products.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Where images go.
    pub goal: Goal,
    /// The names of images.
    pub naming: &'a ImageNaming,
    /// Whether each platform of an image is a product by itself, as in an archive of its own.
    pub by_platform: bool,
    /// Whether plain files leave as a tar.
    pub files_as_tars: bool,
}

impl Product {
    /// The products of `plans`, in the order of the first plan of each. For images that go to registries, `plans` has
    /// all platforms, unless the inputs of the others are not there; the platforms in `asked` are delivered.
    ///
    /// # Errors
    /// When an image has no name, or none that is valid.
    pub fn of(
        catalog: &CheckedCatalog,
        plans: Vec<Plan>,
        asked: &Asked,
        delivery: Delivery<'_>,
    ) -> Result<Vec<Self>, EngineError> {
        let namer = Namer::of(catalog, delivery.naming)?;
        let groups = grouped(plans, delivery.by_platform).into_iter();
        let products = groups.map(|group| match group {
            Group::Single(plan) if plan.kind == Kind::Files && !delivery.files_as_tars => {
                Ok(Self::Files(plan))
            }
            Group::Single(plan) => Ok(Self::Tar(plan)),
            Group::Image(first, plans) => {
                let image =
                    ImageProduct::of(catalog, *first, plans, asked, (delivery.goal, &namer))?;
                Ok(Self::Image(Box::new(image)))
            }
        });
        products.collect()
    }

    /// The plans that are built, one a platform.
    pub fn plans(&self) -> &[Plan] {
        match self {
            Self::Tar(plan) | Self::Files(plan) => std::slice::from_ref(plan),
            Self::Image(image) => image.plans(),
        }
    }

    /// The variant; for an image, that of its first platform, under which it is reported.
    pub fn variant(&self) -> &Variant {
        match self {
            Self::Tar(plan) | Self::Files(plan) => &plan.variant,
            Self::Image(image) => image.variant(),
        }
    }

    /// The kind of its artifact.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Tar(plan) | Self::Files(plan) => plan.kind,
            Self::Image(_) => Kind::Image,
        }
    }

    /// Its file or directory, below the output directory.
    pub fn output(&self) -> &ContextPath {
        match self {
            Self::Tar(plan) | Self::Files(plan) => &plan.output,
            Self::Image(image) => image.output(),
        }
    }

    /// Its id; for an image, that of all its platforms. `None` while something is not pinned or not given.
    pub fn id(&self) -> Option<Id> {
        match self {
            Self::Tar(plan) | Self::Files(plan) => plan.id,
            Self::Image(image) => image.id(),
        }
    }

    /// The image that it is, if it is one.
    pub fn image(&self) -> Option<&ImageProduct> {
        match self {
            Self::Tar(_) | Self::Files(_) => None,
            Self::Image(image) => Some(image),
        }
    }

    /// What the archive of an image says of it; `None` for what is no image, and while not all parts of its names are known.
    pub(crate) fn said(&self) -> Option<Said> {
        let image = self.image()?;
        Some(Said {
            names: image.known_names()?.written(),
            metadata: image.metadata().digest(),
        })
    }

    /// The warning to give before it is delivered.
    pub fn warning(&self) -> Option<String> {
        self.image()?.warning()
    }

    /// Its key among the products of a call.
    pub fn key(&self) -> ProductKey {
        let variant = self.variant();
        ProductKey {
            artifact: variant.artifact.to_string(),
            values: variant.values_as_text(),
            first_platform: variant.platform.to_string(),
        }
    }
}

/// The key of a product: the artifact, its values, and the first of its platforms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductKey {
    pub(crate) artifact: String,
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) first_platform: String,
}

/// Plans of one product.
enum Group {
    /// A plan that is a product by itself.
    Single(Box<Plan>),
    /// The first plan's variant and output, and all plans.
    Image(Box<First>, Vec<Plan>),
}

/// The parts of an image that come from its first platform.
pub(crate) struct First {
    pub(crate) variant: Variant,
    pub(crate) output: ContextPath,
}

/// Plans by what they make: each tar and each directory alone, the platforms of an image together.
fn grouped(plans: Vec<Plan>, by_platform: bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut images = BTreeMap::new();
    for plan in plans {
        if !plan.kind.is_image() {
            groups.push(Group::Single(Box::new(plan)));
            continue;
        }
        let platform = by_platform.then(|| plan.variant.platform.clone());
        let image = (
            plan.variant.artifact.clone(),
            plan.variant.values.clone(),
            platform,
        );
        let place = *images.entry(image).or_insert(groups.len());
        if let Some(Group::Image(_, plans)) = groups.get_mut(place) {
            plans.push(plan);
            continue;
        }
        let first = First {
            variant: plan.variant.clone(),
            output: plan.output.clone(),
        };
        groups.push(Group::Image(Box::new(first), vec![plan]));
    }
    groups
}
