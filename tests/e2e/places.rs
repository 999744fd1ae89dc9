//! A step that fails shows where it was written: in `llbgen build`, and in BuildKit's own client.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    machine,
};

use crate::built::buildctl;

const CATALOG: &str = r#"[artifact.tool]
kind = "rootfs"
base = "debian:bookworm"
platforms = ["linux/amd64"]
steps = [
  { run = "./install.sh", files = ["install.sh"] },
]

[artifact.image]
kind = "image"
base = "debian:bookworm"
steps = [{ run = "./install.sh && echo image", files = ["install.sh"] }]
"#;

const SCRIPT: &str = "#!/bin/sh\necho before the end\nexit 7\n";

const SHOWN: &str = r#"  at llbgen.toml:6
      4 | platforms = ["linux/amd64"]
      5 | steps = [
  >>> 6 |   { run = "./install.sh", files = ["install.sh"] },
      7 | ]
      8 |
  at install.sh:1
  >>> 1 | #!/bin/sh
  >>> 2 | echo before the end
  >>> 3 | exit 7
"#;

fn llbgen(home: &Path) -> std::process::Command {
    clean(machine::llbgen(), home)
}

fn write_catalog(home: &Path) {
    use std::os::unix::fs::PermissionsExt;

    fs::write(home.join("llbgen.toml"), CATALOG).unwrap();
    fs::write(home.join("install.sh"), SCRIPT).unwrap();
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(home.join("install.sh"), executable).unwrap();
}

#[test]
fn a_step_that_fails_shows_its_lines() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    write_catalog(home.path());
    let build = |artifact: &str, flags: &[&str]| {
        run(llbgen(home.path())
            .args(["--addr", &bed.address()])
            .args(flags)
            .args(["build", artifact]))
    };
    let name = "error: artifact `tool` for `linux/amd64` failed at step `run ./install.sh`";
    for progress in ["plain", "rawjson", "quiet"] {
        let outcome = build("tool", &["--progress", progress]).fails(1, &[name, SHOWN]);
        assert!(!outcome.stderr.contains('\x1b'), "{}", outcome.stderr);
    }
    build("tool", &["--color", "always"]).fails(1, &["\x1b[1m\x1b[31m>>>\x1b[0m 6 |"]);
    // The error of an image has come another way.
    let image = ["  at llbgen.toml:12\n", "  at install.sh:1\n"];
    let outcome = build("image", &[]).fails(1, &image);
    let places = image.map(|place| outcome.stderr.find(place));
    assert!(places.is_sorted(), "{}", outcome.stderr);
    // The same in the daemon's client, from the graph alone.
    let graph = fs::File::create(home.path().join("graph.pb")).unwrap();
    let emit = llbgen(home.path())
        .args(["emit", "tool", "--platform", "linux/amd64"])
        .stdout(graph)
        .status()
        .unwrap();
    assert!(emit.success());
    let graph = fs::File::open(home.path().join("graph.pb")).unwrap();
    run(buildctl(bed, home.path()).arg("build").stdin(graph)).fails(
        1,
        &[
            "llbgen.toml:6\n--------------------\n",
            "   6 | >>>   { run = \"./install.sh\", files = [\"install.sh\"] },\n",
            "install.sh:1\n--------------------\n",
            "   3 | >>> exit 7\n",
        ],
    );
}
