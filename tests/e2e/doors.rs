//! The third door: `docker buildx build` and buildctl through the gateway frontend.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, Running, clean, llbgen, run},
    context::{PROGRAMS, context},
    frontend::{buildx, create_builder, image},
    image::ARCHITECTURES,
    tree::Tree,
};
use serde_json::Value;

use crate::oocana::{Built, built, commands_run, config, image_tree};

const BOTH: [&str; 2] = ["--platform", "linux/amd64,linux/arm64"];

/// After that it hangs: the tree of a base takes a while on its way out.
const LIMIT: Duration = Duration::from_mins(10);

/// A build of the built-in catalog on the daemon that has built everything.
fn through_buildx(shared: &Bed, built: &Built, arguments: &[&str]) -> Outcome {
    let mut command = buildx(shared, &built.bed, &built.home);
    command.args(["--progress", "rawjson"]).args(arguments);
    command.arg(context(&built.home));
    Running::start(&mut command).wait_for(LIMIT).success()
}

/// What buildx says besides news.
fn news(said: &Outcome) -> String {
    let lines = said.stderr.lines().filter(|line| line.starts_with('{'));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn layers_are_the_same_tars_and_nothing_runs_again() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    for layer in ["executor-layer", "cloud-executor-layer"] {
        let to = built.home.join(format!("door-{layer}"));
        let output = format!("type=local,dest={}", to.display());
        let arguments = [&["--target", layer, "--output", &output][..], &BOTH].concat();
        let said = through_buildx(shared, built, &arguments);
        assert_eq!(commands_run(&news(&said)), Vec::<String>::new());
        for arch in ARCHITECTURES {
            let name = format!("{arch}-executor.tar");
            let through_door = fs::read(to.join(format!("linux_{arch}")).join(&name)).unwrap();
            let direct = fs::read(built.out(&format!("{layer}/{name}"))).unwrap();
            assert!(through_door == direct, "{layer} {arch}");
        }
    }
}

#[test]
fn images_have_the_same_layers_and_configs() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    let registry = &shared.description().registry;
    for name in ["oocana-mount", "oocana-runtime"] {
        let reference = format!("{registry}/door/{name}:latest");
        let output = format!("type=image,name={reference},push=true");
        let mut arguments = vec!["--target", name, "--output", &output];
        arguments.extend(BOTH);
        if name == "oocana-runtime" {
            arguments.extend(PROGRAMS);
        }
        let said = through_buildx(shared, built, &arguments);
        assert_eq!(commands_run(&news(&said)), Vec::<String>::new());
        for arch in ARCHITECTURES {
            let archive = format!(
                "oci-archive:{}",
                built.out(&format!("{name}.oci.tar")).display()
            );
            let pushed = format!("docker://{reference}");
            assert_eq!(
                layers(&built.home, &pushed, arch),
                layers(&built.home, &archive, arch)
            );
            let configs = [&pushed, &archive].map(|image| config(&built.home, image, arch));
            assert_eq!(configs[0], configs[1]);
        }
    }
}

fn layers(home: &Path, image: &str, arch: &str) -> Value {
    let mut command = clean("skopeo", home);
    command.args([
        "inspect",
        "--tls-verify=false",
        "--override-arch",
        arch,
        image,
    ]);
    let said: Value = serde_json::from_slice(&run(&mut command).success().stdout).unwrap();
    said["Layers"].clone()
}

#[test]
fn root_filesystems_are_the_same_trees() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    for arch in ARCHITECTURES {
        let tar = built.home.join(format!("door-{arch}.tar"));
        let output = format!("type=tar,dest={}", tar.display());
        let platform = format!("linux/{arch}");
        // The Dockerfile that an artifact replaces stands for it.
        let file = context(&built.home).join("dockerfiles/base.dockerfile");
        let file = file.to_str().unwrap();
        let arguments = ["-f", file, "--platform", &platform, "--output", &output];
        let said = through_buildx(shared, built, &arguments);
        assert_eq!(commands_run(&news(&said)), Vec::<String>::new());
        let direct = Tree::open(&built.out(&format!("{arch}-rootfs.tar"))).unwrap();
        let through_door = Tree::open(&tar).unwrap();
        assert_eq!(through_door.differences(&direct).len(), 0);
        fs::remove_file(tar).unwrap();
    }
}

