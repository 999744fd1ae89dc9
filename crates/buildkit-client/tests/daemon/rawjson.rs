//! The JSON of progress, against buildctl's own.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use buildkit_client::{CancellationToken, LocalDir, Solve, SolveError};
use regex::Regex;

use crate::bed::{self, Bed};
use crate::graph::{marshal, rootfs, shell};

/// The objects in JSON lines, with what differs from run to run replaced.
fn objects(lines: &str) -> BTreeSet<String> {
    let time = Regex::new(r#""\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z""#).unwrap();
    let amount = Regex::new(r#""(current|total)":\d+"#).unwrap();
    let shape = amount.replace_all(lines, r#""$1":N"#);
    let shape = time.replace_all(&shape, "T");
    let object = Regex::new(r"\{[^{}]*\}").unwrap();
    object
        .find_iter(&shape)
        .map(|found| found.as_str().to_owned())
        .collect()
}

async fn ours(bed: &Bed, definition: Vec<u8>, dir: LocalDir) -> String {
    let mut lines = String::new();
    let solve = Solve::definition(definition).with_local(dir);
    let daemon = bed.connect().await;
    let result = daemon
        .solve(
            solve,
            |progress| lines += &progress.to_json_line(),
            &CancellationToken::new(),
        )
        .await;
    assert!(matches!(result, Err(SolveError::Build(_))), "{result:?}");
    lines
}

fn buildctls(bed: &Bed, definition: &[u8], dir: &LocalDir) -> String {
    let mut buildctl = Command::new("buildctl")
        .args([
            "--addr",
            &bed.socket().to_string(),
            "build",
            "--no-cache",
            "--progress",
            "rawjson",
            "--local",
        ])
        .arg(format!("{}={}", dir.name, dir.root.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    buildctl
        .stdin
        .take()
        .unwrap()
        .write_all(definition)
        .unwrap();
    let output = buildctl.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines()
        .filter(|line| line.starts_with('{'))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[tokio::test]
async fn json_lines_are_those_of_buildctl() {
    let Some(bed) = Bed::start() else { return };
    if !bed::has("buildctl") {
        return;
    }
    let dir = crate::rootfs::write(bed.dir());
    let graph = rootfs().run(shell("echo 'a <b> & c'; echo é >&2; exit 3"));
    let definition = marshal(&graph);
    let ours = ours(&bed, definition.clone(), dir.clone()).await;
    let buildctls = buildctls(&bed, &definition, &dir);
    let (ours, buildctls) = (objects(&ours), objects(&buildctls));
    assert_eq!(ours, buildctls);
    assert!(
        ours.iter().any(|object| object.contains("exit code: 3")),
        "{ours:#?}"
    );
    assert!(
        ours.iter()
            .any(|object| object.contains(r"\u003cb\u003e \u0026 c")),
        "{ours:#?}"
    );
}
