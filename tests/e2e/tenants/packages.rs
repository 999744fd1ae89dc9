//! Packages that somebody planted in a cache are not installed.

use std::{fs, path::Path};

use buildkit_llb::{CacheMount, Constraints, Definition, Exec, Image, OpContent, Platform};
use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    tree::Tree,
};

use super::llbgen;

/// A catalog that installs packages, in a home of its own.
fn installing(steps: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let catalog = format!(
        "[artifact.hello]\nkind = \"layer\"\nbase = \"debian:bookworm\"\nplatforms = [\"linux/amd64\"]\n\
         output = \"hello.tar\"\nsteps = [{steps}]\n"
    );
    fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
    home
}

fn install(bed: &Bed, home: &Path) {
    let mut command = llbgen(home);
    command.args(["--addr", &bed.address(), "build", "hello"]);
    run(&mut command).success();
}

/// Runs a script on the caches of the victim's graph, below `/cache`, as somebody who knows the namespace.
fn in_caches(bed: &Bed, home: &Path, script: &str) {
    let emitted = run(llbgen(home).args(["emit", "hello"])).success();
    let victim = Definition::from_bytes(&emitted.stdout).unwrap();
    let caches = victim.vertices().flat_map(|vertex| match vertex.content() {
        OpContent::Exec(exec) => exec.mounts,
        _ => Vec::new(),
    });
    let caches = caches.filter(|mount| mount.kind == "cache");
    let exec = Exec::new(["/bin/sh", "-ec", script]);
    let exec = caches.enumerate().fold(exec, |exec, (number, cache)| {
        exec.mount(CacheMount::new(format!("/cache/{number}"), cache.id))
    });
    let debian = Image::new("docker.io/library/debian:bookworm".parse().unwrap());
    let constraints = Constraints::new(Platform::new("linux", "amd64"));
    let graph = debian.state().exec(exec).root().marshal(&constraints);
    fs::write(home.join("script.pb"), graph.unwrap().to_bytes()).unwrap();
    let mut shell = clean("sh", home);
    let script = "exec buildctl build --progress plain < script.pb";
    shell
        .env("BUILDKIT_HOST", bed.address())
        .args(["-c", script]);
    run(&mut shell).success();
}

/// Every package of the cache is replaced by another file of its size.
#[test]
fn a_planted_package_is_not_installed() {
    let Some(bed) = Bed::shared() else { return };
    let home = installing("{ apt = \"hello\" }");
    let home = home.path();
    let program = || {
        let tree = Tree::open(&home.join("out/hello.tar")).unwrap();
        format!("{:?}", tree.get("usr/bin/hello").unwrap())
    };
    install(bed, home);
    let honest = program();
    let plant = "debs=$(find /cache -name '*.deb'); [ -n \"$debs\" ]; for deb in $debs; do \
         size=$(wc -c < $deb); head -c $size /dev/zero > $deb; done";
    in_caches(bed, home, plant);
    // With --no-cache, BuildKit begins caches anew; another environment has the step run again.
    let path = home.join("llbgen.toml");
    let catalog = fs::read_to_string(&path).unwrap();
    let changed = catalog.replace("steps = [", "steps = [{ env = { A = \"2\" } }, ");
    fs::write(&path, changed).unwrap();
    install(bed, home);
    assert_eq!(program(), honest);
}

#[test]
fn the_packages_of_one_step_outlive_another() {
    let Some(bed) = Bed::shared() else { return };
    let home = installing("{ apt = \"hello\" }, { apt = \"tree\" }");
    install(bed, home.path());
    let both = "for name in hello tree; do [ -n \"$(find /cache -name \"${name}_*.deb\")\" ]; done";
    in_caches(bed, home.path(), both);
}
