//! Installing packages, with nothing else left behind: what all package managers have in common.

/// The step of a package manager, and how a program in Rust makes it.
macro_rules! step {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $(#[$packages:meta])*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(#[$packages])*
            #[serde(rename = $kind)]
            packages: $crate::either::OneOrSeveral<$crate::template::Template>,
            /// Repositories that are added before, and that stay in the tree.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            repositories: Vec<$crate::step::Repository>,
        }

        impl $name {
            /// Installs `packages`; templates.
            pub fn install<P: Into<String>>(packages: impl IntoIterator<Item = P>) -> Self {
                let package = |package: P| $crate::template::Template::unchecked(&package.into());
                Self {
                    packages: $crate::either::OneOrSeveral::Several(packages.into_iter().map(package).collect()),
                    repositories: Vec::new(),
                }
            }

            /// Adds a repository, which stays in the tree.
            pub fn repository(mut self, repository: $crate::step::Repository) -> Self {
                self.repositories.push(repository);
                self
            }
        }
    };
}

mod apk;
mod apt;
mod dnf;
mod repository;

use buildkit_llb::{CacheMount, CacheSharing, Exec};

use self::repository::{Filled, Key};
pub use self::{apk::Apk, apt::Apt, dnf::Dnf, repository::Repository};
use super::{
    Apply, CA_SECRET, Read, Reader, StepContext, StepError, image::as_texts, network::quoted,
};
use crate::{
    either::OneOrSeveral,
    name::SecretId,
    template::{Template, Text, Variables},
    tree::Tree,
};

/// A package manager, and a step that has it install packages. It runs as root whatever the user of the tree is. Its
/// archives stay in a cache; its lists, which others may have written, do not.
trait Manager {
    /// Its name, which is also the kind of step.
    const NAME: &'static str;
    /// The beginning of the step's title.
    const TITLE: &'static str;
    /// The beginning of the line of its script that has the packages.
    const INSTALL: &'static str;

    /// The packages as they are written.
    fn written(&self) -> &OneOrSeveral<Template>;

    /// The repositories that it adds.
    fn repositories(&self) -> &[Repository];

    /// Whether it takes a word as a package, not as an option, a file or an address.
    fn is_package(word: &str) -> bool;

    /// The problem of a repository: a key that it needs, or has no meaning for.
    fn problem(repository: &Filled) -> Option<String>;

    /// The commands that put a repository into the tree. `key` is the path of its key in the container.
    fn added(repository: &Filled, key: Option<&str>) -> String;

    /// The commands before and after the line with the packages.
    fn around() -> (String, String);

