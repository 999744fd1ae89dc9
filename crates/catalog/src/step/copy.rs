//! Copying declared files into the tree.

use file_set::Excludes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Apply, Read, Reader, StepContext, StepError,
    attributes::{AttributeKeys, ModeText},
    context::{DeclaredFiles, check_absolute},
};
use crate::{
    declared::Declared,
    either::OneOrSeveral,
    local::CONTEXT_LOCAL,
    name::ContextName,
    path::ContextPath,
    placing::{Attributes, Copying, Placing},
    template::{EitherText, Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Copies files of the context directory: what is in a directory, the files that a glob matches, or one file (into
/// `to` when that ends in a slash, else under that name). What a glob matches keeps its path below the glob's literal
/// part. Owner 0:0 and modes 0644 or 0755 unless `owner` and `mode` say otherwise, mtimes 0; directories without a file
/// are left out, as git does.
///
/// With `context`, the files are those of a directory that the user names, `--build-context NAME=DIR`, in the same way.
///
/// With `from`, it copies from the tree of another artifact or image instead, with owners, modes and times as they are
/// there, unless `owner` and `mode` say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// A file, directory or glob of the context directory, or an absolute path in the tree of `from`. Several need a
    /// `to` that ends in a slash.
    #[serde(rename = "copy")]
    paths: OneOrSeveral<EitherText>,
    /// An absolute path in the tree; a directory if it ends in a slash.
    to: TreeText,
    /// An artifact of the catalog when it has one of that name, or else an image reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Template>,
    /// The name of the directory that the user gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<ContextName>,
    /// Globs of paths that are left out, relative to a copied directory, or to the part of the path before its first
    /// glob sign. `**` stands for any number of directories; with `!` before it, a glob takes in again what those before
    /// it leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exclude: Option<OneOrSeveral<Template>>,
    /// The mode of the files: octal, such as `0640`, changes, such as `go-w`, or `keep` for the modes that they have on
    /// the disk. Whoever may read the files may also enter the copied directories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<ModeText>,
    /// The owner of copied files and directories: `user` or `user:group`, by numbers or by names that the tree has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<TreeText>,
}

impl Copy {
    /// Copies `path`, a [`Template`], to the absolute path `to`, a [`TreeText`].
    pub fn new(path: &str, to: &str) -> Self {
        Self::with_paths(OneOrSeveral::One(path.into()), to)
    }

    /// Copies several paths, [`Template`]s, into the directory `to`, a [`TreeText`] that ends in a slash.
    pub fn several<P: AsRef<str>>(paths: impl IntoIterator<Item = P>, to: &str) -> Self {
        let paths = paths.into_iter().map(|path| path.as_ref().into());
        Self::with_paths(OneOrSeveral::Several(paths.collect()), to)
    }

    fn with_paths(paths: OneOrSeveral<EitherText>, to: &str) -> Self {
        Self {
            paths,
            to: TreeText::unchecked(to),
            from: None,
            context: None,
            exclude: None,
            mode: None,
            owner: None,
        }
    }

    /// Copies from the directory that `--build-context NAME=DIR` gives.
    pub fn context(mut self, name: &str) -> Self {
        self.context = Some(ContextName::unchecked(name));
        self
    }

    /// Copies from the tree of an artifact or image; a template. The paths are [`TreeText`]s then.
    pub fn from(mut self, name: &str) -> Self {
        self.from = Some(Template::unchecked(name));
        self
    }

    /// Leaves out what globs match, which are [`Template`]s, relative to a copied directory.
    pub fn exclude<G: AsRef<str>>(mut self, globs: impl IntoIterator<Item = G>) -> Self {
        let globs = globs.into_iter();
        let globs = globs.map(|glob| Template::unchecked(glob.as_ref()));
        self.exclude = Some(OneOrSeveral::Several(globs.collect()));
        self
    }

    /// The mode of the files: bits, as `0o640`, or a text, as `"go-w"` or `"keep"`, a [`Template`].
    pub fn mode(mut self, mode: impl Into<ModeText>) -> Self {
        self.mode = Some(mode.into());
        self
    }

    /// The owner, `user` or `user:group`, a [`TreeText`].
    pub fn owner(mut self, owner: &str) -> Self {
        self.owner = Some(TreeText::unchecked(owner));
        self
    }

    /// Its mode and owner; no mode if files keep theirs.
    fn attributes(&self, keeps_modes: bool) -> AttributeKeys<'_> {
        AttributeKeys {
            mode: self.mode.as_ref().filter(|_| !keeps_modes),
            owner: self.owner.as_ref(),
        }
    }

    fn keeps_modes(&self, variables: &Variables) -> Result<bool, StepError> {
        let mode = self.mode.as_ref();
        mode.map_or(Ok(false), |mode| mode.keeps(variables))
    }

    fn excludes(&self, variables: &Variables) -> Result<Excludes, StepError> {
        let mut patterns = Vec::new();
        for text in self.exclude.iter().flat_map(OneOrSeveral::iter) {
            let pattern = text.expand(variables)?;
            // One by one, to know which one is wrong.
            Excludes::try_new([&pattern]).map_err(|error| StepError::Wrong {
                text: text.to_string(),
                reason: format!("`exclude`: {error}"),
            })?;
            patterns.push(pattern);
        }
        Excludes::try_new(&patterns).map_err(|error| StepError::Refused {
            reason: format!("`exclude`: {error}"),
        })
    }

    /// A path of the context directory, or of the one that the user gives.
    fn declared(&self, path: &EitherText, variables: &Variables) -> Result<Declared, StepError> {
        let text = path.template().expand(variables)?;
        Ok(Declared {
            path: ContextPath::declared(&text)?,
            exclude: self.excludes(variables)?,
            keeps_modes: self.keeps_modes(variables)?,
        })
    }

    fn read(&self, path: &EitherText, variables: &Variables) -> Result<Read, StepError> {
        Ok(match (&self.from, &self.context) {
            (Some(from), _) => Read::Tree(from.expand(variables)?),
            (None, Some(name)) => Read::Context {
                name: name.clone(),
                path: self.declared(path, variables)?,
            },
            (None, None) => Read::Files(self.declared(path, variables)?),
        })
    }

    /// The tree with declared files of the context directory, or of the one that the user gives.
    fn files(
        &self,
        path: &EitherText,
        tree: Tree,
        context: &mut StepContext<'_>,
    ) -> Result<Tree, StepError> {
        let declared = self.declared(path, context.variables())?;
        let to = context.expand_path("to", &self.to)?;
        let files = match &self.context {
            None => context.declared_files(&declared)?.clone(),
            Some(name) => {
                let files = context.declared_context_files(name, &declared)?;
                files.cloned().unwrap_or_default()
            }
        };
        let path = if files.contains_key(&declared.path) {
            declared.path.to_string()
        } else {
            declared.literal()
        };
        let attributes = self.attributes(declared.keeps_modes).values(context)?;
        let files = DeclaredFiles {
            context: self.context.as_ref(),
            declared: std::slice::from_ref(&declared),
            files: &files,
            path: &path,
            attributes: &attributes,
        };
        context.with_files(tree, files, to)
    }

    /// The tree with the files copied from another tree.
    fn tree(
        &self,
        path: &EitherText,
        tree: Tree,
        context: &StepContext<'_>,
    ) -> Result<Tree, StepError> {
        let variables = context.variables();
        let source = context.source(&self.read(path, variables)?)?;
        let path = context.expand_path("copy", path.tree())?;
        let to = context.expand_path("to", &self.to)?;
        let attributes: Attributes = self
            .attributes(self.keeps_modes(variables)?)
            .values(context)?;
        let copying = Copying {
            attributes,
            exclude: self.excludes(variables)?,
            ..Copying::new(&source.state, path, to)
        };
        context.placed(tree, Placing::Copy(copying))
    }

    /// Refuses several sources for one name.
    fn check_several(&self, variables: &Variables) -> Result<(), StepError> {
        let is_one = self.paths.iter().count() < 2;
        match self.to.without_environment(variables)? {
            Some(to) if !is_one && !to.ends_with('/') => Err(StepError::Wrong {
                text: self.to.to_string(),
                reason: format!("`copy` has several sources, so `to` is a directory: `{to}/`"),
            }),
            _ => Ok(()),
        }
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

impl Apply for Copy {
    fn title(&self) -> String {
        let paths: Vec<String> = self.paths.iter().map(EitherText::to_string).collect();
        let paths = paths.join(" ");
        let from = self.from.as_ref().map(Template::to_string);
        let from = from.or_else(|| self.context.as_ref().map(ContextName::to_string));
        match from {
            Some(from) => format!("copy {paths} from {from} to {}", self.to),
            None => format!("copy {paths} to {}", self.to),
        }
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let reads = self
            .paths
            .iter()
            .map(|path| self.read(path, reader.variables));
        reads.chain([Ok(Read::Packer)]).collect()
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        self.paths.iter().try_fold(tree, |tree, path| {
            if self.from.is_some() {
                self.tree(path, tree, context)
            } else {
                self.files(path, tree, context)
            }
        })
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let paths = self.paths.iter().map(|path| {
            let (template, tree): (&dyn Text, &dyn Text) = (path.template(), path.tree());
            if self.from.is_some() { tree } else { template }
        });
        let from = self.from.iter().map(|from| from as &dyn Text);
        let exclude = self.exclude.iter().flat_map(OneOrSeveral::iter);
        let to: [&dyn Text; 1] = [&self.to];
        paths
            .chain(to)
            .chain(from)
            .chain(exclude.map(|glob| glob as &dyn Text))
            .chain(self.attributes(false).texts())
            .collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        if self.from.is_some() {
            for path in self.paths.iter() {
                check_absolute("copy", path.tree(), variables)?;
            }
        }
        check_absolute("to", &self.to, variables)?;
        self.check_several(variables)?;
        self.excludes(variables)?;
        let keeps_modes = self.keeps_modes(variables)?;
        self.attributes(keeps_modes).check(variables)
    }

    fn problems(&self) -> Vec<String> {
        let none = self.paths.iter().next().is_none();
        let none = none.then(|| "`copy` names no path".to_owned());
        let both = (self.from.is_some() && self.context.is_some())
            .then(|| "`copy` is `from` a tree or of a `context`, not both".to_owned());
        let name = self.context.as_ref().and_then(context_problem);
        none.into_iter().chain(both).chain(name).collect()
    }
}
