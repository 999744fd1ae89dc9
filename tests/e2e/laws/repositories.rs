//! Git repositories that a web server shows.

use std::path::Path;

use llbgen_tests::command::{clean, run};

use super::write;

/// Makes `repository.git` in `root`, and `part.git`, which is its submodule at `vendor/part`. `url` is the address of `root`.
pub(super) fn with_submodule(root: &Path, url: &str) {
    write(root, "part/inside", "of the part\n");
    commit(root, "part");
    write(root, "work/file", "of the whole\n");
    git(root, &["init", "-q", "-b", "main", "work"]);
    let add = ["-C", "work", "-c", "protocol.file.allow=always"];
    let part = root.join("part.git");
    let submodule = ["submodule", "add", "-q", part.to_str().unwrap()];
    git(root, &[&add[..], &submodule, &["vendor/part"]].concat());
    let at = format!("{url}part.git");
    let key = "submodule.vendor/part.url";
    git(
        root,
        &["-C", "work", "config", "-f", ".gitmodules", key, &at],
    );
    commit(root, "work");
    std::fs::rename(root.join("work.git"), root.join("repository.git")).unwrap();
}

/// Makes `NAME.git` of all that is in `NAME`.
fn commit(root: &Path, name: &str) {
    git(root, &["init", "-q", "-b", "main", name]);
    git(root, &["-C", name, "add", "."]);
    git(root, &["-C", name, "commit", "-qm", name]);
    let bare = format!("{name}.git");
    git(root, &["clone", "-q", "--bare", name, &bare]);
    git(root, &["-C", &bare, "update-server-info"]);
}

fn git(root: &Path, arguments: &[&str]) {
    let mut command = clean("git", root);
    command.args(["-c", "user.name=x", "-c", "user.email=x@example.com"]);
    run(command.args(arguments)).success();
}
