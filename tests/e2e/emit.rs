//! `llbgen emit`: the same bytes everywhere, and what buildctl makes of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, llbgen, locked, run},
    context::{PROGRAMS, made_up_lock, programs},
    machine,
    tree::Tree,
};
use serde_json::Value;

use crate::built::built;

/// Every artifact of the catalog with every platform.
fn variants(home: &Path) -> Vec<(String, String)> {
    let list = run(llbgen(home).args(["list", "--format", "json"])).success();
    let rows: Value = serde_json::from_slice(&list.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.flat_map(|row| {
        row["platforms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (text(&row["name"]), text(p)))
    })
    .collect()
}

#[test]
fn the_same_bytes_from_anywhere() {
    let home = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    programs(home.path());
    programs(elsewhere.path());
    let variants = variants(home.path());
    let expected = [
        ("base-rootfs", "linux/amd64"),
        ("server-base", "linux/arm64"),
    ];
    assert!(
        expected
            .into_iter()
            .all(|(name, platform)| variants.contains(&(name.into(), platform.into())))
    );
    let mut graphs = BTreeSet::new();
    for (artifact, platform) in &variants {
        let mut emit = vec!["emit", artifact, "--platform", platform];
        if artifact == "oocana-runtime" {
            emit.extend(PROGRAMS);
        }
        let emit = &emit;
        let here = run(locked(home.path(), &made_up_lock()).args(emit))
            .success()
            .stdout;
        let there = run(locked(elsewhere.path(), &made_up_lock())
            .args(emit)
            .env("TZ", "Asia/Kathmandu")
            .env("LANG", "tr_TR.UTF-8"))
        .success()
        .stdout;
        assert!(!here.is_empty() && here == there, "{artifact} {platform}");
        graphs.insert(here);
    }
    assert_eq!(graphs.len(), variants.len());
}

#[test]
fn buildctl_builds_what_emit_says() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let program = machine::llbgen().display();
    locked(home.path(), &built(bed).lock);
    let emit = format!("{program} -C context emit base-rootfs --platform linux/arm64");
    let said = run(clean("sh", home.path()).args(["-c", &format!("{emit} >/dev/null")])).success();
    let line = said.buildctl_line();
    let script = format!("set -e; {emit} | buildctl build {line}; ls *.tar");
    let listing = run(clean("sh", home.path())
        .env("BUILDKIT_HOST", bed.address())
        .args(["-c", &script]))
    .success();
    let tar = home.path().join(listing.text().trim());
    let tree = Tree::open(&tar).unwrap();
    assert!(tree.get("usr/bin/zsh").is_some());
    assert_eq!(
        built(bed).tree("arm64-rootfs.tar").differences(&tree),
        BTreeMap::new()
    );
}
