//! The built-in catalog as one graph: every step once per platform, layers, and images that carry the tars of the others.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, Running, clean, llbgen, run},
    context::{PROGRAMS, context, programs},
    image::ARCHITECTURES,
    machine::workspace,
    parity::{Justified, compare},
    progress,
    tree::Tree,
};
use serde_json::Value;

/// Everything, built once on a daemon that had nothing.
pub(crate) struct Built {
    pub(crate) bed: Bed,
    pub(crate) home: PathBuf,
    rawjson: String,
}

/// After that it hangs: apt, npm and pip under emulation take minutes.
const LIMIT: Duration = Duration::from_mins(20);

/// The certificates of the machine: whoever is between it and the registries of npm and pip may have some of their own.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(crate) fn built(shared: &Bed) -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        let bed = shared.private();
        let home = shared.description().scratch.join("oocana");
        fs::create_dir(&home).unwrap();
        programs(&home);
        let all = ["build", "all", "--build-ca", CERTIFICATES];
        let mut command = with_programs(&bed, &home, &all);
        command.args(["--progress", "rawjson", "--metadata-file", "metadata.json"]);
        let said = Running::start(&mut command).wait_for(LIMIT).success();
        Built {
            bed,
            home,
            rawjson: said.stderr,
        }
    })
}

fn with_programs(bed: &Bed, home: &Path, arguments: &[&str]) -> Command {
    let mut command = llbgen(home);
    command.args(["--addr", &bed.address()]).args(arguments);
    command.args(PROGRAMS);
    command
}

impl Built {
    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.home.join("out").join(name)
    }

    /// How many steps whose names have `text` were carried out.
    fn executed(rawjson: &str, text: &str) -> usize {
        let vertices = progress::vertices(rawjson).unwrap();
        let done = vertices.values().filter(|vertex| {
            vertex.name.contains(text) && vertex.started && vertex.completed && !vertex.cached
        });
        done.count()
    }

    fn config(&self, image: &str, arch: &str) -> Value {
        let archive = format!(
            "oci-archive:{}",
            self.out(&format!("{image}.oci.tar")).display()
        );
        config(&self.home, &archive, arch)
    }

    fn image(&self, image: &str, arch: &str) -> Tree {
        let archive = self.out(&format!("{image}.oci.tar"));
        image_tree(&self.home, &archive, arch)
    }
}

/// The tree of the image in an OCI archive, put together from its layers.
pub(crate) fn image_tree(home: &Path, archive: &Path, arch: &str) -> Tree {
    let dir = tempfile::tempdir_in(home).unwrap();
    let from = format!("oci-archive:{}", archive.display());
    let to = format!("dir:{}", dir.path().display());
    run(clean("skopeo", home).args(["copy", "-q", "--override-arch", arch, &from, &to])).success();
    let manifest = fs::read(dir.path().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let mut tree = Tree::default();
    for layer in manifest["layers"].as_array().unwrap() {
        let digest = layer["digest"].as_str().unwrap();
        let blob = dir.path().join(digest.trim_start_matches("sha256:"));
        let is_gzip = layer["mediaType"].as_str().unwrap().ends_with("gzip");
        let program = if is_gzip { "zcat" } else { "cat" };
        let tar = run(clean(program, home).stdin(fs::File::open(blob).unwrap())).success();
        tree.apply_layer(tar.stdout.as_slice()).unwrap();
    }
    tree
}

/// The steps that ran a command, instead of taking what was there.
pub(crate) fn commands_run(rawjson: &str) -> Vec<String> {
    let vertices = progress::vertices(rawjson).unwrap();
    let executed = vertices
        .into_values()
        .filter(|vertex| vertex.name.starts_with('[') && vertex.started && !vertex.cached);
    let runs = executed.filter(|vertex| {
        ["] apt", "] run", "] pack"]
            .iter()
            .any(|kind| vertex.name.contains(kind))
    });
    runs.map(|vertex| vertex.name).collect()
}

pub(crate) fn config(home: &Path, image: &str, arch: &str) -> Value {
    let flags = ["inspect", "--config", "--tls-verify=false"];
    let flags = [&flags[..], &["--override-arch", arch, image]].concat();
    let said = run(clean("skopeo", home).args(flags)).success();
    serde_json::from_slice(&said.stdout).unwrap()
}

fn names(tar: &Path) -> Vec<String> {
    let file = std::io::BufReader::new(fs::File::open(tar).unwrap());
    let entries = archive::list(file).unwrap();
    entries.iter().map(|entry| entry.path.to_string()).collect()
}

#[test]
fn every_step_is_carried_out_once_per_platform() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    for step in [
        "apt install zsh",
        "apt install mosquitto",
        "run zsh -i -c ./scripts/image/install-executor.sh",
        "npm ci",
        "pip install",
        "pack layer",
        "pack rootfs",
    ] {
        assert_eq!(Built::executed(&built.rawjson, step), 2, "{step}");
    }
}