    /// The command with its caches.
    fn cached(exec: Exec, context: &StepContext<'_>) -> Exec;
}

/// A cache for one step at a time: no package manager shares its own.
fn locked(target: &str, context: &StepContext<'_>, name: &str) -> CacheMount {
    CacheMount::new(target, context.cache_id(name)).sharing(CacheSharing::Locked)
}

/// The packages of a variant, each checked to be one. What is done with them is decided behind this: the manager
/// resolves the names when it runs.
fn packages<M: Manager>(step: &M, variables: &Variables) -> Result<Vec<String>, StepError> {
    let mut packages = Vec::new();
    for text in step.written().iter() {
        let text = text.expand(variables)?;
        packages.extend(text.split_whitespace().map(str::to_owned));
    }
    let odd = packages.iter().find(|package| !M::is_package(package));
    if let Some(odd) = odd {
        let reason = format!("`{odd}` is not a package name");
        return Err(StepError::wrong(reason, odd));
    }
    if packages.is_empty() {
        let reason = format!("`{}` names no package", M::NAME);
        return Err(StepError::Refused { reason });
    }
    Ok(packages)
}

/// The repositories of a variant, each checked.
fn repositories<M: Manager>(step: &M, variables: &Variables) -> Result<Vec<Filled>, StepError> {
    let mut filled: Vec<Filled> = Vec::new();
    for repository in step.repositories() {
        let repository = repository.fill(variables)?;
        let twice = filled.iter().any(|other| other.name() == repository.name());
        let problem = if twice {
            Some(format!("`repositories` has `{}` twice", repository.url))
        } else {
            M::problem(&repository)
        };
        if let Some(reason) = problem {
            return Err(StepError::wrong(reason, &repository.url));
        }
        filled.push(repository);
    }
    Ok(filled)
}

fn script<M: Manager>(repositories: &[Filled], packages: &[String]) -> String {
    let added = repositories.iter().enumerate().map(|(index, repository)| {
        let key = repository.key.as_ref().map(|_| key_mount(index));
        M::added(repository, key.as_deref())
    });
    let mut added: String = added.collect();
    if !added.is_empty() {
        added.push_str(REPOSITORIES_END);
    }
    let packages: Vec<String> = packages.iter().map(|package| quoted(package)).collect();
    let (before, after) = M::around();
    let (install, packages) = (M::INSTALL, packages.join(" "));
    format!("{added}{before}{install}{packages}\n{after}")
}

/// The line behind the commands that add repositories.
const REPOSITORIES_END: &str = "# The packages\n";

/// The mount point of the key of the repository at `index`.
fn key_mount(index: usize) -> String {
    format!("/run/llbgen/keys/{index}")
}

/// The commands that put a file with these lines at `path`, in its directory `above`.
fn written_file(above: &str, path: &str, lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| quoted(line)).collect();
    let lines = lines.join(" ");
    format!("mkdir -p {above}\nprintf '%s\\n' {lines} > {path}\n")
}

/// A script of such a step, in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Installing<'a> {
    /// The packages.
    pub(crate) packages: Vec<&'a str>,
    /// The commands that add repositories.
    pub(crate) repositories: &'a str,
    /// All other commands.
    pub(crate) others: [&'a str; 2],
}

impl<'a> Installing<'a> {
    /// The parts of a script; `None` if it is another one.
    pub(crate) fn of(script: &'a str) -> Option<Self> {
        let managers = [Apt::INSTALL, Apk::INSTALL, Dnf::INSTALL];
        let mut parts = managers
            .iter()
            .filter_map(|install| script.split_once(install));
        let (before, rest) = parts.next()?;
        let (packages, after) = rest.split_once('\n')?;
        let (repositories, before) = before.split_once(REPOSITORIES_END).unwrap_or(("", before));
        // Their names have neither blanks nor quotes.
        let packages = packages.split(' ').map(|word| word.trim_matches('\''));
        Some(Self {
            packages: packages.collect(),
            repositories,
            others: [before, after],
        })
    }
}

impl<M: Manager> Apply for M {
    fn title(&self) -> String {
        let packages: Vec<&str> = self.written().iter().map(Template::as_str).collect();
        format!("{} {}", M::TITLE, packages.join(" "))
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let id = SecretId::unchecked(CA_SECRET);
        let mut reads = vec![Read::Secret { id, optional: true }];
        for repository in repositories(self, reader.variables)? {
            reads.extend(repository.key.iter().flat_map(Key::reads));
        }
        Ok(reads)
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let packages = packages(self, context.variables())?;
        let repositories = repositories(self, context.variables())?;
        let script = script::<M>(&repositories, &packages);
        let exec = context.captioned(context.networked_shell(&script));
        let mut exec = M::cached(exec.user("0").dir("/"), context);
        for (index, repository) in repositories.iter().enumerate() {
            if let Some(key) = &repository.key {
                exec = exec.mount(key.mount(&key_mount(index), context)?);
            }
        }
        Ok(Tree {
            state: tree.state.run(exec),
            ..tree
        })
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let repositories = self.repositories().iter();
        let mut texts = as_texts(self.written().iter());
        texts.extend(repositories.flat_map(Repository::texts));
        texts
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        packages(self, variables)?;
        repositories(self, variables).map(drop)
    }
}
