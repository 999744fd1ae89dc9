//! What cannot be built is refused before anything is pushed, and what could be is named.

use std::{collections::BTreeSet, fs};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    machine,
    registry::{self, Registry},
};

const CATALOG: &str = r#"
[artifact.tool]
kind = "image"
base = "scratch"
axes.l10n = ["en_US", "zh_CN"]
options.mirror = { default = "none", values = ["none", "near"] }
steps = [{ copy = "text", to = "/{l10n}-{mirror}" }]

[artifact.other]
kind = "image"
base = "scratch"
steps = [{ copy = "text", to = "/text" }]
"#;

#[test]
fn a_wrong_value_is_refused_and_the_registry_is_as_it_was() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
    fs::write(home.path().join("text"), "text\n").unwrap();
    // Its own, so that no other test pushes to it.
    let registry = Registry::start(&home.path().join("registry"), home.path());
    let prefix = format!("{}/p", registry.address());
    let push = |arguments: &[&str]| {
        let push = ["--push", "--registry", &prefix, "--tag", "t"];
        let mut command = clean(machine::llbgen(), home.path());
        command.args(["--addr", &bed.address(), "build"]);
        run(command.args(arguments).args(push))
    };
    push(&["other"]).success();
    let repositories = || registry::repositories(registry.address()).unwrap();
    let before = repositories();
    assert_eq!(before, BTreeSet::from(["p/other".to_owned()]));
    for (arguments, words) in [
        (
            &["tol"][..],
            ["artifact `tol`", "`tool`, `other`", "did you mean `tool`?"],
        ),
        (
            &["tool", "--platform", "linux/s390x"],
            ["`linux/s390x`", "`linux/amd64`", "`linux/arm64`"],
        ),
        (
            &["tool", "--set", "miror=near"],
            ["option `miror`", "`mirror`", "`l10n`"],
        ),
        (
            &["tool", "--build-arg", "mirror=far"],
            ["cannot be `far`", "`none`, `near`", "`mirror`"],
        ),
        (
            &["tool", "--set", "l10n=de_DE"],
            ["cannot be `de_DE`", "`en_US`, `zh_CN`", "`l10n`"],
        ),
        // One tag for the values of an axis would be one image for both.
        (
            &["tool"],
            [
                "/tool:t` is one image",
                "`tool linux/amd64 l10n=en_US` and `tool linux/amd64 l10n=zh_CN`",
                "`--set`",
            ],
        ),
    ] {
        push(arguments).fails(2, &words);
        assert_eq!(repositories(), before, "{arguments:?}");
    }
    push(&["tool", "--set", "l10n=zh_CN", "--set", "mirror=near"]).success();
    assert!(repositories().contains("p/tool"));
}
