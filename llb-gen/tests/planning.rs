//! What `plan`, `id` and `why` say of images of which not everything is here.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::{fs, process::Command};

use tempfile::TempDir;

/// Two images for two platforms, each with a file for each.
const CATALOG: &str = r#"
[artifact.a]
kind = "image"
base = "scratch"
platforms = ["linux/amd64", "linux/arm64"]
steps = [{ copy = "a-{arch}", to = "/" }]

[artifact.b]
kind = "image"
base = "scratch"
platforms = ["linux/amd64", "linux/arm64"]
steps = [{ copy = "b-{arch}", to = "/" }]
"#;

fn directory(files: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("llbgen.toml"), CATALOG).unwrap();
    for file in files {
        fs::write(directory.path().join(file), file).unwrap();
    }
    directory
}

/// The exit code, stdout and stderr.
fn call(directory: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_llbgen"))
        .args(arguments)
        .current_dir(directory.path())
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// Says all that an artifact says of its publication.
const PUBLISHED: &str = r#"
[artifact.a]
kind = "image"
base = "scratch"
repository = "ghcr.io/example/a"
annotations = { "index:org.example.what" = "{artifact}", "org.example.words" = "of {arch}, \"{git.commit}\"" }
compression = "zstd:9"
attest = [{ type = "provenance", mode = "max" }]
steps = [{ copy = "file", to = "/" }]

[artifact.t]
kind = "layer"
base = "a"
compression = "gzip"
steps = [{ copy = "file", to = "/again" }]
"#;

fn published(catalog: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("llbgen.toml"), catalog).unwrap();
    fs::write(directory.path().join("file"), "file").unwrap();
    directory
}

#[test]
fn what_is_said_of_a_publication_is_shown_and_given_to_buildctl() {
    let directory = published(PUBLISHED);
    let (code, shown, said) = call(&directory, &["show", "a", "--set", "git.commit=c"]);
    assert_eq!(code, 0, "{said}");
    for line in [
        "compression  zstd:9",
        "annotation   index:org.example.what = {artifact}",
        "attest       provenance mode=max",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let emit = ["emit", "a", "--platform", "linux/arm64", "--format", "json"];
    let (code, _, said) = call(
        &directory,
        &[&emit[..], &["--set", "git.commit=c"]].concat(),
    );
    assert_eq!(code, 0, "{said}");
    for word in [
        "--opt 'attest:provenance=mode=max'",
        "compression=zstd,compression-level=9,force-compression=true",
        r#"annotation-manifest.org.example.words=of arm64, ""c"""#,
        "`index:org.example.what` is left out",
    ] {
        assert!(said.contains(word), "{word}\n{said}");
    }
    let (code, _, said) = call(&directory, &["emit", "a", "--platform", "linux/arm64"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("`--set git.commit=…` gives one"), "{said}");
    let emit = ["emit", "t", "--platform", "linux/arm64", "--format", "json"];
    let (code, _, said) = call(&directory, &emit);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("and not one in `gzip`"), "{said}");
}

#[test]
fn what_a_call_says_of_images_is_no_part_of_an_id() {
    let directory = published(PUBLISHED);
    let id = |more: &[&str]| {
        let id = ["id", "a", "--set", "git.commit=c"];
        let (code, id, said) = call(&directory, &[&id[..], more].concat());
        assert_eq!(code, 0, "{said}");
        id
    };
    let own = id(&[]);
    assert_eq!(own, id(&["--annotation", "a=b", "--label", "a=b"]));
    assert_eq!(own, id(&["--set", "git.commit=other"]));
    assert_eq!(
        own,
        id(&["--image-compression", "zstd:9", "--force-compression"])
    );
    assert_ne!(own, id(&["--image-compression", "zstd:9"]));
    assert_ne!(own, id(&["--provenance=false"]));
}

#[test]
fn what_is_said_of_images_is_checked() {
    let directory = published(PUBLISHED);
    let check = |arguments: &[&str], word: &str| {
        let (code, _, said) = call(
            &directory,
            &[&["plan", "--set", "git.commit=c"], arguments].concat(),
        );
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(word), "{word}\n{said}");
    };
    check(&["a", "--tag", "x-{arhc}"], "did you mean `arch`?");
    check(&["a", "--tag", "{arch"], "unbalanced");
    check(&["a", "--tag", "x-{arch}"], "names one platform");
    check(
        &["t", "--annotation", "a=b"],
        "`--annotation` annotates images",
    );
    check(&["t", "--label", "a=b"], "`--label` labels images");
    check(&["a", "--label", "a"], "is not KEY=VALUE");
    check(&["a", "--annotation", "indx:a=b"], "did you mean `index`?");
}

