//! Conditions on steps, and the platform that steps run on.

use catalog::{Caching, Inputs, Request};

use super::{commands, sound, wrong};

#[test]
fn a_stage_can_run_on_the_build_platform() {
    let text = r#"
build-platform = "linux/arm64"
[artifact.compile]
kind = "stage"
base = "golang:1.26"
runs-on = "build"
steps = [{ run = "echo GOARCH ${{ arch }}" }]
[artifact.app]
kind = "image"
base = "debian:12"
platforms = ["linux/amd64"]
steps = [{ copy = "/out/app", from = "compile", to = "/app" }, { run = "echo app" }]
"#;
    let catalog = sound(text);
    let variants = catalog
        .select(&Request {
            artifacts: vec!["app".to_owned()],
            ..Request::default()
        })
        .unwrap();
    let plan = catalog.plan(&variants[0], &Inputs::default(), Caching::Use);
    let plan = plan.unwrap();
    let platform_of = |wanted: &str| {
        let mut vertices = plan.to_emit().vertices();
        let vertex = vertices.find(|vertex| match vertex.content() {
            buildkit_llb::OpContent::Exec(exec) => {
                exec.args.last().is_some_and(|arg| arg.ends_with(wanted))
            }
            buildkit_llb::OpContent::Source(source) => source.identifier.contains(wanted),
            _ => false,
        });
        vertex.unwrap().op_platform()
    };
    assert_eq!(platform_of("GOARCH amd64"), "linux/arm64");
    assert_eq!(platform_of("golang:1.26"), "linux/arm64");
    assert_eq!(platform_of("echo app"), "linux/amd64");
    assert_eq!(platform_of("debian:12"), "linux/amd64");
    let request = |name: &str| Request {
        artifacts: vec![name.to_owned()],
        ..Request::default()
    };
    let error = catalog.select(&request("compile")).unwrap_err();
    assert!(error.to_string().contains("is a `stage`"), "{error}");
    // Nobody is sent to what is refused then.
    let error = catalog.select(&request("nothing")).unwrap_err();
    assert_eq!(error.valid_ones(), "the artifacts are `app`");
    wrong(
        &text.replace("kind = \"stage\"", "kind = \"rootfs\""),
        &["it would hold the programs of that platform: make it a `stage`"],
    );
}

#[test]
fn a_step_may_have_a_condition() {
    let text = r#"
[artifact.a]
kind = "rootfs"
base = "debian:12"
axes.l10n = ["en_US", "zh_CN"]
shell = ["/bin/bash", "-euc"]
steps = [
    { run = "echo all" },
    { run = "echo zh", when = { l10n = "zh_*" } },
    { run = "echo not zh", unless = [{ l10n = "zh_CN" }, { arch = "arm64" }] },
]
"#;
    let catalog = sound(text);
    let check = |l10n: &str, expected: [&str; 2]| {
        assert_eq!(commands(&catalog, "a", &[("l10n", l10n)]), expected);
    };
    check("en_US", ["echo all", "echo not zh"]);
    check("zh_CN", ["echo all", "echo zh"]);
    wrong(
        &text.replace("run = \"echo zh\", when", "rnu = \"echo zh\", when"),
        &["line 9", "did you mean `run`?"],
    );
}
