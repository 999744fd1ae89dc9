//! The reasons why a frontend does not build, and the next steps for its user.

use std::{collections::BTreeSet, error::Error, fmt::Write as _};

use buildkit_client::{GatewayError, readable};
use catalog::{
    BaseError, CATALOG_FILE, CatalogError, FileError, LockError, PlanError, PlanProblem, Problem,
    SelectError, Variant, Written, listed,
};

use engine::{
    EngineError, MissingContexts, causes,
    files::{DeclaredError, FilesError},
    source_queries::Nonsense,
};

use crate::{options::OptionError, own_image::OwnImageError, tree::InputError};

/// The reason why a frontend does not build.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrontendError {
    /// An option that it cannot use.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The catalog is wrong.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// An annotation of the image cannot be filled in.
    #[error(
        "the annotations of `{artifact}`: {source}; `--build-arg git.commit=…` says what a variable of git is"
    )]
    Annotation {
        /// The artifact.
        artifact: String,
        /// Why.
        source: Box<Problem>,
    },
    /// The catalog's file is wrong.
    #[error(transparent)]
    CatalogFile(#[from] FileError),
    /// Neither the program nor the context declares an artifact.
    #[error("there is no `{CATALOG_FILE}` in {directory}")]
    NoCatalog {
        /// What the context is called.
        directory: String,
    },
    /// There is no such artifact, platform or option.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// One build has one result.
    #[error("`{target}` stands for several artifacts, and one build has one result")]
    SeveralArtifacts {
        /// What was asked for.
        target: String,
        /// The artifacts.
        artifacts: BTreeSet<String>,
    },
    /// One build has one result for each platform.
    #[error("`{artifact}` is built in several variants, and one build has one result")]
    SeveralVariants {
        /// The artifact.
        artifact: String,
        /// What tells its variants apart.
        variants: Vec<String>,
    },
    /// A file that stands for no artifact.
    #[error("`{file}` is neither a catalog nor the Dockerfile of an artifact")]
    UnknownFile {
        /// The file.
        file: String,
        /// The Dockerfiles of artifacts.
        valid: Vec<String>,
    },
    /// A context that the daemon cannot fetch.
    #[error("{what} cannot be fetched")]
    Remote {
        /// The context, in a phrase.
        what: String,
        /// Whether it is a repository, which may need a login.
        is_git: bool,
        /// Why.
        #[source]
        source: Box<GatewayError>,
    },
    /// A context that is neither a repository nor a tar.
    #[error(
        "{what} is no tar; a context from the web is a tar, or a git repository whose address ends in `.git`"
    )]
    NoTar {
        /// The context, in a phrase.
        what: String,
    },
    /// A graph from the client that cannot be used.
    #[error("the input `{name}` cannot be used")]
    Input {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: InputError,
    },
    /// A Dockerfile that cannot be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// What a step or a tag declares cannot be read.
    #[error(transparent)]
    Declared(#[from] Box<DeclaredError>),
    /// A file that is not there.
    #[error("there is no file `{path}` in {directory}")]
    NoFile {
        /// The file.
        path: String,
        /// What the directory is called.
        directory: String,
    },
    /// A file that is not text.
    #[error("`{path}` in {directory} is not UTF-8 text")]
    NotText {
        /// The file.
        path: String,
        /// What the directory is called.
        directory: String,
    },
    /// The lock cannot be read.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A build context stands for nothing.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// Directories that steps read, and that were not given.
    #[error(transparent)]
    Contexts(#[from] MissingContexts),
    /// The artifact cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The engine stops before anything is built.
    #[error(transparent)]
    Engine(Box<EngineError>),
    /// A reference cannot be resolved.
    #[error("cannot find out what `{name}` stands for{}", place.as_ref().map(|place| format!(", which is written in {place}")).unwrap_or_default())]
    Unresolved {
        /// The image, URL or git ref.
        name: String,
        /// Where it is written, when that is not in its name.
        place: Option<Written>,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The frontend does not know where its packer is.
    #[error(transparent)]
    OwnImage(#[from] OwnImageError),
    /// A step failed, or something else in the daemon.
    #[error("artifact `{}` for `{}` failed{}", variant.artifact, variant.platform, step.as_ref().map(|step| format!(" at step `{step}`")).unwrap_or_default())]
    Failed {
        /// What was built.
        variant: Box<Variant>,
        /// The title of the step.
        step: Option<String>,
        /// Why.
        #[source]
        source: Box<GatewayError>,
    },
    /// A download with a checksum failed.
    #[error("{said}")]
    Download {
        /// The reason, which the server gave without the checksum.
        said: String,
        /// The daemon's error with the checksum; only its place is true.
        failure: Box<GatewayError>,
    },
    /// A question without an answer.
    #[error("there is no subrequest `{name}`")]
    UnknownQuestion {
        /// Its name.
        name: String,
        /// Those that there are.
        valid: Vec<String>,
    },
    /// A question about one platform, asked for several.
    #[error(
        "`{question}` is about one platform, and there are {}",
        listed(platforms)
    )]
    SeveralPlatforms {
        /// The question's name.
        question: &'static str,
        /// The platforms.
        platforms: Vec<String>,
    },
    /// A graph of the frontend itself cannot be made.
    #[error("its graph cannot be marshalled")]
    Marshal(#[from] buildkit_llb::MarshalError),
    /// The daemon does not answer as it should.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The daemon's answer makes no sense.
    #[error("the daemon's answer makes no sense: {0}")]
    Nonsense(#[from] Nonsense),
    /// A bug.
    #[error("this is a bug of llbgen: {message}")]
    Bug {
        /// The message of the bug.
        message: String,
    },
}

impl From<EngineError> for FrontendError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Select(error) => error.into(),
            EngineError::Base(error) => error.into(),
            EngineError::Plan(error) => error.into(),
            EngineError::Contexts(error) => error.into(),
            error => Self::Engine(error.into()),
        }
    }
}

