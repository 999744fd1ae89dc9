//! One image: its platforms, its names, its id.

use buildkit_llb::LocalSessions;
use catalog::{CheckedCatalog, ContextPath, Id, ImageForm, Plan, Platform, Variant, listed};

use super::{First, Goal, ImageMetadata, image_names::Namer};
use crate::{
    delivered::{Form, Output},
    error::EngineError,
    index::Mark,
    names::{ImageRefs, Published, TaggedName},
    workspace::Asked,
};

/// An image, or some of its platforms.
#[derive(Debug, Clone)]
pub struct ImageProduct {
    variant: Variant,
    output: ContextPath,
    /// The plans, one for each delivered platform.
    plans: Vec<Plan>,
    metadata: ImageMetadata,
    /// Its names; `None` while not all parts of the names are known.
    names: Option<ImageRefs>,
    /// The id of the image with all its platforms; `None` for platforms of an unknown whole.
    id: Option<Id>,
    /// All platforms that it has.
    declared: Vec<Platform>,
    /// Why its platforms stand alone, if they do.
    alone: Option<Alone>,
}

/// Platforms that stand alone, because their whole is unknown here.
#[derive(Debug, Clone)]
struct Alone {
    /// What could not be read of the other platforms.
    absence: Option<String>,
}

/// The names of an image without a name.
static NAMELESS: ImageRefs = ImageRefs {
    index: Vec::new(),
    platforms: Vec::new(),
    parts: Vec::new(),
};

impl ImageProduct {
    /// The tags that move when it is pushed: of some platforms, the names of those alone.
    pub(crate) fn to_move(&self) -> Vec<&TaggedName> {
        let names = self.names();
        if self.part_of().is_none() {
            return names.in_order().collect();
        }
        let asked = |platform: &Platform| self.platforms().any(|asked| asked == platform);
        let parts = names.parts.iter().flat_map(|names| &names.platforms);
        let parts = parts.chain(&names.platforms);
        let parts = parts.filter(|(platform, _)| asked(platform));
        parts.map(|(_, name)| name).collect()
    }

    /// The image of `plans`. When it is pushed, `plans` has all platforms, unless the inputs of the others are not
    /// there; the platforms in `asked` are delivered.
    pub(super) fn of(
        catalog: &CheckedCatalog,
        First { variant, output }: First,
        mut plans: Vec<Plan>,
        asked: &Asked,
        (goal, namer): (Goal, &Namer<'_>),
    ) -> Result<Self, EngineError> {
        let is_pinned = plans.iter().all(|plan| plan.unpinned.is_empty());
        let declared = declared_platforms(catalog, &variant);
        let id = id_of(&plans).filter(|_| plans.len() == declared.len());
        plans.retain(|plan| asked.contains(&plan.variant));
        let own = id_of(&plans);
        let mut image = Self {
            variant: plans.first().map_or(variant, |plan| plan.variant.clone()),
            output,
            plans,
            metadata: ImageMetadata::default(),
            names: None,
            id,
            declared,
            alone: None,
        };
        namer.check_tags(&image)?;
        image.metadata = namer.metadata(&image)?;
        let Some(own) = own.filter(|_| is_pinned) else {
            return Ok(image);
        };
        if id.is_none() && goal == Goal::Registries {
            let absence = asked.absence(&image.variant.artifact).map(str::to_owned);
            image.alone = Some(Alone { absence });
            image.id = Some(own);
            image.declared = image.platforms().cloned().collect();
            image.names = Some(namer.of_platforms_alone(&image, own)?);
        } else {
            image.names = Some(namer.of_image(&image, goal, own)?);
        }
        Ok(image)
    }

    /// The plans, one for each delivered platform.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The variant of its first platform, under which it is reported.
    pub fn variant(&self) -> &Variant {
        &self.variant
    }

    /// The file of its archive, below the output directory.
    pub fn output(&self) -> &ContextPath {
        &self.output
    }

    /// The platforms that are delivered.
    pub fn platforms(&self) -> impl Iterator<Item = &Platform> {
        self.plans.iter().map(|plan| &plan.variant.platform)
    }

    /// All platforms that the image has.
    pub fn declared(&self) -> &[Platform] {
        &self.declared
    }

    /// The id of the image with all its platforms.
    pub fn id(&self) -> Option<Id> {
        self.id
    }

    /// Its names; empty for an archive without a name.
    pub fn names(&self) -> &ImageRefs {
        self.names.as_ref().unwrap_or(&NAMELESS)
    }

    /// Its names; `None` while not all parts of the names are known.
    pub fn known_names(&self) -> Option<&ImageRefs> {
        self.names.as_ref()
    }

    /// What it is published with besides what it was built from.
    pub fn metadata(&self) -> &ImageMetadata {
        &self.metadata
    }

    /// The form in which it leaves the daemon, the same for all its platforms.
    pub(crate) fn form(&self) -> ImageForm {
        let first = self.plans.first();
        first.map_or_else(ImageForm::default, |plan| plan.image_form.clone())
    }

    /// What an index says of it, if its id is `id`.
    pub(crate) fn mark(&self, id: Id) -> Mark {
        let metadata = self.metadata.digest();
        Mark { id, metadata }
    }

    /// The id of the whole image, when only some of its platforms are delivered.
    pub(crate) fn part_of(&self) -> Option<Id> {
        self.id.filter(|_| self.is_part())
    }

    /// Whether only some of its platforms are delivered.
    pub fn is_part(&self) -> bool {
        self.plans.len() < self.declared.len()
    }

    /// The same for a client with these sessions.
    pub(crate) fn for_sessions(mut self, sessions: &LocalSessions) -> Self {
        let plans = self.plans.into_iter();
        self.plans = plans.map(|plan| plan.for_sessions(sessions)).collect();
        self
    }

    /// The warning about platforms that stand alone.
    pub(super) fn warning(&self) -> Option<String> {
        let Alone { absence } = self.alone.as_ref()?;
        let platforms = listed(self.declared.iter().map(ToString::to_string));
        let cause = absence.as_ref().map(|cause| format!(" ({cause})"));
        Some(format!(
            "what `{}` needs for its other platforms is not here{}, so {platforms} is pushed as {}, and no tag of the \
             whole image is moved",
            self.variant.artifact,
            cause.unwrap_or_default(),
            listed(&self.names().index)
        ))
    }

    /// Its output, in a file or in registries.
    pub(crate) fn leaves(&self, form: Form) -> Output {
        Output {
            artifact: self.variant.artifact.to_string(),
            platform: crate::image::platforms(&self.plans),
            values: self.variant.values_as_text(),
            id: self.id,
            form,
            up_to_date: false,
        }
    }

    /// Its output after a push.
    pub(crate) fn pushed(&self, published: Published) -> Output {
        self.leaves(Form::Pushed {
            image: published.digest,
            references: published.references,
        })
    }

    /// Its output that an earlier build left in the registries.
    pub(crate) fn published(&self, published: Published) -> Output {
        Output {
            up_to_date: true,
            ..self.pushed(published)
        }
    }
}

/// The id of an image of all platforms of `plans`.
fn id_of(plans: &[Plan]) -> Option<Id> {
    Id::of_image(&plans.iter().collect::<Vec<_>>())
}

/// The platforms that the artifact of a variant is declared for.
fn declared_platforms(catalog: &CheckedCatalog, variant: &Variant) -> Vec<Platform> {
    let artifact = catalog.get(variant.artifact.as_str());
    artifact.map_or_else(Vec::new, |artifact| artifact.declared_platforms().to_vec())
}