/// The certificates are no part of graph, id or cache: without them, everything is there.
#[test]
fn certificates_change_neither_ids_nor_the_cache() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let again = [
        "build",
        "all",
        "--no-skip",
        "--progress",
        "rawjson",
        "-o",
        "again",
    ];
    let arguments = [&again[..], &["--metadata-file", "again.json"]].concat();
    let said = run(&mut with_programs(&built.bed, &built.home, &arguments)).success();
    assert_eq!(commands_run(&said.stderr), Vec::<String>::new());
    let ids = |file: &str| -> BTreeMap<String, Value> {
        let metadata: Value =
            serde_json::from_slice(&fs::read(built.home.join(file)).unwrap()).unwrap();
        let outputs = metadata["outputs"].as_array().unwrap().clone();
        let key = |output: &Value| format!("{} {}", output["artifact"], output["platform"]);
        outputs
            .iter()
            .map(|output| (key(output), output["id"].clone()))
            .collect()
    };
    assert_eq!(ids("metadata.json"), ids("again.json"));
    assert_eq!(ids("metadata.json").len(), 10);
    fs::remove_dir_all(built.home.join("again")).unwrap();
}

#[test]
fn the_executor_layer_is_what_the_install_step_changed() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    for arch in ARCHITECTURES {
        let layer = built.out(&format!("executor-layer/{arch}-executor.tar"));
        // Two releases, one layer.
        let cloud = built.out(&format!("cloud-executor-layer/{arch}-executor.tar"));
        assert!(fs::read(&layer).unwrap() == fs::read(cloud).unwrap());

        let names = names(&layer);
        for leftover in [
            "_cacache",
            "_logs",
            ".cache",
            "run/llbgen",
            "var/cache/llbgen",
            "layer-deps",
        ] {
            let found: Vec<_> = names
                .iter()
                .filter(|name| name.contains(leftover))
                .collect();
            assert_eq!(found, Vec::<&String>::new());
        }
        let base = Tree::open(&built.out(&format!("{arch}-server-base.tar"))).unwrap();
        let mut whole = base.clone();
        whole.apply_layer(fs::File::open(&layer).unwrap()).unwrap();
        // Everything in it is new or changed; directories are there for what is below them.
        let added = Tree::open(&layer).unwrap();
        let same = added.paths().into_iter().filter(|path| {
            let is_directory = added
                .paths()
                .iter()
                .any(|other| other.starts_with(&format!("{path}/")));
            !is_directory && !path.contains(".wh.") && added.get(path) == base.get(path)
        });
        assert_eq!(same.collect::<Vec<_>>(), Vec::<&str>::new());
        for path in [
            "usr/lib/node_modules/esbuild/package.json",
            "usr/lib/node_modules/typescript/package.json",
            "usr/local/lib/python3.11/dist-packages/oocana-0.18.12.dist-info/METADATA",
            "usr/local/lib/python3.11/dist-packages/oocana_python_executor-0.16.18.dist-info/METADATA",
            "usr/local/lib/python3.11/dist-packages/oomol_fusion_sdk-2.0.0.dist-info/METADATA",
        ] {
            assert!(
                whole.get(path).is_some() && base.get(path).is_none(),
                "{path}"
            );
        }
    }
}

