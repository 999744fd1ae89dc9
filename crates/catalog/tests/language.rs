//! The language of `llbgen.toml`: values with fields, axes in names, templates, parts, stages, groups.

use catalog::{Caching, Catalog, CatalogFile, CheckedCatalog, GitValues, Inputs, Request};

/// The checked catalog of a text, or its error.
fn catalog(text: &str) -> Result<CheckedCatalog, String> {
    let file = CatalogFile::parse("llbgen.toml", text).map_err(|error| error.to_string())?;
    let catalog = Catalog::new().with_file(file);
    let catalog = catalog.map_err(|error| error.to_string())?;
    catalog.check().map_err(|error| error.to_string())
}

fn sound(text: &str) -> CheckedCatalog {
    catalog(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn wrong(text: &str, expected: &[&str]) {
    let Err(error) = catalog(text) else {
        panic!("this passed:\n{text}");
    };
    for expected in expected {
        assert!(error.contains(expected), "`{expected}` is not in\n{error}");
    }
}

fn names(catalog: &CheckedCatalog) -> Vec<String> {
    let artifacts = catalog.artifacts();
    artifacts.map(|it| it.name().to_string()).collect()
}

/// The variants of a request, as text.
fn variants(catalog: &CheckedCatalog, artifacts: &[&str], set: &[(&str, &str)]) -> Vec<String> {
    let request = Request {
        artifacts: artifacts.iter().map(|name| (*name).to_owned()).collect(),
        set: set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Request::default()
    };
    let variants = catalog.select(&request).expect("a sound request");
    variants.iter().map(ToString::to_string).collect()
}

/// The commands and packed paths of the first variant of an artifact.
fn commands(catalog: &CheckedCatalog, artifact: &str, set: &[(&str, &str)]) -> Vec<String> {
    let request = Request {
        artifacts: vec![artifact.to_owned()],
        set: set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Request::default()
    };
    let variants = catalog.select(&request).expect("a sound request");
    let plan = catalog.plan(&variants[0], &Inputs::default(), Caching::Use);
    let plan = plan.unwrap_or_else(|error| panic!("{error:?}"));
    let vertices = plan.to_emit().vertices();
    let args = vertices.filter_map(|vertex| match vertex.content() {
        buildkit_llb::OpContent::Exec(exec) => exec.args.last().cloned(),
        _ => None,
    });
    let echoes = args.filter_map(|arg| {
        let line = arg.lines().last()?;
        Some(line[line.rfind("echo ")?..].to_owned())
    });
    echoes.collect()
}

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
    wrong(
        &text.replace("kind = \"stage\"", "kind = \"rootfs\""),
        &["it would hold the programs of that platform: make it a `stage`"],
    );
}

#[test]
fn files_are_one_catalog() {
    let root = "include = [\"fleet/*.toml\"]\n[values.v.a]\none = \"1\"\n";
    let more = "[artifact.x]\nkind = \"rootfs\"\nbase = \"debian:12\"\naxes.v = [\"a\"]\n\
                output = \"{arch}{v.one}{v.two}\"\n[values.v.a]\ntwo = \"2\"\n";
    let globs = CatalogFile::includes("llbgen.toml", root).unwrap();
    assert_eq!(globs.len(), 1);
    assert_eq!(globs[0].glob().as_str(), "fleet/*.toml");
    let read = |more: &str| {
        CatalogFile::parse_all(&[("llbgen.toml", root), ("fleet/x.toml", more)])
            .map_err(|error| error.to_string())
    };
    let file = read(more).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
    assert_eq!(names(&catalog), ["x"]);
    let place = catalog.get("x").unwrap().place().unwrap();
    assert_eq!(place.to_string(), "fleet/x.toml:1");
    let check = |more: &str, expected: &str| {
        let error = read(more).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    };
    check(
        "\n[values.v.a]\none = \"2\"\n",
        "`fleet/x.toml` line 3, column 1: two fields are called `one` (llbgen.toml:3, fleet/x.toml:3)",
    );
    check(
        "[artifact.x]\nkind = 1\n",
        "`fleet/x.toml` line 2, column 8: `kind` must be",
    );
    check(
        "include = \"y\"",
        "`fleet/x.toml` line 1, column 1: `include` stands in the first file alone",
    );
    check("[artifact.x\n", "`fleet/x.toml` line 1");
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

#[test]
fn keys_that_toml_puts_elsewhere_are_told() {
    let check = |text: &str, expected: &str| {
        let error = CatalogFile::parse("llbgen.toml", text)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{text}\n{error}");
    };
    check(
        "[artifact.node.js]\nkind = \"image\"\nbase = \"node:22\"\n",
        "`llbgen.toml` line 1, column 16: `node.js` is a table in a table here: quote it, `[artifact.\"node.js\"]`",
    );
    check(
        "[artifact.a]\nkind = \"image\"\nbase = \"node:22\"\n[artifact.a.b.c]\nkind = \"image\"\nbase = \"a\"\n",
        "`llbgen.toml` line 4, column 15: `a.b.c` is a table in a table here: quote it, `[artifact.\"a.b.c\"]`",
    );
    check(
        "[artifact.a]\nkind = \"image\"\nbase = \"node:22\"\n[[artifact.a.steps]]\nrun = \"true\"\ntags = [\"x\"]\n",
        "`llbgen.toml` line 6, column 1: `[[artifact.a.steps]]` is above: `tags` would belong to the step",
    );
    check(
        "[[part.s6.steps]]\nrun = \"true\"\nparameters = [\"x\"]\n",
        "`llbgen.toml` line 3, column 1: `[[part.s6.steps]]` is above: `parameters` would belong to the step",
    );
    // In braces there is no header above.
    check(
        "[artifact.a]\nkind = \"image\"\nbase = \"node:22\"\nsteps = [{ run = \"true\", tags = [\"x\"] }]\n",
        "`llbgen.toml` line 4, column 26: `tags` is not a key of a `run` step",
    );
}

#[test]
fn a_problem_in_a_part_says_who_uses_it() {
    let text = r#"[part.outer]
steps = [{ steps = [{ use = "inner" }] }]

[part.inner]
steps = [{ workdir = "/x" }, { run = "true ${{ nothing }}" }]

[artifact.a]
kind = "rootfs"
base = "debian:12"
output = "{arch}.tar"
steps = [
    { run = "true" },
    { use = "outer" },
]
"#;
    let file = CatalogFile::parse("llbgen.toml", text).unwrap();
    let error = Catalog::new().with_file(file).unwrap().check().unwrap_err();
    let shown = error.to_string();
    let expected = "\n    in part inner, used by part outer (llbgen.toml:2)\n    in part outer, used by a (llbgen.toml:13)";
    assert!(shown.contains("`llbgen.toml` line 5"), "{shown}");
    assert!(shown.ends_with(expected), "{shown}");

    let text = text.replace("true ${{ nothing }}", "true");
    let file = CatalogFile::parse("llbgen.toml", &text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
    let (steps, last) = catalog.get("a").unwrap().outline();
    let mut lines = Vec::new();
    outlined(&steps, 0, &mut lines);
    assert_eq!(
        lines,
        [
            "run true (llbgen.toml:12)",
            "use outer (llbgen.toml:13)",
            " in part outer (llbgen.toml:1)",
            "  steps (llbgen.toml:2)",
            "   use inner (llbgen.toml:2)",
            "    in part inner (llbgen.toml:4)",
            "     workdir /x (llbgen.toml:5)",
            "     run true (llbgen.toml:5)",
        ]
    );
    assert!(last.is_empty());
}

fn outlined(steps: &[catalog::OutlineStep], depth: usize, lines: &mut Vec<String>) {
    for step in steps {
        let place = step.place.as_ref().expect("each step is in the file");
        lines.push(format!("{}{} ({place})", " ".repeat(depth), step.title));
        outlined(&step.inside, depth + 1, lines);
    }
}

#[test]
fn an_axis_begins_where_a_text_uses_it() {
    let text = r#"[artifact.below]
kind = "rootfs"
base = "debian:12"
output = "below-{arch}-{x}.tar"
axes.x = ["1", "2"]

[artifact.a]
kind = "layer"
base = "below"
output = "{arch}-{x}-{y}-{z}-{w}.tar"
axes = { x = ["1"], y = ["1"], z = ["1"], w = ["1"] }
steps = [{ run = "true" }, { run = "${{ y }}" }]
finally = [{ env = { Z = "{z}" }, when = { y = "1" } }]
"#;
    let file = CatalogFile::parse("llbgen.toml", text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
    let starts = catalog.axis_starts(catalog.get("a").unwrap());
    let starts: Vec<String> = starts
        .iter()
        .map(|(axis, start)| format!("{axis} {start:?}"))
        .collect();
    assert_eq!(starts, ["w Name", "x Base", "y Step(2)", "z Step(3)"]);
}

const PUBLISHED: &str = r#"
[artifact.a]
kind = "image"
base = "debian:12"
axes = { jdk = ["17", "21"], l10n = ["en", "zh"] }
platforms = ["linux/amd64", "linux/arm64"]
repository = ["ghcr.io/example/a", { repository = "r.example/ci/a", unless = { l10n = "zh" } }]
tags = [
    "{jdk}-{l10n}",
    { when = { jdk = "2*" }, tags = ["{l10n}", { tags = "latest", when = { l10n = "en" } }] },
]
platform-tags = { platform-tags = "unused" }
"#;

/// Every tag is in each repository, and conditions choose both.
#[test]
fn lists_of_a_publication_have_conditions() {
    let text = PUBLISHED.replace(
        "{ platform-tags = \"unused\" }",
        "[{ platform-tags = [\"{arch}\"], when = { jdk = \"17\", l10n = \"zh\" } }]",
    );
    let catalog = sound(&text);
    let artifact = catalog.get("a").unwrap();
    let check = |wanted: &str, expected: &[&str], of_platform: &[&str]| {
        let variants = catalog.variants(artifact);
        let variant = variants.iter().find(|it| it.to_string() == wanted).unwrap();
        let names = catalog.image_names(variant, &GitValues::default()).unwrap();
        assert_eq!(names.references(), expected, "{wanted}");
        assert_eq!(names.of_platform(), of_platform, "{wanted}");
    };
    check(
        "a linux/amd64 jdk=17 l10n=zh",
        &["ghcr.io/example/a:17-zh"],
        &["ghcr.io/example/a:amd64"],
    );
    check(
        "a linux/arm64 jdk=21 l10n=en",
        &[
            "ghcr.io/example/a:21-en",
            "r.example/ci/a:21-en",
            "ghcr.io/example/a:en",
            "r.example/ci/a:en",
            "ghcr.io/example/a:latest",
            "r.example/ci/a:latest",
        ],
        &[],
    );
    check(
        "a linux/amd64 jdk=17 l10n=en",
        &["ghcr.io/example/a:17-en", "r.example/ci/a:17-en"],
        &[],
    );
    let shown = serde_json::to_value(artifact).unwrap();
    assert_eq!(
        shown["tags"][1],
        serde_json::json!({
            "when": { "jdk": "2*" },
            "tags": ["{l10n}", { "when": { "l10n": "en" }, "tags": ["latest"] }],
        })
    );
    // A table stands in a list.
    wrong(
        PUBLISHED,
        &["`platform-tags` must be a list, each element of which is"],
    );
    let check = |from: &str, to: &str, expected: &str| {
        assert!(text.contains(from), "{from}");
        wrong(&text.replacen(from, to, 1), &[expected]);
    };
    check(
        "unless = { l10n = \"zh\" }",
        "unless = { l10n = \"zg\" }",
        "`repository`: `unless.l10n = \"zg\"` can never be: `en`, `zh`",
    );
    check(
        "when = { l10n = \"en\" }",
        "when = { l01n = \"en\" }",
        "`when.l01n`: there is no `l01n`; did you mean `l10n`?",
    );
    check(
        "when = { l10n = \"en\" }",
        "whne = { l10n = \"en\" }",
        "`whne` is not a key of `tags`; did you mean `when`?",
    );
    check(
        "{ tags = \"latest\",",
        "{ repository = \"latest\",",
        "`repository` is not a key of `tags`",
    );
    check(
        "{ tags = \"latest\", when = { l10n = \"en\" } }",
        "\"latest\"",
        "`ghcr.io/example/a:latest` is pushed by `a linux/amd64 jdk=21 l10n=en` and `a linux/amd64 jdk=21 l10n=zh`: add \
         the axis to the tag, or a condition",
    );
}

const OF_A_COMMIT: &str = r#"
[artifact.a]
kind = "image"
base = "debian:12"
axes.jdk = ["17", "21"]
repository = "r.example/a"
tags = [
    "edge-{jdk}",
    { tags = ["{git.tag}-{jdk}", { tags = ["latest"], when = { jdk = "21" } }], when = { git.tag = "v*" } },
    { tags = ["latest"], when = { git.branch = "old", jdk = "17" } },
    { tags = ["sha-{git.commit}-{jdk}"], unless = { git.branch = "*" } },
]
"#;

/// Git's variables are in names alone; what is unset is an error only where it is used.
#[test]
fn names_of_images_may_come_from_git() {
    let catalog = sound(OF_A_COMMIT);
    assert!(catalog.uses_git());
    let variants = catalog.variants(catalog.get("a").unwrap());
    let variant = |jdk: &str| {
        let mut variants = variants.iter();
        let found = variants.find(|variant| variant.variables()["jdk"] == jdk);
        found.unwrap()
    };
    let names = |jdk: &str, git: &GitValues| {
        let names = catalog.image_names(variant(jdk), git);
        names
            .map(|names| names.tags)
            .map_err(|error| error.to_string())
    };
    let on = |branch: &str| GitValues {
        branch: Some(branch.to_owned()),
        ..GitValues::default()
    };
    assert_eq!(names("17", &on("main")).unwrap(), ["edge-17"]);
    assert_eq!(names("17", &on("old")).unwrap(), ["edge-17", "latest"]);
    let set = [("git.tag", "v0"), ("jdk", "17"), ("git.tag", "v1")];
    let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let tagged = on("main").with(&set);
    assert_eq!(
        names("21", &tagged).unwrap(),
        ["edge-21", "v1-21", "latest"]
    );
    assert_eq!(
        names("21", &GitValues::default()).unwrap_err(),
        "`{git.commit}`: the context directory has no `git.commit`; `--set git.commit=…` gives one"
    );
    let any = catalog.image_names_of_any_commit(variant("17")).unwrap();
    assert_eq!(
        any.tags,
        ["edge-17", "{git.tag}-17", "latest", "sha-{git.commit}-17"]
    );
    // They are no part of a variant.
    let all = variants_of(&catalog, &[("git.tag", "v1")]);
    assert_eq!(all, variants_of(&catalog, &[]));
    let check = |from: &str, to: &str, expected: &str| {
        assert!(OF_A_COMMIT.contains(from), "{from}");
        wrong(&OF_A_COMMIT.replacen(from, to, 1), &[expected]);
    };
    check(
        "{git.tag}-{jdk}",
        "{git.tag}",
        "`r.example/a:git-tag` is pushed by `a linux/amd64 jdk=17` and `a linux/amd64 jdk=21`",
    );
    check(
        "{git.tag}-{jdk}",
        "{git.tga}-{jdk}",
        "`{git.tga}`: there is no `git.tga`; did you mean `git.tag`?",
    );
    check(
        "axes.jdk",
        "axes.git = [\"x\"]\naxes.jdk",
        "`git` is a variable that every artifact has",
    );
    for step in [
        "{ label = { revision = \"{git.commit}\" } }",
        "{ run = \"echo ${{ git.commit }}\" }",
        "{ run = \"echo\", when = { git.commit = \"1\" } }",
    ] {
        check(
            "[artifact.a]",
            &format!("[artifact.a]\nsteps = [{step}]"),
            "here gives every commit another id: use it in `tags`",
        );
    }
}

fn variants_of(catalog: &CheckedCatalog, set: &[(&str, &str)]) -> Vec<String> {
    variants(catalog, &["a"], set)
}
