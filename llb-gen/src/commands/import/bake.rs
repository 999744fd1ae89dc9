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
    let of_docker = output("docker", of_docker, disk);
    // The plugin runs without docker, too.
    let is_elsewhere = of_docker.as_ref().map_or_else(is_absent, lacks_plugin);
    let printed = if is_elsewhere {
        output("buildx", arguments, disk)
    } else {
        of_docker
    };
    let failed = |reason: String| {
        let error = format!("`docker buildx bake --print` cannot read `{path}`: {reason}");
        Failure::new(Exit::Failed, error).with_hint(HINT)
    };
    let printed = printed.map_err(|error| {
        failed(if is_absent(&error) {
            "there is no buildx".to_owned()
        } else {
            error.to_string()
        })
    })?;
    if !printed.status.success() {
        return Err(failed(last_line(&printed.stderr)));
    }
    String::from_utf8(printed.stdout).map_err(|error| failed(error.to_string()))
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// Whether docker does not know `buildx`.
fn lacks_plugin(output: &Output) -> bool {
    let told = String::from_utf8_lossy(&output.stderr);
    let words = [
        "unknown command",
        "is not a docker command",
        "unknown flag",
        "unknown shorthand",
    ];
    !output.status.success() && words.iter().any(|words| told.contains(words))
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

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus};

    use super::*;

    #[test]
    fn a_docker_without_buildx_is_known() {
        let check = |status: i32, stderr: &str, expected: bool| {
            let output = Output {
                status: ExitStatus::from_raw(status),
                stdout: Vec::new(),
                stderr: stderr.as_bytes().to_vec(),
            };
            assert_eq!(lacks_plugin(&output), expected, "{stderr}");
        };
        let unknown =
            "docker: unknown command: docker buildx\n\nRun 'docker --help' for more information\n";
        check(256, unknown, true);
        check(256, "docker: 'buildx' is not a docker command.\n", true);
        check(256, "ERROR: docker-bake.hcl:1: missing\n", false);
        check(0, "unknown command", false);
        assert_eq!(last_line(b"a\nERROR: b\n\n"), "ERROR: b");
        assert_eq!(last_line(b""), "it says nothing");
    }
}
