//! The reasons why nothing can be selected.

use crate::{
    budget::MAX_VARIANTS,
    name::{ArtifactName, VariableName},
    problem::Found,
    words::{did_you_mean, listed},
};

/// The reasons why nothing can be selected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// No artifact was named and the catalog has no defaults.
    #[error("no artifact was named, and the catalog has no defaults")]
    Nothing {
        /// All artifacts.
        valid: Vec<String>,
    },
    /// An artifact that the catalog does not have.
    #[error("there is no artifact `{name}`{}", did_you_mean(nearest.as_deref()))]
    UnknownArtifact {
        /// The name as given.
        name: String,
        /// All artifacts.
        valid: Vec<String>,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// A stage, which is not delivered.
    #[error("`{name}` is a `stage`: it is built for what needs it, and not delivered")]
    Stage {
        /// The stage.
        name: String,
    },
    /// A glob that no artifact matches, or that cannot be read.
    #[error("`{pattern}` matches no artifact")]
    NoMatch {
        /// The pattern.
        pattern: String,
        /// All artifacts.
        valid: Vec<String>,
    },
    /// A platform that an artifact is not declared for.
    #[error("artifact `{artifact}` is not declared for `{platform}`{}", did_you_mean(nearest.as_deref()))]
    UndeclaredPlatform {
        /// The artifact.
        artifact: ArtifactName,
        /// The platform.
        platform: String,
        /// The platforms that it is declared for.
        valid: Vec<String>,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// An option that no artifact of the catalog has.
    #[error("no artifact has an option `{name}`{}", did_you_mean(nearest.as_deref()))]
    UnknownOption {
        /// The name as given.
        name: String,
        /// All options and axes.
        valid: Vec<String>,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// A variable that is an axis in names of artifacts.
    #[error("`{name}` is in the name: name the artifact, not `--set {name}=…`")]
    InName {
        /// The variable.
        name: String,
        /// An artifact that has it in its name.
        artifact: ArtifactName,
    },
    /// More variants than the limit of one call.
    #[error(
        "the selection has more than {MAX_VARIANTS} variants; `{artifact}` alone has {count} ({factors})"
    )]
    TooManyVariants {
        /// The artifact with the most of them.
        artifact: ArtifactName,
        /// The number of its variants.
        count: usize,
        /// The factors of that number.
        factors: String,
    },
    /// A value that an option or axis cannot take.
    #[error("{what} cannot be `{value}`{}", did_you_mean(nearest.as_deref()))]
    InvalidValue {
        /// The option, or the axis with the selected artifact that has it, if there is one.
        what: String,
        /// The value as given.
        value: String,
        /// The values that it can take.
        valid: Vec<String>,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// A default that gives a value that its option cannot take, once other options are set.
    #[error(
        "with {}, option `{name}` would be `{value}`, made from its default `{default}`",
        listed(set)
    )]
    DrivenValue {
        /// The set options, in the form of `--set`.
        set: Box<[String]>,
        /// The option that is not set.
        name: VariableName,
        /// Its default, as it is written.
        default: String,
        /// The value that the default gives.
        value: String,
        /// The values that it can take.
        valid: Vec<String>,
    },
    /// A problem of an artifact that a selected one is made from, with these values of options.
    #[error("`{artifact}` cannot be made with {}: {found}", listed(set))]
    MadeFrom {
        /// The selected artifact.
        artifact: ArtifactName,
        /// The set options, in the form of `--set`.
        set: Box<[String]>,
        /// The problem and its artifact.
        found: Box<Found>,
    },
}

impl SelectError {
    /// The list of valid names or values, as a sentence.
    pub fn valid_ones(&self) -> String {
        match self {
            Self::Nothing { valid }
            | Self::UnknownArtifact { valid, .. }
            | Self::NoMatch { valid, .. } => format!("the artifacts are {}", listed(valid)),
            Self::Stage { .. } => "name an artifact that needs it".to_owned(),
            Self::UndeclaredPlatform { valid, .. } => {
                format!("it is declared for {}", listed(valid))
            }
            Self::InName { artifact, .. } => format!("one of the artifacts is `{artifact}`"),
            Self::UnknownOption { valid, .. } if valid.is_empty() => {
                "the catalog has no options".to_owned()
            }
            Self::UnknownOption { valid, .. } => format!("the options are {}", listed(valid)),
            Self::TooManyVariants { .. } => {
                "select fewer artifacts or platforms, or set an axis".to_owned()
            }
            Self::InvalidValue { valid, .. } => format!("it can be {}", listed(valid)),
            Self::DrivenValue { name, valid, .. } => {
                format!("set `{name}` too; it can be {}", listed(valid))
            }
            Self::MadeFrom { set, .. } => {
                format!(
                    "set another value than {}, or mend the artifact",
                    listed(set)
                )
            }
        }
    }
}
