//! What the check finds in the texts of a step, with the word in the file.

use super::*;

/// The problem that the check finds in an artifact with this one step: the marked word and the message.
fn check_marked(step: &str, marked: &str, expected: &str) {
    check_keys(&format!("steps = [\n{step}\n]"), marked, expected);
}

/// The problem that the check finds in an artifact with these keys.
fn check_keys(keys: &str, marked: &str, expected: &str) {
    let text = format!("[artifact.a]\nkind = \"image\"\nbase = \"debian:12\"\n{keys}");
    let catalog = Catalog::new().with_file(parse(&text).unwrap());
    let error = catalog.unwrap().check().unwrap_err();
    let [found] = &error.problems[..] else {
        panic!("one problem: {error}");
    };
    assert_eq!(found.problem.to_string(), expected);
    let excerpt = found.place.as_ref().unwrap().excerpt();
    let shown: String = excerpt.text.chars().skip(excerpt.column - 1).collect();
    assert_eq!(&shown[..excerpt.width], marked, "{text}");
}

#[test]
fn what_the_check_finds_in_tags_is_marked() {
    check_keys(
        "platform-tags = [\"x\"]",
        "[\"x\"]",
        "it has `platform-tags` but no `repository`, so it would be pushed nowhere",
    );
    check_keys(
        "repository = \"r.example/a\"\ntags = [\"x\"]\nplatform-tags = [\"a b\"]",
        "[\"a b\"]",
        "`r.example/a:a b`, made from `repository` and `platform-tags`, is not an image reference",
    );
    check_keys(
        "repository = \"r.example/a\"\ntags = [\"x\"]\naxes.l10n = [\"en\", \"zh\"]",
        "[\"x\"]",
        "`r.example/a:x` is pushed by `a linux/amd64 l10n=en` and `a linux/amd64 l10n=zh`: add the axis to the tag, or a \
         condition",
    );
}

#[test]
fn what_the_check_finds_in_a_text_is_marked() {
    check_marked(
        "{ workdir = \"/a/{arhc}\" }",
        "{arhc}",
        "step 1: `{arhc}`: there is no `arhc`; did you mean `arch`? there are `arch`, `artifact`, `os`, `platform`, `variant`",
    );
    check_marked(
        "{ run = '''\necho a\necho {arch}''' }",
        "{arch}",
        "step 1: `{arch}` in a script: write `${{ arch }}` for its value; a brace of the script's own goes into `env`",
    );
    check_marked(
        "{ apt = \"git -o=x zsh\" }",
        "-o=x",
        "step 1: `-o=x` is not a package name",
    );
    check_marked(
        "{ dnf = [\n\"git\",\n\"https://x/y.rpm\"] }",
        "\"https://x/y.rpm\"",
        "step 1: `https://x/y.rpm` is not a package name",
    );
    check_marked(
        "{ apt = \"a\", repositories = [{ url = \"https://x\" }] }",
        "\"https://x\"",
        "step 1: the repository `https://x` has no `suite`, as `bookworm`",
    );
    check_marked(
        "{ healthcheck = \"a\", interval = \"3\", timeout = \"5s\" }",
        "\"3\"",
        "step 1: `3` is not a time: write `30s` or `1m30s`, at least `1ms`",
    );
    check_marked(
        "{ healthcheck = [\"{arhc}\"] }",
        "{arhc}",
        "step 1: `{arhc}`: there is no `arhc`; did you mean `arch`? there are `arch`, `artifact`, `os`, `platform`, `variant`",
    );
    check_marked(
        "{ healthcheck = \" \" }",
        "healthcheck",
        "step 1: `healthcheck` has no command",
    );
    check_marked(
        "{ run = \"a\",\nmounts = [{ source = \"a\", target = \"a/b\" }] }",
        "\"a/b\"",
        "step 1: `target` must be an absolute path, not `a/b`",
    );
    check_marked(
        "{ run = \"a\", cache = [\"/x\"], tmpfs = [\"/x/\"] }",
        "\"/x/\"",
        "step 1: `tmpfs`: two things would be mounted at `/x/`",
    );
    check_marked(
        "{ run = \"a\", files = \"b\", workdir = \"/c\" }",
        "workdir",
        "step 1: `run` has `files` and a `workdir`; it runs where its files are, so mount them elsewhere by `mounts`",
    );
    check_marked(
        "{ run = \"#!/bin/bash\\ntrue\", shell = [\"sh\", \"-c\"] }",
        "shell",
        "step 1: `shell` has no effect: the script begins with `#!`, and that program runs it",
    );
    check_marked(
        "{ when.arch = \"amd64\", steps = [\n{ run = \"a\" },\n{ when = { arch = 'am64' }, steps = [{ run = \"a\" }] }] }",
        "'am64'",
        "step 1: `when.arch = \"am64\"` can never be: `amd64`, `arm64`; did you mean `amd64`?",
    );
    let bad_mode = "step 1: `mode`: `0789` is no mode: write it in octal, as `0755`, or as changes, as `u=rwX,go=rX` \
                    (not all of it are digits from 0 to 7)";
    for step in [
        "{ file = \"/a\", content = \"\", mode = \"0789\" }",
        "{ directory = \"/a\", mode = \"0789\" }",
        "{ copy = \"a\", to = \"/a\", mode = \"0789\" }",
        "{ copy = \"/a\", from = \"debian:12\", to = \"/a\", mode = \"0789\" }",
        "{ download = \"https://example.com/a\", to = \"/a\", mode = \"0789\" }",
    ] {
        check_marked(step, "\"0789\"", bad_mode);
    }
    let bad_owner = "step 1: `owner`: `a:b:c` is no owner: write `user` or `user:group`, each a name or a number (the \
                     group `b:c` has the character `:`)";
    for step in [
        "{ file = \"/a\", content = \"\", owner = \"a:b:c\" }",
        "{ directory = \"/a\", owner = \"a:b:c\" }",
        "{ copy = \"a\", to = \"/a\", owner = \"a:b:c\" }",
        "{ download = \"https://example.com/a\", to = \"/a\", owner = \"a:b:c\" }",
        "{ git = \"https://example.com/a.git#v1\", to = \"/a\", owner = \"a:b:c\" }",
    ] {
        check_marked(step, "\"a:b:c\"", bad_owner);
    }
}

