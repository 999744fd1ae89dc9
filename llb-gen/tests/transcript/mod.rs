//! Calls in directories of their own, and what they print.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

/// The transcript of one call in a directory: exit code, stdout, stderr.
pub(crate) fn transcript_in(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_llbgen"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!(
        "$ llbgen {}\nexit code: {}\n--- stdout\n{}--- stderr\n{}",
        arguments.join(" "),
        output.status.code().unwrap(),
        without_vertices(&text(&output.stdout)),
        text(&output.stderr),
    )
}

/// The text without the digests of vertices. Those of placed files cover the packer's bytes, which another C compiler
/// or glibc changes.
fn without_vertices(text: &str) -> String {
    let mut lines = String::new();
    for line in text.split_inclusive('\n') {
        let is_of_a_vertex = line.contains("tooltip=\"") || line.contains("\"head\": ");
        match line.split_once("sha256:").filter(|_| is_of_a_vertex) {
            Some((before, after)) => {
                let after = after.trim_start_matches(|digit: char| digit.is_ascii_hexdigit());
                lines.extend([before, "[vertex]", after]);
            }
            None => lines.push_str(line),
        }
    }
    lines
}

/// A directory with these files.
pub(crate) fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}
