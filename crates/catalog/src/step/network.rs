//! Steps that reach the network: the certificate authority that a build may bring, and what makes it known.

use buildkit_llb::SecretFile;

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

/// The command line that runs `script` behind the certificates made known.
pub(super) fn with_prelude(script: &str) -> String {
    format!("{PRELUDE}{script}")
}

/// The certificates of `--build-ca`. Every user of the container may read them: they are no secret, and a step may run as
/// any user.
pub(super) fn certificates() -> SecretFile {
    let certificates = SecretFile::new("/run/secrets/llbgen-ca").id(CA_SECRET);
    certificates.mode(0o444).optional()
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
