//! Steps: values that declare their reads and turn a tree into a tree.

mod attributes;
mod cache;
mod config;
mod context;
mod copy;
mod custom;
mod download;
mod error;
mod health;
mod image;
mod label;
mod made;
mod main_file;
mod network;
mod packages;
mod paths;
mod problem;
mod program;
mod run;
mod tar;
mod use_part;
mod when;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

pub use self::{
    attributes::ModeText,
    cache::{Cache, CacheDirectory, Sharing},
    config::{Env, User, Workdir},
    context::{Source, StepContext},
    copy::Copy,
    custom::{Custom, CustomStep},
    download::{Download, Git},
    error::StepError,
    health::Healthcheck,
    image::{Cmd, Entrypoint, Expose, StopSignal, Volume},
    label::Label,
    made::{Directory, File, Remove, Symlink},
    network::CA_SECRET,
    packages::{Apk, Apt, Dnf, Repository},
    run::{Mount, Network, Run, Secret},
    tar::Tar,
    use_part::Use,
    when::When,
};
pub(crate) use self::{
    context::{Caption, Given},
    network::without_prelude,
    packages::Installing,
    problem::StepProblem,
    use_part::UsedPart,
};
use crate::{
    condition::Domains,
    read::Read,
    template::{Template, Text, Variables},
    tree::Tree,
    vertex_name::VertexTitle,
};

/// One step of an artifact. In a file, the key that names the kind of step comes with its other keys:
/// `{ run = "./install.sh", files = ["install.sh"], cache = ["pip"] }`.
// A catalog file reads it by the names of the variants: the first one that is a key says what kind it is. So their order
// counts: a key that is a kind and a key of another kind, such as `env` of `run`, comes later.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    rename_all = "lowercase",
    expecting = "a table with the key that says what the step does"
)]
#[schemars(untagged)]
pub enum Step {
    /// Puts in the steps of a part.
    Use(Use),
    /// Installs Debian packages.
    Apt(Apt),
    /// Installs Alpine packages.
    Apk(Apk),
    /// Installs RPM packages with dnf.
    Dnf(Dnf),
    /// Runs a shell command.
    Run(Run),
    /// Copies declared files in, or files of another tree.
    Copy(Copy),
    /// Downloads a file.
    Download(Download),
    /// Puts the files of a git ref in.
    Git(Git),
    /// Puts the tar of another artifact in.
    Tar(Tar),
    /// Makes files with a content that stands in the catalog.
    File(File),
    /// Makes directories.
    Directory(Directory),
    /// Makes symbolic links.
    Symlink(Symlink),
    /// Removes files and directories.
    Remove(Remove),
    /// Sets environment variables.
    Env(Env),
    /// Sets and makes the working directory.
    Workdir(Workdir),
    /// Sets the user.
    User(User),
    /// Sets what an image runs.
    Entrypoint(Entrypoint),
    /// Sets the arguments of what an image runs.
    Cmd(Cmd),
    /// Sets labels.
    Label(Label),
    /// Declares ports.
    Expose(Expose),
    /// Declares volumes.
    Volume(Volume),
    /// Sets the signal that stops an image.
    #[serde(rename = "stop-signal")]
    StopSignal(StopSignal),
    /// Sets how an image's health is checked.
    Healthcheck(Healthcheck),
    /// Steps that belong together, and that only some variants may have.
    #[serde(rename = "steps")]
    When(When),
    /// A step written in Rust.
    #[serde(skip)]
    Custom(Custom),
}

/// The methods of every kind of step.
trait Apply {
    /// A short line for progress and listings: `apt install zsh`.
    fn title(&self) -> String;

    /// The title with values in the place of placeholders; as it is written if not all have one.
    fn filled_title(&self, variables: &Variables) -> String {
        let title = self.title();
        let template: Result<Template, _> = title.parse();
        let filled = template.and_then(|template| template.expand(variables));
        filled.unwrap_or(title)
    }

    /// The reads that the step may ask its context for.
    fn reads(&self, context: Reader<'_>) -> Result<Vec<Read>, StepError>;

    /// The tree with the step carried out.
    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError>;

    /// The texts that are filled in when it is carried out.
    fn texts(&self) -> Vec<&dyn Text> {
        Vec::new()
    }

    /// The problems of the step itself.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }

    /// Refuses texts that are invalid once the variables are filled in.
    fn check(&self, _: &Variables) -> Result<(), StepError> {
        Ok(())
    }
}

/// The input of a step's `reads`: the variant's variables.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The variables that fill in templates.
    pub variables: &'a Variables,
}

impl Step {
    /// A step written in Rust.
    pub fn custom(step: impl CustomStep + 'static) -> Self {
        Self::Custom(Custom::new(step))
    }