#[test]
fn the_runtime_carries_the_tars_of_the_same_build() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    for arch in ARCHITECTURES {
        let (runtime, mount) = (
            built.image("oocana-runtime", arch),
            built.image("oocana-mount", arch),
        );
        let file = |path: &Path| {
            let bytes = fs::read(path).unwrap();
            let mut tar = tar::Builder::new(Vec::new());
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            tar.append_data(&mut header, "file", bytes.as_slice())
                .unwrap();
            let tree = Tree::read(tar.into_inner().unwrap().as_slice()).unwrap();
            tree.get("file").cloned().unwrap()
        };
        for (inside, outside) in [
            (
                "root/rootfs.tar",
                built.out(&format!("{arch}-server-base.tar")),
            ),
            (
                "tmp/executor-layer.tar",
                built.out(&format!("executor-layer/{arch}-executor.tar")),
            ),
        ] {
            assert_eq!(runtime.get(inside), Some(&file(&outside)), "{inside}");
        }
        for path in [
            "opt/ovmlayer",
            "root/entrypoint.sh",
            "usr/bin/oocana",
            "usr/bin/ovmlayer",
            "usr/bin/ovmlayer-helper",
            "root/rootfs.tar",
            "tmp/executor-layer.tar",
        ] {
            assert!(
                runtime.get(path).is_some() && mount.get(path).is_none(),
                "{path}"
            );
        }
        for path in [
            "app/node_modules/esbuild/package.json",
            "app/requirements.txt",
            "usr/sbin/mosquitto",
        ] {
            assert!(
                runtime.get(path).is_some() && mount.get(path).is_some(),
                "{path}"
            );
        }

        let config = built.config("oocana-runtime", arch);
        let run_with = &config["config"];
        assert_eq!(
            run_with["Entrypoint"],
            serde_json::json!(["bash", "-x", "/root/entrypoint.sh"])
        );
        assert_eq!(run_with["WorkingDir"], "/app");
        let env = run_with["Env"].as_array().unwrap();
        assert!(env.contains(&"NPM_CACHE=/root/.npm".into()) && env.contains(&"HOME=/root".into()));
        let labels = &run_with["Labels"];
        assert_eq!(labels["io.oomol.oocana.version"], format!("1.2-{arch}"));
        assert_eq!(labels["io.oomol.ovmlayer.version"], format!("3.4-{arch}"));
        assert_eq!(labels["io.oomol.rootfs.version"], "0.6.0");
        assert_eq!(labels["io.oomol.executor-layer.version"], "0.1.0");
        assert!(
            labels["org.opencontainers.image.description"]
                .as_str()
                .unwrap()
                .contains("directly")
        );
        let config = built.config("oocana-mount", arch);
        let labels = config["config"]["Labels"].as_object().unwrap();
        assert_eq!(labels.len(), 1);
        assert!(
            labels["org.opencontainers.image.description"]
                .as_str()
                .unwrap()
                .contains("mount")
        );
        assert!(config["config"]["Entrypoint"].is_null());
    }
}

/// Where the trees may differ, and why.
const IMAGES: &[Justified] = &[(
    "var/log/mosquitto",
    "the twin keeps logs in a tmpfs, and the package makes its directory there",
)];

