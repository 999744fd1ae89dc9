//! The law of layers, with umoci applying them, which is not our code.

use std::env;
use std::fs;
use std::io::{Write, stderr};
use std::path::Path;
use std::process::Command;

use archive::Whiteouts;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::applied::Applied;
use crate::disk::{is_root, packed};
use crate::touch::{touched, touches};
use crate::tree::plan;
use crate::{cases, diff, edited, edits, planted, without_whiteout_names};

// Fewer than of the others, because each is five processes.
proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn umoci_makes_any_tree_of_any_other(base in plan(), whole in plan()) {
        if is_there("umoci_makes_any_tree_of_any_other") {
            holds(planted(&base).path(), planted(&whole).path());
        }
    }

    #[test]
    fn umoci_does_what_was_done_to_a_tree(base in plan(), edits in edits()) {
        if is_there("umoci_does_what_was_done_to_a_tree") {
            let (before, after) = edited(&base, &edits);
            holds(before.path(), after.path());
        }
    }

    #[test]
    fn umoci_changes_in_place(base in plan(), touches in touches()) {
        if is_there("umoci_changes_in_place") {
            let (before, after) = touched(&base, &touches);
            holds(before.path(), after.path());
        }
    }
}

/// The law, for a pair of trees.
fn holds(base: &Path, whole: &Path) {
    without_whiteout_names(base);
    without_whiteout_names(whole);
    let (before, _) = packed(base);
    let (after, _) = packed(whole);
    let home = unpack([&before, &diff(base, whole, Whiteouts::Oci)]);
    let (applied, _) = packed(&home.path().join("rootfs"));
    let facts = |tar: &[u8]| Applied::new(tar).without_empty_attributes().facts();
    assert_eq!(facts(&applied), facts(&after));
}

/// Whether umoci can be run. Where it must be there (`CI`, or `LLBGEN_TEST_ENGINE=required`, which `scripts/dev/test`
/// sets), its absence is a failure; elsewhere a line says that `test` is skipped. Without root's rights, no program can
/// unpack a tree of many owners.
fn is_there(test: &str) -> bool {
    if !is_root(test) {
        return false;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let there = env::split_paths(&path).any(|directory| directory.join("umoci").is_file());
    let required = env::var_os("CI").is_some() || env::var_os("LLBGEN_TEST_ENGINE").is_some();
    assert!(there || !required, "umoci is missing; run scripts/dev/test");
    if !there {
        // Past the test runner's capture: a skipped test must not look like a passed one.
        let line = format!("SKIPPED {test}: umoci is missing\n");
        stderr().write_all(line.as_bytes()).unwrap();
    }
    there
}

/// The directory that umoci makes of these layers, the lowest first. It has `rootfs` in it.
fn unpack(layers: [&[u8]; 2]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    umoci(home.path(), &["init", "--layout", "image"]);
    umoci(home.path(), &["new", "--image", "image:latest"]);
    for layer in layers {
        fs::write(home.path().join("layer.tar"), layer).unwrap();
        let add = ["raw", "add-layer", "--image", "image:latest", "layer.tar"];
        umoci(home.path(), &add);
    }
    umoci(
        home.path(),
        &["raw", "unpack", "--image", "image:latest", "rootfs"],
    );
    home
}

fn umoci(home: &Path, arguments: &[&str]) {
    let output = Command::new("umoci")
        .args(arguments)
        .current_dir(home)
        .env("HOME", home)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "umoci {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
