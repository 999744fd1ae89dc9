//! A team with an `llbgen.toml` and buildx, on the newest daemon and on the oldest.

use std::{fs, sync::OnceLock};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    frontend::{buildx, create_builder, image},
    tree::Tree,
};

use crate::oocana::{config, image_tree};

const FAILS: &str = "[artifact.fails]
kind = \"rootfs\"
base = \"debian:bookworm\"
steps = [
    { run = \"echo before the end; exit 7\" },
]
";

/// Both daemons: of the newest BuildKit, and of the oldest that is supported.
pub(super) fn on_each(check: fn(&Bed, &Bed)) {
    let Some(shared) = Bed::shared() else { return };
    check(shared, shared);
    check(shared, oldest(shared));
}

fn oldest(shared: &Bed) -> &'static Bed {
    static OLDEST: OnceLock<Bed> = OnceLock::new();
    OLDEST.get_or_init(|| shared.oldest())
}

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

/// From nothing to a layer, with the command and then with buildx alone.
#[test]
fn a_team_adds_an_artifact_in_a_file() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let llbgen = |arguments: &[&str]| {
            let mut command = clean(llbgen_tests::machine::llbgen(), home.path());
            command.env("BUILDKIT_HOST", bed.address()).args(arguments);
            run(&mut command).success()
        };
        let layer =
            |directory: &str| fs::read(home.path().join(directory).join("amd64.tar")).unwrap();
        let through_door = |to: &str, more: &[&str]| {
            let mut door = buildx(shared, bed, home.path());
            door.args([
                "--target",
                "more",
                "--platform",
                "linux/amd64",
                "--output",
                to,
            ]);
            run(door.args(more).arg(".")).success();
            layer(to)
        };
        llbgen(&["new", "layer", "my-tools", "--base", "debian:bookworm"]);
        let file = home.path().join("llbgen.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}{MORE}")).unwrap();
        fs::write(home.path().join("hello"), "hello\n").unwrap();
        llbgen(&["build", "more", "--platform", "linux/amd64"]);
        let direct = layer("out/more");
        let tree = Tree::read(direct.as_slice()).unwrap();
        assert!(tree.get("usr/share/hello").is_some());
        assert!(through_door("door", &[]) == direct);

        // The file may be elsewhere, and have another name.
        fs::create_dir(home.path().join("sub")).unwrap();
        fs::rename(&file, home.path().join("sub/fleet.toml")).unwrap();
        assert!(through_door("again", &["-f", "sub/fleet.toml"]) == direct);
    });
}

const MORE: &str = "
# The edit:
[artifact.more]
kind = \"layer\"
base = \"my-tools\"
steps = [{ copy = \"hello\", to = \"/usr/share/\" }]
";

/// A first line says which frontend, for who does not want to say it each time.
#[test]
fn a_syntax_line_opens_the_door() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let works = FAILS.replace("exit 7", "echo done > /done");
        let works = works.replace("fails", "works");
        let text = format!("# syntax={}\n{works}", image(shared));
        fs::write(home.path().join("llbgen.toml"), text).unwrap();
        create_builder(bed, home.path());
        let mut command = clean("buildx", home.path());
        command.env("BUILDX_CONFIG", home.path().join(".buildx"));
        command.args(["build", "--builder", "bed", "-f", "llbgen.toml"]);
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

/// Secrets and ssh agents reach steps through this door, too, and a cache in a registry is read.
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
        let tree = image_tree(home.path(), &home.path().join("asks.tar"), "amd64");
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
    let Some(shared) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let copies = |name: &str| {
        format!(
            "[artifact.{name}]\nkind = \"rootfs\"\nbase = \"scratch\"\nplatforms = [\"linux/amd64\"]\nsteps = [{{ copy = \"large\", to = \"/{name}\" }}]\n"
        )
    };
    fs::write(
        home.path().join("llbgen.toml"),
        copies("one") + &copies("other"),
    )
    .unwrap();
    let large = "not data in the graph\n".repeat(8 * 1024);
    fs::write(home.path().join("large"), &large).unwrap();
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
    fs::write(home.path().join("bake.json"), bake.to_string()).unwrap();
    create_builder(shared, home.path());
    let mut command = clean("buildx", home.path());
    command.env("BUILDX_CONFIG", home.path().join(".buildx"));
    command.args([
        "bake",
        "--builder",
        "bed",
        "--allow",
        "fs=*",
        "-f",
        "bake.json",
    ]);
    run(&mut command).success();
    for name in ["one", "other"] {
        let file = home.path().join(format!("to-{name}/{name}"));
        assert_eq!(fs::read_to_string(file).unwrap(), large);
    }
}

/// A frontend must hand on itself which caches its graph may read.
#[test]
fn a_cache_in_a_registry_is_read() {
    let Some(shared) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let works = FAILS.replace("exit 7", "date +%N > /moment");
    fs::write(
        home.path().join("llbgen.toml"),
        works.replace("fails", "moment"),
    )
    .unwrap();
    let cache = format!(
        "type=registry,ref={}/door/cache",
        shared.description().registry
    );
    let moment = |bed: &Bed, builder: &str, more: &[&str]| {
        let directory = home.path().join(builder);
        fs::create_dir(&directory).unwrap();
        fs::copy(
            home.path().join("llbgen.toml"),
            directory.join("llbgen.toml"),
        )
        .unwrap();
        let mut command = buildx(shared, bed, &directory);
        command.args(["--target", "moment", "--platform", "linux/amd64"]);
        command
            .args(["--output", "type=local,dest=to"])
            .args(more)
            .arg(".");
        run(&mut command).success();
        fs::read_to_string(directory.join("to/moment")).unwrap()
    };
    let writes = format!("{cache},mode=max");
    let first = moment(shared, "first", &["--cache-to", &writes]);
    let other = shared.private();
    let second = moment(&other, "second", &["--cache-from", &cache]);
    assert_eq!(first, second);
}
