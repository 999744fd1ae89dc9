//! What a step may ask for: exactly what it declared.

use buildkit_llb::State;
use serde::Serialize;

use crate::{
    inputs::{FileSet, Inputs},
    local::{self, LocalSource},
    name::SecretId,
    path::{ContextPath, ContextPathError},
    template::{Template, TemplateError, Variables},
    variant::Variant,
};

/// Something that a step reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Read {
    /// The files that a path or glob in the context directory stands for.
    Files(ContextPath),
    /// A secret. A step that needs it fails without it; an optional one is absent then.
    Secret {
        /// The id.
        id: SecretId,
        /// Whether the step can do without.
        optional: bool,
    },
}

/// Why a step cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// A template cannot be filled in.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A path leaves the context directory.
    #[error(transparent)]
    Path(#[from] ContextPathError),
    /// The step asks for files that it did not declare in its reads.
    #[error("the step reads `{path}` without declaring it")]
    Undeclared {
        /// The path or glob.
        path: ContextPath,
    },
    /// Declared files that were not read from disk.
    #[error("`{path}` was not read; it is declared, but not among the inputs")]
    NotRead {
        /// The path or glob.
        path: ContextPath,
    },
    /// A script that cannot be run.
    #[error("`{path}` is not executable; `chmod +x` it")]
    NotExecutable {
        /// The script.
        path: ContextPath,
    },
    /// A step of the catalog's own says no.
    #[error("{reason}")]
    Refused {
        /// Why.
        reason: String,
    },
}

/// What a step is carried out with: the variant, and the inputs that the step declared.
#[derive(Debug)]
pub struct StepContext<'a> {
    variant: &'a Variant,
    variables: Variables,
    inputs: &'a Inputs,
    reads: Vec<Read>,
    base: &'a str,
    title: String,
    locals: &'a mut Vec<LocalSource>,
}

impl<'a> StepContext<'a> {
    pub(crate) fn new(
        variant: &'a Variant,
        inputs: &'a Inputs,
        reads: Vec<Read>,
        base: &'a str,
        title: String,
        locals: &'a mut Vec<LocalSource>,
    ) -> Self {
        Self {
            variant,
            variables: variant.variables(),
            inputs,
            reads,
            base,
            title,
            locals,
        }
    }

    /// The variant that is planned.
    pub fn variant(&self) -> &Variant {
        self.variant
    }

    /// What templates are filled in with.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// A name for the distribution and architecture below the step, for the ids of cache mounts.
    pub fn cache_key(&self) -> String {
        format!(
            "{}-{}",
            self.base,
            self.variant.platform.to_string().replace('/', "-")
        )
    }

    /// The name that progress shows for the step's vertex: `[base-rootfs linux/arm64] apt install zsh`.
    pub fn vertex_name(&self) -> String {
        format!("[{}] {}", self.variant, self.title)
    }

    /// Fills in a template.
    pub fn expand(&self, template: &Template) -> Result<String, StepError> {
        Ok(template.expand(&self.variables)?)
    }

    /// The files that a declared path or glob stands for.
    pub fn files(&self, path: &ContextPath) -> Result<&'a FileSet, StepError> {
        if !self.reads.contains(&Read::Files(path.clone())) {
            return Err(StepError::Undeclared { path: path.clone() });
        }
        self.inputs
            .files
            .get(path)
            .ok_or_else(|| StepError::NotRead { path: path.clone() })
    }

    /// A state with `files` at the paths that `place` gives them; registers the local source that it needs.
    pub fn files_state(
        &mut self,
        files: &FileSet,
        place: impl Fn(&ContextPath) -> ContextPath,
    ) -> State {
        let (state, local) = local::files_state(files, place);
        self.locals.extend(local);
        state
    }

    /// The same context for a step inside this one.
    pub(crate) fn nested(&mut self, reads: Vec<Read>, title: String) -> StepContext<'_> {
        StepContext::new(
            self.variant,
            self.inputs,
            reads,
            self.base,
            title,
            self.locals,
        )
    }
}
