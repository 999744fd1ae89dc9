//! Images as they leave a call: which platforms are built, as a part of what, under which names.

use catalog::{CheckedCatalog, Id, Kind, Plan, Platform};
use engine::ImageRefs;

use crate::{
    args::ImageArgs,
    failure::Failure,
    image_names::{Goal, names, names_alone, whole_id},
    planning::Asked,
};

/// An image, or some of its platforms; a tar is neither, and has no name.
pub(crate) struct Leaving {
    /// The plans that are asked for.
    pub(crate) plans: Vec<Plan>,
    /// What it is called; `None` while not everything is known that its names are made of.
    pub(crate) names: Option<ImageRefs>,
    /// The id of the image with all platforms that it has.
    pub(crate) id: Option<Id>,
    /// The platforms that it has.
    pub(crate) declared: Vec<Platform>,
    /// Whether the platforms stand alone, because nobody here knows the whole that they are a part of.
    pub(crate) is_alone: bool,
    /// Why the other platforms were left out.
    absence: Option<String>,
}

impl Leaving {
    /// Of an image that is pushed, `plans` has all platforms, unless what the others need is not here; those in `asked` are
    /// built.
    pub(crate) fn of(
        catalog: &CheckedCatalog,
        args: &ImageArgs,
        goal: Goal,
        mut plans: Vec<Plan>,
        asked: &Asked,
    ) -> Result<Self, Failure> {
        let is_image = plans[0].kind == Kind::Image;
        let is_pinned = plans.iter().all(|plan| plan.unpinned.is_empty());
        let whole = whole_id(catalog, &plans).filter(|_| is_image);
        plans.retain(|plan| asked.contains(&plan.variant));
        let declared = declared_platforms(catalog, &plans);
        let absence = asked.absence(&plans[0].variant.artifact).map(str::to_owned);
        let own = Id::of_image(&plans.iter().collect::<Vec<_>>());
        let is_known = is_image && is_pinned && own.is_some();
        if is_known && whole.is_none() && goal == Goal::Registries {
            return Ok(Self {
                names: own
                    .map(|own| names_alone(catalog, args, &plans, own))
                    .transpose()?,
                id: own,
                declared: platforms(&plans),
                plans,
                is_alone: true,
                absence,
            });
        }
        let names = is_known.then(|| names(catalog, args, goal, &plans, (whole, &declared)));
        Ok(Self {
            names: names.transpose()?,
            plans,
            id: whole,
            declared,
            is_alone: false,
            absence,
        })
    }

    /// What is to be told of platforms that stand alone.
    pub(crate) fn warning(&self) -> Option<String> {
        let names = self.names.as_ref().filter(|_| self.is_alone)?;
        let artifact = &self.plans[0].variant.artifact;
        let platforms = catalog::listed(self.declared.iter().map(ToString::to_string));
        let cause = self.absence.as_ref().map(|cause| format!(" ({cause})"));
        Some(format!(
            "what `{artifact}` needs for its other platforms is not here{}, so {platforms} is pushed as {}, and no tag of the \
             whole image is moved",
            cause.unwrap_or_default(),
            catalog::listed(&names.index)
        ))
    }
}

/// The platforms of plans.
pub(crate) fn platforms(plans: &[Plan]) -> Vec<Platform> {
    let platforms = plans.iter().map(|plan| plan.variant.platform.clone());
    platforms.collect()
}

/// The platforms that the artifact of some plans is declared for.
pub(crate) fn declared_platforms(catalog: &CheckedCatalog, plans: &[Plan]) -> Vec<Platform> {
    let artifact = catalog.get(plans[0].variant.artifact.as_str());
    artifact.map_or_else(Vec::new, |artifact| artifact.declared_platforms().to_vec())
}
