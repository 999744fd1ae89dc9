//! Installing Debian packages, with nothing else left behind.

use buildkit_llb::{CacheMount, CacheSharing, TmpfsMount};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Apply, CA_SECRET, Read, Reader, StepContext, StepError, image::as_texts, network::quoted,
};
use crate::{
    either::OneOrSeveral,
    name::SecretId,
    template::{Template, Text, Variables},
    tree::Tree,
};

/// Installs Debian packages: no recommended ones, archives in a cache mount, no lists, no logs, no backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Apt {
    /// The packages, as `apt-get install` takes them (`zsh`, `zsh=5.9-4`, `zsh/bookworm-backports`), with blanks between
    /// them or in a list.
    #[serde(rename = "apt")]
    packages: OneOrSeveral<Template>,
}

/// The directory of apt's lists and archives: the `docker-clean` hook of the base image empties the usual one after
/// every run. Others may have written into a cache, and apt trusts the lists that it has and checks only the sizes of
/// archives. So lists are in memory, made anew and signed, and archives go through [`UNCHECKED`].
const LISTS: &str = "/var/cache/llbgen/apt/lists";
const ARCHIVES: &str = "/var/cache/llbgen/apt/archives";

/// Makes apt check the archives that it finds: it compares partial ones with the checksums of its lists, and takes them
/// if they are complete. So all archives count as partial. Those of other steps stay there until they are needed;
/// everything that is no file is removed.
const UNCHECKED: &str = "[ ! -L $archives/partial ] || rm $archives/partial; mkdir -p $archives/partial; \
    for archive in $archives/*.deb $archives/partial/*; do \
    if [ -f \"$archive\" ] && [ ! -L \"$archive\" ]; then \
    [ \"${archive%/*}\" = $archives/partial ] || mv -f \"$archive\" $archives/partial/; \
    else rm -rf \"$archive\"; fi; done";

impl Apt {
    /// Installs `packages`.
    pub fn install<P: Into<String>>(packages: impl IntoIterator<Item = P>) -> Self {
        let package = |package: P| Template::unchecked(&package.into());
        Self {
            packages: OneOrSeveral::Several(packages.into_iter().map(package).collect()),
        }
    }

    /// The packages of a variant, each checked to be the name of a package for apt.
    fn packages(&self, variables: &Variables) -> Result<Vec<String>, StepError> {
        let mut packages = Vec::new();
        for text in self.packages.iter() {
            let text = text.expand(variables)?;
            packages.extend(text.split_whitespace().map(str::to_owned));
        }
        let refused = |reason: String| Err(StepError::Refused { reason });
        match packages.iter().find(|package| !is_package(package)) {
            Some(odd) => refused(format!("`{odd}` is not a package name")),
            None if packages.is_empty() => refused("`apt` names no package".to_owned()),
            None => Ok(packages),
        }
    }

    fn script(packages: &[String]) -> String {
        let options = [
            format!("Dir::State::lists={LISTS}"),
            format!("Dir::Cache::archives={ARCHIVES}"),
            // The caches that apt makes of its lists, and its logs, would be leftovers.
            "Dir::Cache::pkgcache=".to_owned(),
            "Dir::Cache::srcpkgcache=".to_owned(),
            "Dir::Log=/dev/null".to_owned(),
            "Dir::Log::Terminal=".to_owned(),
            "Dir::Log::History=".to_owned(),
            "Dir::Log::Planner=".to_owned(),
            "DPkg::Options::=--log=/dev/null".to_owned(),
            // Under emulation apt can neither switch to its own user nor filter system calls.
            "APT::Sandbox::User=root".to_owned(),
            "APT::Sandbox::Seccomp=false".to_owned(),
            "APT::Keep-Downloaded-Packages=true".to_owned(),
            // Descriptions in other languages are of no use here.
            "Acquire::Languages=none".to_owned(),
            "Acquire::Retries=3".to_owned(),
        ]
        .map(|option| format!(" -o {option}"))
        .concat();
        let packages: Vec<String> = packages.iter().map(|package| quoted(package)).collect();
        format!(
            "apt_get() {{ DEBIAN_FRONTEND=noninteractive apt-get --quiet{options} \"$@\"; }}\n\
             archives={ARCHIVES}; {UNCHECKED}\n\
             had_alternatives_log=$(ls /var/log/alternatives.log 2>/dev/null || :)\n\
             apt_get update\n\
             {INSTALL}{}\n\
             rm -f /var/lib/dpkg/*-old /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache\n\
             if [ -z \"$had_alternatives_log\" ]; then rm -f /var/log/alternatives.log; fi\n",
            packages.join(" ")
        )
    }
}

/// The command before the packages.
const INSTALL: &str = "apt_get install --yes --no-install-recommends -- ";

/// The packages that a script of this step installs, and the script without them; `None` for other scripts.
pub(crate) fn installed_packages(script: &str) -> Option<(Vec<String>, String)> {
    let (before, rest) = script.split_once(INSTALL)?;
    let (packages, after) = rest.split_once('\n')?;
    // Their names have neither blanks nor quotes.
    let names = packages
        .split(' ')
        .map(|word| word.trim_matches('\'').to_owned());
    Some((names.collect(), format!("{before}{after}")))
}

impl Apply for Apt {
    fn title(&self) -> String {
        let packages: Vec<&str> = self.packages.iter().map(Template::as_str).collect();
        format!("apt install {}", packages.join(" "))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let id = SecretId::unchecked(CA_SECRET);
        Ok(vec![Read::Secret { id, optional: true }])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let script = Self::script(&self.packages(context.variables())?);
        let archives = CacheMount::new(ARCHIVES, context.cache_id("apt"));
        let exec = context
            .captioned(context.networked_shell(&script))
            .user("0")
            .dir("/")
            .mount(TmpfsMount::new(LISTS))
            .mount(archives.sharing(CacheSharing::Locked));
        Ok(Tree {
            state: tree.state.run(exec),
            ..tree
        })
    }

    fn texts(&self) -> Vec<&dyn Text> {
        as_texts(self.packages.iter())
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        self.packages(variables).map(drop)
    }
}

fn is_package(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.:=~/_".contains(c))
}
