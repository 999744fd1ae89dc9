//! With `SOURCE_DATE_EPOCH` no time is later than it, in no kind, and two builds of a command are equal.

use std::{collections::BTreeMap, fs, path::Path, thread, time::Duration};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    frontend::buildx,
    machine::llbgen,
    oci_archive::OciArchive,
};
use serde_json::Value;

use super::{build, tars, write};

const VARIABLE: &str = "SOURCE_DATE_EPOCH";
const EPOCH: i64 = 1_600_000_000;
/// A time that a file of the step has, before the epoch.
const EARLIER: i64 = 1_500_000_000;

const STEPS: &str = r#"[{ run = "echo now > /made; echo then > /old; touch -d @1500000000 /old; rm /etc/motd", network = "none" }]"#;

fn catalog() -> String {
    let kinds = ["rootfs", "layer", "image"].map(|kind| {
        format!(
            "[artifact.{kind}]\nkind = \"{kind}\"\nbase = \"debian:bookworm\"\n\
             platforms = [\"linux/amd64\"]\noutput = \"{kind}.tar\"\nsteps = {STEPS}\n"
        )
    });
    kinds.concat()
}

fn ids(home: &Path, epoch: Option<&str>) -> BTreeMap<String, Value> {
    let mut command = clean(llbgen(), home);
    command.envs(epoch.map(|epoch| (VARIABLE, epoch)));
    let said = run(command.args(["id", "all", "--format", "json"])).success();
    let rows: Vec<Value> = serde_json::from_slice(&said.stdout).unwrap();
    let pair = |row: Value| {
        (
            row["artifact"].as_str().unwrap().to_owned(),
            row["id"].clone(),
        )
    };
    rows.into_iter().map(pair).collect()
}

#[test]
fn no_time_is_later_than_the_epoch() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    write(home, "llbgen.toml", catalog());
    let epoch = EPOCH.to_string();
    let built = |out: &str| {
        let mut command = build(bed, home, &["all", "--no-cache", "-o", out]);
        run(command.env(VARIABLE, &epoch)).success();
        tars(&home.join(out))
    };
    let first = built("first");
    assert_eq!(first.len(), 3, "{first:?}");
    check_times(&fs::read(home.join("first/rootfs.tar")).unwrap(), "rootfs");
    check_times(&fs::read(home.join("first/layer.tar")).unwrap(), "layer");
    // The first layer is the base's, and stays as it is.
    let image = OciArchive::open(&home.join("first/image.tar"));
    let layers = image.layers("amd64");
    check_times(&layers[1..].concat(), "image");
    assert!(times(&layers[0]).values().any(|time| *time > EPOCH));

    thread::sleep(Duration::from_millis(1100));
    assert_eq!(first, built("again"));

    let mut door = buildx(bed, bed, home);
    door.args([
        "--target",
        "layer",
        "--platform",
        "linux/amd64",
        "--no-cache",
    ])
    .args(["--build-arg", &format!("{VARIABLE}={epoch}")])
    .args(["--output", "type=local,dest=door", "."]);
    run(&mut door).success();
    assert_eq!(first["layer.tar"], tars(&home.join("door"))["layer.tar"]);

    let (with, without) = (ids(home, Some(&epoch)), ids(home, None));
    assert_eq!(with.len(), 3, "{with:?}");
    for (artifact, id) in &with {
        assert_ne!(*id, without[artifact], "{artifact}");
    }
}

fn check_times(bytes: &[u8], what: &str) {
    let times = times(bytes);
    let later = times.iter().filter(|(_, time)| **time > EPOCH);
    assert_eq!(later.collect::<Vec<_>>(), Vec::new(), "{what}");
    assert_eq!(times["made"], EPOCH, "{what}");
    assert_eq!(times["old"], EARLIER, "{what}");
}

/// The times in a tar, or in several behind each other.
fn times(bytes: &[u8]) -> BTreeMap<String, i64> {
    let mut archive = tar::Archive::new(bytes);
    archive.set_ignore_zeros(true);
    let mut times = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        times.insert(path, entry.header().mtime().unwrap().cast_signed());
    }
    times
}
