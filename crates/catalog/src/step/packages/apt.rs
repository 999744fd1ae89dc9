//! apt, of Debian and Ubuntu.

use buildkit_llb::{Exec, TmpfsMount};

use super::{Filled, Manager, Repository, locked, written_file};
use crate::{either::OneOrSeveral, step::StepContext, template::Template};

step! {
    /// Installs Debian packages: no recommended ones, archives in a cache mount, no lists, no logs, no backups.
    Apt, "apt",
    /// The packages, as `apt-get install` takes them (`zsh`, `zsh=5.9-4`, `zsh/bookworm-backports`), with blanks between
    /// them or in a list; templates.
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

/// The directory of the keys of repositories.
const KEYS: &str = "/etc/apt/keyrings";

/// The directory of the repositories.
const SOURCES: &str = "/etc/apt/sources.list.d";

impl Manager for Apt {
    const NAME: &'static str = "apt";
    const TITLE: &'static str = "apt install";
    const INSTALL: &'static str = "apt_get install --yes --no-install-recommends -- ";

    fn written(&self) -> &OneOrSeveral<Template> {
        &self.packages
    }

    fn repositories(&self) -> &[Repository] {
        &self.repositories
    }

    fn is_package(word: &str) -> bool {
        word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.:=~/_".contains(c))
    }

    fn problem(repository: &Filled) -> Option<String> {
        let url = &repository.url;
        let is_flat = |suite: &String| suite.ends_with('/');
        match &repository.suite {
            None => Some(format!(
                "the repository `{url}` has no `suite`, as `bookworm`"
            )),
            Some(suite) if is_flat(suite) == repository.components.is_empty() => None,
            Some(suite) if is_flat(suite) => Some(format!(
                "the repository `{url}`: the suite `{suite}` ends in a slash, so it has no `components`"
            )),
            Some(_) => Some(format!(
                "the repository `{url}` has no `components`, as `main`"
            )),
        }
    }

    /// As deb822. apt tells the two forms of keys by the ends of their names. Without a key, those that the tree has
    /// anyway count.
    fn added(repository: &Filled, key: Option<&str>) -> String {
        let name = repository.name();
        let path = format!("{SOURCES}/{name}.sources");
        let suite = repository.suite.as_deref().unwrap_or_default();
        let mut lines = vec![
            "Types: deb".to_owned(),
            format!("URIs: {}", repository.url),
            format!("Suites: {suite}"),
        ];
        if !repository.components.is_empty() {
            lines.push(format!("Components: {}", repository.components.join(" ")));
        }
        let source = written_file(SOURCES, &path, &lines);
        let Some(key) = key else {
            return source;
        };
        format!(
            "key={KEYS}/{name}.gpg\n\
             if grep -q -e '-----BEGIN PGP' {key}; then key={KEYS}/{name}.asc; fi\n\
             mkdir -p {KEYS}\n\
             install -m 0644 {key} \"$key\"\n\
             {source}\
             printf 'Signed-By: %s\\n' \"$key\" >> {path}\n"
        )
    }

    fn around() -> (String, String) {
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
        let before = format!(
            "apt_get() {{ DEBIAN_FRONTEND=noninteractive apt-get --quiet{options} \"$@\"; }}\n\
             archives={ARCHIVES}; {UNCHECKED}\n\
             had_alternatives_log=$(ls /var/log/alternatives.log 2>/dev/null || :)\n\
             apt_get update\n"
        );
        let after = "rm -f /var/lib/dpkg/*-old /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache\n\
             if [ -z \"$had_alternatives_log\" ]; then rm -f /var/log/alternatives.log; fi\n";
        (before, after.to_owned())
    }

    fn cached(exec: Exec, context: &StepContext<'_>) -> Exec {
        exec.mount(TmpfsMount::new(LISTS))
            .mount(locked(ARCHIVES, context, "apt"))
    }
}
