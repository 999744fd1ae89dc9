//! What git says of a context directory: the values of the variables in names of images.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use catalog::GitValues;

/// The commit, tag and branch that are checked out in the repository of a directory. What there is not is unset: a text
/// that uses it says so.
pub fn git_of(directory: &Path) -> GitValues {
    let said = |arguments: &[&str]| said(directory, arguments);
    GitValues {
        commit: said(&["rev-parse", "--verify", "HEAD"]),
        tag: said(&["describe", "--tags", "--exact-match", "HEAD"]),
        branch: said(&["symbolic-ref", "--quiet", "--short", "HEAD"]),
    }
}

fn said(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    let said = said.trim();
    (output.status.success() && !said.is_empty()).then(|| said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_a_commit_a_tag_and_a_branch() {
        let home = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            let user = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
            let mut git = Command::new("git");
            git.arg("-C").arg(home.path()).args(user).args(arguments);
            assert!(git.stdout(Stdio::null()).status().unwrap().success());
        };
        assert_eq!(git_of(home.path()), GitValues::default());
        git(&["init", "--quiet", "--initial-branch=trunk"]);
        git(&["commit", "--quiet", "--allow-empty", "--message=one"]);
        let found = git_of(home.path());
        assert_eq!(found.commit.map(|commit| commit.len()), Some(40));
        assert_eq!((found.tag, found.branch.as_deref()), (None, Some("trunk")));
        git(&["tag", "v1"]);
        assert_eq!(git_of(home.path()).tag.as_deref(), Some("v1"));
        git(&["checkout", "--quiet", "--detach"]);
        assert_eq!(git_of(home.path()).branch, None);
    }
}
