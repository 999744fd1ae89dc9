//! A layer with deletions through all three doors.

use std::{fs, path::Path};

use archive::{Digest, Kind};
use llbgen_tests::{
    bed::Bed,
    command::{as_emitted, clean, run},
    fixtures,
    frontend::buildx,
    machine::llbgen,
};
use toml::{Table, Value};

use super::{elsewhere, tar};
use crate::umoci::facts;

/// The test artifacts as a catalog file, which says the same.
fn catalog_file() -> String {
    let catalog = fixtures::catalog("layers").unwrap().check().unwrap();
    let artifacts = catalog.artifacts().map(|artifact| {
        let mut table = Table::try_from(artifact).unwrap();
        let name = table.remove("name").unwrap();
        (name.as_str().unwrap().to_owned(), Value::from(table))
    });
    let artifacts = Value::from(artifacts.collect::<Table>());
    toml::to_string(&Table::from_iter([("artifact".to_owned(), artifacts)])).unwrap()
}

/// `llbgen build`, `llbgen emit` with buildctl, and buildx with the frontend: one tar, which has whiteouts.
#[test]
fn deletions_come_through_every_door() {
    let Some(bed) = Bed::shared() else { return };
    let home = elsewhere(bed);
    let home = home.path();
    fs::write(home.join("llbgen.toml"), catalog_file()).unwrap();
    let platform = ["--platform", "linux/amd64"];
    let mut direct = clean(llbgen(), home);
    direct.args(["--addr", &bed.address(), "build", "edits"]);
    run(direct.args(platform)).success();
    emit(bed, home, &platform);
    let mut door = buildx(bed, bed, home);
    door.args(["--target", "edits", "--output", "type=local,dest=buildx"]);
    run(door.args(platform).arg(".")).success();

    let digest = |tar: &Path| Digest::of(&fs::read(tar).unwrap());
    let direct = digest(&tar(bed, "amd64", "edits"));
    for directory in ["out", "buildctl", "buildx"] {
        let tar = home.join(directory).join("amd64-edits.tar");
        assert_eq!(digest(&tar), direct, "{directory}");
    }
    let layer = facts(&home.join("buildx/amd64-edits.tar"));
    for whiteout in ["t/.wh.gone", "t/again/.wh.stays", "t/turns/.wh.x"] {
        let entry = layer
            .values()
            .find(|entry| entry.path.to_string() == whiteout);
        assert_eq!(entry.unwrap().kind, Kind::File { size: 0 }, "{whiteout}");
    }
}

/// The command line that `emit` prints, as it stands.
fn emit(bed: &Bed, home: &Path, platform: &[&str]) {
    let mut emit = clean(llbgen(), home);
    let emitted = run(emit.args(["emit", "edits"]).args(platform)).success();
    run(&mut as_emitted(
        &emitted,
        &bed.address(),
        &home.join("buildctl"),
    ))
    .success();
}