#[test]
fn what_the_check_finds_in_more_texts_is_marked() {
    check_marked(
        "{ directory = \"/a\", mode = \"keep\" }",
        "\"keep\"",
        "step 1: `mode`: `keep` stands for the modes that copied files have, and nothing is copied here",
    );
    check_marked(
        "{ file = [\"/a\", \"b\"], content = \"\" }",
        "\"b\"",
        "step 1: `file` must be an absolute path, not `b`",
    );
    check_marked(
        "{ file = \"/etc/\", content = \"\" }",
        "\"/etc/\"",
        "step 1: `file`: `/etc/` is the path of a directory",
    );
    check_marked(
        "{ symlink = \"/a/..\", target = \"b\" }",
        "\"/a/..\"",
        "step 1: `symlink`: `/a/..` is the path of a directory",
    );
    check_marked(
        "{ symlink = \"/a\", target = \"\" }",
        "\"\"",
        "step 1: `target` is empty, or has a NUL",
    );
    check_marked(
        "{ remove = [\"/x\", \"//.\"] }",
        "\"//.\"",
        "step 1: `remove`: `//.` is the root of the tree; `/*` is all that is in it",
    );
    check_marked(
        "{ remove = [] }",
        "{ remove = [] }",
        "step 1: `remove` names no path",
    );
    check_marked(
        "{ copy = [\"a\", \"b\"], to = \"/c\" }",
        "\"/c\"",
        "step 1: `copy` has several sources, so `to` is a directory: `/c/`",
    );
    check_marked(
        "{ copy = \"a\", to = \"/c\", exclude = [\"b\", \"[a\"] }",
        "\"[a\"",
        "step 1: `exclude`: `[a` is no glob: a `[` is closed by `]`, and `\\` stands before a character",
    );
    check_marked(
        "{ file = \"/a\", content = \"{arch}\" }",
        "{arch}",
        "step 1: `{arch}` in a script: write `${{ arch }}` for its value; a brace of the script's own goes into `env`",
    );
    check_marked(
        "{ directory = \"/a\", mode = \"{mdoe}\" }",
        "{mdoe}",
        "step 1: `{mdoe}`: there is no `mdoe`; there are `arch`, `artifact`, `os`, `platform`, `variant`",
    );
    check_marked(
        "{ steps = [{ steps = [{ when = [{ arhc = \"amd64\" }], steps = [] }] }] }",
        "arhc",
        "step 1: `when.arhc`: there is no `arhc`; did you mean `arch`? there are `arch`, `artifact`, `os`, `platform`, `variant`",
    );
}
