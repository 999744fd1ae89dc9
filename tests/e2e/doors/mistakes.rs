//! An `llbgen.toml` that is wrong, through the frontend with the built-in catalog.

use std::fs;

use llbgen_tests::{command::run, frontend::buildx};

use super::on_each;

#[test]
fn a_wrong_catalog_is_refused_with_the_place() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let check = |text: &str, words: &[&str]| {
            fs::write(home.join("llbgen.toml"), text).unwrap();
            let mut command = buildx(shared, bed, home);
            run(command.args(["--target", "tools", "."])).fails(1, words);
        };
        check(
            "[artifact.tools]\nkind = \"rootfs\"\nbase = \"scratch\"\nstesp = []\n",
            &[
                "`llbgen.toml` line 4, column 1: `stesp` is not a key of ",
                "did you mean `steps`?",
                "4 | stesp = []",
            ],
        );
        check(
            "[artifact.tools]\nkind = \"rotfs\"\nbase = \"scratch\"\n",
            &["`llbgen.toml` line 2, column 8: `rotfs`", "`rootfs`"],
        );
        check(
            "[artifact.tools\n",
            &["`llbgen.toml` line 1, column ", "1 | [artifact.tools"],
        );
        // The built-in one is there where its Dockerfile is.
        fs::create_dir(home.join("dockerfiles")).unwrap();
        fs::write(home.join("dockerfiles/base.dockerfile"), "FROM ubuntu\n").unwrap();
        check(
            "[artifact.base-rootfs]\nkind = \"rootfs\"\nbase = \"scratch\"\n",
            &[
                "`llbgen.toml` line 1",
                "artifact `base-rootfs` is built in already",
                "1 | [artifact.base-rootfs]",
            ],
        );
    });
}