    fn kind(&self) -> &dyn Apply {
        match self {
            Self::Apt(step) => step,
            Self::Apk(step) => step,
            Self::Dnf(step) => step,
            Self::Run(step) => step,
            Self::Copy(step) => step,
            Self::Tar(step) => step,
            Self::File(step) => step,
            Self::Directory(step) => step,
            Self::Symlink(step) => step,
            Self::Remove(step) => step,
            Self::Env(step) => step,
            Self::Workdir(step) => step,
            Self::User(step) => step,
            Self::Download(step) => step,
            Self::Git(step) => step,
            Self::Entrypoint(step) => step,
            Self::Cmd(step) => step,
            Self::Label(step) => step,
            Self::Expose(step) => step,
            Self::Volume(step) => step,
            Self::StopSignal(step) => step,
            Self::Healthcheck(step) => step,
            Self::When(step) => step,
            Self::Use(step) => step,
            Self::Custom(step) => step,
        }
    }

    /// A short line for progress and listings: `apt install zsh`.
    pub fn title(&self) -> String {
        self.kind().title()
    }

    /// The name of its vertices.
    pub(crate) fn vertex_title(&self, variables: &Variables) -> VertexTitle {
        VertexTitle {
            written: self.title(),
            filled: self.kind().filled_title(variables),
        }
    }

    /// The reads that the step may ask its context for.
    pub fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        self.kind().reads(reader)
    }

    /// The tree with the step carried out.
    pub fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        self.kind().apply(tree, context)
    }

    /// The problems of the step as a last step: settings that would overrule the artifacts on top.
    pub(crate) fn overruling(&self) -> Vec<StepProblem> {
        let key = match self {
            Self::User(_) => "user",
            Self::Workdir(_) => "workdir",
            Self::Entrypoint(_) => "entrypoint",
            Self::Cmd(_) => "cmd",
            Self::When(group) => return group.each(Self::overruling),
            _ => return Vec::new(),
        };
        let text = format!("`{key}` in `finally` would overrule artifacts on top");
        vec![StepProblem::written(text, key)]
    }

    /// The problems of the step in all variants.
    pub(crate) fn problems(&self) -> Vec<StepProblem> {
        if let Self::When(group) = self {
            return group.each(Self::problems);
        }
        let unreadable = self.kind().texts().into_iter().filter_map(Text::problem);
        let unreadable = unreadable.map(|error| StepProblem::from(&error));
        let own = self.kind().problems().into_iter().map(StepProblem::new);
        let mut problems: Vec<StepProblem> = unreadable.collect();
        let is_readable = problems.is_empty();
        problems.extend(own);
        if is_readable && self.names().is_empty() {
            // No variable changes its text, so it is checked without any.
            let error = self.kind().check(&Variables::new()).err();
            problems.extend(error.iter().map(StepProblem::from));
        }
        problems
    }

    /// The problems of the step for a variant with these variables.
    pub(crate) fn problems_with(&self, variables: &Variables) -> Vec<StepProblem> {
        match self {
            Self::When(group) => return group.problems_with(variables),
            Self::Use(part) => return part.problems_with(variables),
            _ => {}
        }
        let unknown = self.unknown_variables(variables);
        if !unknown.is_empty() {
            return unknown;
        }
        let reads = self.kind().reads(Reader { variables }).map(drop);
        let error = reads.and_then(|()| self.kind().check(variables)).err();
        error.iter().map(StepProblem::from).collect()
    }

    /// The problems of texts that use unknown variables.
    fn unknown_variables(&self, variables: &Variables) -> Vec<StepProblem> {
        let texts = self.kind().texts().into_iter();
        texts
            .filter_map(|text| text.check(variables).err())
            .map(|error| StepProblem::from(&error))
            .collect()
    }

    /// The conditions in it that hold for no variant.
    pub(crate) fn impossible(&self, domains: &Domains) -> Vec<StepProblem> {
        match self {
            Self::When(group) => group.impossible(domains),
            Self::Use(part) => part.impossible(domains),
            _ => Vec::new(),
        }
    }

    /// The variables and fields that it uses.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Self::When(group) => group.names(),
            Self::Use(part) => part.names(),
            _ => self
                .kind()
                .texts()
                .into_iter()
                .flat_map(Text::names)
                .collect(),
        }
    }
}

macro_rules! into_step {
    ($($kind:ident),*) => {
        /// In the form of the fields of its kind; the key of the kind comes first.
        impl Serialize for Step {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$kind(step) => step.serialize(serializer),)*
                }
            }
        }

        $(impl From<$kind> for Step {
            fn from(step: $kind) -> Self {
                Self::$kind(step)
            }
        })*
    };
}

into_step!(
    Use,
    Apt,
    Apk,
    Dnf,
    Run,
    Copy,
    Download,
    Git,
    Tar,
    File,
    Directory,
    Symlink,
    Remove,
    Env,
    Workdir,
    User,
    Entrypoint,
    Cmd,
    Label,
    Expose,
    Volume,
    StopSignal,
    Healthcheck,
    When,
    Custom
);
