//! The names of options.

use catalog::nearest;

use super::OptionError;

/// The options that buildx sends for flags that only Dockerfiles know.
pub(super) const UNSUPPORTED: [(&str, &str, &str); 14] = [
    ("add-hosts", "--add-host", ""),
    (
        "force-network-mode",
        "--network",
        ": a step says itself whether it needs a network",
    ),
    ("ulimit", "--ulimit", ""),
    ("shm-size", "--shm-size", ""),
    ("cgroup-parent", "--cgroup-parent", ""),
    ("hostname", "the hostname", ""),
    ("memory", "--memory", ""),
    ("memswap", "--memory-swap", ""),
    ("cpushares", "--cpu-shares", ""),
    ("cpuperiod", "--cpu-period", ""),
    ("cpuquota", "--cpu-quota", ""),
    ("cpusetcpus", "--cpuset-cpus", ""),
    ("cpusetmems", "--cpuset-mems", ""),
    ("build-arg:BUILDKIT_SANDBOX_HOSTNAME", "the hostname", ""),
];

/// The names of options, and the part of them before a colon: those that this frontend reads, and those that clients
/// send besides.
const KNOWN: [&str; 26] = [
    "attest",
    "build-arg",
    "cache-from",
    "cache-imports",
    "cmdline",
    "context",
    "contextkey",
    "contextsubdir",
    "devices",
    "dockerfilekey",
    "filename",
    "frontend.caps",
    "gateway-devel",
    "image-resolve-mode",
    "input",
    "input-metadata",
    "label",
    "local-sessionid",
    "multi-platform",
    "no-cache",
    "platform",
    "requestid",
    "sharedkey",
    "source",
    "target",
    "vcs",
];

/// Build arguments that are settings of BuildKit, whichever part reads them.
pub(super) const SETTINGS: [&str; 7] = [
    "BUILDKIT_SYNTAX",
    "BUILDKIT_MULTI_PLATFORM",
    "BUILDKIT_INLINE_CACHE",
    "BUILDKIT_CACHE_MOUNT_NS",
    "BUILDKIT_CONTEXT_KEEP_GIT_DIR",
    "BUILDKIT_DOCKERFILE_CHECK",
    "BUILDKIT_BUILD_NAME",
];

/// The beginning of build arguments that are settings of this frontend. No option of a catalog has a dot in its name.
pub(super) const OWN: &str = "llbgen.";

/// The build argument with the mirrors of downloads: `PREFIX=PREFIX`, with blanks between several.
pub(super) const MIRROR: &str = "llbgen.mirror";

/// Refuses a misspelt option: with `--opt tagret=x`, the build would be another one than the one meant.
pub(super) fn refuse_misspelt(name: &str) -> Result<(), OptionError> {
    let word = name.split_once(':').map_or(name, |(word, _)| word);
    if KNOWN.contains(&word) {
        return Ok(());
    }
    match nearest(word, KNOWN) {
        None => Ok(()),
        Some(nearest) => Err(OptionError::Misspelt {
            name: word.to_owned(),
            nearest: nearest.to_owned(),
        }),
    }
}