#[test]
fn what_cannot_be_meant_of_a_publication_is_refused_with_its_place() {
    let check = |from: &str, to: &str, words: &[&str]| {
        let directory = published(&PUBLISHED.replace(from, to));
        let (code, _, said) = call(&directory, &["list"]);
        assert_eq!(code, 3, "{said}");
        for word in words {
            assert!(said.contains(word), "{word}\n{said}");
        }
    };
    let place = ["line 6, column"];
    check(
        "{artifact}",
        "{artefact}",
        &[&place[..], &["`artifact`?"]].concat(),
    );
    let by_platform = "`index:org.example.what` has another text for each platform";
    check(
        "{artifact}",
        "{arch}",
        &[&place[..], &[by_platform]].concat(),
    );
    check(
        "\"gzip\"",
        "\"estargz\"",
        &["line 14", "no tar is compressed with `estargz`"],
    );
    check(
        "\"layer\"\nbase",
        "\"stage\"\nbase",
        &["it has no `compression`"],
    );
    check(
        "kind = \"image\"",
        "kind = \"rootfs\"",
        &["only an image has them"],
    );
    let mode = "type = \"provenance\", mode";
    check(
        mode,
        "type = \"sbom\", mode",
        &["line 8", "`sbom` has no `mode`"],
    );
    check(
        "mode = \"max\"",
        "builder-id = \"a,b\"",
        &["without commas"],
    );
    let twice = "[{ type = \"provenance\" }, { type = \"provenance\" }]";
    check(
        "[{ type = \"provenance\", mode = \"max\" }]",
        twice,
        &["is there twice"],
    );
}

const PUSH: [&str; 7] = [
    "plan",
    "all",
    "--platform",
    "linux/amd64",
    "--push",
    "--registry",
    "127.0.0.1:9/x",
];

#[test]
fn platforms_whose_files_are_not_here_are_left_out_with_the_reason() {
    let directory = directory(&["a-amd64", "b-amd64", "b-arm64"]);
    let (code, _, said) = call(&directory, &PUSH);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("warning: what `a` needs for its other platforms is not here"),
        "{said}"
    );
    assert!(said.contains("`a-arm64`"), "{said}");
    // What one image lacks is nothing to the other.
    assert!(!said.contains("`b`"), "{said}");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_no_absence() {
    let directory = directory(&["a-amd64", "b-amd64", "b-arm64"]);
    let fifo = directory.path().join("a-arm64");
    assert!(Command::new("mkfifo").arg(fifo).status().unwrap().success());
    let (code, _, said) = call(&directory, &PUSH);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("`a-arm64`"), "{said}");
}

/// Whoever mistypes a path finds the line.
#[test]
fn a_step_whose_files_cannot_be_read_is_named() {
    let directory = directory(&["a-amd64", "a-arm64"]);
    let (code, _, said) = call(&directory, &["id", "b", "--platform", "linux/arm64"]);
    assert_eq!(code, 3, "{said}");
    let step = "step 1 (`copy b-{arch} to /`) of artifact `b`, `llbgen.toml` line 12, column";
    assert!(said.contains(step), "{said}");
    assert!(said.contains("caused by: cannot read `b-a"), "{said}");
}

#[test]
fn an_image_without_all_its_platforms_has_no_id() {
    let directory = directory(&["a-amd64", "b-amd64", "b-arm64"]);
    let id = |artifact| call(&directory, &["id", artifact, "--platform", "linux/amd64"]);
    let (code, printed, said) = id("a");
    assert_eq!((code, printed.as_str()), (3, ""), "{said}");
    assert!(
        said.contains("`a-arm64`") && said.contains("hint: "),
        "{said}"
    );
    let (code, one, said) = id("b");
    assert_eq!(code, 0, "{said}");
    let (_, whole, _) = call(&directory, &["id", "b"]);
    assert_eq!(one, whole);
}

