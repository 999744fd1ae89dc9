//! The fleet at the root as one graph: every step once per platform, layers, and images that carry the tars of the others.

mod building;
mod emitted;
mod entrypoint;
mod installed;
mod law;
mod pushed;
mod runtime;
mod twins;

use std::{collections::BTreeMap, fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    image::ARCHITECTURES,
    machine::workspace,
    progress,
    tree::Tree,
};
use serde_json::Value;

use self::building::with_programs;
pub(crate) use self::building::{Built, built, built_by_the_oldest};
pub(crate) use self::building::{CERTIFICATES, LIMIT};

/// The steps that ran a command, instead of taking what was there.
pub(crate) fn commands_run(rawjson: &str) -> Vec<String> {
    let vertices = progress::vertices(rawjson).unwrap();
    let executed = vertices
        .into_values()
        .filter(|vertex| vertex.name.starts_with('[') && !vertex.executions.is_empty());
    let runs = executed.filter(|vertex| {
        ["] apt", "] run", "] pack"]
            .iter()
            .any(|kind| vertex.name.contains(kind))
    });
    runs.map(|vertex| vertex.name).collect()
}

/// The config of an image as skopeo finds it.
pub(crate) fn config(home: &Path, image: &str, arch: &str) -> Value {
    let flags = ["inspect", "--config", "--raw", "--tls-verify=false"];
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
    ] {
        assert_eq!(Built::executed(&built.rawjson, step), 2, "{step}");
    }
    // Two root filesystems, one of which an image carries, too.
    assert_eq!(Built::executed(&built.rawjson, "pack rootfs"), 4);
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
        let found: Vec<_> = names.iter().filter(|name| is_leftover(name)).collect();
        assert_eq!(found, Vec::<&String>::new());
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
        for path in installed_files() {
            assert!(
                whole.get(&path).is_some() && base.get(&path).is_none(),
                "{path}"
            );
        }
    }
}

/// A08: what caches, logs and mounts would leave. BuildKit mounts secrets and files below `/run`, and the shell that makes
/// certificates known writes to `/dev/shm`.
fn is_leftover(path: &str) -> bool {
    let mounts = ["dev", "proc", "run", "sys", "tmp", "var/cache", "var/tmp"];
    let files = ["etc/hosts", "etc/hostname", "etc/resolv.conf", ".dockerenv"];
    let names = ["_cacache", "_logs", ".cache", ".npm", "layer-deps"];
    let below = |mount: &str| path == mount || path.starts_with(&format!("{mount}/"));
    mounts.into_iter().any(below)
        || files.contains(&path)
        || path
            .split('/')
            .any(|name| names.contains(&name) || name.contains("llbgen"))
}

/// One file of each package that is declared.
fn installed_files() -> Vec<String> {
    let node = installed::declared_for_npm().into_keys();
    let node = node.map(|name| format!("usr/lib/node_modules/{name}/package.json"));
    let python = installed::declared_for_pip().into_iter();
    let python = python.map(|(name, version)| {
        let name = name.replace('-', "_");
        format!("usr/local/lib/python3.11/dist-packages/{name}-{version}.dist-info/METADATA")
    });
    node.chain(python).collect()
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
