//! The directory of outputs: whether it can be written to, and the space on its disk.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::statvfs;

use super::{
    deadline::within,
    finding::{Check, Finding, Subject},
    quantity::bytes,
};

/// The deadline of the disk: one on the network may be away.
const LIMIT: Duration = Duration::from_secs(10);

/// The least free space without a warning: the tar of a root filesystem has some hundred megabytes.
const LEAST_FREE: u64 = 2_000_000_000;

/// Checks the directory at `path`, which need not be there yet.
pub(super) async fn check(path: PathBuf) -> Vec<Finding> {
    let told = path.display().to_string();
    let checked = tokio::task::spawn_blocking(move || checked(&path));
    let silent = |seconds| {
        let text = format!("the disk of `{told}` gave no answer within {seconds} s");
        Finding::problem(Subject::Output, Check::Directory, text)
            .then("is it on a network, and is the server there?")
    };
    match within(LIMIT, checked, silent).await {
        Ok(Ok(findings)) => findings,
        Ok(Err(panicked)) => vec![Finding::failed(
            Subject::Output,
            Check::Directory,
            &panicked,
        )],
        Err(finding) => vec![finding],
    }
}

fn checked(path: &Path) -> Vec<Finding> {
    let directory = existing(path);
    vec![check_directory(path, directory), check_space(directory)]
}

/// The directory itself, or the nearest one above it that is there.
fn existing(path: &Path) -> &Path {
    let here = Path::new(".");
    let above = path.ancestors().filter(|path| path != &Path::new(""));
    let mut there = above.filter(|path| path.symlink_metadata().is_ok());
    there.next().unwrap_or(here)
}

fn check_directory(path: &Path, directory: &Path) -> Finding {
    let told = path.display();
    match tempfile::tempfile_in(directory) {
        Ok(_removed) => {
            let text = format!("`{told}` can be written to");
            Finding::ok(Subject::Output, Check::Directory, text)
        }
        Err(error) => {
            let text = format!("`{told}` cannot be written to");
            Finding::problem(Subject::Output, Check::Directory, text)
                .because(vec![format!(
                    "`{}`: {}",
                    directory.display(),
                    reason(&error)
                )])
                .then("mend it, or name another directory with `--output DIR`")
        }
    }
}

/// The system's words, without the name of a file that was made for the check.
fn reason(error: &io::Error) -> String {
    let system = error.raw_os_error().map(io::Error::from_raw_os_error);
    let inner = error.get_ref().and_then(|inner| inner.source());
    match (system, inner) {
        (Some(system), _) => system.to_string(),
        (None, Some(inner)) => inner.to_string(),
        (None, None) => error.kind().to_string(),
    }
}

fn check_space(directory: &Path) -> Finding {
    let (subject, check) = (Subject::Output, Check::Space);
    match statvfs(directory) {
        Ok(disk) => space(disk.f_frsize.saturating_mul(disk.f_bavail)),
        Err(error) => {
            let reason = format!("the disk does not tell its free space: {error}");
            Finding::skipped(subject, check, reason)
        }
    }
}

fn space(free: u64) -> Finding {
    let (subject, check) = (Subject::Output, Check::Space);
    let text = format!("{} are free on its disk", bytes(free));
    if free >= LEAST_FREE {
        return Finding::ok(subject, check, text);
    }
    Finding::warning(subject, check, text)
        .then("make room: the tar of a root filesystem has some hundred megabytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[tokio::test]
    async fn a_directory_that_cannot_be_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let states = async |path: PathBuf| {
            let findings = check(path).await;
            findings[0].state
        };
        assert_eq!(states(dir.path().to_owned()).await, State::Ok);
        assert_eq!(states(dir.path().join("not/yet")).await, State::Ok);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let findings = check(file.clone()).await;
        assert_eq!(findings[0].state, State::Problem);
        assert!(
            findings[0].causes[0].ends_with("Not a directory (os error 20)"),
            "{findings:?}"
        );
        assert_eq!(states(file.join("out")).await, State::Problem);
        assert_eq!(states("/proc/llbgen".into()).await, State::Problem);
    }

    #[test]
    fn a_full_disk_is_told() {
        assert_eq!(space(LEAST_FREE).state, State::Ok);
        let finding = space(LEAST_FREE - 1);
        assert_eq!(finding.state, State::Warning);
        assert_eq!(finding.text, "1.9 GB are free on its disk");
    }
}
