//! Every text takes placeholders, and a word that takes none refuses braces: nothing is silently literal.

use super::*;
use crate::{CATALOG_FILE, CatalogFile};

/// The problems of an artifact of a file with `lines` in it, as one text.
fn problems(lines: &str) -> String {
    let text = format!(
        "[artifact.a]\nkind = \"image\"\nbase = \"debian:12\"\n{lines}\n[artifact.b]\nkind = \"rootfs\"\nbase = \"debian:12\"\n"
    );
    let catalog = match CatalogFile::parse(CATALOG_FILE, &text) {
        Ok(file) => Catalog::new().with_file(file).unwrap(),
        Err(error) => return error.to_string(),
    };
    match catalog.check() {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn no_key_takes_a_placeholder_for_text() {
    let keys = [
        "description = '{nope}'",
        "platforms = ['{nope}']",
        "axes.x = ['{nope}']",
        "options.x = '{nope}'",
        "options.x = { default = 'a', values = ['a', '{nope}'] }",
        "output = '{nope}.tar'",
        "repository = 'r.example/{nope}'",
        "repository = 'r.example/a'\ntags = ['{nope}']",
        "repository = 'r.example/a'\nplatform-tags = ['{nope}']",
        "repository = 'r.example/a'\nfile-tags = ['{nope}']",
        "annotations = { a = '{nope}' }",
        "annotations = { 'index:{nope}' = 'a' }",
        "compression = '{nope}'",
        "attest = [{ type = 'sbom', generator = '{nope}' }]",
        "release-tags = ['{nope}']",
    ];
    let steps = [
        "apt = ['{nope}']",
        "run = 'x ${{ nope }}'",
        "run = { script = '{nope}' }, files = ['x']",
        "run = 'x', files = ['{nope}']",
        "run = 'x', env = { A = '{nope}' }",
        "run = 'x', env = { '{nope}' = 'a' }",
        "run = 'x', cache = ['{nope}']",
        "run = 'x', cache = ['/a/{nope}']",
        "run = 'x', secrets = ['{nope}']",
        "run = 'x', ssh = ['{nope}']",
        "copy = '{nope}', to = '/'",
        "copy = 'a', to = '/{nope}'",
        "copy = '/a', to = '/', from = '{nope}'",
        "copy = 'a', to = '/', context = '{nope}'",
        "download = 'https://x.example/{nope}', to = '/'",
        "download = 'https://x.example/a', to = '/{nope}'",
        "download = 'https://x.example/a', to = '/', checksum = '{nope}'",
        "git = 'https://x.example/a.git#{nope}', to = '/'",
        "git = 'https://x.example/a.git#a', to = '/{nope}'",
        "tar = '{nope}', to = '/'",
        "tar = 'b', to = '/{nope}'",
        "env = { A = '{nope}' }",
        "env = { '{nope}' = 'a' }",
        "label = { a = '{nope}' }",
        "label = { '{nope}' = 'a' }",
        "label = { a = { json = '{nope}', key = 'a' } }",
        "label = { a = { json = 'a', key = '{nope}' } }",
        "label = { a = { tag-of = '{nope}' } }",
        "workdir = '/{nope}'",
        "user = '{nope}'",
        "entrypoint = ['{nope}']",
        "cmd = ['{nope}']",
        "expose = '{nope}'",
        "volume = '/{nope}'",
        "stop-signal = '{nope}'",
        "healthcheck = 'x ${{ nope }}'",
        "healthcheck = ['{nope}']",
        "healthcheck = 'x', interval = '{nope}'",
        "steps = [{ user = '{nope}' }]",
        "when = { '{nope}' = 'a' }, steps = [{ user = 'a' }]",
        "when = { arch = '{nope}' }, steps = [{ user = 'a' }]",
        "unless = { free = ['a', '{nope}'] }, steps = [{ user = 'a' }]",
    ];
    let steps = steps.map(|step| format!("options.free = 'a'\nsteps = [{{ {step} }}]"));
    for lines in keys.map(str::to_owned).iter().chain(&steps) {
        let found = problems(lines);
        assert!(found.contains("nope"), "{lines}: {found}");
    }
}

/// Paths take `$NAME`, which is refused where its value cannot be known.
#[test]
fn paths_in_the_tree_take_variables() {
    for step in [
        "run = 'x', cache = ['$HOME/.m2', '${HOME}', '{arch}$HOME']",
        "copy = 'a', to = '$HOME/'",
        "download = 'https://x.example/a', to = '$HOME/'",
        "git = 'https://x.example/a.git#a', to = '$HOME/'",
        "tar = 'b', to = '$HOME/'",
        "workdir = '$HOME'",
        "volume = '$HOME'",
        "user = '$NAME'",
        "expose = '$PORT'",
        "stop-signal = '$SIGNAL'",
        "env = { A = '$B' }",
        "label = { a = '$B' }",
    ] {
        assert_eq!(problems(&format!("steps = [{{ {step} }}]")), "", "{step}");
        let odd = step.replace('$', "$1");
        let found = problems(&format!("steps = [{{ {odd} }}]"));
        assert!(found.contains("$1"), "{odd}: {found}");
    }
    check(
        one(Artifact::rootfs("a", "debian:12")
            .option("dir", "m2", [])
            .step(Run::command("x").cache(Cache::directory("{dir}")))),
        &["a: step 1: `m2` is not a cache: write `npm`, `pip`, or an absolute path"],
    );
}

#[test]
fn texts_that_variants_share_are_filled_in_once() {
    let app = |description: &str, tag: &str| {
        Artifact::image("app", "debian:12")
            .option("version", "1.2", [])
            .axis("l10n", ["en"])
            .axis("jdk", ["17", "21"])
            .description(description)
            .release_tag(tag)
    };
    let catalog = one(app(
        "{artifact} {version} in {l10n} for {os}, {{all}}",
        "{artifact}-v*",
    ));
    let catalog = catalog.check().unwrap();
    let artifact = catalog.get("app").unwrap();
    assert_eq!(artifact.summary(), "app 1.2 in en for linux, {all}");
    let json = serde_json::to_value(artifact).unwrap();
    assert_eq!(json["description"], "app 1.2 in en for linux, {all}");
    assert_eq!(json["release-tags"], serde_json::json!(["app-v*"]));
    check(
        one(app("for {arch}", "x")),
        &[
            "app: `{arch}` is not the same in all variants, and `description` is one text for them: `amd64`, `arm64`",
        ],
    );
    check(
        one(app("", "{jdk}-*")),
        &[
            "app: `{jdk}` is not the same in all variants, and `release-tags` is one text for them: `17`, `21`",
        ],
    );
}

#[test]
fn file_tags_are_of_each_variant() {
    let image = |path: &str| {
        Artifact::image("a", "debian:12")
            .repository("r.example/a")
            .axis("jdk", ["17", "../21"])
            .file_tag(path)
    };
    let needs = |path: &str| {
        let catalog = one(image(path).axis("jdk", ["17", "21"])).check().unwrap();
        let variants = catalog.variants(catalog.get("a").unwrap());
        let needs = catalog.needs(&variants).unwrap();
        let files = needs.files.iter().map(ToString::to_string);
        files.collect::<Vec<_>>()
    };
    assert_eq!(
        needs("{jdk}.dockerfile"),
        ["17.dockerfile", "21.dockerfile"]
    );
    assert_eq!(
        problems("repository = 'r.example/a'\nfile-tags = ['/x']"),
        "the catalog has 1 problem(s)\n  a (`llbgen.toml` line 5, column 14): `/x` is absolute; inputs are named relative to the context directory\n    5 | file-tags = ['/x']\n      |              ^^^^"
    );
    check(
        one(image("{jdk}/dockerfile")),
        &["a: `../21/dockerfile` points out of the context directory"],
    );
}
