//! The reason why a variant cannot be planned.

use crate::{
    base::BaseError,
    budget::MAX_VARIANTS,
    path::ContextPath,
    place::{PartUse, Place},
    problem::Problem,
    step::StepError,
    variant::Variant,
};

/// The reason why a variant cannot be planned.
#[derive(Debug, thiserror::Error)]
#[error("artifact `{}` cannot be planned for `{}`", variant.artifact, variant.platform)]
pub struct PlanError {
    /// The variant.
    pub variant: Box<Variant>,
    /// The reason.
    #[source]
    pub reason: Box<PlanProblem>,
}

/// The reason why a variant cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanProblem {
    /// Its base cannot be resolved.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// A step cannot be carried out.
    #[error(
        "step {number} (`{title}`) of artifact `{artifact}`{}{} cannot be carried out",
        at(place.as_deref()),
        among(uses)
    )]
    Step {
        /// The artifact that has the step.
        artifact: String,
        /// The step's number, from 1.
        number: usize,
        /// The step's title.
        title: String,
        /// The place of the step, if a file declares it.
        place: Option<Box<Place>>,
        /// The uses of parts that lead there, the innermost first.
        uses: Vec<PartUse>,
        /// The reason.
        #[source]
        source: Box<StepError>,
    },
    /// A step that uses so many options that it would take too long to look at all their values.
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
    /// Its output path or its tags are invalid, or it is made from an artifact that does not exist.
    #[error(transparent)]
    Output(#[from] Problem),
    /// The graph cannot be marshalled.
    #[error("its graph cannot be marshalled")]
    Marshal(#[from] buildkit_llb::MarshalError),
    /// Something cannot be packed inside the graph.
    #[error("it cannot be packed inside the graph")]
    Pack(#[source] buildkit_llb::OpError),
    /// The file of a `file_tag` was not read.
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

/// The uses of parts, each before a comma: an error here is one line.
fn among(uses: &[PartUse]) -> String {
    let uses = uses.iter().map(ToString::to_string);
    let uses: Vec<String> = uses
        .flat_map(|used| [" ".to_owned(), used, ",".to_owned()])
        .collect();
    uses.concat()
}

/// The place, between commas, without the excerpt of its file: an error here is one line.
pub(crate) fn at(place: Option<&Place>) -> String {
    let at = |place: &Place| {
        let excerpt = place.excerpt();
        let (file, line, column) = (&place.file.name, excerpt.line, excerpt.column);
        format!(", `{file}` line {line}, column {column},")
    };
    place.map(at).unwrap_or_default()
}
