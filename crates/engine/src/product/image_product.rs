//! One image: its platforms, its names, its id.

use buildkit_llb::LocalSessions;
use catalog::{CheckedCatalog, ContextPath, Id, Plan, Platform, Variant, listed};

use super::{First, Goal, image_names::Namer};
use crate::{
    delivered::{Form, Output},
    error::EngineError,
    names::{ImageRefs, Published},
    workspace::Asked,
};

/// An image, or some of its platforms.
#[derive(Debug, Clone)]
pub struct ImageProduct {
    variant: Variant,
    output: ContextPath,
    /// One a platform that is delivered.
    plans: Vec<Plan>,
    /// What it is called; `None` while not everything is known that its names are made of.
    names: Option<ImageRefs>,
    /// The id of the image with all its platforms; `None` for some of them where nobody knows the whole.
    id: Option<Id>,
    /// All platforms that it has.
    declared: Vec<Platform>,
    /// Why its platforms stand alone, if they do.
    alone: Option<Alone>,
}

/// Nobody here knows the whole that platforms are a part of.
#[derive(Debug, Clone)]
struct Alone {
    /// What could not be read of the other platforms.
    absence: Option<String>,
}

/// The names of an image that has none.
static NAMELESS: ImageRefs = ImageRefs {
    index: Vec::new(),
    platforms: Vec::new(),
    parts: Vec::new(),
};

impl ImageProduct {
    /// The image that `plans` make. When it is pushed, `plans` has all platforms, unless what the others need is not there;
    /// those in `asked` are delivered.
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
            names: None,
            id,
            declared,
            alone: None,
        };
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

    /// The plans, one a platform that is delivered.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The variant of its first platform, by which it is told.
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

    /// What it is called; nothing for an archive without a name.
    pub fn names(&self) -> &ImageRefs {
        self.names.as_ref().unwrap_or(&NAMELESS)
    }

    /// What it is called; `None` while not everything is known that its names are made of.
    pub fn known_names(&self) -> Option<&ImageRefs> {
        self.names.as_ref()
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

    /// What is to be told of platforms that stand alone.
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

    /// What it leaves: in a file, or in registries.
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

    /// What pushing it left.
    pub(crate) fn pushed(&self, published: Published) -> Output {
        self.leaves(Form::Pushed {
            image: published.digest,
            references: published.references,
        })
    }

    /// What an earlier build left in the registries.
    pub(crate) fn published(&self, published: Published) -> Output {
        Output {
            up_to_date: true,
            ..self.pushed(published)
        }
    }
}

/// The id of an image of all that `plans` are for.
fn id_of(plans: &[Plan]) -> Option<Id> {
    Id::of_image(&plans.iter().collect::<Vec<_>>())
}

/// The platforms that the artifact of a variant is declared for.
fn declared_platforms(catalog: &CheckedCatalog, variant: &Variant) -> Vec<Platform> {
    let artifact = catalog.get(variant.artifact.as_str());
    artifact.map_or_else(Vec::new, |artifact| artifact.declared_platforms().to_vec())
}
