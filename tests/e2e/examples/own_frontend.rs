//! A crate with a catalog: its command, and its frontend in an image.

use std::{fs, path::Path, time::Duration};

use llbgen_tests::{
    bed::Bed,
    command::{Running, clean, run},
    frontend::{buildx_through, image, own_program, platform},
    image::ARCHITECTURES,
    machine::{llbgen, program},
    tree::Tree,
};

use super::example;

/// The image that frontends of their own start from, as their catalogs name it.
const STOCK: &str = "ghcr.io/oomol/llbgen-frontend:latest";

/// After that a build through a frontend hangs.
const LIMIT: Duration = Duration::from_mins(2);

/// What stands for the stock image, which only the registry of the bed has.
fn stock(bed: &Bed) -> String {
    format!("{STOCK}=docker-image://{}", image(bed))
}

#[test]
fn a_crate_is_a_command_and_a_frontend() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let example = example("example-crate", home);
    let command = program("example-crate", "example");
    let command = |arguments: &[&str]| {
        let mut command = clean(&command, home);
        command.args(["--addr", &bed.address(), "-C"]);
        run(command.arg(&example).args(arguments)).success()
    };
    own_program("example-crate", "example-frontend", &home.join("programs"));
    let registry = format!("{}/example", bed.description().registry);
    let flags = ["--push", "--registry", &registry, "--platform", &platform()];
    let contexts = ["--build-context", &stock(bed)];
    let programs = ["--build-context", "programs=programs"];
    let build = ["build", "example-frontend"];
    let pushed = command(&[&build[..], &flags, &contexts, &programs].concat());
    let frontend = pushed.text().trim();
    assert!(frontend.contains("/frontend:"), "{frontend}");

    command(&["build"]);
    for (language, greeting) in [("en_US", "Hello\n"), ("zh_CN", "你好\n")] {
        let mut door = buildx_through(frontend, bed, home);
        door.args(["--platform", "linux/amd64,linux/arm64"])
            .args(["--build-arg", &format!("l10n={language}")])
            .args(["--output", language])
            .arg(&example);
        run(&mut door).success();
        for arch in ARCHITECTURES {
            let name = format!("{arch}-tools-{language}.tar");
            let direct = fs::read(home.join("out").join(&name)).unwrap();
            let through_door = home.join(format!("{language}/linux_{arch}/{name}"));
            assert!(fs::read(through_door).unwrap() == direct, "{name}");
            let tree = Tree::read(direct.as_slice()).unwrap();
            let has = |path: &str, text: &str| tree.get(path).unwrap().has_content(text.as_bytes());
            assert!(has("etc/greeting", greeting));
            assert!(has("usr/local/bin/hello", "#!/bin/sh\ncat /etc/greeting\n"));
        }
    }

    // An `llbgen.toml` stands beside the artifacts of the crate, and takes no name of theirs.
    let file = |name: &str| {
        let text = format!("[artifact.{name}]\nkind = \"layer\"\nbase = \"debian:bookworm\"\n");
        fs::write(example.join("llbgen.toml"), text).unwrap();
        let mut door = buildx_through(frontend, bed, home);
        run(door.args(["--call", "targets"]).arg(&example))
    };
    let listed = file("mine").success();
    let lines: Vec<&str> = listed.text().lines().collect();
    for name in ["tools ", "example-frontend ", "mine"] {
        assert!(lines.iter().any(|line| line.starts_with(name)), "{lines:?}");
    }
    let clash = [
        "`llbgen.toml` line 1, column 1: artifact `tools` is declared at ",
        "src/lib.rs:7, too; call one of them something else",
    ];
    file("tools").fails(1, &clash);
}

/// The image of a frontend that is in no catalog.
fn pushed(bed: &Bed, package: &str, program: &str, home: &Path) -> String {
    own_program(package, program, &home.join("programs"));
    let copy = format!(
        "{{ copy = \"{{arch}}/{program}\", to = \"/llbgen-frontend\", context = \"programs\" }}"
    );
    let artifact = format!(
        "[artifact.it]\nkind = \"image\"\nbase = \"{STOCK}\"\nrepository = \"{program}\"\nsteps = [{copy}]\n"
    );
    fs::write(home.join("llbgen.toml"), artifact).unwrap();
    let mut build = clean(llbgen(), home);
    build
        .args(["--addr", &bed.address(), "build", "it", "--push"])
        .args(["--registry", &bed.description().registry])
        .args(["--platform", &platform(), "--tag", "latest"])
        .args(["--build-context", &stock(bed)])
        .args(["--build-context", "programs=programs"]);
    run(&mut build).success().text().trim().to_owned()
}

/// It is told to the user, who sees nothing of what the program writes itself, and the build ends.
#[test]
fn a_frontend_that_panics_says_so() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let frontend = pushed(bed, "llbgen-tests", "fixture-frontend", home.path());
    let context = home.path().join("empty");
    fs::create_dir(&context).unwrap();
    let mut door = buildx_through(&frontend, bed, home.path());
    door.args(["--target", "breaks"]).arg(&context);
    let words = [
        "failed to solve: this is a bug of llbgen: panicked at tests/src/bin/fixture-frontend.rs:",
        "the step `break` is broken",
    ];
    Running::start(&mut door).wait_for(LIMIT).fails(1, &words);
}
