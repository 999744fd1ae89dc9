//! Tables of lines, and what they are read as.

use super::{CommandLine, Dockerfile, Field, Instruction, Mount, Source, Statement, fields};

fn statements(text: &str) -> Vec<Statement> {
    Dockerfile::parse(text).unwrap().statements
}

fn one(text: &str) -> Instruction {
    let mut statements = statements(text);
    assert_eq!(statements.len(), 1, "{text}");
    statements.remove(0).instruction
}

fn error(text: &str) -> (usize, String) {
    let error = Dockerfile::parse(text).unwrap_err();
    (error.line, error.reason)
}

#[test]
fn lines_are_joined_as_buildkit_joins_them() {
    let check = |text: &str, expected: &str| {
        let statements = statements(text);
        assert_eq!(statements[0].text, expected, "{text}");
    };
    check("RUN a \\\n  b", "RUN a   b");
    check("RUN a \\  \n  b\n", "RUN a   b");
    check("RUN a \\\n# c\n\n   # d\n  b\n", "RUN a   b");
    check("RUN a \\\\\nRUN b\n", "RUN a \\\\");
    check("RUN a \\\r\n b\r\n", "RUN a  b");
    check("RUN \\\n a", "RUN  a");
    check("\\\nRUN a", "RUN a");
    check("\u{feff}RUN a", "RUN a");
    check("# escape=`\nRUN a `\n b \\\n", "RUN a  b \\");
    check("#escape = `\nRUN a `\n b", "RUN a  b");
    check("# a comment\n# escape=`\nRUN a `\n", "RUN a `");
    check("run a \\", "run a");
    check("  RUN a", "RUN a");
}

#[test]
fn comments_stay_with_their_instruction() {
    let all = statements(
        "# syntax=docker/dockerfile:1\n# one\n#two\n\nRUN a \\\n  # in\n  b\n# last\nRUN c\n",
    );
    assert_eq!(all[0].comments, ["one", "two", "in"]);
    assert_eq!((all[0].line, all[1].line), (5, 9));
    assert_eq!(all[1].comments, ["last"]);
    let file = Dockerfile::parse("# syntax = docker/dockerfile:1\nRUN a\n# end").unwrap();
    assert_eq!(file.syntax, Some(("docker/dockerfile:1".to_owned(), 1)));
    assert_eq!(file.last_comments, ["end"]);
}

#[test]
fn a_list_is_json_or_a_text() {
    let check = |text: &str, expected: Option<&[&str]>| match (one(text), expected) {
        (Instruction::Cmd(CommandLine::Exec(words)), Some(expected)) => {
            assert_eq!(words, expected, "{text}");
        }
        (Instruction::Cmd(CommandLine::Shell(_)), None) => {}
        (other, _) => panic!("{text}: {other:?}"),
    };
    check("CMD [\"a\", \"b c\"]", Some(&["a", "b c"]));
    check("CMD [\"a\\nb\"]", Some(&["a\nb"]));
    check("CMD []", Some(&[]));
    check("CMD [ \\\n  \"a\", \\\n  \"b\" \\\n]", Some(&["a", "b"]));
    check("CMD ['a']", None);
    check("CMD [\"a\"", None);
    check("CMD [\"a\"] b", None);
    check("CMD [ -f x ]", None);
    check("CMD a", None);
    assert_eq!(error("CMD [\"a\", 1]").1, "`1` in a list is not a text");
}

#[test]
fn joints_are_where_lines_were_joined() {
    let Instruction::Run(run) = one("RUN --network=none a && \\\n  b\n") else {
        panic!()
    };
    let CommandLine::Shell(shell) = run.command else {
        panic!()
    };
    assert_eq!(shell.text, "a &&   b");
    assert_eq!(shell.joints, [5]);
    assert_eq!(run.network.as_deref(), Some("none"));
}

#[test]
fn heredocs_are_read() {
    let names = |text: &str| match one(text) {
        Instruction::Run(run) => run
            .heredocs
            .into_iter()
            .map(|heredoc| (heredoc.name.clone(), heredoc.expands, heredoc.text()))
            .collect::<Vec<_>>(),
        other => panic!("{text}: {other:?}"),
    };
    let doc = |name: &str, expands, text: &str| (name.to_owned(), expands, text.to_owned());
    assert_eq!(names("RUN <<EOF\na\nEOF\n"), [doc("EOF", true, "a\n")]);
    assert_eq!(names("RUN <<'EOF'\n$a\nEOF"), [doc("EOF", false, "$a\n")]);
    assert_eq!(names("RUN <<\"E\"\nE"), [doc("E", false, "")]);
    assert_eq!(
        names("RUN <<-EOF\n\ta\n\t\tb\n\tEOF\n"),
        [doc("EOF", true, "a\nb\n")]
    );
    assert_eq!(
        names("RUN cat <<A > f && cat 3<<B\n1\nA\n2\nB\n"),
        [doc("A", true, "1\n"), doc("B", true, "2\n")]
    );
    assert_eq!(names("RUN << EOF\na\nEOF\n"), [doc("EOF", true, "a\n")]);
    assert_eq!(names("RUN echo '<<EOF'\n"), []);
    assert_eq!(names("RUN [\"a\", \"<<EOF\"]\n"), []);
    assert_eq!(names("RUN cat <<<word\n"), []);
    assert_eq!(names("RUN echo $((1<<3))\n"), []);
    assert_eq!(
        error("FROM a\nRUN <<EOF\nx\n"),
        (2, "the heredoc `EOF` has no end".to_owned())
    );
}

