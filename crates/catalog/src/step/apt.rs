//! Installing Debian packages without leaving anything else behind.

use buildkit_llb::{CacheMount, CacheSharing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, CA_SECRET, Read, Reader, StepContext, StepError, network::quoted};
use crate::{name::SecretId, tree::Tree};

/// Installs Debian packages: no recommended ones, lists and archives in cache mounts, no logs, no backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Apt {
    /// The packages, as `apt-get install` takes them (`zsh`, `zsh=5.9-4`, `zsh/bookworm-backports`).
    #[serde(rename = "apt")]
    packages: Vec<String>,
}

/// apt keeps its lists and archives here, in cache mounts, out of the way of the base image's `docker-clean` hook,
/// which empties the usual place after every run.
const LISTS: &str = "/var/cache/llbgen/apt/lists";
const ARCHIVES: &str = "/var/cache/llbgen/apt/archives";

impl Apt {
    /// Installs `packages`.
    pub fn install<P: Into<String>>(packages: impl IntoIterator<Item = P>) -> Self {
        Self {
            packages: packages.into_iter().map(Into::into).collect(),
        }
    }

    fn script(&self) -> String {
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
            // Descriptions in other languages are for people who browse.
            "Acquire::Languages=none".to_owned(),
            "Acquire::Retries=3".to_owned(),
        ]
        .map(|option| format!(" -o {option}"))
        .concat();
        let packages: Vec<String> = self
            .packages
            .iter()
            .map(|package| quoted(package))
            .collect();
        format!(
            "apt_get() {{ DEBIAN_FRONTEND=noninteractive apt-get --quiet{options} \"$@\"; }}\n\
             had_alternatives_log=$(ls /var/log/alternatives.log 2>/dev/null || :)\n\
             apt_get update\n\
             {INSTALL}{}\n\
             rm -f /var/lib/dpkg/*-old /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache\n\
             if [ -z \"$had_alternatives_log\" ]; then rm -f /var/log/alternatives.log; fi\n",
            packages.join(" ")
        )
    }
}

/// What stands in front of the packages.
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
        format!("apt install {}", self.packages.join(" "))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let id = SecretId::unchecked(CA_SECRET);
        Ok(vec![Read::Secret { id, optional: true }])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let key = context.cache_key();
        let cache = |target, name| {
            CacheMount::new(target, format!("llbgen-apt-{name}-{key}"))
                .sharing(CacheSharing::Locked)
        };
        let exec = context
            .captioned(context.networked_shell(&self.script()))
            .user("0")
            .dir("/")
            .mount(cache(LISTS, "lists"))
            .mount(cache(ARCHIVES, "archives"));
        Ok(Tree {
            state: tree.state.run(exec),
            ..tree
        })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.packages.is_empty() {
            problems.push("`apt` names no package".to_owned());
        }
        let odd = self.packages.iter().filter(|package| {
            !package.starts_with(|c: char| c.is_ascii_alphanumeric())
                || !package
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+-.:=~/_".contains(c))
        });
        problems.extend(odd.map(|package| format!("`{package}` is not a package name")));
        problems
    }
}
