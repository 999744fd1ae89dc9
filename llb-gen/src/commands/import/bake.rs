//! `docker-bake.hcl`, as `docker buildx bake` reads it.

use std::{
    io,
    process::{Command, Output},
};

use super::disk::Disk;
use crate::failure::{Exit, Failure};

const HINT: &str =
    "run `docker buildx bake --print` where buildx is, and give its JSON: `llbgen import -`";

/// The targets of a bake file, as JSON.
pub(super) fn print(path: &str, disk: &Disk) -> Result<String, Failure> {
    let arguments = ["bake", "--print", "--file", path];
    let of_docker = ["buildx"].into_iter().chain(arguments);
    let output = match output("docker", of_docker, disk) {
        // The plugin runs without docker, too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => output("buildx", arguments, disk),
        output => output,
    };
    let failed = |reason: String| {
        let error = format!("`docker buildx bake --print` cannot read `{path}`: {reason}");
        Failure::new(Exit::Failed, error).with_hint(HINT)
    };
    let output = output.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed("there is neither docker nor buildx".to_owned()),
        _ => failed(error.to_string()),
    })?;
    if !output.status.success() {
        return Err(failed(last_line(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()))
}

fn output<'a>(
    program: &str,
    arguments: impl IntoIterator<Item = &'a str>,
    disk: &Disk,
) -> io::Result<Output> {
    Command::new(program)
        .args(arguments)
        .current_dir(disk.root())
        .output()
}

fn last_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let last = text.trim().lines().next_back();
    last.unwrap_or("it says nothing").to_owned()
}