/// The reasons that a listing in JSON has, with their platforms.
fn reasons(directory: &TempDir, arguments: &[&str]) -> Vec<(String, String)> {
    let (code, printed, said) = call(directory, &[arguments, &["--format", "json"]].concat());
    assert_eq!(code, 0, "{said}");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&printed).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let told = rows
        .iter()
        .map(|row| (text(&row["platform"]), text(&row["reason"])));
    told.collect()
}

#[test]
fn plan_and_why_give_each_platform_the_same_reason() {
    let directory = directory(&["a-amd64", "a-arm64"]);
    fs::create_dir_all(directory.path().join("out/.llbgen")).unwrap();
    let check = |expected: [&str; 2]| {
        let told = reasons(&directory, &["why", "a"]);
        assert_eq!(told, reasons(&directory, &["plan", "a"]));
        let told: Vec<&str> = told.iter().map(|(_, reason)| reason.as_str()).collect();
        assert_eq!(told, expected);
    };
    check(["not built yet"; 2]);
    let (_, planned, _) = call(&directory, &["plan", "a", "--format", "json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&planned).unwrap();
    let archive = rows[0]["output"].as_str().unwrap();
    fs::write(directory.path().join(archive), "").unwrap();
    let record = |row: usize, names: &[&str]| {
        let platform = rows[row]["platform"].as_str().unwrap().replace('/', "-");
        let record = serde_json::json!({
            "version": 1, "id": rows[row]["id"], "artifact": "a", "platform": "linux/amd64,linux/arm64", "values": {},
            "digest": EMPTY, "names": names, "size": 0, "modified": 0, "entries": 0, "vertex": "", "files": {},
            "config": {},
        });
        let name = archive.replace("out/", "out/.llbgen/");
        let path = directory.path().join(format!("{name}.{platform}.json"));
        fs::write(path, record.to_string()).unwrap();
    };
    record(0, &["x:1"]);
    check(["its archive calls it x:1", NO_RECORD]);
    record(1, &["x:1"]);
    check(["its archive calls it x:1"; 2]);
}

const NO_RECORD: &str = "`out/a.oci.tar` is there, but nothing says how it was built";

/// The digest of nothing.
const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn each_platform_of_an_image_has_its_own_reason() {
    let home = TempDir::new().unwrap();
    let catalog = r#"
[artifact.a]
kind = "image"
base = "scratch"
platforms = ["linux/amd64", "linux/arm64"]
steps = [{ download = "https://example.com/{arch}", to = "/f" }]
"#;
    let lock = r#"version = 1

[packages]
epoch = "2026-01-01T00:00:00Z"

[http."https://example.com/amd64"]
checksum = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
"#;
    fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
    fs::write(home.path().join("llbgen.lock"), lock).unwrap();
    let (_, told, _) = call(&home, &["plan"]);
    let rows: Vec<&str> = told.lines().filter(|line| line.starts_with("a ")).collect();
    assert_eq!(
        rows,
        [
            "a linux/amd64  build   not built yet",
            "a linux/arm64  build   not pinned yet: https://example.com/arm64",
        ],
        "{told}"
    );
}

/// What `emit` has written is the graph that there is still, its caches among it.
#[test]
fn an_emitted_graph_differs_in_nothing() {
    let home = TempDir::new().unwrap();
    let catalog = "[artifact.a]\nkind = \"rootfs\"\nbase = \"scratch\"\nplatforms = [\"linux/amd64\"]\n\
        steps = [{ run = \"true\", cache = [\"pip\"] }]\n";
    fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
    let emitted = Command::new(env!("CARGO_BIN_EXE_llbgen"))
        .args(["emit", "a"])
        .current_dir(home.path())
        .output()
        .unwrap();
    fs::write(home.path().join("a.llb"), emitted.stdout).unwrap();
    let (code, told, said) = call(&home, &["why", "a", "--against", "a.llb"]);
    assert_eq!(code, 0, "{said}");
    assert!(!told.contains("differs") && !told.contains('→'), "{told}");
}
