//! A fleet: axes in names, templates, parts and groups, and what is wrong with one.

use catalog::GitValues;

use super::{commands, names, sound, variants, wrong};

/// Base images, and on each a runtime, as LANGUAGE.md has it.
const FLEET: &str = r#"
default = ["runtime"]
groups.small = ["base/os/debian", "tools"]
groups.both = ["small", "runtime/lang/*"]
[values.image]
"os/debian" = { name = "debian-12", base = "debian:12-slim", part = "system" }
"lang/go/1.23" = { name = "go-1.23", base = "base/os/debian", part = "go" }

[template.named]
repository = "ghcr.io/example/{image.name}"
[template.image]
inherits = "named"
kind = "image"
steps = [{ run = "echo template" }]

[artifact."base/{image}"]
inherits = "image"
base = "{image.base}"
axes = { image = ["*"], l10n = ["en_US", "zh_CN"] }
tags = ["base-{l10n|slug}"]
steps = [{ use = "{image.part}" }]

[artifact."runtime/{image}"]
inherits = "image"
base = "base/{image}"
axes.image = ["*"]
tags = ["{l10n|slug}"]
steps = [{ run = "echo ${{ image.name }} ${{ l10n }}" }]
finally = [{ run = "echo last of runtime" }]

[artifact.tools]
kind = "rootfs"
base = "scratch"
steps = [{ copy = "/x", from = "base/{tool}", to = "/x" }]
axes = { tool = ["os/debian"], l10n = ["en_US"] }

[part.system]
steps = [{ run = "echo system" }, { use = "user", with = { name = "{l10n}" } }]
finally = [{ run = "echo last of system" }]

[part.user]
parameters = ["name"]
steps = [{ run = "echo user ${{ name }}" }]
finally = [{ run = "echo last of ${{ name }}", when = { name = "en_US" } }]

[part.go]
steps = [{ run = "echo go" }]
finally = [{ run = "echo proxy", when = { l10n = "zh_CN" } }]
"#;

#[test]
fn an_axis_in_a_name_makes_artifacts() {
    let catalog = sound(FLEET);
    let expected = [
        "base/os/debian",
        "base/lang/go/1.23",
        "runtime/os/debian",
        "runtime/lang/go/1.23",
        "tools",
    ];
    assert_eq!(names(&catalog), expected);
    let go = variants(&catalog, &["runtime/lang/go/1.23"], &[("l10n", "zh_CN")]);
    let expected = [
        "runtime/lang/go/1.23 linux/amd64 l10n=zh_CN",
        "runtime/lang/go/1.23 linux/arm64 l10n=zh_CN",
    ];
    assert_eq!(go, expected);
    assert_eq!(variants(&catalog, &[], &[]).len(), 8);
    assert_eq!(variants(&catalog, &["small"], &[]).len(), 6);
    assert_eq!(variants(&catalog, &["both"], &[]).len(), 10);
    let artifact = catalog.get("runtime/lang/go/1.23").unwrap();
    let variants = catalog.variants(artifact);
    let names = catalog
        .image_names(&variants[0], &GitValues::default())
        .unwrap();
    assert_eq!(names.references(), ["ghcr.io/example/go-1.23:en-us"]);
}

#[test]
fn parts_and_templates_are_steps_of_the_artifact() {
    let catalog = sound(FLEET);
    let expected = [
        "echo template",
        "echo system",
        "echo user en_US",
        "echo template",
        "echo go",
        "echo template",
        "echo go-1.23 en_US",
        "echo last of en_US",
        "echo last of system",
        "echo last of runtime",
    ];
    assert_eq!(commands(&catalog, "runtime/lang/go/1.23", &[]), expected);
    let zh = commands(&catalog, "base/lang/go/1.23", &[("l10n", "zh_CN")]);
    let expected = [
        "echo template",
        "echo system",
        "echo user zh_CN",
        "echo template",
        "echo go",
        "echo last of system",
        "echo proxy",
    ];
    assert_eq!(zh, expected);
}

#[test]
fn what_cannot_be_in_a_fleet_is_told() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        assert!(FLEET.contains(from), "{from}");
        wrong(&FLEET.replacen(from, to, 1), expected);
    };
    check(
        "part = \"system\"",
        "part = \"systme\"",
        &[
            "base/os/debian",
            "step 2: `systme` is no part; did you mean `system`?",
        ],
    );
    check(
        "with = { name = \"{l10n}\" }",
        "with = { nmae = \"{l10n}\" }",
        &["part `user` needs the parameter `name`; `nmae` is none of its"],
    );
    check(
        "inherits = \"named\"",
        "inherits = \"naemd\"",
        &["`naemd` is not a value of `inherits`; did you mean `named`?"],
    );
    check(
        "inherits = \"named\"",
        "inherits = \"image\"",
        &["templates use each other: image → image"],
    );
    check(
        "[{ run = \"echo go\" }]",
        "[{ use = \"go\" }]",
        &["parts use each other: go → go"],
    );
    check(
        "[artifact.\"base/{image}\"]",
        "[artifact.\"base/{imag}\"]",
        &["`{imag}`: there is no `imag`; did you mean `image`?"],
    );
    check(
        "\"lang/go/1.23\" = { name",
        "\"lang/go 1.23\" = { name",
        &["`base/lang/go 1.23` (`image` = `lang/go 1.23`) is no artifact name"],
    );
    check(
        "groups.small = [\"base/os/debian\", \"tools\"]",
        "groups.small = [\"base/os/debain\", \"both\"]",
        &[
            "groups.small",
            "`base/os/debain` is no artifact, prefix or group; did you mean `base/os/debian`?",
        ],
    );
    check(
        "groups.small = [\"base/os/debian\"",
        "groups.small = [\"both\"",
        &["groups use each other: small → both → small"],
    );
    check(
        "groups.both",
        "groups.runtime",
        &["the artifacts below `runtime/` and the group have one name"],
    );
    check(
        "default = [\"runtime\"]",
        "default = [\"runtimes\"]",
        &["the default `runtimes` is not an artifact"],
    );
    check(
        "axes = { tool = [\"os/debian\"], l10n = [\"en_US\"] }",
        "axes = { tool = [\"os/debian\"] }",
        &["it is made from `base/os/debian`, which has the axis `l10n`"],
    );
    check(
        "image = [\"*\"], l10n",
        "image = [\"*\", \"no*\"], l10n",
        &["`no*` in the axis `image`: no row of `values.image` matches"],
    );
    check(
        "when = { l10n = \"zh_CN\" }",
        "when = { l10n = \"zh_CH\" }",
        &["`when.l10n = \"zh_CH\"` can never be: `en_US`, `zh_CN`; did you mean `zh_CN`?"],
    );
}
