//! The files that a step declared, and how they get into its tree.

use buildkit_llb::State;

use super::StepContext;
use crate::{
    inputs::{FileSet, NamedContext},
    local::{self, BundleSource, FilesFrom, FilesSource, LocalSource, Sending},
    name::ContextName,
    path::ContextPath,
    placing::{self, Copying, Placing, escaped},
    read::Read,
    step::StepError,
    tree::Tree,
};

/// Declared files, and the part of their source that is copied.
#[derive(Clone, Copy)]
pub(crate) struct DeclaredFiles<'a> {
    /// Their build context; `None` for the context directory.
    pub(crate) context: Option<&'a ContextName>,
    /// The declared paths and globs.
    pub(crate) declared: &'a [ContextPath],
    /// The files.
    pub(crate) files: &'a FileSet,
    /// The directory that they are in, or the one file; empty for the context directory.
    pub(crate) path: &'a str,
}

impl<'a> StepContext<'a> {
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

    /// The files that a declared path or glob stands for in the build context `name`; no files if the user did not give
    /// it. Such a plan is not for building.
    pub fn context_files(
        &self,
        name: &ContextName,
        path: &ContextPath,
    ) -> Result<Option<&'a FileSet>, StepError> {
        let read = Read::Context {
            name: name.clone(),
            path: path.clone(),
        };
        if !self.reads.contains(&read) {
            return Err(StepError::UndeclaredSource {
                what: read.to_string(),
            });
        }
        let not_read = || StepError::NotRead { path: path.clone() };
        match self.inputs.contexts.get(name.as_str()) {
            Some(NamedContext::Directory(files)) => Ok(Some(files.get(path).ok_or_else(not_read)?)),
            Some(NamedContext::Tree(trees)) => {
                let platform = &self.variant.platform;
                let tree = trees.of(platform).ok_or_else(|| StepError::NoTreeFor {
                    context: name.clone(),
                    platform: platform.to_string(),
                    valid: trees.platforms.keys().map(ToString::to_string).collect(),
                })?;
                Ok(Some(tree.files.get(path).ok_or_else(not_read)?))
            }
            Some(_) => Err(StepError::NotADirectory {
                context: name.clone(),
            }),
            None => Ok(None),
        }
    }

    /// A state with the files of declared paths and globs, at their paths in the context directory: owner 0:0, mode
    /// 0644 or 0755, mtime 0. For a step that also declares [`Read::Packer`].
    pub fn files_state(&mut self, declared: &[ContextPath]) -> Result<State, StepError> {
        let (mut texts, mut sent) = (FileSet::new(), Vec::new());
        for path in declared {
            let files = self.files(path)?;
            if local::are_inline(texts.iter().chain(files)) {
                texts.add(files);
            } else {
                sent.push((path, files));
            }
        }
        let texts = self.files_source(None, declared, &texts);
        let mut tree = Tree::new(texts.state);
        for (path, files) in sent {
            let files = DeclaredFiles {
                context: None,
                declared: std::slice::from_ref(path),
                files,
                path: "",
            };
            tree = self.with_files(tree, files, "/".to_owned())?;
        }
        Ok(tree.state)
    }

    /// The tree with declared files at `to`, as COPY puts them.
    pub(crate) fn with_files(
        &mut self,
        tree: Tree,
        declared: DeclaredFiles<'_>,
        to: String,
    ) -> Result<Tree, StepError> {
        let DeclaredFiles { files, path, .. } = declared;
        let source = self.files_source(declared.context, declared.declared, files);
        let from = format!("/{path}");
        if source.is_named && local::are_bundled(files) {
            let content = local::files_digest(files, path);
            let bundles = self.bundles(source, declared, &content)?;
            let placing = Placing::Unbundle {
                from: &bundles,
                to,
                content,
            };
            return self.placed(tree, placing);
        }
        self.locals.extend(source.local);
        let copying = Copying {
            plain: true,
            content: source.is_named.then(|| local::files_digest(files, path)),
            ..Copying::new(&source.state, escaped(&from), to)
        };
        self.placed(tree, Placing::Copy(copying))
    }

    /// The tree with bundles of the files of `source`: from llbgen as the client, or made in the graph.
    fn bundles(
        &mut self,
        source: FilesSource,
        declared: DeclaredFiles<'_>,
        content: &[u8; 32],
    ) -> Result<State, StepError> {
        let shown = if declared.path.is_empty() {
            "."
        } else {
            declared.path
        };
        if let Some(local) = source.local {
            let bundles = BundleSource::new(&local.name, declared.declared, declared.path);
            let name = self.named(&format!("send {shown}"));
            let state = bundles.state(content, name, self.caption.lines_of_reads());
            self.locals.push(LocalSource {
                bundles: Some(bundles),
                ..local
            });
            if self.sending == Sending::Bundles {
                return Ok(state);
            }
        }
        let path = escaped(&format!("/{}", declared.path));
        let title = format!("bundle {shown}");
        let packer = self.packer()?;
        let caption = |exec| self.titled(exec, &title);
        placing::bundled(&source.state, &path, content, packer, caption).map_err(StepError::Placing)
    }

    /// The source of declared files of the context directory or of a build context.
    fn files_source(
        &self,
        context: Option<&ContextName>,
        declared: &[ContextPath],
        files: &FileSet,
    ) -> FilesSource {
        let inputs = self.inputs;
        let tree = match context {
            None => inputs.tree.as_ref(),
            Some(name) => match inputs.contexts.get(name.as_str()) {
                Some(NamedContext::Tree(trees)) => {
                    let tree = trees.of(&self.variant.platform);
                    tree.map(|tree| &tree.definition)
                }
                _ => None,
            },
        };
        let name = context.map_or(local::CONTEXT_LOCAL, ContextName::as_str);
        let from = match tree {
            Some(tree) => FilesFrom::Tree(tree),
            None => FilesFrom::Client(name),
        };
        let location = self.caption.lines_of_reads();
        local::files_source(from, declared, files, location)
    }
}
