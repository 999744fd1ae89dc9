//! Every error has its place.

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
         `platforms`, `axes`, `options`, `exclude`, `shell`, `runs-on`, `steps`, `finally`, `output`, `whiteouts`, `repository`, `tags`, `platform-tags`, `file-tags`, `release-tags`\n\
         \x20 2 | kynd = \"layer\"\n    | ^^^^",
    );
    check_artifact(
        "kind = \"lyaer\"",
        "2, column 8: `lyaer` is not a value of `kind`; did you mean `layer`? it can be `rootfs`, `layer`, `image`, `stage`\n\
         \x20 2 | kind = \"lyaer\"\n    |        ^^^^^^^",
    );
    check_artifact(
        "kind = 1",
        "2, column 8: `kind` must be `rootfs`, `layer`, `image` or `stage`, not the number `1`\n  2 | kind = 1\n    |        ^",
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

/// The error of a step, at this column of the line and of this width.
fn check_step(step: &str, column: usize, width: usize, expected: &str) {
    let lines = format!("kind = \"rootfs\"\nbase = \"debian:12\"\nsteps = [{step}]");
    let (indent, carets) = (" ".repeat(column - 1), "^".repeat(width));
    let place = format!("  4 | steps = [{step}]\n    | {indent}{carets}");
    check_artifact(&lines, &format!("4, column {column}: {expected}\n{place}"));
}

#[test]
fn a_step_is_of_one_kind() {
    let check = check_step;
    check(
        "{ atp = [\"git\"] }",
        12,
        3,
        &format!("a step needs a key that says what it does; did you mean `apt`? {KINDS}"),
    );
    check(
        "{}",
        10,
        2,
        &format!("a step needs a key that says what it does; {KINDS}"),
    );
    check(
        "{ apt = [\"git\"], run = \"true\" }",
        27,
        3,
        "a step does one thing, and this has `apt` and `run`; make it two",
    );
    check(
        "{ env.A = \"1\", label.a = \"1\" }",
        25,
        5,
        "a step does one thing, and this has `env` and `label`; make it two",
    );
}

#[test]
fn what_is_wrong_with_a_step_is_told_with_its_place() {
    let check = check_step;
    check(
        "{ run = \"true\", env = { A = \"1\" }, fiels = [\"a\"] }",
        45,
        5,
        "`fiels` is not a key of a `run` step; did you mean `files`? it can be `run`, `files`, `cache`, `env`, `workdir`, \
         `user`, `shell`, `mounts`, `tmpfs`, `secrets`, `ssh`, `network`",
    );
    check("{ copy = \"a\" }", 10, 14, "a `copy` step has no `to`");
    check(
        "{ apt = 1 }",
        18,
        1,
        "`apt` must be a value or a list of values, not the number `1`",
    );
    check(
        "{ apt = [1] }",
        19,
        1,
        "`apt` must be text, not the number `1`",
    );
    check(
        "{ run = \"a\", cache = [\"pips\"] }",
        32,
        6,
        "`pips` is not a cache: write `npm`, `pip`, or an absolute path",
    );
    check(
        "{ run = \"echo ${{ arch\" }",
        18,
        15,
        "`${{ arch` in a script is not closed by `}}`; write `$${{` for `${{` itself",
    );
    check(
        "{ env.A = \"$(id)\" }",
        20,
        7,
        "`$(id)`: a `$` stands before a name here, as `$NAME`, `${NAME}`, `${NAME:-word}` or `${NAME:+word}`; `$$` writes a \
         dollar",
    );
    check(
        "{ when = 1, steps = [] }",
        19,
        1,
        "`when` must be a table of variables and their values, or a list of such tables, not the number `1`",
    );
    check(
        "{ run = \"a\", network = \"nnoe\" }",
        33,
        6,
        "`nnoe` is not a value of `network`; did you mean `none`? it can be `default`, `none`",
    );
    check(
        "{ file = \"/a\", contnet = \"a\" }",
        25,
        7,
        "`contnet` is not a key of a `file` step; did you mean `content`? it can be `file`, `content`, `mode`, `owner`",
    );
    check(
        "{ file = \"/a\" }",
        10,
        15,
        "a `file` step has no `content`",
    );
    check(
        "{ file = \"/a\", content = \"a${{\" }",
        35,
        6,
        "`${{` in a script is not closed by `}}`; write `$${{` for `${{` itself",
    );
    check(
        "{ directory = [\"/a\", 1] }",
        31,
        1,
        "`directory` must be text, not the number `1`",
    );
}

#[test]
fn what_is_wrong_with_more_steps_is_told_with_its_place() {
    let check = check_step;
    check(
        "{ directory = \"/a\", mode = 1777 }",
        37,
        4,
        "`mode` must be text, not the number `1777`",
    );
    check(
        "{ symlink = \"/a\" }",
        10,
        18,
        "a `symlink` step has no `target`",
    );
    check(
        "{ remove = \"/a/$(x)\" }",
        21,
        9,
        "`$(x)`: a `$` stands before a name here, as `$NAME`, `${NAME}`, `${NAME:-word}` or `${NAME:+word}`; `$$` writes a \
         dollar",
    );
    check(
        "{ copy = \"a\", to = \"/\", exlude = \"x\" }",
        34,
        6,
        "`exlude` is not a key of a `copy` step; did you mean `exclude`? it can be `copy`, `to`, `from`, `context`, \
         `exclude`, `mode`, `owner`",
    );
    check(
        "{ remvoe = \"/a\" }",
        12,
        6,
        &format!("a step needs a key that says what it does; did you mean `remove`? {KINDS}"),
    );
    check(
        "{ run = { scirpt = \"a\" } }",
        20,
        6,
        "`scirpt` is not a key of `run`; did you mean `script`? it can only be `script`",
    );
    check(
        "{ label.a = { json = \"a\" } }",
        22,
        14,
        "the value of a label is text, or `{ json = FILE, key = KEY }`, with `context = NAME` if need be, or \
         `{ tag-of = DOCKERFILE }`",
    );
    check(
        "{ when.arch = \"amd64\", steps = [{ usr = \"1\" }] }",
        44,
        3,
        &format!("a step needs a key that says what it does; did you mean `user`? {KINDS}"),
    );
    check(
        "{ when.arch = 1, steps = [] }",
        24,
        1,
        "`arch` must be a value, a list of values, or a table of fields and their values, not the number `1`",
    );
    check(
        "\"apt\"",
        10,
        5,
        "`steps` must be a table, as `{ apt = … }`, not the text `apt`",
    );
    check(
        "1979-05-27",
        10,
        10,
        "`steps` must be a table with the key that says what the step does, not a date or time",
    );
}

#[test]
fn what_is_wrong_in_the_tables_of_a_step_is_told_with_its_place() {
    let check = |step: &str, marked: &str, expected: &str| {
        let column = step.rfind(marked).unwrap() + "steps = [".len() + 1;
        check_step(step, column, marked.len(), expected);
    };
    check(
        "{ run = \"a\", cache = [{ target = \"/a\", sharing = \"loked\" }] }",
        "\"loked\"",
        "`loked` is not a value of `sharing`; did you mean `locked`? it can be `shared`, `private`, `locked`",
    );
    check(
        "{ run = \"a\", cache = [{ path = \"/a\" }] }",
        "path",
        "`path` is not a key of `cache`; it can be `target`, `id`, `sharing`",
    );
    check(
        "{ run = \"a\", cache = [{ target = \"/a\", id = \"a b\" }] }",
        "\"a b\"",
        "`a b` is not a valid cache id: it must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`",
    );
    check(
        "{ run = \"a\", cache = [1] }",
        "1",
        "`cache` must be `npm`, `pip`, an absolute path, or `{ target = PATH }`, not the number `1`",
    );
    check(
        "{ run = \"a\", secrets = [{ id = \"a\", evn = \"A\" }] }",
        "evn",
        "`evn` is not a key of `secrets`; did you mean `env`? it can be `id`, `env`, `target`, `optional`",
    );
    check(
        "{ run = \"a\", secrets = [{ id = \"a\", env = \"A\", target = \"/a\" }] }",
        "{ id = \"a\", env = \"A\", target = \"/a\" }",
        "the secret `a` is in a variable by `env` or in a file by `target`, not both",
    );
    check(
        "{ run = \"a\", secrets = [{ env = \"A\" }] }",
        "{ env = \"A\" }",
        "`secrets` has no `id`",
    );
    check(
        "{ run = \"a\", secrets = \"{arch}\" }",
        "\"{arch}\"",
        "`{arch}` is not a valid secret id: it must start with a letter or digit and hold only letters, digits, `.`, `_`, \
         `-`, `:`",
    );
    check(
        "{ run = \"a\", mounts = [{ source = \"a\", taregt = \"/a\" }] }",
        "taregt",
        "`taregt` is not a key of `mounts`; did you mean `target`? it can be `from`, `source`, `target`, `readwrite`",
    );
    check(
        "{ run = \"a\", mounts = [{ source = \"a\" }] }",
        "{ source = \"a\" }",
        "`mounts` has no `target`",
    );
    check(
        "{ run = \"a\", shell = \"bash\" }",
        "\"bash\"",
        "`shell` must be a list, not the text `bash`",
    );
    check(
        "{ run = \"a\", tmpfs = [\"/{arch\"] }",
        "\"/{arch\"",
        "`/{arch` has an unbalanced `{`; write `{{` for a literal one",
    );
    check(
        "{ apt = \"a\", repositories = [{ uri = \"https://a\" }] }",
        "uri",
        "`uri` is not a key of `repositories`; did you mean `url`? it can be `url`, `suite`, `components`, `key`",
    );
    check(
        "{ apk = \"a\", repositories = [{ suite = \"a\" }] }",
        "{ suite = \"a\" }",
        "`repositories` has no `url`",
    );
    check(
        "{ healthcheck = \"a\", retries = \"3\" }",
        "\"3\"",
        "`retries` must be a whole number, 0 or more, not the text `3`",
    );
    check(
        "{ healthcheck = \"a\", retries = -1 }",
        "-1",
        "`retries` must be a whole number, 0 or more, not the number `-1`",
    );
    check(
        "{ healthcheck = \"a\", interval = 3 }",
        "3",
        "`interval` must be text, not the number `3`",
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

/// The problem that the check finds in an artifact with this one step: the marked word and the message.
fn check_marked(step: &str, marked: &str, expected: &str) {
    let text =
        format!("[artifact.a]\nkind = \"image\"\nbase = \"debian:12\"\nsteps = [\n{step}\n]");
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
