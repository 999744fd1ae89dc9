//! The variables of the outer build and of the user that would reach the compilers.

use std::{env, process::Command};

/// Gives `command` no flags for C. A variable that is not there would be looked for in cargo's own settings (`[env]`), so
/// these are there and empty.
pub(crate) fn set_no_c_flags(command: &mut Command, target: &str) {
    let underscored = target.replace('-', "_");
    for target in [target, &underscored] {
        command.env(format!("CFLAGS_{target}"), "");
    }
    for name in ["TARGET_CFLAGS", "HOST_CFLAGS", "CFLAGS"] {
        command.env(name, "");
    }
}

/// Takes out of `command`'s environment all that changes what rustc and the C compiler make. What says where they are
/// (`CC`, a target's linker) stays: cross compiling needs it.
pub(crate) fn clear(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(changes_bytes) {
            command.env_remove(&name);
        }
    }
}

/// Whether the variable is flags or a setting of a build.
fn changes_bytes(name: &str) -> bool {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    // `RUSTC` and `CARGO_BUILD_RUSTC` name the compiler; `RUSTC_WRAPPER` and the like would be put around it.
    let is_cargos = begins(&[
        "CARGO_BUILD_RUSTC_",
        "CARGO_BUILD_TARGET",
        "CARGO_CFG_",
        "CARGO_FEATURE_",
        "CARGO_INCREMENTAL",
        "CARGO_PROFILE_",
        "CARGO_UNSTABLE_",
        "RUSTC_",
    ]) || name.contains("RUSTFLAGS")
        || name == "CARGO_TARGET_DIR";
    // The flags of C, as the crate `cc` reads them (`CFLAGS_x86_64-unknown-linux-gnu`, `TARGET_CFLAGS`), and what the
    // libraries' build scripts ask.
    let is_of_c = name.contains("CFLAGS")
        || name.contains("CPPFLAGS")
        || begins(&[
            "CRATE_CC_NO_DEFAULTS",
            "LDFLAGS",
            "LZMA_API_STATIC",
            "PKG_CONFIG",
            "SOURCE_DATE_EPOCH",
            "ZSTD_SYS_",
        ]);
    // Those that build scripts are given, and what cargo tells every program that it runs.
    let is_of_the_outer_build = matches!(name, "DEBUG" | "OPT_LEVEL" | "PROFILE" | "TARGET");
    is_cargos || is_of_c || is_of_the_outer_build
}

#[cfg(test)]
mod tests {
    use super::changes_bytes;

    #[test]
    fn flags_go_and_programs_stay() {
        for name in [
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_PROFILE_RELEASE_DEBUG",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
            "CFLAGS_x86_64-unknown-linux-gnu",
            "RUSTC_WORKSPACE_WRAPPER",
            "TARGET_CFLAGS",
        ] {
            assert!(changes_bytes(name), "{name}");
        }
        for name in [
            "CARGO_HOME",
            "CARGO_MAKEFLAGS",
            "CARGO_NET_OFFLINE",
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            "CC",
            "CC_aarch64-unknown-linux-gnu",
            "HTTPS_PROXY",
            "PATH",
            "RUSTC",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(!changes_bytes(name), "{name}");
        }
    }
}
