//! The entry point of the runtime image.

use std::{collections::BTreeMap, fs};

use llbgen_tests::{
    bed::Bed,
    command::{fixture, run},
    machine::workspace,
};

/// What the entry point does in the four states that it can find, with a program in the place of ovmlayer that notes down how
/// it is called.
#[test]
fn the_entry_point_makes_ready_what_is_not() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let script = workspace().join("scripts/image/entrypoint.sh");
    fs::copy(script, home.path().join("entrypoint.sh")).unwrap();
    let mut build = fixture("entrypoint", home.path());
    run(build.args(["--addr", &bed.address(), "build", "entrypoint"])).success();
    let mut tar =
        tar::Archive::new(fs::File::open(home.path().join("out/entrypoint.tar")).unwrap());
    let mut files = BTreeMap::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        if let Some(state) = path
            .strip_prefix("states/")
            .filter(|state| !state.is_empty())
        {
            let text = std::io::read_to_string(&mut entry).unwrap();
            files.insert(state.to_owned(), text);
        }
    }
    let dev =
        "ovmlayer setup dev --base-rootfs=/root/rootfs.tar --layer-disk=/root/tmp_overlay_disk\n";
    let production = "ovmlayer setup production --base-rootfs=/root/rootfs.tar\n";
    let import = "ovmlayer import --rename executor /tmp/executor-layer.tar\n";
    let end = "{\"base_rootfs\":[\"executor\"]}\ncommand with arguments\n";
    let expect = |state: &str, calls: &[&str]| {
        // Whether control groups can be written to is up to the daemon here.
        let said = files[state].trim_start_matches("mount -o remount,rw /sys/fs/cgroup\n");
        assert_eq!(said, format!("{}{end}", calls.concat()), "{state}");
    };
    expect("absent", &[dev, import]);
    expect("empty", &[production, import]);
    expect("base", &[import]);
    expect("executor", &[]);
    // Where it is known whether they can: a directory of the container, and one that nobody in it writes to.
    assert_eq!(files["writable"], end);
    assert_eq!(
        files["read-only"],
        format!("mount -o remount,rw /proc/sys\n{end}")
    );
}