/// The tree that a Dockerfile of the workspace makes.
fn twin(built: &Built, image: &str, arch: &str) -> Tree {
    let home = &built.home;
    let output = format!("{image}-{arch}-twin.tar");
    let mut command = clean("buildctl", home);
    command.env("BUILDKIT_HOST", built.bed.address());
    command.args(["build", "--frontend", "dockerfile.v0", "--output"]);
    command.arg(format!("type=tar,dest={output}"));
    command.args(["--opt", &format!("filename={image}.dockerfile")]);
    command.args(["--opt", &format!("platform=linux/{arch}")]);
    command.args(["--secret", &format!("id=ca,src={CERTIFICATES}")]);
    let local = |name: &str, dir: &Path| format!("{name}={}", dir.display());
    command.args(["--local", &local("context", workspace())]);
    command.args([
        "--local",
        &local("dockerfile", &workspace().join("dockerfiles")),
    ]);
    for (name, dir) in [
        ("oocana", home.join("programs/oocana")),
        ("ovmlayer", home.join("programs/ovmlayer")),
        ("tars", home.join("out")),
    ] {
        command.args(["--opt", &format!("context:{name}=local:{name}")]);
        command.args(["--local", &local(name, &dir)]);
    }
    Running::start(&mut command).wait_for(LIMIT).success();
    let tree = Tree::open(&home.join(&output)).unwrap();
    fs::remove_file(home.join(output)).unwrap();
    tree
}

#[test]
fn the_images_are_their_twins() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    for arch in ARCHITECTURES {
        for image in ["oocana-mount", "oocana-runtime"] {
            let (ours, twin) = (built.image(image, arch), twin(built, image, arch));
            compare(&ours, &twin, IMAGES).unwrap();
        }
    }
}

/// The executor layer with three more commands on top, which delete, make again and replace; and all of it as a whole.
const EDITED: &str = r#"
[artifact.edited-layer]
kind = "layer"
base = "server-base"
output = "edited.tar"
platforms = ["linux/amd64"]
steps = [STEPS]

[artifact.edited-whole]
kind = "rootfs"
base = "server-base"
output = "whole.tar"
platforms = ["linux/amd64"]
steps = [STEPS]
"#;

const EDITS: &str = r#"
    { run = "zsh -i -c ./scripts/image/install-executor.sh", files = ["scripts/image/install-executor.sh", "package.json", "requirements.txt"], cache = ["npm", "pip"], env = { SOURCE_DATE_EPOCH = "315532800" } },
    { run = "rm -r /usr/lib/node_modules/typescript /etc/zsh; rm /etc/debian_version; echo a file > /etc/zsh; mv /etc/skel /etc/moved" },
    { run = "rm /etc/zsh; mkdir /etc/zsh; echo new > /etc/zsh/new; ln /etc/zsh/new /etc/zsh/link; rm -r /usr/share/common-licenses; ln -s nowhere /usr/share/common-licenses" },
    { run = "rm /usr/share/common-licenses /etc/zsh/new; mkdir /usr/share/common-licenses; echo last > /usr/share/common-licenses/last; rm -r /etc/moved" },
"#;

/// A09, A10: what the install step and later ones delete is deleted, and the base with the layer is the whole.
#[test]
fn the_law_of_layers_holds_on_the_executor_layer() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let home = tempfile::tempdir().unwrap();
    let to = context(home.path());
    fs::copy(
        context(&built.home).join("llbgen.lock"),
        to.join("llbgen.lock"),
    )
    .unwrap();
    fs::write(to.join("llbgen.toml"), EDITED.replace("STEPS", EDITS)).unwrap();
    let mut command = llbgen(home.path());
    command.args([
        "--addr",
        &built.bed.address(),
        "--progress",
        "rawjson",
        "build",
    ]);
    let said = run(command.args(["edited-*"])).success();
    // The install step is the executor layer's own.
    assert_eq!(Built::executed(&said.stderr, "run zsh -i -c ./scripts"), 0);

    let layer = home.path().join("out/edited.tar");
    let found = names(&layer);
    for name in [
        "etc/.wh.debian_version",
        "etc/.wh.skel",
        "etc/zsh/new",
        "usr/share/common-licenses/last",
        "usr/lib/node_modules/esbuild/package.json",
    ] {
        let is_there = found.iter().any(|path| path.trim_end_matches('/') == name);
        // A link to a file that was made and deleted is all that is left of both.
        assert_eq!(is_there, name != "etc/zsh/new", "{name}");
    }
    assert!(!found.iter().any(|path| path.contains("typescript")));
    let mut applied = Tree::open(&built.out("amd64-server-base.tar")).unwrap();
    applied
        .apply_layer(fs::File::open(&layer).unwrap())
        .unwrap();
    let whole = Tree::open(&home.path().join("out/whole.tar")).unwrap();
    assert_eq!(applied.differences(&whole), BTreeMap::new());
}

