//! What `--output` makes of artifacts, and that a refused call makes nothing.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    frontend::buildx,
    machine,
    oci_archive::OciArchive,
    registry::repositories,
    tree::Tree,
};
use serde_json::Value;

use super::on_each;
use crate::oocana::config;

const CATALOG: &str = r#"[artifact.app]
kind = "image"
base = "debian:bookworm"
platforms = ["linux/amd64"]
options.word = { default = "one", values = ["one", "other"] }
steps = [
    { run = "echo $WORD > /word", env = { WORD = "{word}" } },
    { entrypoint = ["/bin/cat", "/word"] },
]

[artifact.tools]
kind = "layer"
base = "debian:bookworm"
platforms = ["linux/amd64"]
output = "tools.tar"
steps = [{ run = "echo tools > /tools; rm /etc/debian_version" }]
"#;

fn catalog() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
    home
}

fn llbgen(bed: &Bed, home: &Path, arguments: &[&str]) {
    let mut llbgen = clean(machine::llbgen(), home);
    llbgen.args(["--addr", &bed.address()]).args(arguments);
    run(&mut llbgen).success();
}

fn manifest(home: &Path, image: &str) -> Value {
    let raw = run(clean("skopeo", home).args(["inspect", "--raw", image])).success();
    serde_json::from_slice(&raw.stdout).unwrap()
}

#[test]
fn each_output_is_what_its_name_says() {
    on_each(|shared, bed| {
        let home = catalog();
        let home = home.path();
        let build = |target: &str, output: &str, more: &[&str]| {
            let mut command = buildx(shared, bed, home);
            command.args(["--target", target, "--output", output]);
            run(command.args(more).arg(".")).success();
        };
        build("app", "type=docker,dest=docker.tar", &[]);
        let entrypoint =
            &config(home, "docker-archive:docker.tar", "amd64")["config"]["Entrypoint"];
        assert_eq!(*entrypoint, serde_json::json!(["/bin/cat", "/word"]));

        build(
            "app",
            "type=oci,dest=one.tar",
            &["--build-arg", "word=other"],
        );
        assert!(manifest(home, "oci-archive:one.tar")["layers"].is_array());
        let tree = OciArchive::open(&home.join("one.tar")).tree("amd64");
        assert!(tree.get("word").unwrap().has_content(b"other\n"));

        let index = ["--build-arg", "BUILDKIT_MULTI_PLATFORM=1"];
        build("app", "type=oci,dest=index.tar", &index);
        let index = manifest(home, "oci-archive:index.tar");
        let entries = index["manifests"].as_array().unwrap();
        let platforms: Vec<&Value> = entries.iter().map(|entry| &entry["platform"]).collect();
        let own = serde_json::json!({ "os": "linux", "architecture": "amd64" });
        assert_eq!(platforms, [&own]);

        // A build writes the lock, which is a part of what is built.
        llbgen(bed, home, &["build", "tools"]);
        build("tools", "type=tar,dest=layer.tar", &[]);
        let direct = fs::read(home.join("out/tools.tar")).unwrap();
        let outer = Tree::open(&home.join("layer.tar")).unwrap();
        assert_eq!(Vec::from_iter(outer.paths()), ["tools.tar"]);
        assert!(outer.get("tools.tar").unwrap().has_content(&direct));
    });
}

/// R05.
#[test]
fn a_refused_call_leaves_the_registry_as_it_was() {
    on_each(|shared, bed| {
        let home = catalog();
        let registry = &shared.description().registry;
        // Other tests push, too.
        let name = format!("refused/{}", bed.description().pid);
        let output = format!("type=image,name={registry}/{name},push=true");
        let push = |arguments: &[&str]| {
            let mut command = buildx(shared, bed, home.path());
            command.args(["--output", &output]).args(arguments);
            run(command.arg("."))
        };
        let is_there = || repositories(registry).unwrap().contains(&name);
        push(&["--target", "apps"]).fails(1, &["`apps`", "did you mean `app`?"]);
        push(&["--target", "app", "--platform", "linux/arm64"]).fails(
            1,
            &["`app` is not declared for `linux/arm64`", "`linux/amd64`"],
        );
        push(&["--target", "app", "--build-arg", "word=another"])
            .fails(1, &["`another`", "`word`", "`one`", "`other`"]);
        push(&["--target", "app", "--build-arg", "wrod=one"])
            .fails(1, &["an option `wrod`", "`word`"]);
        push(&["--target", "app", "--add-host", "a:127.0.0.1"]).fails(1, &["--add-host"]);
        assert!(!is_there());
        push(&["--target", "app"]).success();
        assert!(is_there());
    });
}
