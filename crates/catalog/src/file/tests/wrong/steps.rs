//! What is wrong with a step before anything is filled in.

use super::*;

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