impl FrontendError {
    /// The error with its causes and the next steps, as one text: a client gets nothing else.
    pub(crate) fn report(&self) -> String {
        let mut text = readable(&self.to_string()).into_owned();
        for cause in causes(self) {
            // The cause without the step's command, which is long and stands in the step.
            _ = write!(text, ": {}", readable(&cause));
        }
        if let Some(hint) = self.hint() {
            _ = write!(text, "\nhint: {hint}");
        }
        text
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Select(SelectError::Nothing { valid }) => {
                format!("name one with `--target`: {}", listed(valid))
            }
            Self::Select(error) => error.valid_ones(),
            Self::NoCatalog { .. } => "give the directory that has it as the context, or its path with `-f`; `llbgen new rootfs NAME` begins one".to_owned(),
            Self::SeveralArtifacts { artifacts, .. } => {
                format!("`--target` takes one of {}", listed(artifacts))
            }
            Self::SeveralVariants { variants, .. } => {
                format!("choose one with `--build-arg`: {}", variants.join(", "))
            }
            Self::UnknownFile { valid, .. } if valid.is_empty() => {
                "`-f` takes llbgen.toml; `--target` names an artifact".to_owned()
            }
            Self::UnknownFile { valid, .. } => {
                format!(
                    "`-f` takes llbgen.toml, or one of {}; `--target` names an artifact",
                    listed(valid)
                )
            }
            Self::Remote { is_git: true, .. } => {
                "is the address right? A private repository takes `--secret id=GIT_AUTH_TOKEN,env=…`".to_owned()
            }
            Self::Contexts(missing) => missing.hint(),
            Self::Base(BaseError::UnknownContext { valid, .. }) if !valid.is_empty() => {
                format!("`--build-context` can replace {}", listed(valid))
            }
            Self::Base(BaseError::Directory { .. }) => NO_DIRECTORY.to_owned(),
            Self::Plan(error) => match &*error.reason {
                PlanProblem::Base(BaseError::Directory { .. }) => NO_DIRECTORY.to_owned(),
                _ => return None,
            },
            Self::UnknownQuestion { valid, .. } => format!("there are {}", listed(valid)),
            Self::SeveralPlatforms { .. } => "give one with `--platform`".to_owned(),
            Self::OwnImage(_) => {
                "layers are packed by a program in the frontend's image; run the frontend as an image".to_owned()
            }
            _ => return None,
        })
    }

    /// The daemon's error, if it was the daemon that failed.
    pub(crate) fn gateway(&self) -> Option<&GatewayError> {
        match self {
            Self::Failed { source, .. } | Self::Remote { source, .. } => Some(source),
            Self::Download { failure, .. } => Some(failure),
            Self::Gateway(error) => Some(error),
            _ => None,
        }
    }
}

/// The possible replacements of a base.
const NO_DIRECTORY: &str =
    "give docker-image://REF, oci-layout://DIR, a git repository, or the address of a tar";
