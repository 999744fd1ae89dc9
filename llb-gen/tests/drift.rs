//! What `drift` says of the FROM lines of Dockerfiles.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::{fs, process::Command};

use serde_json::Value;
use tempfile::TempDir;

/// An image that is named by its content, and one whose files somebody else gives.
const CATALOG: &str = r#"
[artifact.base]
kind = "image"
base = "scratch"
platforms = ["linux/amd64", "linux/arm64"]
repository = "r.example/team/base"
steps = [{ copy = "file", to = "/" }]

[artifact.other]
kind = "image"
base = "scratch"
repository = "r.example/team/other"
steps = [{ copy = "dir/", context = "given", to = "/" }]
"#;

fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("llbgen.toml"), CATALOG).unwrap();
    fs::write(directory.path().join("file"), "one").unwrap();
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

fn content_tag(directory: &TempDir) -> String {
    let (code, listing, errors) = call(directory, &["id", "base", "--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    let listing: Value = serde_json::from_str(&listing).unwrap();
    listing[0]["content_tag"].as_str().unwrap().to_owned()
}

/// The verdicts on Dockerfiles with these texts, and what was warned of.
fn verdicts(directory: &TempDir, texts: &[&str]) -> (Vec<String>, String) {
    let names: Vec<String> = (0..texts.len())
        .map(|number| format!("Dockerfile.{number}"))
        .collect();
    for (name, text) in names.iter().zip(texts) {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let mut arguments = vec!["drift", "--format", "json"];
    arguments.extend(names.iter().map(String::as_str));
    let (code, rows, warnings) = call(directory, &arguments);
    assert_eq!(code, 0, "{warnings}");
    let rows: Value = serde_json::from_str(&rows).unwrap();
    let verdict = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        format!("{}:{} {}", text("file"), row["line"], text("verdict"))
    };
    (
        rows.as_array().unwrap().iter().map(verdict).collect(),
        warnings,
    )
}

#[test]
fn a_from_line_is_one_of_four_kinds() {
    let directory = directory();
    let tag = content_tag(&directory);
    let current = format!("ARG TAG={tag}\nFROM r.example/team/base:${{TAG}} AS x\nFROM x\n");
    let texts = [
        &current,
        "FROM r.example/team/base:0123456789ab\n",
        "FROM debian:12\n",
        "ARG IMAGE\nFROM ${IMAGE}\n",
        "NONSENSE\n",
    ];
    let (found, warnings) = verdicts(&directory, &texts);
    let expected = [
        "Dockerfile.0:2 match",
        "Dockerfile.1:1 drift",
        "Dockerfile.2:1 custom",
        "Dockerfile.3:2 unparseable",
        "Dockerfile.4:1 unparseable",
    ];
    assert_eq!(found, expected);
    assert_eq!(
        warnings,
        format!(
            "warning: `Dockerfile.1:1` names `r.example/team/base:0123456789ab`, and the catalog now makes \
             `r.example/team/base:{tag}`\n"
        )
    );
}

#[test]
fn a_change_of_an_input_is_a_drift() {
    let directory = directory();
    let text = format!("FROM r.example/team/base:{}\n", content_tag(&directory));
    assert_eq!(verdicts(&directory, &[&text]).0, ["Dockerfile.0:1 match"]);
    fs::write(directory.path().join("file"), "two").unwrap();
    assert_eq!(verdicts(&directory, &[&text]).0, ["Dockerfile.0:1 drift"]);
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let (code, _, errors) = call(&directory(), &["drift", "Dockerfile"]);
    assert_eq!(code, 3, "{errors}");
    assert!(errors.contains("`Dockerfile` cannot be read"), "{errors}");
}
