//! apk, of Alpine.

use buildkit_llb::Exec;

use super::{Filled, Manager, Repository, locked};
use crate::{
    either::OneOrSeveral,
    step::{StepContext, network::quoted},
    template::Template,
};

step! {
    /// Installs Alpine packages: archives in a cache mount, no indexes, no logs.
    Apk, "apk",
    /// The packages, as `apk add` takes them (`zsh`, `zsh=5.9-r2`, `zsh~5.9`), with blanks between them or in a list;
    /// templates.
}

/// The directory of archives. apk keeps them where `/etc/apk/cache` leads to, in every version; its flags for the same
/// differ from version to version. Others may have written into a cache: apk compares archives with the checksums of
/// its indexes, and the indexes are fetched anew.
const ARCHIVES: &str = "/var/cache/llbgen/apk";

/// The directory of the keys of repositories.
const KEYS: &str = "/etc/apk/keys";

/// The file with the repositories, one a line.
const REPOSITORIES: &str = "/etc/apk/repositories";

impl Manager for Apk {
    const NAME: &'static str = "apk";
    const TITLE: &'static str = "apk add";
    const INSTALL: &'static str = "apk --no-progress --update-cache add ";

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
                .all(|c| c.is_ascii_alphanumeric() || "+-._:=~<>@".contains(c))
    }

    fn problem(repository: &Filled) -> Option<String> {
        let key = repository.key.as_ref()?;
        let name = key.file_name();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "+-._@".contains(c);
        let is_key = name
            .strip_suffix(".pub")
            .is_some_and(|name| name.chars().all(is_name));
        (!is_key).then(|| {
            format!(
                "the key of `{}` must have the name that its index is signed under, as `NAME.rsa.pub`, not `{name}`",
                repository.url
            )
        })
    }

    /// A line for every component. apk finds the key of a signature by the name of its file.
    fn added(repository: &Filled, key: Option<&str>) -> String {
        let above = match &repository.suite {
            Some(suite) => format!("{}/{suite}", repository.url),
            None => repository.url.clone(),
        };
        let lines: Vec<String> = match &repository.components[..] {
            [] => vec![above],
            components => components
                .iter()
                .map(|component| format!("{above}/{component}"))
                .collect(),
        };
        let key = repository.key.as_ref().zip(key).map(|(key, path)| {
            let name = key.file_name();
            format!("mkdir -p {KEYS}\ninstall -m 0644 {path} {KEYS}/{name}\n")
        });
        let ended = format!(
            "if [ -s {REPOSITORIES} ] && [ -n \"$(tail -c 1 {REPOSITORIES})\" ]; then echo >> {REPOSITORIES}; fi\n"
        );
        let lines = lines.iter().map(|line| {
            let line = quoted(line);
            format!("grep -qxF {line} {REPOSITORIES} || echo {line} >> {REPOSITORIES}\n")
        });
        key.into_iter().chain([ended]).chain(lines).collect()
    }

    fn around() -> (String, String) {
        let before = format!(
            "had_cache=$(ls -d /etc/apk/cache 2>/dev/null || :)\n\
             had_log=$(ls /var/log/apk.log 2>/dev/null || :)\n\
             rm -rf {ARCHIVES}/APKINDEX* {ARCHIVES}/installed\n\
             if [ -z \"$had_cache\" ]; then ln -s {ARCHIVES} /etc/apk/cache; fi\n"
        );
        let after = "if [ -z \"$had_cache\" ]; then rm /etc/apk/cache; fi\n\
             if [ -z \"$had_log\" ]; then rm -f /var/log/apk.log; fi\n";
        (before, after.to_owned())
    }

    fn cached(exec: Exec, context: &StepContext<'_>) -> Exec {
        exec.mount(locked(ARCHIVES, context, "apk"))
    }
}