#[test]
fn sources_may_be_heredocs() {
    let Instruction::Transfer(copy) = one("COPY <<a.txt b <<\"c\" /d/\n1\na.txt\n2\nc\n") else {
        panic!()
    };
    assert_eq!(copy.to, "/d/");
    let [Source::Heredoc(a), Source::Path(b), _] = copy.sources.as_slice() else {
        panic!("{copy:?}")
    };
    assert_eq!(
        (a.name.as_str(), a.content.as_str(), b.as_str()),
        ("a.txt", "1\n", "b")
    );
}

#[test]
fn flags_are_taken() {
    let Instruction::Transfer(copy) = one(
        "COPY --from=build --chown=\"a b\":c --chmod=0755 --link --parents=false --exclude=x --exclude=y a b /c/",
    ) else {
        panic!()
    };
    assert_eq!(copy.from.as_deref(), Some("build"));
    assert_eq!(copy.chown.as_deref(), Some("a b:c"));
    assert_eq!(copy.chmod.as_deref(), Some("0755"));
    assert_eq!((copy.link, copy.parents), (true, false));
    assert_eq!(copy.exclude, ["x", "y"]);
    assert_eq!(
        error("COPY --form=a b c").1,
        "COPY has no flag `--form`; did you mean `--from`?"
    );
    assert_eq!(
        error("COPY --from=a --from=b c d").1,
        "the flag `--from` stands there twice"
    );
    assert_eq!(
        error("COPY --link=maybe a b").1,
        "the flag `--link` is `true` or `false`, not `maybe`"
    );
    assert_eq!(
        error("RUN --mount echo").1,
        "the flag `--mount` has no value"
    );
    assert_eq!(error("COPY a").1, "a source and a destination are needed");
}

#[test]
fn pairs_have_two_forms() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let (Instruction::Env(pairs) | Instruction::Label(pairs)) = one(text) else {
            panic!("{text}")
        };
        let pairs: Vec<_> = pairs
            .iter()
            .map(|pair| (pair.key.as_str(), pair.value.as_str()))
            .collect();
        assert_eq!(pairs, expected, "{text}");
    };
    check("ENV A=b C=\"d e\"", &[("A", "b"), ("C", "\"d e\"")]);
    check("ENV A b c=d", &[("A", "b c=d")]);
    check("ENV A   b", &[("A", "b")]);
    check("LABEL \"a.b\"=c \\\n d=e", &[("\"a.b\"", "c"), ("d", "e")]);
    check("ENV A=b=c", &[("A", "b=c")]);
    assert_eq!(error("ENV A").1, "ENV needs a value for `A`, as `A=value`");
    assert_eq!(
        error("ENV A=b c").1,
        "`c` has no `=`: ENV takes `name=value`"
    );
}

#[test]
fn wrong_files_are_refused_at_their_line() {
    assert_eq!(error("FROM a\n\nRUNN x").0, 3);
    assert_eq!(
        error("FROM a\nCOYP x y").1,
        "`COYP` is no instruction; did you mean `COPY`?"
    );
    assert_eq!(error("# only\n").1, "the Dockerfile has no instruction");
    assert_eq!(error("# escape=x\nFROM a").0, 1);
    assert_eq!(error("# escape=`\n# escape=`\nFROM a").0, 2);
    assert_eq!(error("FROM a b").1, "FROM takes `IMAGE` or `IMAGE AS NAME`");
    assert!(
        error("FROM a AS 1")
            .1
            .starts_with("`1` is no name of a stage")
    );
    assert_eq!(
        error("HEALTHCHECK TCP x").1,
        "HEALTHCHECK has no `TCP`: write `CMD` or `NONE`"
    );
    assert_eq!(error("SHELL bash -c").1, "SHELL takes a list in JSON");
}

#[test]
fn mounts_are_csv() {
    let field = |key: &str, value: &str| Field {
        key: key.to_owned(),
        value: Some(value.to_owned()),
    };
    let read = fields("type=cache,\"target=/a,b\",id=\"x\"").unwrap();
    assert_eq!(
        read,
        [
            field("type", "cache"),
            field("target", "/a,b"),
            field("id", "\"x\"")
        ]
    );
    let mount = |text: &str| fields(text).and_then(Mount::new);
    let read = mount("TYPE=Bind,src=a,dst=/b,rw").unwrap();
    assert_eq!(read.kind.as_deref(), Some("bind"));
    assert_eq!(read.read_only, Some(false));
    assert_eq!(mount("ro=false").unwrap().read_only, Some(false));
    assert!(mount("type=bind,form=a").is_err());
    assert!(mount("required=maybe").is_err());
    assert!(mount("\"a").is_err());
}
