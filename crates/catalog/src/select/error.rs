//! Why nothing can be selected.

use crate::{
    budget::MAX_VARIANTS,
    name::{ArtifactName, VariableName},
    problem::Found,
    words::{did_you_mean, listed},
};

/// Why nothing can be selected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// No artifact was named and the catalog has no defaults.
    #[error("no artifact was named, and the catalog has no defaults")]
    Nothing {
        /// The artifacts that there are.
        valid: Vec<String>,
    },
    /// An artifact that the catalog does not have.
    #[error("there is no artifact `{name}`{}", did_you_mean(nearest.as_deref()))]
    UnknownArtifact {
        /// The name as given.
        name: String,
        /// The artifacts that there are.
        valid: Vec<String>,
        /// The one that is most like it.
        nearest: Option<String>,
    },
    /// A glob that no artifact matches, or that cannot be read.
    #[error("`{pattern}` matches no artifact")]
    NoMatch {
        /// The pattern.
        pattern: String,
        /// The artifacts that there are.
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
        /// The one that is most like it.
        nearest: Option<String>,
    },
    /// An option that no artifact of the catalog has.
    #[error("no artifact has an option `{name}`{}", did_you_mean(nearest.as_deref()))]
    UnknownOption {
        /// The name as given.
        name: String,
        /// The options and axes that there are.
        valid: Vec<String>,
        /// The one that is most like it.
        nearest: Option<String>,
    },
    /// More variants than one call can have.
    #[error(
        "the selection has more than {MAX_VARIANTS} variants; `{artifact}` alone has {count} ({factors})"
    )]
    TooManyVariants {
        /// The artifact that has most of them.
        artifact: ArtifactName,
        /// How many.
        count: usize,
        /// What they are the product of.
        factors: String,
    },
    /// A value that an option or axis cannot take.
    #[error("{what} cannot be `{value}`{}", did_you_mean(nearest.as_deref()))]
    InvalidValue {
        /// The option, which is the catalog's, or the axis, and the selected artifact that has it, if one has.
        what: String,
        /// The value as given.
        value: String,
        /// The values that it can take.
        valid: Vec<String>,
        /// The one that is most like it.
        nearest: Option<String>,
    },
    /// A value that the default of an option comes to, with what is set of others, and that the option cannot take.
    #[error(
        "with {}, option `{name}` would be `{value}`, made from its default `{default}`",
        listed(set)
    )]
    DrivenValue {
        /// What is set, as `--set` has it.
        set: Box<[String]>,
        /// The option that is not set.
        name: VariableName,
        /// Its default, as it is written.
        default: String,
        /// What that comes to.
        value: String,
        /// The values that it can take.
        valid: Vec<String>,
    },
    /// Something that is wrong with what a selected artifact is made from, with these values of options.
    #[error("`{artifact}` cannot be made with {}: {found}", listed(set))]
    MadeFrom {
        /// The selected artifact.
        artifact: ArtifactName,
        /// What is set, as `--set` has it.
        set: Box<[String]>,
        /// What is wrong, and with which artifact.
        found: Box<Found>,
    },
}

impl SelectError {
    /// What there is instead, in words.
    pub fn valid_ones(&self) -> String {
        match self {
            Self::Nothing { valid }
            | Self::UnknownArtifact { valid, .. }
            | Self::NoMatch { valid, .. } => format!("the artifacts are {}", listed(valid)),
            Self::UndeclaredPlatform { valid, .. } => {
                format!("it is declared for {}", listed(valid))
            }
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
