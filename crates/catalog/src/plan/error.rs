//! Why a variant cannot be planned.

use crate::{
    base::BaseError, budget::MAX_VARIANTS, file::Place, path::ContextPath, problem::Problem,
    step::StepError, variant::Variant,
};

/// Why a variant cannot be planned.
#[derive(Debug, thiserror::Error)]
#[error("artifact `{}` cannot be planned for `{}`", variant.artifact, variant.platform)]
pub struct PlanError {
    /// The variant.
    pub variant: Box<Variant>,
    /// Why.
    #[source]
    pub reason: Box<PlanProblem>,
}

/// Why a variant cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanProblem {
    /// Its base cannot be resolved.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// A step cannot be carried out.
    #[error("step {number} (`{title}`) of artifact `{artifact}`{} cannot be carried out", at(place.as_deref()))]
    Step {
        /// The artifact that has the step.
        artifact: String,
        /// The step's number, from 1.
        number: usize,
        /// The step's title.
        title: String,
        /// Where it is declared, when a file declares it.
        place: Option<Box<Place>>,
        /// Why.
        #[source]
        source: Box<StepError>,
    },
    /// A step that uses so many options that nobody can look at all their values.
    #[error(
        "step {number} of artifact `{artifact}` uses the options {options}, which have more than {MAX_VARIANTS} values together; use fewer of them in one step"
    )]
    TooManyValues {
        /// The artifact that has the step.
        artifact: String,
        /// The step's number, from 1.
        number: usize,
        /// The options.
        options: String,
    },
    /// Its output path or its tags cannot be made, or it is made from what is not there.
    #[error(transparent)]
    Output(#[from] Problem),
    /// The graph cannot be marshalled.
    #[error("its graph cannot be marshalled")]
    Marshal(#[from] buildkit_llb::MarshalError),
    /// Something cannot be packed inside the graph.
    #[error("it cannot be packed inside the graph")]
    Pack(#[source] buildkit_llb::OpError),
    /// A file whose text makes a tag.
    #[error("`{path}`, whose text makes a tag, is not a file that was read")]
    FileTag {
        /// The file.
        path: ContextPath,
    },
    /// The tar of an image, which has none.
    #[error("`{name}` is an image, which has no tar")]
    NoTar {
        /// The image.
        name: String,
    },
    /// The graph has no vertex.
    #[error("it is empty: it has neither a base nor a step that makes a file")]
    Empty,
}

impl PlanError {
    pub(crate) fn new(variant: &Variant, reason: PlanProblem) -> Self {
        Self {
            variant: Box::new(variant.clone()),
            reason: Box::new(reason),
        }
    }
}

/// The place, between commas. Its text is left to who shows errors on more than one line.
pub(super) fn at(place: Option<&Place>) -> String {
    let at = |place: &Place| {
        let excerpt = place.excerpt();
        let (file, line, column) = (&place.file.name, excerpt.line, excerpt.column);
        format!(", `{file}` line {line}, column {column},")
    };
    place.map(at).unwrap_or_default()
}
