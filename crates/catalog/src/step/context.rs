//! The context of a step: it has exactly the reads that the step declared.

mod files;

use std::collections::BTreeMap;

use buildkit_llb::{Exec, Platform, ProxyEnv, SourceLocation, State};

pub(crate) use self::files::DeclaredFiles;
use super::{error::StepError, program::Program};
use crate::{
    dockerfile::first_from_line,
    inputs::Inputs,
    local::{LocalSource, Sending},
    location::StepLocation,
    lock::PACKAGES_EPOCH,
    pack::Packer,
    path::ContextPath,
    placing::{Copying, Placing},
    read::Read,
    template::{Environment, Filled, Text, TreeText, Variables},
    tree::Tree,
    variant::Variant,
    vertex_name::{VertexName, VertexTitle},
};

/// The sources that a step reads from elsewhere in the graph.
pub(crate) type Given = BTreeMap<Read, Source>;

/// A place in the graph that a step reads from.
#[derive(Debug, Clone)]
pub struct Source {
    /// The tree.
    pub state: State,
    /// The path of a file in it, or `/`.
    pub path: String,
}

/// The metadata of the vertices of a step, which is not part of their digests.
#[derive(Debug, Clone)]
pub(crate) struct Caption {
    /// The title of the step.
    pub(crate) title: VertexTitle,
    /// The lines that declare the step.
    pub(crate) place: Option<StepLocation>,
    /// The lines of the steps that use the parts that it is in, the innermost first.
    pub(crate) uses: Vec<SourceLocation>,
    /// Whether it was carried out before, on another tree. Its reads are then the same vertices, and an error would
    /// show the lines of the step twice.
    pub(crate) is_repeated: bool,
}

impl Caption {
    /// The lines that declare the step.
    fn lines(&self) -> Option<&SourceLocation> {
        self.place.as_ref().map(|place| &place.lines)
    }

    /// The lines for the vertices that the step reads from.
    pub(crate) fn lines_of_reads(&self) -> Option<&SourceLocation> {
        self.lines().filter(|_| !self.is_repeated)
    }
}

/// The context of a step: the variant, and the inputs that the step declared.
#[derive(Debug)]
pub struct StepContext<'a> {
    variant: &'a Variant,
    variables: Variables,
    inputs: &'a Inputs,
    reads: Vec<Read>,
    given: &'a Given,
    base: &'a str,
    caption: Caption,
    /// The environment that gives `$NAME` its value.
    pub(crate) environment: Environment,
    /// The platform of its commands.
    pub(crate) run_platform: &'a Platform,
    /// The shell of its commands, with its flags.
    pub(crate) shell: Option<&'a [String]>,
    /// The proxies of its commands.
    pub(crate) proxy: Option<&'a ProxyEnv>,
    /// The program that puts files into trees, for a step that declared it.
    pub(crate) packer: Option<Packer>,
    /// The form in which many files are sent.
    pub(crate) sending: Sending,
    locals: &'a mut Vec<LocalSource>,
}

impl<'a> StepContext<'a> {
    pub(crate) fn new(
        variant: &'a Variant,
        inputs: &'a Inputs,
        reads: Vec<Read>,
        given: &'a Given,
        base: &'a str,
        caption: Caption,
        locals: &'a mut Vec<LocalSource>,
    ) -> Self {
        Self {
            variant,
            variables: variant.variables(),
            inputs,
            reads,
            given,
            base,
            caption,
            environment: Environment::default(),
            run_platform: &variant.platform,
            shell: None,
            proxy: None,
            packer: None,
            sending: Sending::Files,
            locals,
        }
    }

    /// The variant that is planned.
    pub fn variant(&self) -> &Variant {
        self.variant
    }

    /// The variables that fill in templates.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The id of the cache mount `name`, different for every distribution and platform. The part before the name has no
    /// blank, so that no two caches have the same id. The namespace of the catalog is added when the graph is
    /// marshalled.
    pub fn cache_id(&self, name: &str) -> String {
        format!("{} {} {name}", self.base, self.run_platform)
    }

    /// The name that progress shows for the step's vertex: `[base-rootfs linux/arm64] apt install zsh`.
    pub fn vertex_name(&self) -> String {
        self.named(&self.caption.title.filled)
    }

    fn named(&self, title: &str) -> String {
        let variant = self.variant.to_string();
        let name = VertexName {
            variant: Some(&variant),
            title,
        };
        name.to_string()
    }

    /// Fills in a text.
    pub fn expand(&self, text: &dyn Text) -> Result<String, StepError> {
        Ok(self.fill(text)?.text)
    }

    /// Fills in an absolute path in the tree, the value of `key` in the step.
    pub fn expand_path(&self, key: &str, text: &dyn Text) -> Result<String, StepError> {
        let filled = self.fill(text)?;
        if !filled.is_known && !filled.text.starts_with('/') {
            // Nobody knows the base yet, and this is planned to find it.
            return Ok(format!("/{}", filled.text));
        }
        absolute(key, &filled.text, &filled.text)?;
        Ok(filled.text)
    }

    /// The result of `of` for the filled-in text; `None` if a part of the text is not known yet.
    pub(super) fn read<T>(
        &self,
        text: &dyn Text,
        of: impl Fn(&str) -> Result<T, StepError>,
    ) -> Result<Option<T>, StepError> {
        let filled = self.fill(text)?;
        filled.is_known.then(|| of(&filled.text)).transpose()
    }

    fn fill(&self, text: &dyn Text) -> Result<Filled, StepError> {
        Ok(text.fill(&self.variables, &self.environment)?)
    }

