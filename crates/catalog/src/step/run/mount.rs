//! Files that a command sees without having them in its tree.

use buildkit_llb::{BindMount, Exec, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    declared::Declared,
    path::ContextPath,
    step::{Read, StepContext, StepError, context::check_absolute},
    template::{EitherText, Template, Text, TreeText, Variables},
};

/// Files that a command sees at `target`: of the context directory, or of another tree. What the command changes in them
/// is dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// An artifact of the catalog when it has one of that name, or else an image reference; the context directory by
    /// default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Template>,
    /// A file, directory or glob of the context directory, or an absolute path in the tree of `from`, all of which is the
    /// default. What a glob matches keeps its path below the glob's literal part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<EitherText>,
    /// An absolute path; it may use what the base or an earlier step sets, as `$HOME/src`.
    target: TreeText,
    /// Whether the command may change them. The changes are dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    readwrite: bool,
}

impl Mount {
    /// Mounts a file, directory or glob of the context directory, a [`Template`], at the absolute path `target`, a
    /// [`TreeText`].
    pub fn new(source: &str, target: &str) -> Self {
        Self {
            from: None,
            source: Some(source.into()),
            target: TreeText::unchecked(target),
            readwrite: false,
        }
    }

    /// Mounts the tree of an artifact or image, a [`Template`], at the absolute path `target`, a [`TreeText`].
    pub fn of(from: &str, target: &str) -> Self {
        Self {
            from: Some(Template::unchecked(from)),
            source: None,
            target: TreeText::unchecked(target),
            readwrite: false,
        }
    }

    /// Mounts this path instead: a [`Template`] of the context directory, or a [`TreeText`] of another tree.
    pub fn source(mut self, path: &str) -> Self {
        self.source = Some(path.into());
        self
    }

    /// The command may change the files. The changes are dropped.
    pub fn readwrite(mut self) -> Self {
        self.readwrite = true;
        self
    }

    /// The mount point.
    pub(super) fn target(&self) -> &TreeText {
        &self.target
    }

    pub(super) fn texts(&self) -> Vec<&dyn Text> {
        let mut texts: Vec<&dyn Text> = vec![&self.target];
        match (&self.from, &self.source) {
            (Some(from), source) => {
                texts.push(from);
                texts.extend(source.iter().map(|path| path.tree() as &dyn Text));
            }
            (None, source) => {
                texts.extend(source.iter().map(|path| path.template() as &dyn Text));
            }
        }
        texts
    }

    pub(super) fn check(&self, variables: &Variables) -> Result<(), StepError> {
        match (&self.from, &self.source) {
            (None, None) => {
                let target = self.target.as_str();
                let reason = format!("the mount at `{target}` has no `source`, and no `from`");
                Err(StepError::wrong(reason, target))
            }
            (Some(_), Some(path)) => check_absolute("source", path.tree(), variables),
            _ => Ok(()),
        }
    }

    pub(super) fn reads(&self, variables: &Variables) -> Result<Vec<Read>, StepError> {
        if let Some(from) = &self.from {
            return Ok(vec![Read::Tree(from.expand(variables)?)]);
        }
        let files = self
            .declared(variables)?
            .map(|path| Read::Files(path.into()));
        Ok(files.into_iter().chain([Read::Packer]).collect())
    }

    /// The path or glob of the context directory.
    fn declared(&self, variables: &Variables) -> Result<Option<ContextPath>, StepError> {
        let Some(source) = &self.source else {
            return Ok(None);
        };
        let path = source.template().expand(variables)?;
        Ok(Some(ContextPath::declared(&path)?))
    }

    /// The command with the mount.
    pub(super) fn mounted_in(
        &self,
        exec: Exec,
        context: &mut StepContext<'_>,
    ) -> Result<Exec, StepError> {
        let target = context.expand_path("target", &self.target)?;
        let found = match &self.from {
            Some(from) => Some(self.of_tree(from, context)?),
            None => self.of_context(context)?,
        };
        let Some((state, path)) = found else {
            return Ok(exec);
        };
        let mount = BindMount::new(target, &state).selector(path);
        Ok(exec.mount(if self.readwrite {
            mount.no_output()
        } else {
            mount.readonly()
        }))
    }

    /// Another tree, and the path in it.
    fn of_tree(
        &self,
        from: &Template,
        context: &StepContext<'_>,
    ) -> Result<(State, String), StepError> {
        let path = match &self.source {
            Some(path) => context.expand_path("source", path.tree())?,
            None => String::new(),
        };
        let source = context.source(&Read::Tree(from.expand(context.variables())?))?;
        let path = path.trim_end_matches('/').to_owned();
        Ok((source.state.clone(), path))
    }

    /// Files of the context directory, and the path of what is mounted; `None` if there are none.
    fn of_context(
        &self,
        context: &mut StepContext<'_>,
    ) -> Result<Option<(State, String)>, StepError> {
        let Some(declared) = self.declared(context.variables())? else {
            return Ok(None);
        };
        let files = context.files(&declared)?;
        if files.is_empty() {
            return Ok(None);
        }
        let path = if files.contains_key(&declared) {
            declared.to_string()
        } else {
            Declared::from(declared.clone()).literal()
        };
        let state = context.files_state(std::slice::from_ref(&declared))?;
        let is_all = path.is_empty();
        Ok(Some((
            state,
            if is_all { path } else { format!("/{path}") },
        )))
    }
}
