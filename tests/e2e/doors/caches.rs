//! What one door has built, the others do not build again, and neither does another daemon that is told where to look.

use std::{collections::BTreeSet, fs, path::Path, ptr};

use llbgen_tests::{
    bed::Bed,
    command::{as_emitted, clean, run},
    frontend::buildx,
    machine,
};

use super::{BOTH, news, on_each};
use crate::oocana::commands_run;

/// Every build of it is another one.
const MOMENT: &str = r#"[artifact.moment]
kind = "rootfs"
base = "debian:bookworm"
platforms = ["linux/amd64"]
steps = [{ run = "date +%N > /moment" }]
"#;

/// Builds [`MOMENT`] in `home`, and says when that was.
fn moment(shared: &Bed, bed: &Bed, home: &Path, more: &[&str]) -> String {
    fs::write(home.join("llbgen.toml"), MOMENT).unwrap();
    let mut command = buildx(shared, bed, home);
    command.args(["--target", "moment", "--output", "type=local,dest=to"]);
    run(command.args(more).arg(".")).success();
    fs::read_to_string(home.join("to/moment")).unwrap()
}

/// A frontend must hand on itself which caches its graph may read.
#[test]
fn a_cache_in_a_registry_is_read() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let (registry, pid) = (&shared.description().registry, bed.description().pid);
        let cache = format!("type=registry,ref={registry}/door/cache:{pid}");
        let writes = format!("{cache},mode=max");
        let first = moment(shared, bed, home.path(), &["--cache-to", &writes]);
        let other = if ptr::eq(shared, bed) {
            shared.private()
        } else {
            shared.oldest()
        };
        let second = moment(shared, &other, home.path(), &["--cache-from", &cache]);
        assert_eq!(first, second);
    });
}

#[test]
fn without_a_cache_everything_is_built_again() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let moment = |more: &[&str]| moment(shared, bed, home.path(), more);
        let first = moment(&[]);
        assert_eq!(moment(&[]), first);
        let second = moment(&["--no-cache"]);
        let third = moment(&["--no-cache"]);
        let all = BTreeSet::from([&first, &second, &third]);
        assert_eq!(all.len(), 3, "{all:?}");
    });
}

const TOOLS: &str = r#"[artifact.ground]
kind = "rootfs"
base = "debian:bookworm"
steps = [{ run = "date +%N > /ground" }]

[artifact.tools]
kind = "layer"
base = "ground"
steps = [{ run = "date +%N > /tools" }]
"#;

/// The tests of the fleet begin with `llbgen build`; here, buildx is first.
#[test]
fn what_buildx_has_built_nobody_builds_again() {
    let Some(shared) = Bed::shared() else { return };
    let bed = shared.private();
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("llbgen.toml"), TOOLS).unwrap();
    let tar = |path: &str| fs::read(home.join(path)).unwrap();

    // The lock says as of when packages are installed: it is an input, the same for all.
    let llbgen = |arguments: &[&str]| {
        let mut llbgen = clean(machine::llbgen(), home);
        llbgen.env("BUILDKIT_HOST", bed.address()).args(arguments);
        run(&mut llbgen).success()
    };
    llbgen(&["lock"]);
    let mut door = buildx(shared, &bed, home);
    door.args(["--progress", "rawjson", "--target", "tools"]);
    door.args(["--output", "type=local,dest=door"]).args(BOTH);
    let said = run(door.arg(".")).success();
    // Two commands and a packer for each platform.
    let ran = commands_run(&news(&said));
    assert_eq!(ran.len(), 6, "{ran:?}");

    let said = llbgen(&["build", "tools", "--progress", "rawjson"]);
    assert_eq!(commands_run(&said.stderr), Vec::<String>::new());
    for arch in ["amd64", "arm64"] {
        let direct = tar(&format!("out/tools/{arch}.tar"));
        assert!(direct == tar(&format!("door/linux_{arch}/{arch}.tar")));
    }

    let emitted = llbgen(&["emit", "tools", "--platform", "linux/amd64"]);
    let mut buildctl = as_emitted(&emitted, &bed.address(), home);
    let said = run(buildctl.env("BUILDKIT_PROGRESS", "rawjson")).success();
    assert_eq!(commands_run(&said.stderr), Vec::<String>::new());
    assert!(tar("tools/amd64.tar") == tar("out/tools/amd64.tar"));
}
