//! What the frontend refuses, and what it answers.

use llbgen_tests::{command::run, context::context, frontend::buildx};

use super::on_each;

#[test]
fn what_cannot_be_built_is_refused_with_what_can() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let context = context(home.path());
        let check = |arguments: &[&str], words: &[&str]| {
            let mut command = buildx(shared, bed, home.path());
            command.args(arguments).arg(&context);
            run(&mut command).fails(1, words);
        };
        let target = |rest: &[&'static str]| [&["--target", "base-rootfs"][..], rest].concat();
        check(
            &["--target", "base-rotfs"],
            &[
                "there is no artifact `base-rotfs`; did you mean `base-rootfs`?",
                "`oocana-mount`",
            ],
        );
        check(&[], &["no artifact was named", "`base-rootfs`"]);
        check(
            &target(&["--platform", "linux/riscv64"]),
            &[
                "`base-rootfs` is not declared for `linux/riscv64`",
                "`linux/arm64`",
            ],
        );
        check(
            &target(&["--build-arg", "l10n=en_US"]),
            &[
                "no artifact has an option `l10n`",
                "the catalog has no options",
            ],
        );
        check(
            &target(&["--build-context", "debian=docker-image://debian:12"]),
            &["`debian`", "`--build-context` can replace"],
        );
        check(
            &["--target", "oocana-runtime"],
            &[
                "the build context `oocana` is not given",
                "--build-context oocana=DIR",
            ],
        );
        for (flag, value) in [
            ("--add-host", "a:127.0.0.1"),
            ("--network", "none"),
            ("--ulimit", "nofile=1024"),
            ("--shm-size", "1m"),
            ("--cgroup-parent", "x"),
            ("--no-cache-filter", "x"),
        ] {
            check(
                &target(&[flag, value]),
                &[&format!("{flag} is for Dockerfiles")],
            );
        }
        check(
            &target(&["--build-context", "ubuntu=."]),
            &["`ubuntu`", "docker-image://REF"],
        );
        let nowhere = context.join("nowhere.toml");
        check(
            &["-f", nowhere.to_str().unwrap()],
            &["there is no file `nowhere.toml`"],
        );
        let unknown = context.join("package.json");
        check(
            &["-f", unknown.to_str().unwrap()],
            &["`package.json` is neither a catalog nor the Dockerfile of an artifact"],
        );
    });
}

#[test]
fn questions_are_answered() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let context = context(home.path());
        let ask = |call: &[&str]| {
            let mut command = buildx(shared, bed, home.path());
            command.arg("--call").args(call).arg(&context);
            run(&mut command)
        };
        let check = |call: &[&str], words: &[&str]| {
            let said = ask(call).success();
            for word in words {
                assert!(said.text().contains(word), "no `{word}` in {}", said.text());
            }
        };
        check(
            &["targets"],
            &["base-rootfs", "oocana-runtime", "Ubuntu with zsh"],
        );
        check(
            &["outline", "--target", "oocana-runtime"],
            &["llbgen-ca", "--build-context oocana=DIR"],
        );
        check(&["describe"], &["outline", "targets", "convertllb"]);
        let unpinned = ask(&["check", "--target", "server-base"]);
        assert!(
            unpinned.text().contains("UnpinnedReference")
                && unpinned.text().contains("ghcr.io/oomol/server-base:v0.6.0"),
            "{}",
            unpinned.text()
        );
        ask(&["nonsense"]).fails(1, &["there is no subrequest `frontend.nonsense`"]);
    });
}