/// R08: on a daemon that has built the image for mounts, the runtime image runs none of its steps again.
#[test]
fn the_runtime_starts_from_what_the_mount_was_built_of() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let own = bed.private();
    let home = tempfile::tempdir().unwrap();
    programs(home.path());
    let lock = context(&built.home).join("llbgen.lock");
    fs::copy(lock, context(home.path()).join("llbgen.lock")).unwrap();
    let solved = |artifact: &str, contexts: &[&str]| {
        let mut command = llbgen(home.path());
        command.args(["--addr", &own.address(), "--progress", "rawjson"]);
        command.args(["build", artifact, "--platform", "linux/amd64"]);
        command.args(["--build-ca", CERTIFICATES]).args(contexts);
        run(&mut command).success().stderr
    };
    let mount = solved("oocana-mount", &[]);
    let ran: Vec<String> = commands_run(&mount);
    assert!(ran.len() >= 4, "{ran:?}");
    let runtime = solved("oocana-runtime", &PROGRAMS);
    let vertices = progress::vertices(&runtime).unwrap();
    for (digest, vertex) in progress::vertices(&mount).unwrap() {
        if ran.contains(&vertex.name) {
            assert!(
                vertices.get(&digest).is_some_and(|vertex| vertex.cached),
                "{}",
                vertex.name
            );
        }
    }
}

fn emitted(built: &Built, artifact: &str, arch: &str) -> (Outcome, String) {
    let platform = format!("linux/{arch}");
    let mut emit = llbgen(&built.home);
    emit.args(["emit", artifact, "--platform", &platform]);
    if artifact == "oocana-runtime" {
        emit.args(PROGRAMS);
    }
    let emitted = run(&mut emit).success();
    let line = emitted
        .stderr
        .lines()
        .find_map(|line| line.split_once("buildctl build"));
    let line = line.unwrap().1.to_owned();
    (emitted, line)
}

fn buildctl(built: &Built, artifact: &str, arch: &str) -> PathBuf {
    let (emitted, line) = emitted(built, artifact, arch);
    let dir = built.home.join(format!("buildctl-{artifact}-{arch}"));
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("graph.pb"), &emitted.stdout).unwrap();
    let script = format!("cd {} && buildctl build {line} < graph.pb", dir.display());
    run(clean("sh", &built.home)
        .env("BUILDKIT_HOST", built.bed.address())
        .args(["-c", &script]))
    .success();
    dir
}

#[test]
fn buildctl_makes_the_same_tar_and_the_same_config() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    for arch in ARCHITECTURES {
        let dir = buildctl(built, "executor-layer", arch);
        let name = format!("{arch}-executor.tar");
        let ours = built.out(&format!("executor-layer/{name}"));
        assert!(fs::read(dir.join(name)).unwrap() == fs::read(ours).unwrap());
        let dir = buildctl(built, "oocana-runtime", arch);
        let archive = format!(
            "oci-archive:{}",
            dir.join("oocana-runtime.oci.tar").display()
        );
        assert_eq!(
            config(&built.home, &archive, arch),
            built.config("oocana-runtime", arch)
        );
    }
}

