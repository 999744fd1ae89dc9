//! Copying declared files into the tree.

use buildkit_llb::Copy as CopyAction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError};
use crate::{
    local::CONTEXT_LOCAL,
    name::ContextName,
    pack::PACKER_LOCAL,
    path::ContextPath,
    template::{EitherText, Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Copies files of the context directory: what is in a directory, the files that a glob matches, or one file (into
/// `to` when that ends in a slash, else under that name). What a glob matches keeps its path below the glob's literal
/// part. Owner 0:0, modes 0644 or 0755, mtimes 0; directories without a file are left out, as git does.
///
/// With `context`, the files are those of a directory that the user names, `--build-context NAME=DIR`, in the same way.
///
/// With `from`, it copies from the tree of another artifact or image instead, with owners, modes and times as they are
/// there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// A file, directory or glob of the context directory, or an absolute path in the tree of `from`.
    #[serde(rename = "copy")]
    path: EitherText,
    /// An absolute path in the tree.
    to: TreeText,
    /// An artifact of the catalog when it has one of that name, or else an image reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Template>,
    /// The name of the directory that the user gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<ContextName>,
}

impl Copy {
    /// Copies `path`, a [`Template`], to the absolute path `to`, a [`TreeText`].
    pub fn new(path: &str, to: &str) -> Self {
        Self {
            path: path.into(),
            to: TreeText::unchecked(to),
            from: None,
            context: None,
        }
    }

    /// Copies from the directory that `--build-context NAME=DIR` gives.
    pub fn context(mut self, name: &str) -> Self {
        self.context = Some(ContextName::unchecked(name));
        self
    }

    /// Copies from the tree of an artifact or image; a template.
    pub fn from(mut self, name: &str) -> Self {
        self.from = Some(Template::unchecked(name));
        self
    }

    fn read(&self, variables: &Variables) -> Result<Read, StepError> {
        let path = || Ok::<_, StepError>(self.path.template().expand(variables)?.parse()?);
        match (&self.from, &self.context) {
            (Some(from), _) => Ok(Read::Tree(from.expand(variables)?)),
            (None, Some(name)) => Ok(Read::Context {
                name: name.clone(),
                path: path()?,
            }),
            (None, None) => Ok(Read::Files(path()?)),
        }
    }

    /// The action that copies declared files of the context directory, or of the one that the user gives.
    fn files(&self, context: &mut StepContext<'_>) -> Result<CopyAction, StepError> {
        let declared: ContextPath = context.expand(self.path.template())?.parse()?;
        let to = context.expand_path("to", &self.to)?;
        let place = |path: &ContextPath| place(&declared, path);
        let (files, state) = match &self.context {
            None => {
                let files = context.files(&declared)?.clone();
                let state = context.files_state(&files, place);
                (files, state)
            }
            Some(name) => {
                let files = context.context_files(name, &declared)?;
                let files = files.cloned().unwrap_or_default();
                let state = context.context_state(name, &files, place);
                (files, state)
            }
        };
        let copy = if files.contains_key(&declared) {
            CopyAction::new(&state, format!("/{}", declared.file_name()), to)
        } else {
            CopyAction::new(&state, "/", to).contents_only()
        };
        Ok(copy.create_dest_path().created(0))
    }

    /// The action that copies from another tree.
    fn tree(&self, context: &StepContext<'_>) -> Result<CopyAction, StepError> {
        let path = context.expand_path("copy", self.path.tree())?;
        let to = context.expand_path("to", &self.to)?;
        let source = context.source(&self.read(context.variables())?)?;
        // As COPY does: of a directory, what is in it.
        let copy = CopyAction::new(&source.state, path, to).contents_only();
        Ok(copy.create_dest_path().allow_wildcard())
    }
}

/// What is wrong with the name of a directory that the user gives.
pub(super) fn context_problem(name: &ContextName) -> Option<String> {
    // They are the names of local sources that mean something else.
    let is_taken = [CONTEXT_LOCAL, PACKER_LOCAL, "dockerfile"].contains(&name.as_str());
    match name.as_str().parse::<ContextName>() {
        Err(error) => Some(error.to_string()),
        Ok(_) if is_taken => Some(format!("`{name}` cannot be the name of a build context")),
        Ok(_) => None,
    }
}

/// Where `path` goes when `declared` is copied: below its destination, without what `declared` itself says.
fn place(declared: &ContextPath, path: &ContextPath) -> ContextPath {
    let is_sign = |component: &&str| component.contains(['*', '?', '[']);
    let literal: Vec<&str> = declared
        .components()
        .take_while(|component| !is_sign(component))
        .collect();
    let below = literal
        .join("/")
        .parse()
        .ok()
        .and_then(|directory: ContextPath| path.strip_prefix(&directory));
    match below {
        Some(below) => below,
        None if path == declared => path.file_name().parse().unwrap_or_else(|_| path.clone()),
        None => path.clone(),
    }
}

impl Apply for Copy {
    fn title(&self) -> String {
        let from = self.from.as_ref().map(Template::to_string);
        let from = from.or_else(|| self.context.as_ref().map(ContextName::to_string));
        match from {
            Some(from) => format!("copy {} from {from} to {}", self.path, self.to),
            None => format!("copy {} to {}", self.path, self.to),
        }
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![self.read(reader.variables)?])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let copy = match self.from {
            Some(_) => self.tree(context)?,
            None => self.files(context)?,
        };
        Ok(context.copied(tree, copy))
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let (template, tree): (&dyn Text, &dyn Text) = (self.path.template(), self.path.tree());
        match &self.from {
            Some(from) => vec![tree, &self.to, from],
            None => vec![template, &self.to],
        }
    }

    fn problems(&self) -> Vec<String> {
        let absolute = |key: &str, path: &TreeText| {
            path.is_relative()
                .then(|| format!("`copy`: `{key}` must be an absolute path, not `{path}`"))
        };
        let path = self
            .from
            .as_ref()
            .and_then(|_| absolute("copy", self.path.tree()));
        let both = (self.from.is_some() && self.context.is_some())
            .then(|| "`copy` is `from` a tree or of a `context`, not both".to_owned());
        let name = self.context.as_ref().and_then(context_problem);
        absolute("to", &self.to)
            .into_iter()
            .chain(path)
            .chain(both)
            .chain(name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_paths_below_what_was_declared() {
        let check = |declared: &str, path: &str, expected: &str| {
            let placed = place(&declared.parse().unwrap(), &path.parse().unwrap());
            assert_eq!(placed.as_str(), expected, "{declared} {path}");
        };
        check(
            "etc/en_US",
            "etc/en_US/apt/sources.list",
            "apt/sources.list",
        );
        check("install.sh", "install.sh", "install.sh");
        check("scripts/install.sh", "scripts/install.sh", "install.sh");
        check("conf/*.toml", "conf/a.toml", "a.toml");
        check("conf/**/*.toml", "conf/x/y/a.toml", "x/y/a.toml");
        check("*.toml", "a.toml", "a.toml");
    }
}
