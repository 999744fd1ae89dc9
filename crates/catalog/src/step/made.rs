//! Files, directories and links that are made without a command, and what is removed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Apply, Read, Reader, StepContext, StepError,
    attributes::{AttributeKeys, ModeText},
    paths::{self, check_file},
};
use crate::{
    either::OneOrSeveral,
    placing::Placing,
    template::{Script, Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Makes files with a content that stands in the catalog, with mtime 0. What is there is replaced, unless it is a
/// directory. Directories above a file are made, 0755 and of root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// One absolute path in the tree, or several, which get the same content.
    #[serde(rename = "file")]
    paths: OneOrSeveral<TreeText>,
    /// The content, as it is; `${{ name }}` stands for a value of the variant.
    content: Script,
    /// The mode, such as `0755` or `a+x`; 0644 by default, which changes apply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<ModeText>,
    /// The owner: `user` or `user:group`, by numbers or by names that the tree has; root by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<TreeText>,
}

/// Makes directories and those above them, with mtime 0. A directory that is there keeps its content, and gets the mode
/// and owner that are given, unless `if-missing` says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// One absolute path in the tree, or several.
    #[serde(rename = "directory")]
    paths: OneOrSeveral<TreeText>,
    /// The mode, such as `1777` or `g+w`. A new directory is 0755 by default, which changes apply to, and those above it
    /// are always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<ModeText>,
    /// The owner: `user` or `user:group`, by numbers or by names that the tree has. A new directory is of root by
    /// default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<TreeText>,
    /// Whether all directories that are missing, those above included, get the mode and owner, and one that is there
    /// stays as it is, as with WORKDIR and COPY of a Dockerfile.
    #[serde(
        default,
        skip_serializing_if = "std::ops::Not::not",
        rename = "if-missing"
    )]
    if_missing: bool,
}

/// Makes symbolic links, of root, with mtime 0. What is there is replaced, unless it is a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Symlink {
    /// The absolute path of the link in the tree; several links lead to the same target.
    #[serde(rename = "symlink")]
    paths: OneOrSeveral<TreeText>,
    /// Where it leads to: any text, which need not be there; a template.
    target: Template,
}

/// Removes files, links and directories with all that is in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// One absolute path in the tree, or several. `*`, `?` and `[…]` stand for characters of one name. A path without
    /// them must be there.
    #[serde(rename = "remove")]
    paths: OneOrSeveral<TreeText>,
}

impl File {
    /// Makes files at absolute `paths`, [`TreeText`]s, with a content, which is a [`Script`].
    pub fn new<P: AsRef<str>>(paths: impl IntoIterator<Item = P>, content: &str) -> Self {
        Self {
            paths: paths::unchecked(paths),
            content: Script::unchecked(content),
            mode: None,
            owner: None,
        }
    }

    /// The mode: bits, as `0o755`, or a text, as `"a+x"`, a [`Template`]; 0644 by default.
    pub fn mode(mut self, mode: impl Into<ModeText>) -> Self {
        self.mode = Some(mode.into());
        self
    }

    /// The owner, `user` or `user:group`, a [`TreeText`]; root by default.
    pub fn owner(mut self, owner: &str) -> Self {
        self.owner = Some(TreeText::unchecked(owner));
        self
    }

    fn attributes(&self) -> AttributeKeys<'_> {
        AttributeKeys {
            mode: self.mode.as_ref(),
            owner: self.owner.as_ref(),
        }
    }
}

impl Directory {
    /// Makes directories at absolute `paths`, [`TreeText`]s.
    pub fn new<P: AsRef<str>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            paths: paths::unchecked(paths),
            mode: None,
            owner: None,
            if_missing: false,
        }
    }

    /// The same for what is missing alone: new directories, those above included, get the mode and owner, and one that
    /// is there stays as it is.
    pub fn if_missing(mut self) -> Self {
        self.if_missing = true;
        self
    }

    /// The mode: bits, as `0o1777`, or a text, as `"g+w"`, a [`Template`]; 0755 by default if the directory is new.
    pub fn mode(mut self, mode: impl Into<ModeText>) -> Self {
        self.mode = Some(mode.into());
        self
    }

    /// The owner, `user` or `user:group`, a [`TreeText`]; root by default if the directory is new.
    pub fn owner(mut self, owner: &str) -> Self {
        self.owner = Some(TreeText::unchecked(owner));
        self
    }

    fn attributes(&self) -> AttributeKeys<'_> {
        AttributeKeys {
            mode: self.mode.as_ref(),
            owner: self.owner.as_ref(),
        }
    }
}