/// `--frontend gateway.v0`, as BuildKit's own client has it.
#[test]
fn buildctl_has_the_same_door() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    let to = built.home.join("door-buildctl");
    let mut command = buildctl(&built.bed, &built.home);
    command
        .args(["--opt", &format!("source={}", image(shared))])
        .args([
            "--opt",
            "target=executor-layer",
            "--opt",
            "platform=linux/arm64",
        ])
        .arg("--local")
        .arg(format!("context={}", context(&built.home).display()))
        .arg("--output")
        .arg(format!("type=local,dest={}", to.display()));
    let said = run(&mut command).success();
    assert_eq!(commands_run(&said.stderr), Vec::<String>::new());
    let direct = fs::read(built.out("executor-layer/arm64-executor.tar")).unwrap();
    assert!(fs::read(to.join("arm64-executor.tar")).unwrap() == direct);
}

fn buildctl(bed: &Bed, home: &Path) -> Command {
    let mut command = clean("buildctl", home);
    command.args(["--addr", &bed.address(), "build", "--progress", "rawjson"]);
    command.args(["--frontend", "gateway.v0"]);
    command
}

#[test]
fn what_cannot_be_built_is_refused_with_what_can() {
    let Some(shared) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let context = context(home.path());
    let check = |arguments: &[&str], words: &[&str]| {
        let mut command = buildx(shared, shared, home.path());
        command.args(arguments).arg(&context);
        run(&mut command).fails(1, words);
    };
    let target = |rest: &[&'static str]| [&["--target", "base-rootfs"][..], rest].concat();
    check(
        &["--target", "base-rotfs"],
        &[
            "there is no artifact `base-rotfs`; did you mean `base-rootfs`?",
            "`oocana-mount`",
        ],
    );
    check(&[], &["no artifact was named", "`base-rootfs`"]);
    check(
        &target(&["--platform", "linux/riscv64"]),
        &[
            "`base-rootfs` is not declared for `linux/riscv64`",
            "`linux/arm64`",
        ],
    );
    check(
        &target(&["--build-arg", "l10n=en_US"]),
        &[
            "no selected artifact has an option `l10n`",
            "they have no options",
        ],
    );
    check(
        &target(&["--build-context", "debian=docker-image://debian:12"]),
        &["`debian`", "`--build-context` can replace"],
    );
    check(
        &["--target", "oocana-runtime"],
        &[
            "the build context `oocana` is not given",
            "--build-context oocana=DIR",
        ],
    );
    for (flag, value) in [
        ("--add-host", "a:127.0.0.1"),
        ("--network", "none"),
        ("--ulimit", "nofile=1024"),
        ("--shm-size", "1m"),
        ("--cgroup-parent", "x"),
        ("--no-cache-filter", "x"),
    ] {
        check(
            &target(&[flag, value]),
            &[&format!("{flag} is for Dockerfiles")],
        );
    }
    let unknown = context.join("package.json");
    check(
        &["-f", unknown.to_str().unwrap()],
        &["`package.json` is neither a catalog nor the Dockerfile of an artifact"],
    );
}

const FAILS: &str = "[artifact.fails]
kind = \"rootfs\"
base = \"debian:bookworm\"
steps = [
    { run = \"echo before the end; exit 7\" },
]
";

/// Both daemons: of the newest BuildKit, and of the oldest that is supported.
fn on_each(check: fn(&Bed, &Bed)) {
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

/// The ops of a graph, by digest.
type Ops = BTreeMap<String, Value>;

/// R03, R04: the graphs of `llbgen emit` and of the frontend are the same, vertex by vertex, but for where the packer
/// comes from.
#[test]
fn graphs_are_the_same_through_all_doors() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    let mut counted = BTreeMap::new();
    for artifact in [
        "base-rootfs",
        "server-base",
        "executor-layer",
        "cloud-executor-layer",
        "oocana-mount",
        "oocana-runtime",
    ] {
        let mut all = BTreeSet::new();
        for arch in ARCHITECTURES {
            let platform = format!("linux/{arch}");
            let flags = ["--platform", &platform];
            let programs: &[&str] = match artifact {
                "oocana-runtime" => &PROGRAMS,
                _ => &[],
            };
            let emitted = emitted(&built.home, artifact, &[&flags[..], programs].concat());
            let call = ["--call", "convertllb,format=json", "--target", artifact];
            let flags = [&call[..], &flags, programs].concat();
            let through_door = || converted(shared, built, &flags);
            let graph = through_door();
            // Made twice, it is the same.
            assert_eq!(graph, through_door());
            let (ours, theirs) = (neutral(&emitted), neutral(&graph));
            assert_eq!(ours, theirs, "{artifact} {arch}");
            all.extend(ours);
        }
        counted.insert(artifact, all.len());
    }
    println!("vertices with equal digests: {counted:?}");
    assert!(counted["executor-layer"] > 10, "{counted:?}");
}

fn emitted(home: &Path, artifact: &str, flags: &[&str]) -> Ops {
    let mut command = llbgen(home);
    command
        .args(["emit", artifact, "--format", "json"])
        .args(flags);
    let graph: Value = serde_json::from_slice(&run(&mut command).success().stdout).unwrap();
    let vertices = graph["vertices"].as_array().unwrap().iter();
    let op = |vertex: &Value| {
        (
            vertex["digest"].as_str().unwrap().to_owned(),
            vertex["op"].clone(),
        )
    };
    vertices.map(op).collect()
}

fn converted(shared: &Bed, built: &Built, flags: &[&str]) -> Ops {
    let mut command = buildx(shared, &built.bed, &built.home);
    command.args(flags).arg(context(&built.home));
    let graph: Value = serde_json::from_slice(&run(&mut command).success().stdout).unwrap();
    let ops = graph["def"].as_object().unwrap().clone();
    ops.into_iter().collect()
}

/// Digests of the vertices with one packer in place of each.
fn neutral(ops: &Ops) -> BTreeSet<String> {
    let mut digests = BTreeMap::new();
    for digest in ops.keys() {
        neutral_digest(ops, digest, &mut digests);
    }
    digests.into_values().collect()
}

fn neutral_digest(ops: &Ops, digest: &str, known: &mut BTreeMap<String, String>) -> String {
    if let Some(known) = known.get(digest) {
        return known.clone();
    }
    let mut op = ops[digest].clone();
    let source = op["source"]["identifier"].as_str().unwrap_or_default();
    if source == "local://llbgen-pack" || source.contains("/llbgen-frontend") {
        op = serde_json::json!({ "source": "the packer" });
    }
    for input in op["inputs"].as_array_mut().into_iter().flatten() {
        let below = input["digest"].as_str().unwrap().to_owned();
        input["digest"] = neutral_digest(ops, &below, known).into();
    }
    let neutral = archive::Digest::of(op.to_string().as_bytes()).to_string();
    known.insert(digest.to_owned(), neutral.clone());
    neutral
}

#[test]
fn questions_are_answered() {
    let Some(shared) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let context = context(home.path());
    let ask = |call: &[&str]| {
        let mut command = buildx(shared, shared, home.path());
        command.arg("--call").args(call).arg(&context);
        run(&mut command)
    };
    let check = |call: &[&str], words: &[&str]| {
        let said = ask(call).success();
        for word in words {
            assert!(said.text().contains(word), "no `{word}` in {}", said.text());
        }
    };
    check(
        &["targets"],
        &["base-rootfs", "oocana-runtime", "Ubuntu with zsh"],
    );
    check(
        &["outline", "--target", "oocana-runtime"],
        &["llbgen-ca", "--build-context oocana=DIR"],
    );
    check(&["describe"], &["outline", "targets", "convertllb"]);
    let unpinned = ask(&["check", "--target", "server-base"]);
    assert!(
        unpinned.text().contains("UnpinnedReference")
            && unpinned.text().contains("ghcr.io/oomol/server-base:v0.6.0"),
        "{}",
        unpinned.text()
    );
    ask(&["nonsense"]).fails(1, &["there is no subrequest `frontend.nonsense`"]);
}

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
