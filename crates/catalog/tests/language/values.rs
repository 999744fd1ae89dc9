//! Values with fields, and the combinations of axes that are left out.

use super::{commands, sound, variants, wrong};

#[test]
fn a_value_has_fields() {
    let text = r#"
options.line = { default = "weekly", values = ["weekly", "lts"] }
options.version = "2.5"
options.url = "https://{line.war}/{version}"
[values.line]
weekly = { war = "war" }
lts = { war = "war-{version}" }
[values.jdk]
"17" = { full = "17.0.15" }
"21" = { full = "21.0.7", next = "{jdk.full}+1" }
[artifact.a]
kind = "rootfs"
base = "debian:12"
platforms = ["linux/amd64"]
axes.jdk = ["17", "21"]
output = "{jdk.full}.tar"
steps = [
    { run = "echo ${{ jdk.full }} ${{ url }}" },
    { run = "echo ${{ jdk.next }}", when = { jdk = "21" } },
    { run = "echo new", when = { jdk.full = "21.*" } },
    { run = "echo has next", when = { jdk.next = "*" } },
]
"#;
    let catalog = sound(text);
    assert_eq!(
        commands(&catalog, "a", &[]),
        ["echo 17.0.15 https://war/2.5"]
    );
    let set = [("line", "lts"), ("version", "3"), ("jdk", "21")];
    let expected = [
        "echo 21.0.7 https://war-3/3",
        "echo 21.0.7+1",
        "echo new",
        "echo has next",
    ];
    assert_eq!(commands(&catalog, "a", &set), expected);
    wrong(
        &text.replace("${{ jdk.full }}", "${{ jdk.ful }}"),
        &[
            "`${{ jdk.ful }}`: `values.jdk.\"17\"` (llbgen.toml:9) has no `ful`; did you mean `full`?",
        ],
    );
    wrong(
        &text.replace(", when = { jdk = \"21\" }", ""),
        &[
            "`${{ jdk.next }}`: `values.jdk.\"17\"` (llbgen.toml:9) has no `next`",
            "step 2",
        ],
    );
    wrong(
        &text.replace("next = \"{jdk.full}+1\"", "next = \"{jdk.next}\""),
        &["fields use each other: jdk.next → jdk.next"],
    );
    wrong(
        &text.replace("[values.jdk]", "[values.jkd]"),
        &["`values.jkd`: no artifact has an axis, option or parameter `jkd`; did you mean `jdk`?"],
    );
    wrong(
        &text.replace("\"17\" = {", "17.0 = {"),
        &["`17.0` is a table here: quote it, `\"17.0\" = { … }`"],
    );
}

#[test]
fn combinations_can_be_left_out() {
    let text = r#"
[artifact.jre]
kind = "stage"
base = "{distro.builder}"
steps = [{ run = "echo ${{ jdk }} on ${{ distro }} for ${{ arch }}" }]
[artifact.controller]
kind = "image"
base = "{distro}"
axes = { jdk = ["17", "21"], distro = ["debian:12", "alpine:3"] }
exclude = [{ jdk = "17", distro = "alpine*" }, { arch = "arm64", jdk = "21" }]
steps = [{ copy = "/jre", from = "jre", to = "/jre" }]
[artifact.agent]
kind = "image"
base = "controller"
axes = { distro = ["debian:12"] }
[values.distro]
"debian:12" = { builder = "debian:12" }
"alpine:3" = { builder = "golang:1" }
"#;
    let catalog = sound(text);
    let expected = [
        "controller linux/amd64 distro=debian:12 jdk=17",
        "controller linux/amd64 distro=debian:12 jdk=21",
        "controller linux/amd64 distro=alpine:3 jdk=21",
        "controller linux/arm64 distro=debian:12 jdk=17",
    ];
    assert_eq!(variants(&catalog, &["controller"], &[]), expected);
    let expected = [
        "agent linux/amd64 distro=debian:12 jdk=17",
        "agent linux/amd64 distro=debian:12 jdk=21",
        "agent linux/arm64 distro=debian:12 jdk=17",
    ];
    assert_eq!(variants(&catalog, &["agent"], &[]), expected);
    let set = [("jdk", "21")];
    let expected = ["echo 21 on debian:12 for amd64"];
    assert_eq!(commands(&catalog, "agent", &set), expected);
    assert_eq!(variants(&catalog, &["all"], &[]).len(), 7);
    wrong(
        &text.replace(
            "jdk = \"17\", distro = \"alpine*\"",
            "jdk = [\"17\", \"21\"]",
        ),
        &["`exclude` leaves nothing of it"],
    );
    wrong(
        &text.replace("[{ run = \"echo ${{ jdk }}", "[{ run = \"echo ${{ jkd }}"),
        &[
            "jre",
            "`${{ jkd }}`: there is no `jkd`; did you mean `jdk`?",
        ],
    );
    wrong(
        &text.replace("kind = \"stage\"", "kind = \"stage\"\ntags = [\"x\"]"),
        &["a `stage` is not delivered, so it has no `tags`"],
    );
}
