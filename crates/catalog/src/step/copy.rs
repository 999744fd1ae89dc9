//! Copying declared files into the tree.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Apply, Read, Reader, StepContext, StepError,
    context::{DeclaredFiles, check_absolute},
};
use crate::{
    local::CONTEXT_LOCAL,
    name::ContextName,
    path::ContextPath,
    placing::{Copying, Placing},
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
        let path = || {
            let path = self.path.template().expand(variables)?;
            Ok::<_, StepError>(ContextPath::declared(&path)?)
        };
        match (&self.from, &self.context) {
            (Some(from), _) => Ok(Read::Tree(from.expand(variables)?)),
            (None, Some(name)) => Ok(Read::Context {
                name: name.clone(),
                path: path()?,
            }),
            (None, None) => Ok(Read::Files(path()?)),
        }
    }

    /// The tree with declared files of the context directory, or of the one that the user gives.
    fn files(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let declared = ContextPath::declared(&context.expand(self.path.template())?)?;
        let to = context.expand_path("to", &self.to)?;
        let files = match &self.context {
            None => context.files(&declared)?.clone(),
            Some(name) => {
                let files = context.context_files(name, &declared)?;
                files.cloned().unwrap_or_default()
            }
        };
        let path = if files.contains_key(&declared) {
            declared.to_string()
        } else {
            literal(&declared)
        };
        let files = DeclaredFiles {
            context: self.context.as_ref(),
            declared: std::slice::from_ref(&declared),
            files: &files,
            path: &path,
        };
        context.with_files(tree, files, to)
    }

    /// The tree with the files copied from another tree.
    fn tree(&self, tree: Tree, context: &StepContext<'_>) -> Result<Tree, StepError> {
        let path = context.expand_path("copy", self.path.tree())?;
        let to = context.expand_path("to", &self.to)?;
        let source = context.source(&self.read(context.variables())?)?;
        let copying = Copying::new(&source.state, path, to);
        context.placed(tree, Placing::Copy(copying))
    }
}

/// The problem of the name of a directory that the user gives.
pub(super) fn context_problem(name: &ContextName) -> Option<String> {
    // These are local sources with another meaning.
    let is_taken = [CONTEXT_LOCAL, "dockerfile"].contains(&name.as_str());
    match name.as_str().parse::<ContextName>() {
        Err(error) => Some(error.to_string()),
        Ok(_) if is_taken => Some(format!("`{name}` cannot be the name of a build context")),
        Ok(_) => None,
    }
}

/// The declared path itself, or the directory of all files that a glob can match: the components before the first glob
/// sign.
pub(super) fn literal(declared: &ContextPath) -> String {
    let is_sign = |component: &&str| component.contains(['*', '?', '[']);
    let literal: Vec<&str> = declared
        .components()
        .take_while(|component| !is_sign(component))
        .collect();
    literal.join("/")
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
        Ok(vec![self.read(reader.variables)?, Read::Packer])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        match self.from {
            Some(_) => self.tree(tree, context),
            None => self.files(tree, context),
        }
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let (template, tree): (&dyn Text, &dyn Text) = (self.path.template(), self.path.tree());
        match &self.from {
            Some(from) => vec![tree, &self.to, from],
            None => vec![template, &self.to],
        }
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        if self.from.is_some() {
            check_absolute("copy", self.path.tree(), variables)?;
        }
        check_absolute("to", &self.to, variables)
    }

    fn problems(&self) -> Vec<String> {
        let both = (self.from.is_some() && self.context.is_some())
            .then(|| "`copy` is `from` a tree or of a `context`, not both".to_owned());
        let name = self.context.as_ref().and_then(context_problem);
        both.into_iter().chain(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_paths_below_what_was_declared() {
        let check = |declared: &str, expected: &str| {
            let declared = ContextPath::declared(declared).unwrap();
            assert_eq!(literal(&declared), expected, "{declared}");
        };
        check("etc/en_US", "etc/en_US");
        check("conf/*.toml", "conf");
        check("conf/**/*.toml", "conf");
        check("*.toml", "");
        check(".", "");
    }
}
