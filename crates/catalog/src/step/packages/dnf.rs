//! dnf, of Fedora and its relatives, in its versions 4 and 5.

use buildkit_llb::Exec;

use super::{Filled, Manager, Repository, locked, written_file};
use crate::{either::OneOrSeveral, step::StepContext, template::Template};

step! {
    /// Installs RPM packages: no weak dependencies, archives in a cache mount, no metadata, no logs. Documentation
    /// belongs to packages and is installed, unless the tree's `dnf.conf` says otherwise.
    Dnf, "dnf",
    /// The packages, as `dnf install` takes them (`zsh`, `zsh-5.9`, `@development-tools`, `perl(DBI)`), with blanks
    /// between them or in a list; templates.
}

/// The directories of what dnf 4 and dnf 5 fetch, and the names of the caches.
const CACHES: [(&str, &str); 2] = [("/var/cache/dnf", "dnf"), ("/var/cache/libdnf5", "libdnf5")];

/// Leaves nothing but archives in the caches. Others may have written into them, and dnf trusts the metadata that it
/// has. It compares archives with the checksums of its metadata.
const UNCHECKED: &str = "for entry in /var/cache/dnf/* /var/cache/libdnf5/*; do \
    if [ -d \"$entry\" ] && [ ! -L \"$entry\" ]; then \
    for inner in \"$entry\"/*; do \
    if [ \"${inner##*/}\" = packages ] && [ ! -L \"$inner\" ]; then \
    for archive in \"$inner\"/*; do \
    if [ ! -f \"$archive\" ] || [ -L \"$archive\" ]; then rm -rf \"$archive\"; fi; done; \
    else rm -rf \"$inner\"; fi; done; \
    else rm -rf \"$entry\"; fi; done";

/// The directory of the keys of repositories.
const KEYS: &str = "/etc/pki/rpm-gpg";

/// The directory of the repositories.
const REPOSITORIES: &str = "/etc/yum.repos.d";

impl Manager for Dnf {
    const NAME: &'static str = "dnf";
    const TITLE: &'static str = "dnf install";
    const INSTALL: &'static str = "llbgen_dnf install --assumeyes ";

    fn written(&self) -> &OneOrSeveral<Template> {
        &self.packages
    }

    fn repositories(&self) -> &[Repository] {
        &self.repositories
    }

    fn is_package(word: &str) -> bool {
        // An address would be fetched and installed without a pin.
        let is_address = word.contains("//");
        let begins = |c: char| c.is_ascii_alphanumeric() || c == '@';
        let goes_on = |c: char| c.is_ascii_alphanumeric() || "+-._:~^/()@".contains(c);
        word.starts_with(begins) && word.chars().all(goes_on) && !is_address
    }

    fn problem(repository: &Filled) -> Option<String> {
        let key = if repository.suite.is_some() {
            "suite"
        } else if !repository.components.is_empty() {
            "components"
        } else {
            return None;
        };
        let url = &repository.url;
        Some(format!(
            "the repository `{url}` has `{key}`, which dnf does not know: all of its address goes into `url`"
        ))
    }

    /// Packages must be signed, also where the repository has no key of its own.
    fn added(repository: &Filled, key: Option<&str>) -> String {
        let name = repository.name();
        let mut lines = vec![
            format!("[{name}]"),
            format!("name={}", repository.url),
            format!("baseurl={}", repository.url),
            "enabled=1".to_owned(),
            "gpgcheck=1".to_owned(),
        ];
        let mut commands = String::new();
        if let Some(key) = key {
            lines.push(format!("gpgkey=file://{KEYS}/{name}"));
            commands = format!("mkdir -p {KEYS}\ninstall -m 0644 {key} {KEYS}/{name}\n");
        }
        commands + &written_file(REPOSITORIES, &format!("{REPOSITORIES}/{name}.repo"), &lines)
    }

    fn around() -> (String, String) {
        let options = [
            "install_weak_deps=False",
            "keepcache=True",
            // Logs would be leftovers, and this is a tmpfs in every container.
            "logdir=/dev/shm",
        ]
        .map(|option| format!(" --setopt={option}"))
        .concat();
        // curl takes no certificates from the environment when dnf calls it.
        let certificates = "${llbgen_ca:+--setopt=sslcacert=$llbgen_ca}";
        let before = format!(
            "llbgen_dnf() {{ dnf{options} {certificates} \"$@\"; }}\n\
             {UNCHECKED}\n\
             had_repos=$(ls -d /var/lib/dnf/repos 2>/dev/null || :)\n"
        );
        let after = "if [ -z \"$had_repos\" ]; then rm -rf /var/lib/dnf/repos; fi\n\
             rm -f /var/cache/ldconfig/aux-cache\n";
        (before, after.to_owned())
    }

    fn cached(exec: Exec, context: &StepContext<'_>) -> Exec {
        CACHES.into_iter().fold(exec, |exec, (target, name)| {
            exec.mount(locked(target, context, name))
        })
    }
}
