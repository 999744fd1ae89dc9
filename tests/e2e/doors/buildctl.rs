//! `buildctl build --frontend gateway.v0`: the same frontend without buildx. Its artifacts are in `built`, its questions
//! in `answers`.

use std::fs;

use llbgen_tests::{
    command::run,
    frontend::{buildctl, buildx},
    registry::repositories,
};

use super::on_each;

const CATALOG: &str = "[artifact.fails]
kind = \"image\"
base = \"debian:bookworm\"
platforms = [\"linux/amd64\"]
steps = [
    { run = \"echo before the end; exit 7\" },
]
";

#[test]
fn buildctl_says_what_buildx_says() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        fs::write(home.join("llbgen.toml"), CATALOG).unwrap();
        let registry = &shared.description().registry;
        let name = format!("refused/buildctl/{}", bed.description().pid);
        let output = format!("type=image,name={registry}/{name},push=true");
        let check = |options: &[(&str, &str)], words: &[&str]| {
            let mut command = buildctl(shared, bed, home);
            command.args(["--progress", "plain", "--local", "context=."]);
            command.args(["--output", &output]);
            let mut through_buildx = buildx(shared, bed, home);
            through_buildx.args(["--progress", "plain", "--output", &output, "."]);
            for (option, value) in options {
                command.args(["--opt", &format!("{option}={value}")]);
                match option.split_once(':') {
                    Some((_, name)) => {
                        through_buildx.args(["--build-arg", &format!("{name}={value}")])
                    }
                    None => through_buildx.args([&format!("--{option}"), *value]),
                };
            }
            run(&mut command).fails(1, words);
            run(&mut through_buildx).fails(1, words);
        };
        check(
            &[("target", "fials")],
            &["there is no artifact `fials`; did you mean `fails`?"],
        );
        check(
            &[("target", "fails"), ("platform", "linux/riscv64")],
            &[
                "`fails` is not declared for `linux/riscv64`",
                "`linux/amd64`",
            ],
        );
        check(
            &[("target", "fails"), ("build-arg:word", "one")],
            &["no artifact has an option `word`"],
        );
        check(
            &[("target", "fails")],
            &[
                "artifact `fails` for `linux/amd64` failed at step `run echo before the end; exit 7`",
                "exit code: 7",
                "before the end",
                "llbgen.toml:6",
                "   6 | >>>     { run = \"echo before the end; exit 7\" },",
            ],
        );
        assert!(!repositories(registry).unwrap().contains(&name));
    });
}