/// The vertices of the image for mounts are all in the one that has more.
#[test]
fn images_share_all_that_they_can() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let digests = |artifact: &str| {
        let (emitted, _) = emitted(built, artifact, "arm64");
        fs::write(built.home.join("shared.pb"), &emitted.stdout).unwrap();
        let script = "buildctl debug dump-llb < shared.pb";
        let dump = run(clean("sh", &built.home).args(["-c", script])).success();
        progress::execs(dump.text()).unwrap()
    };
    let (mount, runtime) = (digests("oocana-mount"), digests("oocana-runtime"));
    assert!(
        mount.len() > 3 && mount.is_subset(&runtime),
        "{mount:?} {runtime:?}"
    );
}

#[test]
fn inputs_that_are_not_given_are_told_before_anything_is_built() {
    let home = tempfile::tempdir().unwrap();
    context(home.path());
    let build = |more: &[&str]| {
        run(llbgen(home.path())
            .args(["--addr", "unix:///nobody", "build", "oocana-runtime"])
            .args(more))
    };
    build(&[]).fails(
        2,
        &[
            "`oocana`",
            "`amd64/versions.json`",
            "--build-context oocana=DIR --build-context ovmlayer=DIR",
        ],
    );
    programs(home.path());
    build(&["--build-context", "oocana=programs/oocana"])
        .fails(2, &["`ovmlayer`", "--build-context ovmlayer=DIR"]);
    build(&["--build-context", "oocana=nowhere"]).fails(3, &["`nowhere`", "`oocana`"]);
    fs::remove_dir_all(home.path().join("programs/oocana/arm64")).unwrap();
    build(&["--build-context", "oocana=programs/oocana"]).fails(3, &["`arm64", "programs/oocana"]);
    build(&["--platform", "linux/s390x"]).fails(2, &["linux/s390x", "`linux/arm64`"]);
}

/// The install script leaves out what comes with the runtime, and nothing else.
#[test]
fn the_runtime_itself_is_not_installed_into_the_layer() {
    let home = tempfile::tempdir().unwrap();
    let package = r#"{"dependencies": {"@oomol/oocana": "1.0.0", "@oomol/oocana-sdk": "2.0.0", "esbuild": "3.0.0"}}"#;
    fs::write(home.path().join("package.json"), package).unwrap();
    fs::write(home.path().join("requirements.txt"), "").unwrap();
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for program in ["npm", "pip"] {
        let path = bin.join(program);
        fs::write(
            &path,
            format!(
                "#!/bin/sh\necho {program} \"$@\" >> {}/calls\n",
                home.path().display()
            ),
        )
        .unwrap();
        run(clean("chmod", home.path()).arg("0755").arg(path)).success();
    }
    let path = std::env::var("PATH").unwrap();
    run(clean(
        workspace().join("scripts/image/install-executor.sh"),
        home.path(),
    )
    .env("PATH", format!("{}:{path}", bin.display())))
    .success();
    let calls = fs::read_to_string(home.path().join("calls")).unwrap();
    let npm = calls.lines().next().unwrap();
    assert!(
        npm.ends_with(" @oomol/oocana-sdk@2.0.0 esbuild@3.0.0"),
        "{calls}"
    );
}

/// What the entry point does in the four states that it can find, with a program in the place of ovmlayer that notes down how
/// it is called.
#[test]
fn the_entry_point_makes_ready_what_is_not() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let script = workspace().join("scripts/image/entrypoint.sh");
    fs::copy(script, home.path().join("entrypoint.sh")).unwrap();
    let mut build = llbgen_tests::command::fixture("entrypoint", home.path());
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
        // Whether control groups can be written to is up to the daemon.
        let said = files[state].trim_start_matches("mount -o remount,rw /sys/fs/cgroup\n");
        assert_eq!(said, format!("{}{end}", calls.concat()), "{state}");
    };
    expect("absent", &[dev, import]);
    expect("empty", &[production, import]);
    expect("base", &[import]);
    expect("executor", &[]);
}
