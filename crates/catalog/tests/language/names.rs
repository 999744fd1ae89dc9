//! Names of images: lists with conditions, and git.

use catalog::{CheckedCatalog, GitValues};

use super::{sound, variants, wrong};

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
