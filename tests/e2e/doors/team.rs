//! A team with an `llbgen.toml` and buildx, on the newest daemon and on the oldest.

use std::fs;

use llbgen_tests::{
    command::{clean, run},
    frontend::{buildx, client, image},
    image::ARCHITECTURES,
    oci_archive::OciArchive,
    tree::Tree,
};

use super::{BOTH, on_each};
use crate::oocana::config;

const FAILS: &str = "[artifact.fails]
kind = \"rootfs\"
base = \"debian:bookworm\"
steps = [
    { run = \"echo before the end; exit 7\" },
]
";

/// The step is named, and what it said is there.
#[test]
fn a_failing_step_is_named() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("llbgen.toml"), FAILS).unwrap();
        let mut command = buildx(shared, bed, home.path());
        command.args(["--progress", "plain", "--target", "fails", "."]);
        let step =
            "artifact `fails` for `linux/amd64` failed at step `run echo before the end; exit 7`";
        let said = "process did not complete successfully: exit code: 7";
        let line = "5 | >>>     { run = \"echo before the end; exit 7\" },";
        run(&mut command).fails(1, &[step, said, "before the end", "llbgen.toml:5", line]);
    });
}

/// From nothing to a layer with one edit of what `llbgen new` wrote, with the command and then with buildx alone.
#[test]
fn a_team_adds_an_artifact_in_a_file() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let llbgen = |arguments: &[&str]| {
            let mut command = clean(llbgen_tests::machine::llbgen(), home);
            command.env("BUILDKIT_HOST", bed.address()).args(arguments);
            run(&mut command).success()
        };
        let through_door = |to: &str, more: &[&str]| {
            let mut door = buildx(shared, bed, home);
            door.args(["--target", "my-tools", "--output", to]);
            run(door.args(BOTH).args(more).arg(".")).success();
        };
        llbgen(&["new", "layer", "my-tools", "--base", "debian:bookworm"]);
        let file = home.join("llbgen.toml");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(WRITTEN), "{text}");
        fs::write(&file, text.replace(WRITTEN, EDITED)).unwrap();
        llbgen(&["build", "my-tools"]);
        through_door("door", &[]);
        // The file may be elsewhere, and have another name.
        fs::create_dir(home.join("sub")).unwrap();
        fs::rename(&file, home.join("sub/fleet.toml")).unwrap();
        through_door("again", &["-f", "sub/fleet.toml"]);

        for arch in ARCHITECTURES {
            let tar = format!("{arch}.tar");
            let direct = fs::read(home.join("out/my-tools").join(&tar)).unwrap();
            let tree = Tree::read(direct.as_slice()).unwrap();
            let machine = if arch == "amd64" {
                "x86_64\n"
            } else {
                "aarch64\n"
            };
            assert!(tree.get("machine").unwrap().has_content(machine.as_bytes()));
            assert!(tree.get("etc/.wh.debian_version").is_some());
            for door in ["door", "again"] {
                let tar = home.join(door).join(format!("linux_{arch}")).join(&tar);
                assert!(fs::read(tar).unwrap() == direct, "{door} {arch}");
            }
        }
    });
}

const WRITTEN: &str = "{ apt = [\"ca-certificates\"] },";
const EDITED: &str = "{ run = \"uname -m > /machine; rm /etc/debian_version\" },";

/// A first line says which frontend, for who does not want to say it each time.
#[test]
fn a_syntax_line_opens_the_door() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let works = FAILS.replace("exit 7", "echo done > /done");
        let works = works.replace("fails", "works");
        let text = format!("# syntax={}\n{works}", image(shared));
        fs::write(home.path().join("llbgen.toml"), text).unwrap();
        let mut command = client(bed, home.path(), "build");
        command.args(["-f", "llbgen.toml"]);
        command.args(["--target", "works", "--platform", "linux/amd64"]);
        command.args(["--output", "type=tar,dest=works.tar", "."]);
        let said = run(&mut command).success();
        // What is asked for is not written down, and that is told.
        let warning =
            "not pinned in `llbgen.lock`, and maybe another one tomorrow: `debian:bookworm`";
        assert!(said.stderr.contains(warning), "{}", said.stderr);
        let tree = Tree::open(&home.path().join("works.tar")).unwrap();
        assert!(tree.get("done").is_some());
    });
}

/// Secrets, options, directories and labels reach steps and images through this door, too.
#[test]
fn what_steps_ask_for_comes_through_the_door() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("llbgen.toml"), ASKS).unwrap();
        fs::write(home.path().join("token"), "s3cr3t").unwrap();
        let mut command = buildx(shared, bed, home.path());
        command.args([
            "--target",
            "asks",
            "--platform",
            "linux/amd64",
            "--label",
            "a.b=c",
        ]);
        command.args([
            "--secret",
            "id=token,src=token",
            "--build-arg",
            "word=other",
        ]);
        command.args([
            "--build-context",
            "given=given",
            "--output",
            "type=oci,dest=asks.tar",
            ".",
        ]);
        fs::create_dir(home.path().join("given")).unwrap();
        fs::write(home.path().join("given/file"), "given\n").unwrap();
        run(&mut command).success();
        let archive = "oci-archive:asks.tar";
        let config = config(home.path(), archive, "amd64");
        assert_eq!(
            config["config"]["Labels"],
            serde_json::json!({ "a.b": "c" })
        );
        let tree = OciArchive::open(&home.path().join("asks.tar")).tree("amd64");
        let has = |path: &str, text: &str| tree.get(path).unwrap().has_content(text.as_bytes());
        assert!(has("said", "6 other\n") && has("given", "given\n"));
    });
}

const ASKS: &str = r#"[artifact.asks]
kind = "image"
base = "debian:bookworm"
options.word = { default = "one", values = ["one", "other"] }
steps = [
    { run = "echo $(wc -c < /run/secrets/token) $WORD > /said", secrets = ["token"], env = { WORD = "{word}" } },
    { copy = "file", to = "/given", context = "given" },
]
"#;

/// `buildx bake` has a session of its own for what several targets read.
#[test]
fn bake_builds_several_artifacts_of_one_context() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        fs::write(
            home.join("llbgen.toml"),
            ["one", "other"].map(copies).concat(),
        )
        .unwrap();
        let large = "not data in the graph\n".repeat(8 * 1024);
        fs::write(home.join("large"), &large).unwrap();
        let target = |name: &str| {
            serde_json::json!({
                "context": ".",
                "target": name,
                "args": { "BUILDKIT_SYNTAX": image(shared) },
                "output": [format!("type=local,dest=to-{name}")],
            })
        };
        let bake = serde_json::json!({
            "group": { "default": { "targets": ["one", "other"] } },
            "target": { "one": target("one"), "other": target("other") },
        });
        fs::write(home.join("bake.json"), bake.to_string()).unwrap();
        let mut command = client(bed, home, "bake");
        command.args(["--allow", "fs=*", "-f", "bake.json"]);
        run(&mut command).success();
        for name in ["one", "other"] {
            let file = home.join(format!("to-{name}/{name}"));
            assert_eq!(fs::read_to_string(file).unwrap(), large);
        }
    });
}

fn copies(name: &str) -> String {
    format!(
        "[artifact.{name}]\nkind = \"rootfs\"\nbase = \"scratch\"\nplatforms = [\"linux/amd64\"]\nsteps = [{{ copy = \"large\", to = \"/{name}\" }}]\n"
    )
}
