//! buildx shows the lines of the user's own files that a step, or what cannot be fetched, comes from.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use llbgen_tests::{bed::Bed, command::run, frontend::buildx};

use super::on_each;

/// Builds `target` of the catalog in `home`, which must fail with these lines.
#[track_caller]
fn fails(shared: &Bed, bed: &Bed, home: &Path, target: &str, lines: &[&str]) {
    let mut command = buildx(shared, bed, home);
    command.args(["--progress", "plain", "--platform", "linux/amd64"]);
    let said = run(command.args(["--target", target, "."])).fails(1, &[]);
    let shown: Vec<&str> = said.stderr.lines().map(str::trim_end).collect();
    for line in lines {
        assert!(
            shown.contains(line),
            "no line `{line}` in:\n{}",
            said.stderr
        );
    }
}

const STEPS: &str = r#"[artifact.script]
kind = "rootfs"
base = "debian:bookworm"
steps = [{ run = "./install.sh", files = ["install.sh"] }]

[artifact.packages]
kind = "rootfs"
base = "ghcr.io/oomol/server-base:v0.6.0"
steps = [
    { run = "pip install --no-index --break-system-packages -r requirements.txt", files = ["requirements.txt"] },
]
"#;

#[test]
fn of_what_a_command_reads() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        fs::write(home.join("llbgen.toml"), STEPS).unwrap();
        let script = home.join("install.sh");
        fs::write(&script, "#!/bin/sh\nset -eu\necho before the end\nexit 7\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(
            home.join("requirements.txt"),
            "# What nobody has.\nno-such-package==1.2.3\n",
        )
        .unwrap();
        fails(
            shared,
            bed,
            home,
            "script",
            &[
                "install.sh:1",
                "   3 | >>> echo before the end",
                "   4 | >>> exit 7",
                "llbgen.toml:4",
                "   4 | >>> steps = [{ run = \"./install.sh\", files = [\"install.sh\"] }]",
            ],
        );
        fails(
            shared,
            bed,
            home,
            "packages",
            &["requirements.txt:1", "   2 | >>> no-such-package==1.2.3"],
        );
    });
}

/// What a lock names is fetched when it is built on; anything else is asked for before that.
#[test]
fn of_what_cannot_be_fetched() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let nothing = format!("{}/no/such:1", shared.description().registry);
        fs::write(
            home.join("lost.dockerfile"),
            format!("# A base.\nFROM {nothing}\n"),
        )
        .unwrap();
        let catalog = format!(
            "[artifact.from]\nkind = \"rootfs\"\nbase = {{ from = \"lost.dockerfile\" }}\nsteps = [{{ run = \"true\" }}]\n\n\
             [artifact.named]\nkind = \"rootfs\"\nbase = \"{nothing}\"\nsteps = [{{ run = \"true\" }}]\n"
        );
        fs::write(home.join("llbgen.toml"), catalog).unwrap();
        let asked = |target: &str, place: &str| {
            let mut command = buildx(shared, bed, home);
            let said = format!(
                "cannot find out what `{nothing}` stands for, which is written in {place}: "
            );
            run(command.args(["--target", target, "."])).fails(1, &[&said, "not found"]);
        };
        asked("from", "lost.dockerfile:2");
        asked("named", "the base of artifact `named`, llbgen.toml:8");

        let lock = format!(
            "version = 1\n[image.\"{nothing}\"]\ndigest = \"sha256:{}\"\n[image.\"{nothing}\".platform.\"linux/amd64\"]\nenv = [\"A=b\"]\n",
            "5".repeat(64)
        );
        fs::write(home.join("llbgen.lock"), lock).unwrap();
        let from = format!("   2 | >>> FROM {nothing}");
        fails(shared, bed, home, "from", &["lost.dockerfile:2", &from]);
        let named = format!("   8 | >>> base = \"{nothing}\"");
        fails(shared, bed, home, "named", &["llbgen.toml:8", &named]);
    });
}
