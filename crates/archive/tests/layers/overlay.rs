//! Whiteouts of overlays, checked against a model of the rule, and against the kernel.

use std::io::{Write, stderr};
use std::process::Command;

use super::*;

fn holds(base: &Path, whole: &Path) -> Vec<Entry> {
    let entries = holds_in(Whiteouts::Overlay, base, whole);
    for entry in &entries {
        if entry.kind == Kind::WHITEOUT {
            assert_is_plain(entry);
        }
    }
    assert!(
        entries.windows(2).all(|pair| pair[0].path != pair[1].path),
        "a whiteout and an entry of one name: {entries:#?}"
    );
    entries
}

/// The kernel's view of the base with the layer over it, both unpacked by GNU tar.
fn mounted(base: &Path, whole: &Path) -> Applied {
    let lower = disk::unpack(&disk::packed(base).0);
    let upper = disk::unpack(&diff(base, whole, Whiteouts::Overlay));
    let work = tempfile::tempdir().unwrap();
    let shown = tempfile::tempdir().unwrap();
    // In mounts of its own, which end with it. It is copied, as nobody else sees the mount.
    let script = r#"mkdir "$3/work" "$3/merged"
        mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3/work" "$3/merged"
        cp -a "$3/merged/." "$4""#;
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-ec", script, "sh"])
        .args([&lower, &upper, &work, &shown].map(tempfile::TempDir::path))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Applied::new(&disk::packed(shown.path()).0)
}

/// Whether overlays can be mounted here. Prints a line if not.
fn has_overlays() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--mount", "grep", "-qw", "overlay", "/proc/filesystems"]);
    let can = disk::is_root("an overlay") && command.status().is_ok_and(|status| status.success());
    if !can {
        let line = "SKIPPED the kernel's overlays: they cannot be mounted here\n";
        stderr().write_all(line.as_bytes()).unwrap();
    }
    can
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_layer_makes_any_tree_of_any_other(base in plan(), whole in plan()) {
        let (base, whole) = (planted(&base), planted(&whole));
        holds(base.path(), whole.path());
    }

    #[test]
    fn a_layer_has_what_was_done_to_a_tree(base in plan(), edits in edits()) {
        let (before, after) = edited(&base, &edits);
        holds(before.path(), after.path());
    }

    #[test]
    fn a_tree_that_did_not_change_has_an_empty_layer(base in plan()) {
        let (one, other) = (planted(&base), planted(&base));
        prop_assert!(holds(one.path(), other.path()).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn the_kernel_shows_the_whole(base in plan(), edits in edits()) {
        if has_overlays() {
            let (before, after) = edited(&base, &edits);
            let whole = Applied::new(&disk::packed(after.path()).0);
            prop_assert_eq!(mounted(before.path(), after.path()).facts(), whole.facts());
        }
    }
}

#[test]
fn a_directory_that_was_made_again_has_one_whiteout_for_each_child() {
    let (base, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for path in ["again/deep", "gone/deep", "kept", "type"] {
        fs::create_dir_all(base.path().join(path)).unwrap();
        fs::write(base.path().join(path).join("x"), "").unwrap();
    }
    fs::create_dir_all(whole.path().join("again")).unwrap();
    fs::write(whole.path().join("again/.wh.deep"), "a file like others").unwrap();
    fs::create_dir_all(whole.path().join("kept")).unwrap();
    fs::write(whole.path().join("type"), "now a file").unwrap();
    let entries = holds(base.path(), whole.path());
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| (entry.path.to_string(), entry.kind == Kind::WHITEOUT))
        .collect();
    let expected = [
        ("again", false),
        ("again/.wh.deep", false),
        ("again/deep", true),
        ("gone", true),
        ("kept", false),
        ("kept/x", true),
        ("type", false),
    ];
    assert_eq!(shown, expected.map(|(path, gone)| (path.to_owned(), gone)));
}
