//! Every error has its place.

mod marked;
mod steps;

use super::*;

/// The error of an artifact of these lines, the first of which is line 2.
fn check_artifact(lines: &str, expected: &str) {
    let text = format!("[artifact.a]\n{lines}\n");
    let shown = parse(&text).map_or_else(|error| error.to_string(), |_| "sound".to_owned());
    let expected = format!("`llbgen.toml` line {expected}");
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn what_is_wrong_with_an_artifact_is_told_with_its_place() {
    check_artifact(
        "kynd = \"layer\"",
        "2, column 1: `kynd` is not a key of `a`; did you mean `kind`? it can be `kind`, `base`, `inherits`, `description`, \
         `platforms`, `axes`, `options`, `exclude`, `shell`, `runs-on`, `steps`, `finally`, `output`, `whiteouts`, `repository`, `tags`, `platform-tags`, `annotations`, `compression`, `attest`, `file-tags`, `release-tags`\n\
         \x20 2 | kynd = \"layer\"\n    | ^^^^",
    );
    check_artifact(
        "kind = \"lyaer\"",
        "2, column 8: `lyaer` is not a value of `kind`; did you mean `layer`? it can be `rootfs`, `layer`, `image`, `files`, `stage`\n\
         \x20 2 | kind = \"lyaer\"\n    |        ^^^^^^^",
    );
    check_artifact(
        "kind = 1",
        "2, column 8: `kind` must be `rootfs`, `layer`, `image`, `files` or `stage`, not the number `1`\n  2 | kind = 1\n    |        ^",
    );
    check_artifact(
        "kind = \"layer\"",
        "1, column 1: `a` has no `base`\n  1 | [artifact.a]\n    | ^^^^^^^^^^^^",
    );
    check_artifact(
        "base = [1]",
        "2, column 8: `base` must be the name of an image or artifact, or `{ from = DOCKERFILE }`, not a list\n\
         \x20 2 | base = [1]\n    |        ^^^",
    );
    check_artifact(
        "base = { form = \"x\" }",
        "2, column 10: `form` is not a key of `base`; did you mean `from`? it can only be `from`\n\
         \x20 2 | base = { form = \"x\" }\n    |          ^^^^",
    );
    check_artifact(
        "platforms = [\"linux/amd64\", \"linux/amr64\"]",
        "2, column 29: `linux/amr64` is not a value of `platforms`; did you mean `linux/arm64`? it can be `linux/amd64`, \
         `linux/arm64`, `linux/arm/v7`, `linux/arm/v6`, `linux/386`, `linux/ppc64le`, `linux/riscv64`, `linux/s390x`, \
         `linux/loong64`, `linux/mips64le`\n\
         \x20 2 | platforms = [\"linux/amd64\", \"linux/amr64\"]\n    |                             ^^^^^^^^^^^^^",
    );
    check_artifact(
        "output = \"{arch.tar\"",
        "2, column 10: `{arch.tar` has an unbalanced `{`; write `{{` for a literal one\n\
         \x20 2 | output = \"{arch.tar\"\n    |          ^^^^^^^^^^^",
    );
    check_artifact(
        "axes.\"a b\" = [\"1\"]",
        "2, column 6: `a b` is not a valid axis or option name: it must start with a letter or `_` and hold only letters, \
         digits, `_`, `-`\n  2 | axes.\"a b\" = [\"1\"]\n    |      ^^^^^",
    );
    check_artifact(
        "options.a = 1",
        "2, column 13: `a` must be a value, or a table, as `{ default = VALUE, values = [VALUE, …] }`, not the number `1`\n\
         \x20 2 | options.a = 1\n    |             ^",
    );
    check_artifact(
        "compression = \"zsdt:3\"",
        "2, column 15: `zsdt:3` is not `uncompressed`, `gzip[:0-9]`, `zstd[:0-22]` or `estargz[:0-9]`; did you mean `zstd`?\n\
         \x20 2 | compression = \"zsdt:3\"\n    |               ^^^^^^^^",
    );
    check_artifact(
        "annotations = { \"indx:a\" = \"b\" }",
        "2, column 17: `indx` has no annotations; the parts of an image that have are `manifest`, `index`, \
         `manifest-descriptor`, `index-descriptor`; did you mean `index`?\n\
         \x20 2 | annotations = { \"indx:a\" = \"b\" }\n    |                 ^^^^^^^^",
    );
    check_artifact(
        "annotations = { a = 1 }",
        "2, column 21: `a` must be text, not the number `1`\n  2 | annotations = { a = 1 }\n    |                     ^",
    );
    check_artifact(
        "attest = [{ type = \"provenanse\" }]",
        "2, column 20: `provenanse` is not a value of `type`; did you mean `provenance`? it can be `provenance`, `sbom`\n\
         \x20 2 | attest = [{ type = \"provenanse\" }]\n    |                    ^^^^^^^^^^^^",
    );
    check_artifact(
        "attest = [{ type = \"sbom\", generater = \"x\" }]",
        "2, column 28: `generater` is not a key of `attest`; did you mean `generator`? it can be `type`, `mode`, `version`, \
         `builder-id`, `filename`, `inline-only`, `reproducible`, `generator`\n\
         \x20 2 | attest = [{ type = \"sbom\", generater = \"x\" }]\n    |                            ^^^^^^^^^",
    );
    check_artifact(
        "whiteouts = \"overly\"",
        "2, column 13: `overly` is not a value of `whiteouts`; did you mean `overlay`? it can be `oci`, `overlay`\n\
         \x20 2 | whiteouts = \"overly\"\n    |             ^^^^^^^^",
    );
    check_artifact(
        "whiteouts = true",
        "2, column 13: `whiteouts` must be `oci` or `overlay`, not `true`\n  2 | whiteouts = true\n    |             ^^^^",
    );
    check_artifact(
        "kind = \"image\"\nwhiteouts = \"oci\"\nbase = \"debian:12\"",
        "3, column 1: `a` has the kind `image`, and only a `layer` has `whiteouts`\n\
         \x20 3 | whiteouts = \"oci\"\n    | ^^^^^^^^^",
    );
}

#[test]
fn what_is_wrong_with_the_file_is_told_with_its_place() {
    let check = |text: &str, expected: &str| {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?}:\n{error}");
    };
    check(
        "artefact = 1",
        "`llbgen.toml` line 1, column 1: `artefact` is not a key of `llbgen.toml`; did you mean `artifact`? it can be \
         `include`, `default`, `groups`, `build-platform`, `options`, `values`, `template`, `part`, `artifact`\n",
    );
    check(
        "builtin = false",
        "`llbgen.toml` line 1, column 1: `builtin` is not a key of `llbgen.toml`; it can be `include`, `default`, `groups`, `build-platform`, `options`, `values`, `template`, `part`, `artifact`\n\
         \x20 1 | builtin = false\n    | ^^^^^^^",
    );
    check(
        "a = 1\na = 2",
        "`llbgen.toml` line 2, column 1: duplicate key",
    );
    check(
        "[artifact.\"a b\"]",
        "`llbgen.toml` line 1, column 11: `a b` is not a valid artifact name",
    );
    check(
        "artifact = 1",
        "`llbgen.toml` line 1, column 12: `artifact` must be a table, not the number `1`",
    );
    check(
        "[artifact.a]",
        "`llbgen.toml` line 1, column 1: `a` has no `kind`",
    );
}