impl Symlink {
    /// Makes links at absolute `paths`, [`TreeText`]s, which lead to `target`, a [`Template`].
    pub fn new<P: AsRef<str>>(paths: impl IntoIterator<Item = P>, target: &str) -> Self {
        Self {
            paths: paths::unchecked(paths),
            target: Template::unchecked(target),
        }
    }

    fn target(&self, variables: &Variables) -> Result<String, StepError> {
        let target = self.target.expand(variables)?;
        if target.is_empty() || target.contains('\0') {
            return Err(StepError::Wrong {
                text: self.target.to_string(),
                reason: "`target` is empty, or has a NUL".to_owned(),
            });
        }
        Ok(target)
    }
}

impl Remove {
    /// Removes what is at absolute `paths`, [`TreeText`]s with patterns.
    pub fn new<P: AsRef<str>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            paths: paths::unchecked(paths),
        }
    }
}

impl Apply for File {
    fn title(&self) -> String {
        format!("file {}", paths::shown(&self.paths))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![Read::Packer])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let paths = paths::filled("file", &self.paths, context, check_file)?;
        let text = self.content.expand(context.variables())?;
        let inline = context.inline_file(&text);
        let made = Placing::File {
            content: &inline,
            paths,
            attributes: self.attributes().values(context)?,
        };
        context.placed(tree, made)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let own: [&dyn Text; 1] = [&self.content];
        let paths = paths::texts(&self.paths);
        paths.chain(own).chain(self.attributes().texts()).collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        paths::check("file", &self.paths, variables, check_file)?;
        self.attributes().check(variables)
    }

    fn problems(&self) -> Vec<String> {
        paths::problem("file", &self.paths).into_iter().collect()
    }
}

impl Apply for Directory {
    fn title(&self) -> String {
        format!("directory {}", paths::shown(&self.paths))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![Read::Packer])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let made = Placing::Directory {
            paths: paths::filled("directory", &self.paths, context, paths::any)?,
            attributes: self.attributes().values(context)?,
            only_missing: self.if_missing,
        };
        context.placed(tree, made)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let paths = paths::texts(&self.paths);
        paths.chain(self.attributes().texts()).collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        paths::check("directory", &self.paths, variables, paths::any)?;
        self.attributes().check(variables)
    }

    fn problems(&self) -> Vec<String> {
        let problem = paths::problem("directory", &self.paths);
        problem.into_iter().collect()
    }
}

impl Apply for Symlink {
    fn title(&self) -> String {
        format!("symlink {} to {}", paths::shown(&self.paths), self.target)
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![Read::Packer])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let made = Placing::Symlink {
            paths: paths::filled("symlink", &self.paths, context, check_file)?,
            target: self.target(context.variables())?,
        };
        context.placed(tree, made)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let own: [&dyn Text; 1] = [&self.target];
        paths::texts(&self.paths).chain(own).collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        paths::check("symlink", &self.paths, variables, check_file)?;
        self.target(variables).map(drop)
    }

    fn problems(&self) -> Vec<String> {
        paths::problem("symlink", &self.paths).into_iter().collect()
    }
}

impl Apply for Remove {
    fn title(&self) -> String {
        format!("remove {}", paths::shown(&self.paths))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![Read::Packer])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let removed = paths::filled("remove", &self.paths, context, paths::check_removed)?;
        context.placed(tree, Placing::Remove(removed))
    }

    fn texts(&self) -> Vec<&dyn Text> {
        paths::texts(&self.paths).collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        paths::check("remove", &self.paths, variables, paths::check_removed)
    }

    fn problems(&self) -> Vec<String> {
        paths::problem("remove", &self.paths).into_iter().collect()
    }
}
