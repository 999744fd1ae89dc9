//! Kernel settings that keep users from making namespaces, without which rootlesskit cannot start.

use std::fs;
use std::path::Path;

/// A setting that stands in the way of a daemon without root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restriction {
    /// Its name in sysctl(8).
    pub key: &'static str,
    /// The value that lets users make namespaces.
    pub needed: &'static str,
}

/// The settings that may stand in the way: each with its path in /proc/sys and the value that forbids.
const RESTRICTIONS: [(Restriction, &str, &str); 3] = [
    (
        Restriction {
            key: "kernel.apparmor_restrict_unprivileged_userns",
            needed: "0",
        },
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
    ),
    (
        Restriction {
            key: "kernel.unprivileged_userns_clone",
            needed: "1",
        },
        "kernel/unprivileged_userns_clone",
        "0",
    ),
    (
        Restriction {
            key: "user.max_user_namespaces",
            needed: "28633",
        },
        "user/max_user_namespaces",
        "0",
    ),
];

/// The first setting that forbids, read below `sys` (`/proc/sys`). A kernel that lacks a setting allows.
pub(super) fn restriction(sys: &Path) -> Option<Restriction> {
    let forbids = |path: &str, value: &str| {
        fs::read_to_string(sys.join(path)).is_ok_and(|text| text.trim() == value)
    };
    RESTRICTIONS
        .into_iter()
        .find(|(_, path, value)| forbids(path, value))
        .map(|(restriction, ..)| restriction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_forbids_is_named() {
        let check = |path: &str, value: &str, expected: Option<&str>| {
            let sys = tempfile::tempdir().unwrap();
            let file = sys.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, value).unwrap();
            assert_eq!(
                restriction(sys.path()).map(|it| it.key),
                expected,
                "{path} {value:?}"
            );
        };
        let apparmor = "kernel/apparmor_restrict_unprivileged_userns";
        check(
            apparmor,
            "1\n",
            Some("kernel.apparmor_restrict_unprivileged_userns"),
        );
        check(apparmor, "0\n", None);
        check(
            "kernel/unprivileged_userns_clone",
            "0\n",
            Some("kernel.unprivileged_userns_clone"),
        );
        check(
            "user/max_user_namespaces",
            "0\n",
            Some("user.max_user_namespaces"),
        );
        check("user/max_user_namespaces", "63000\n", None);
        check("kernel/other", "1\n", None);
    }
}
