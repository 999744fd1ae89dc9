//! `--call`: what people see of a team's own catalog, whole.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, run},
    frontend::{buildctl, buildx},
    machine,
};

use super::on_each;

const CATALOG: &str = r#"default = ["tools"]

[artifact.tools]
kind = "layer"
base = "debian:bookworm"
description = "Tools for every day"
axes.l10n = ["en_US", "zh_CN"]
options.word = { default = "one", values = ["one", "other"] }
steps = [
    { run = "./install.sh", files = ["install.sh"], secrets = ["token"], ssh = ["default"], cache = ["pip"] },
    { copy = "file", to = "/given", context = "given" },
]

[artifact.system]
kind = "image"
base = "tools"
axes.l10n = ["en_US", "zh_CN"]
platforms = ["linux/arm64"]
"#;

/// A catalog with its lock.
fn locked(bed: &Bed) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
    fs::write(home.path().join("install.sh"), "true\n").unwrap();
    fs::create_dir(home.path().join("given")).unwrap();
    fs::write(home.path().join("given/file"), "given\n").unwrap();
    let mut lock = clean(machine::llbgen(), home.path());
    run(lock.args(["--addr", &bed.address(), "lock"])).success();
    home
}

fn ask(shared: &Bed, bed: &Bed, home: &Path, call: &str, more: &[&str]) -> Outcome {
    let mut command = buildx(shared, bed, home);
    run(command.args(["--call", call]).args(more).arg("."))
}

/// What is printed, without the spaces at the ends of lines.
fn printed(said: &Outcome) -> String {
    let lines = said.text().trim_end().lines();
    let lines = lines.map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

const TARGETS: &str = "TARGET          DESCRIPTION
tools (default) Tools for every day
system
";

const OUTLINE: &str = "TARGET:      tools
DESCRIPTION: Tools for every day; needs --build-context given=DIR

BUILD ARG   VALUE   DESCRIPTION
l10n                choose one of en_US, zh_CN
word        one     one of one, other; one by default

SECRET      REQUIRED
llbgen-ca
token       true

SSH       REQUIRED
default   true
";

const DESCRIBED: &str = "NAME                  VERSION  DESCRIPTION
outline               1.0.0    The build arguments, secrets and ssh agents that a target takes
targets               1.0.0    The artifacts that can be built
lint                  1.0.0    What is wrong with a target, found without building it
convertllb            0.1.0    The graph of a target for one platform
subrequests.describe  1.0.0    What can be asked instead of a build
";

#[test]
fn buildx_prints_what_a_user_expects() {
    on_each(|shared, bed| {
        let home = locked(bed);
        let ask = |call: &str, more: &[&str]| {
            printed(&ask(shared, bed, home.path(), call, more).success())
        };
        assert_eq!(ask("targets", &[]), TARGETS);
        assert_eq!(ask("describe", &[]), DESCRIBED);
        assert_eq!(ask("outline", &[]), OUTLINE);
        let chosen = OUTLINE
            .replace("l10n                choose", "l10n        zh_CN   choose")
            .replace("word        one     one", "word        other   one");
        let values = ["--build-arg", "word=other", "--build-arg", "l10n=zh_CN"];
        assert_eq!(ask("outline", &values), chosen);
    });
}

#[test]
fn a_check_is_clean_or_says_why_it_is_not() {
    on_each(|shared, bed| {
        let home = locked(bed);
        let home = home.path();
        let check = |more: &[&str]| ask(shared, bed, home, "check", more);
        let given = ["--build-context", "given=given"];
        let clean = check(&given).success();
        assert_eq!(printed(&clean), "Check complete, no warnings found.\n");

        let found = check(&[]);
        assert_eq!((found.code(), printed(&found).as_str()), (Some(1), FOUND));

        fs::remove_file(home.join("given/file")).unwrap();
        check(&given).fails(
            1,
            &[
                "(`copy file from given to /given`) of artifact `tools`, `llbgen.toml` line",
                "cannot read `file` in the build context `given`",
            ],
        );
        fs::write(home.join("llbgen.toml"), "[artifact.tools]\nstesp = 1\n").unwrap();
        check(&given).fails(
            1,
            &[
                "ERROR: `llbgen.toml` line 2, column 1: `stesp` is not a key of `tools`; did you mean `steps`?",
                "  2 | stesp = 1\n    | ^^^^^",
            ],
        );
    });
}

const FOUND: &str = "Check complete, 1 warning has been found!

WARNING: MissingBuildContext
the build context `given`, needed for `tools`, is not given; add `--build-context given=DIR`
";

/// buildctl knows nothing of the JSON, and prints the text.
#[test]
fn buildctl_prints_the_same_and_more() {
    on_each(|shared, bed| {
        let home = locked(bed);
        let ask = |question: &str| {
            let mut command = buildctl(shared, bed, home.path());
            command.args(["--local", "context=.", "--opt"]);
            command.arg(format!("requestid=frontend.{question}"));
            printed(&run(&mut command).success())
        };
        assert_eq!(ask("targets"), TEXT_OF_TARGETS);
        let lock = fs::read_to_string(home.path().join("llbgen.lock")).unwrap();
        let namespace = lock
            .lines()
            .find_map(|line| line.strip_prefix("namespace = "));
        let outline = TEXT_OF_OUTLINE.replace("NAMESPACE", namespace.unwrap().trim_matches('"'));
        assert_eq!(ask("outline"), outline);
        assert_eq!(ask("subrequests.describe"), DESCRIBED);
        let (_, warning) = FOUND.split_once("\n\n").unwrap();
        assert_eq!(ask("lint"), warning);
    });
}

const TEXT_OF_TARGETS: &str = "TARGET           KIND   BASE             DESCRIPTION
tools (default)  layer  debian:bookworm  Tools for every day
system           image  tools
";

const TEXT_OF_OUTLINE: &str = "TARGET:       tools
DESCRIPTION:  Tools for every day; needs --build-context given=DIR

BUILD ARG  VALUE  DESCRIPTION
l10n              choose one of en_US, zh_CN
word       one    one of one, other; one by default

SECRET     REQUIRED
llbgen-ca
token      true

SSH      REQUIRED
default  true

BUILD CONTEXT  REQUIRED
given          true

CACHE
NAMESPACE/debian:bookworm linux/amd64 pip
";
