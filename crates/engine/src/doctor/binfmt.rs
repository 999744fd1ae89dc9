//! The emulators that this machine's kernel runs foreign programs with (`binfmt_misc`).
//!
//! Without the flag F, the kernel looks for the emulator when it needs it, in the root of whatever runs: there is none in
//! a step's tree. With it, the kernel has opened the emulator when it was registered.

use std::{fs, io, path::Path};

use catalog::Platform;

use super::finding::{Check, Finding, Subject};

/// The kernel's table.
pub(super) const TABLE: &str = "/proc/sys/fs/binfmt_misc";

/// Go's names of architectures, and QEMU's where they differ.
const QEMU: [(&str, &str); 7] = [
    ("386", "i386"),
    ("amd64", "x86_64"),
    ("arm64", "aarch64"),
    ("loong64", "loongarch64"),
    ("mips64le", "mips64el"),
    ("mipsle", "mipsel"),
    ("ppc64le", "ppc64le"),
];

/// The state of an entry.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    /// It is switched off.
    Disabled,
    /// It is looked for when it is needed, at this path.
    Late(String),
    /// The kernel has it open.
    Fixed,
}

/// The findings about the emulators of these platforms, in the kernel's table at `table`.
pub(super) fn check<'a>(
    table: &Path,
    platforms: impl Iterator<Item = &'a Platform>,
) -> Vec<Finding> {
    platforms
        .map(|platform| check_one(table, platform))
        .collect()
}

fn check_one(table: &Path, platform: &Platform) -> Finding {
    let (subject, check) = (Subject::Daemon, Check::Emulation);
    let name = format!("qemu-{}", qemu_name(platform.architecture()));
    let told = match fs::read_to_string(table.join(&name)) {
        Ok(text) => entry(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let reason = format!(
                "this machine's kernel has no entry `{name}` for `{platform}`; the daemon may bring its own emulator"
            );
            return Finding::skipped(subject, check, reason);
        }
        Err(error) => {
            let reason = format!("the kernel's entry `{name}` cannot be read: {error}");
            return Finding::skipped(subject, check, reason);
        }
    };
    let again = format!(
        "register it again: `docker run --privileged --rm tonistiigi/binfmt --install {}`, or install `qemu-user-static`",
        platform.architecture()
    );
    match told {
        Entry::Fixed => {
            let text = format!("the emulator `{name}` of `{platform}` is held open by the kernel");
            Finding::ok(subject, check, text)
        }
        Entry::Disabled => {
            let text = format!("the emulator `{name}` of `{platform}` is switched off");
            Finding::warning(subject, check, text).then(again)
        }
        Entry::Late(program) => {
            let text = format!(
                "the emulator `{name}` of `{platform}` is registered without the flag F: steps do not find `{program}` in \
                 their trees"
            );
            Finding::warning(subject, check, text).then(again)
        }
    }
}

fn qemu_name(architecture: &str) -> &str {
    let found = QEMU.iter().find(|(go, _)| *go == architecture);
    found.map_or(architecture, |(_, qemu)| qemu)
}

/// The text of an entry: the first line says whether it is on, the others are a name and a value.
fn entry(text: &str) -> Entry {
    let value = |name: &str| {
        let mut lines = text.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
    };
    if text.lines().next() != Some("enabled") {
        Entry::Disabled
    } else if value("flags: ").contains('F') {
        Entry::Fixed
    } else {
        Entry::Late(value("interpreter ").to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn an_emulator_that_steps_do_not_find_is_told() {
        let table = tempfile::tempdir().unwrap();
        let platform = "linux/arm64".parse().unwrap();
        let check = |text: Option<&str>, state: State, part: &str| {
            if let Some(text) = text {
                fs::write(table.path().join("qemu-aarch64"), text).unwrap();
            }
            let findings = check(table.path(), [&platform].into_iter());
            assert_eq!(findings[0].state, state, "{text:?}");
            assert!(findings[0].text.contains(part), "{}", findings[0].text);
        };
        let text = |flags: &str| {
            format!("enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: {flags}\noffset 0\n")
        };
        check(None, State::Skipped, "no entry `qemu-aarch64`");
        check(Some(&text("OCF")), State::Ok, "held open");
        let late = "without the flag F: steps do not find `/usr/bin/qemu-aarch64`";
        check(Some(&text("OC")), State::Warning, late);
        check(Some(&text("")), State::Warning, late);
        check(
            Some("disabled\ninterpreter x\nflags: F\n"),
            State::Warning,
            "switched off",
        );
    }
}