#[test]
fn what_the_check_finds_is_told_with_its_place() {
    let text = r#"
        [artifact.a]
        kind = "rootfs"
        base = "debian:12"
        steps = [
            { user = "1" },
            { apt = [] },
        ]
        options.a = { default = "1", values = ["2"] }
    "#;
    let file = parse(text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap();
    let error = catalog.check().unwrap_err().to_string();
    assert_eq!(
        error,
        r#"the catalog has 2 problem(s)
  a (`llbgen.toml` line 7, column 13): step 2: `apt` names no package
    7 |             { apt = [] },
      |             ^^^^^^^^^^^^
  a (`llbgen.toml` line 9, column 9): option `a`: the default `1` is not one of `2`
    9 |         options.a = { default = "1", values = ["2"] }
      |         ^^^^^^^^^"#
    );
}

#[test]
fn what_is_wrong_with_options_is_told_with_its_place() {
    let check = |text: &str, expected: &str| {
        let text = format!(
            "{text}\n[artifact.a]\nkind = \"layer\"\nbase = \"debian:12\"\noptions.mirror = \"none\"\n"
        );
        let catalog = Catalog::new().with_file(parse(&text).unwrap());
        let error = catalog.unwrap().check().unwrap_err();
        assert_eq!(error.problems[0].to_string(), expected, "{text}");
    };
    check(
        "options.mirror = \"near\"",
        "a (`llbgen.toml` line 5, column 1): option `mirror` differs from that of the catalog (llbgen.toml:1); an option is \
         the catalog's, so say it once, at the top, or the same everywhere\n\
         \x20 5 | options.mirror = \"none\"\n    | ^^^^^^^^^^^^^^",
    );
    check(
        "options.mirror = \"none\"\noptions.b = \"{c}\"\noptions.c = \"{b}\"",
        "options (`llbgen.toml` line 2, column 9): options use each other: b → c → b\n\
         \x20 2 | options.b = \"{c}\"\n    |         ^^^^^^^^^",
    );
    check(
        "options.mirrors = \"{mirro}\"",
        "options (`llbgen.toml` line 1, column 20): `{mirro}`: there is no `mirro`; did you mean `mirror`? there are \
         `mirror`, `mirrors`\n\
         \x20 1 | options.mirrors = \"{mirro}\"\n    |                    ^^^^^^^",
    );
    check(
        "options.arch = \"x\"",
        "options (`llbgen.toml` line 1, column 9): `arch` is a variable that every artifact has; call the axis or option \
         something else\n\
         \x20 1 | options.arch = \"x\"\n    |         ^^^^^^^^^^",
    );
    check(
        "options.a = { default = \"1\", values = [\"{b}\"] }",
        "options (`llbgen.toml` line 1, column 41): `{b}` is taken as it is written, and no placeholder can stand there\n\
         \x20 1 | options.a = { default = \"1\", values = [\"{b}\"] }\n    |                                         ^^^",
    );
}