    /// The tag of the image that the first FROM line of a declared Dockerfile names.
    pub fn tag_of(&self, dockerfile: &ContextPath) -> Result<String, StepError> {
        let not_read = || StepError::NotRead {
            path: dockerfile.clone(),
        };
        if !self.reads.contains(&Read::FromLine(dockerfile.clone())) {
            return Err(StepError::Undeclared {
                path: dockerfile.clone(),
            });
        }
        let text = self
            .inputs
            .dockerfiles
            .get(dockerfile)
            .ok_or_else(not_read)?;
        let image = first_from_line(dockerfile, text)?.image;
        let tag = image.as_ref().and_then(|image| image.tag());
        tag.map(str::to_owned).ok_or_else(|| StepError::Value {
            path: dockerfile.clone(),
            problem: "names no image with a tag in its FROM line".to_owned(),
        })
    }

    /// The tree of an artifact or image, a download, the files of a git ref, or a packed tar, that the step declared.
    pub fn source(&self, read: &Read) -> Result<&'a Source, StepError> {
        let given = self.given.get(read).filter(|_| self.reads.contains(read));
        given.ok_or_else(|| StepError::UndeclaredSource {
            what: read.to_string(),
        })
    }

    /// The tree with something put into it, in a vertex of the step.
    pub(crate) fn placed(&self, tree: Tree, placing: Placing<'_>) -> Result<Tree, StepError> {
        let packer = self.packer()?;
        let state = placing.into_tree(&tree.state, packer, |exec| self.captioned(exec));
        Ok(Tree {
            state: state.map_err(StepError::Placing)?,
            ..tree
        })
    }

    fn packer(&self) -> Result<&Packer, StepError> {
        self.packer
            .as_ref()
            .ok_or_else(|| StepError::UndeclaredSource {
                what: Read::Packer.to_string(),
            })
    }

    /// The tree with a path of `source` copied to the absolute path `to`, as COPY does it, in a vertex of the step. For
    /// a step that declares [`Read::Packer`]. Directories of the tree keep their mode, owner and time.
    pub fn copied(&self, tree: Tree, source: &Source, to: &str) -> Result<Tree, StepError> {
        let copying = Copying::new(&source.state, source.path.as_str(), to);
        self.placed(tree, Placing::Copy(copying))
    }

    /// The command with the name and the place of the step.
    pub(crate) fn captioned(&self, exec: Exec) -> Exec {
        let title = &self.caption.title;
        title.described(self.titled(exec, &title.filled))
    }

    /// The command with a title of its own, for a part of the step.
    fn titled(&self, exec: Exec, title: &str) -> Exec {
        let exec = exec.custom_name(self.named(title));
        let lines = self.caption.lines().into_iter().chain(&self.caption.uses);
        lines.cloned().fold(exec, Exec::location)
    }

    /// A command that reaches the network: `script` in a shell that stops at the first command that fails, with the
    /// certificates of `--build-ca` made known, the lock's epoch in its environment, and the proxies of the build.
    pub fn networked_shell(&self, script: &str) -> Exec {
        self.networked(&Program::shell(script))
    }

    /// The same command for a script that may name its program.
    pub(super) fn networked(&self, program: &Program<'_>) -> Exec {
        let exec = program.networked();
        let exec = match self.proxy {
            Some(proxy) => exec.proxy(proxy.clone()),
            None => exec,
        };
        match self.inputs.lock.epoch() {
            Some(epoch) => exec.env(PACKAGES_EPOCH, epoch.to_string()),
            None => exec,
        }
    }

    /// The same context for a step inside this one.
    pub(super) fn nested(
        &mut self,
        within: Nested<'_>,
        environment: Environment,
    ) -> StepContext<'_> {
        let mut place = self.caption.place.as_ref();
        for index in within.path {
            place = place.and_then(|place| place.nested.get(*index));
        }
        let mut uses = self.caption.uses.clone();
        if within.is_in_part {
            uses.splice(0..0, self.caption.lines().cloned());
        }
        let caption = Caption {
            title: within.title,
            place: place.cloned(),
            uses,
            ..self.caption
        };
        StepContext {
            environment,
            variables: within.variables,
            run_platform: self.run_platform,
            shell: self.shell,
            proxy: self.proxy,
            packer: self.packer.clone(),
            sending: self.sending,
            ..StepContext::new(
                self.variant,
                self.inputs,
                within.reads,
                self.given,
                self.base,
                caption,
                self.locals,
            )
        }
    }
}

/// A step inside another one.
pub(super) struct Nested<'a> {
    /// The index of the step in the other one, from 0, or of its part and then of the step in that.
    pub(super) path: &'a [usize],
    /// Whether the other step uses a part, which this one is in.
    pub(super) is_in_part: bool,
    pub(super) reads: Vec<Read>,
    pub(super) title: VertexTitle,
    /// The variables that its texts see.
    pub(super) variables: Variables,
}

/// Refuses a `path` that is not absolute, or that no tree can have; `key` is its key in the step, `text` the path as it
/// is written.
pub(super) fn absolute(key: &str, text: &str, path: &str) -> Result<(), StepError> {
    let problem = if path.contains('\0') {
        format!("`{key}` has a NUL")
    } else if path.starts_with('/') {
        return Ok(());
    } else {
        format!("`{key}` must be an absolute path, not `{path}`")
    };
    Err(StepError::Wrong {
        text: text.to_owned(),
        reason: problem,
    })
}

/// Refuses a path in the tree that is not absolute for a variant with these variables, if that is known without a tree.
pub(super) fn check_absolute(
    key: &str,
    text: &TreeText,
    variables: &Variables,
) -> Result<(), StepError> {
    match text.without_environment(variables)? {
        Some(path) => absolute(key, text.as_str(), &path),
        None => Ok(()),
    }
}
