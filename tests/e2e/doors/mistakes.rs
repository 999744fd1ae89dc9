//! An `llbgen.toml` that is wrong or not there, through the frontend.

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
    });
}

#[test]
fn a_context_without_a_catalog_is_refused() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        fs::write(home.join("Dockerfile"), "FROM scratch\n").unwrap();
        let words = [
            "there is no `llbgen.toml` in the build context",
            "`llbgen new rootfs NAME`",
        ];
        for arguments in [
            &["--target", "tools"][..],
            &["-f", "Dockerfile"],
            &["--call", "targets"],
            &["--call", "check"],
        ] {
            let mut command = buildx(shared, bed, home);
            run(command.args(arguments).arg(".")).fails(1, &words);
        }
    });
}
