//! Targets of a bake that build on each other, and share their arguments.

use std::{collections::BTreeMap, fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, run},
    frontend::{client, image},
};
use serde_json::{Value, json};

use super::on_each;

const CATALOG: &str = r#"
[artifact.app]
kind = "rootfs"
base = "debian:bookworm"
platforms = ["linux/amd64"]
options.version = { default = "1" }
steps = [
    { copy = "f", to = "/app-{version}" },
    { run = "cp /base \"$PLACE\"" },
]

[artifact.copied]
kind = "rootfs"
base = "scratch"
steps = [{ copy = "/base", from = "debian:bookworm", to = "/seen-{arch}" }]

[artifact.given]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
steps = [
    { copy = "base", to = "/", context = "named" },
    { copy = "large", to = "/", context = "named" },
]
"#;

const DOCKERFILE: &str = "FROM debian:bookworm AS image
COPY base /base
ENV PLACE=/seen
FROM scratch AS files
COPY base large /
";

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    write("llbgen.toml", CATALOG);
    write("Dockerfile", DOCKERFILE);
    write("f", "f\n");
    write("base", "from the target\n");
    write("large", &"not data in the graph\n".repeat(8 * 1024));
    home
}

fn bake(shared: &Bed, bed: &Bed, home: &Path, targets: &[(&str, Value)]) -> Outcome {
    let all: Vec<&str> = targets.iter().map(|(name, _)| *name).collect();
    let mut described: BTreeMap<&str, Value> = BTreeMap::new();
    for (name, more) in targets {
        let mut target = json!({
            "context": ".",
            "target": name,
            "args": { "BUILDKIT_SYNTAX": image(shared), "version": "2" },
            "output": [format!("type=local,dest=to-{name}")],
        });
        for (key, value) in more.as_object().unwrap() {
            target[key] = value.clone();
        }
        described.insert(name, target);
    }
    for stage in ["image", "files"] {
        described.insert(stage, json!({ "context": ".", "target": stage }));
    }
    let both = json!(["linux/amd64", "linux/arm64"]);
    let two = json!({ "context": ".", "target": "image", "platforms": both });
    described.insert("both", two);
    let bake = json!({ "group": { "default": { "targets": all } }, "target": described });
    fs::write(home.join("bake.json"), bake.to_string()).unwrap();
    let mut command = client(bed, home, "bake");
    command.args(["--allow", "fs=*", "--provenance=false", "-f", "bake.json"]);
    run(&mut command)
}

#[test]
fn a_target_stands_in_for_a_base_a_tree_and_files() {
    on_each(|shared, bed| {
        let home = home();
        let home = home.path();
        let app = json!({ "contexts": { "debian:bookworm": "target:image" } });
        let copied = json!({
            "contexts": { "debian:bookworm": "target:both" },
            "platforms": ["linux/amd64", "linux/arm64"],
        });
        let given = json!({ "contexts": { "named": "target:files" } });
        let targets = [("app", app), ("copied", copied), ("given", given)];
        let said = bake(shared, bed, home, &targets).success();
        let text = |path: &str| fs::read_to_string(home.join(path)).unwrap();
        assert_eq!(text("to-app/app-2"), "f\n");
        // Where to, the config of the target says.
        assert_eq!(text("to-app/seen"), "from the target\n");
        for arch in ["amd64", "arm64"] {
            let seen = format!("to-copied/linux_{arch}/seen-{arch}");
            assert_eq!(text(&seen), "from the target\n");
        }
        assert_eq!(text("to-given/base"), "from the target\n");
        assert_eq!(text("to-given/large").len(), 22 * 8 * 1024);
        let note = "`copied` does not take `version`, which other artifacts take";
        assert!(said.stderr.contains(note), "{}", said.stderr);
    });
}

#[test]
fn an_argument_that_nothing_takes_is_misspelt() {
    on_each(|shared, bed| {
        let home = home();
        let args = json!({ "BUILDKIT_SYNTAX": image(shared), "verison": "2" });
        let misspelt = json!({ "args": args });
        let said = bake(shared, bed, home.path(), &[("copied", misspelt)]);
        said.fails(
            1,
            &["no artifact has an option `verison`; did you mean `version`?"],
        );
    });
}
