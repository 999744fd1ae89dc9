//! Steps that reach the network: the certificate authority that a build may bring, and the shell that makes it known.

use buildkit_llb::{Args, BindMount, Exec, FileActions, Mkfile, SecretFile, State};

/// The id of the secret that holds the certificates of `--build-ca`.
///
/// Secret mounts are part of BuildKit's cache key, but their content is not. So every networked step declares the
/// secret, even if it is not given: graph, id and cache key are the same with and without `--build-ca`.
pub const CA_SECRET: &str = "llbgen-ca";

/// Makes the secret, if it is given, known to apt, pip, npm, node, curl and git by their own variables, in addition to
/// the certificates of the tree, wherever its distribution keeps them. `/dev/shm` is a tmpfs in every container, so
/// nothing of it stays.
///
/// It is on the first line of the user's script, so that the shell's line numbers are those of the script.
const PRELUDE: &str = concat!(
    "if [ -f /run/secrets/llbgen-ca ]; then ",
    "llbgen_ca=/dev/shm/llbgen-ca.crt; ",
    "cat /run/secrets/llbgen-ca > \"$llbgen_ca\"; ",
    "for llbgen_own in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt ",
    "/etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do ",
    "if [ -f \"$llbgen_own\" ]; then { echo; cat \"$llbgen_own\"; } >> \"$llbgen_ca\"; break; fi; ",
    "done; ",
    "printf 'Acquire::https::CAInfo \"%s\";\\n' \"$llbgen_ca\" > /dev/shm/llbgen-apt.conf; ",
    "export APT_CONFIG=/dev/shm/llbgen-apt.conf; ",
    "export SSL_CERT_FILE=\"$llbgen_ca\" CURL_CA_BUNDLE=\"$llbgen_ca\" GIT_SSL_CAINFO=\"$llbgen_ca\"; ",
    "export PIP_CERT=\"$llbgen_ca\" REQUESTS_CA_BUNDLE=\"$llbgen_ca\"; ",
    "export NODE_EXTRA_CA_CERTS=\"$llbgen_ca\" NPM_CONFIG_CAFILE=\"$llbgen_ca\"; ",
    "fi; ",
);

/// The ends of the prelude, of this version and of earlier ones.
const PRELUDE_ENDS: [&str; 2] = [
    "NPM_CONFIG_CAFILE=\"$llbgen_ca\"; fi; ",
    "NPM_CONFIG_CAFILE=\"$llbgen_ca\"\nfi\n",
];

/// The script of the step itself, without the prelude of this version or an earlier one.
pub(crate) fn without_prelude(script: &str) -> &str {
    if !script.starts_with("if [ -f /run/secrets/llbgen-ca ]") {
        return script;
    }
    let own = PRELUDE_ENDS
        .iter()
        .find_map(|end| Some(script.split_once(end)?.1));
    own.unwrap_or(script)
}

/// The program that runs a command.
pub(super) enum Program<'a> {
    /// A shell that stops at the first command that fails.
    Shell(&'a str),
    /// The program that the script's first line names, behind `#!`.
    Named(&'a str),
}

/// The mount point of a script that names its program. It is a bind mount, and BuildKit removes the mount point again.
/// Secrets and `/dev/shm` are mounted `noexec`, so the script cannot be executed there.
const SCRIPT: &str = "/run/llbgen/script";

impl<'a> Program<'a> {
    pub(super) fn of(script: &'a str) -> Self {
        if script.starts_with("#!") {
            Self::Named(script)
        } else {
            Self::Shell(script)
        }
    }

    /// Runs it as it is.
    pub(super) fn exec(&self) -> Exec {
        match self {
            Self::Shell(script) => shell(script),
            Self::Named(script) => with_script(Exec::new(Args::program(SCRIPT)), script),
        }
    }

    /// Runs it with the certificates made known.
    pub(super) fn networked(&self) -> Exec {
        match self {
            Self::Shell(script) => networked_shell(script),
            Self::Named(script) => with_script(networked_shell(&format!("exec {SCRIPT}")), script),
        }
    }
}

fn with_script(exec: Exec, script: &str) -> Exec {
    // Every user of the container may run it, as a step may run as any user.
    let make = Mkfile::new("/script", script.as_bytes())
        .mode(0o755)
        .created(0);
    let state = State::scratch().file(FileActions::new().mkfile(make));
    exec.mount(
        BindMount::new(SCRIPT, &state)
            .selector("/script")
            .readonly(),
    )
}

/// A shell that runs `script` and stops at the first command that fails, with the certificates made known.
pub(super) fn networked_shell(script: &str) -> Exec {
    // Every user of the container may read it: certificates are no secret, and a step may run as any user.
    let certificates = SecretFile::new("/run/secrets/llbgen-ca")
        .id(CA_SECRET)
        .mode(0o444)
        .optional();
    shell(&format!("{PRELUDE}{script}")).mount(certificates)
}

/// A shell that runs `script` and stops at the first command that fails.
fn shell(script: &str) -> Exec {
    Exec::new(Args::program("/bin/sh").args(["-ec", script]))
}

/// A word that the shell takes as it is.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_runs_is_found_behind_the_prelude_of_any_version() {
        let earlier = "if [ -f /run/secrets/llbgen-ca ]; then\n  export NPM_CONFIG_CAFILE=\"$llbgen_ca\"\nfi\n";
        for prelude in ["", PRELUDE, earlier] {
            let script = format!("{prelude}echo 1\nfi\n");
            assert_eq!(without_prelude(&script), "echo 1\nfi\n", "{prelude}");
        }
        assert!(!PRELUDE.contains('\n'));
    }
}
