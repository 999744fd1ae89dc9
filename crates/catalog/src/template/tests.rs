//! The values of texts of each class.

use proptest::prelude::*;

use super::*;

#[test]
fn templates_expand() {
    let variables = Variables::from([
        ("arch".into(), "arm64".into()),
        ("l10n".into(), "en_US".into()),
    ]);
    let check = |template: &str, expected: Result<&str, &str>| {
        let expanded = template
            .parse::<Template>()
            .and_then(|t| t.expand(&variables));
        assert_eq!(
            expanded.as_deref().map_err(ToString::to_string),
            expected.map_err(str::to_owned),
            "{template}"
        );
    };
    check("{arch}-rootfs.tar", Ok("arm64-rootfs.tar"));
    check("etc/{l10n}/{arch}", Ok("etc/en_US/arm64"));
    check("plain", Ok("plain"));
    check("1.2-{l10n|slug}", Ok("1.2-en-us"));
    check(
        "{l10n|upper}",
        Err("`{l10n|upper}` uses the filter `upper`, but there is only `slug`"),
    );
    check("{{arch}}", Ok("{arch}"));
    check("", Ok(""));
    check(
        "{arhc}",
        Err("`{arhc}`: there is no `arhc`; did you mean `arch`? there are `arch`, `l10n`"),
    );
    check(
        "{arch",
        Err("`{arch` has an unbalanced `{`; write `{{` for a literal one"),
    );
    check(
        "a}",
        Err("`a}` has an unbalanced `}`; write `}}` for a literal one"),
    );
    check(
        "{a{b}",
        Err("`{a{b}` has an unbalanced `{`; write `{{` for a literal one"),
    );
}

fn variables() -> Variables {
    Variables::from([
        ("version".into(), "7".into()),
        ("odd".into(), "$HOME {version} ${{ version }} }".into()),
    ])
}

fn environment(is_known: bool) -> Environment {
    let value = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Environment {
        values: vec![value("HOME", "/root"), value("EMPTY", "")],
        base: "debian:12".to_owned(),
        is_known,
        ..Environment::default()
    }
}

#[test]
fn texts_about_a_tree_take_its_environment() {
    let check = |text: &str, expected: Result<&str, &str>| {
        let filled = text
            .parse()
            .and_then(|text: TreeText| text.fill(&variables(), &environment(true)));
        let found = filled.map_err(|error| error.to_string());
        let expected = expected.map_err(str::to_owned);
        assert_eq!(
            found,
            expected.map(|text| Filled::known(text.to_owned())),
            "{text}"
        );
    };
    check("plain {{braces}}", Ok("plain {braces}"));
    check(
        "/opt-{version}/bin:$PATH",
        Ok("/opt-7/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    );
    check("$HOME/a ${HOME}a", Ok("/root/a /roota"));
    check("$$HOME costs 5$$", Ok("$HOME costs 5$"));
    check("[$EMPTY][${EMPTY:-a}][${EMPTY:+a}]", Ok("[][a][]"));
    check("[${HOME:-a}][${HOME:+a}]", Ok("[/root][a]"));
    check("[${NO:-a}][${NO:+a}][${NO:-}]", Ok("[a][][]"));
    check("${NO:-${ALSO:-$HOME/{version}}}}}", Ok("/root/7}"));
    check("{odd}", Ok("$HOME {version} ${{ version }} }"));
    check("${HOME:+{version}}", Ok("7"));
    check(
        "$JAVA_HOME",
        Err(
            "`$JAVA_HOME` is set neither by `debian:12` nor by an earlier step; `$$` writes a dollar",
        ),
    );
    check(
        "${version}",
        Err(
            "`$version` is set neither by `debian:12` nor by an earlier step; `$$` writes a dollar, and `{version}` the value of `version`",
        ),
    );
    let dollar = "a `$` stands before a name here, as `$NAME`, `${NAME}`, `${NAME:-word}` or `${NAME:+word}`; `$$` writes a dollar";
    for odd in ["$", "$1", "$(id)", "${", "${A-b", "${A%b", "${{ version "] {
        let closed = format!("{odd}}}");
        check(&closed, Err(&format!("`{odd}`: {dollar}")));
    }
    for odd in ["${A:-b", "{version", "${A:-{version"] {
        let expected = format!("`{odd}` has an unbalanced `{{`; write `{{{{` for a literal one");
        check(odd, Err(&expected));
    }
    check(
        "{versoin}",
        Err(
            "`{versoin}`: there is no `versoin`; did you mean `version`? there are `odd`, `version`",
        ),
    );
    check("${HOME:-{versoin}}", Ok("/root"));
    assert!(
        TreeText::unchecked("${HOME:-{versoin}}")
            .check(&variables())
            .is_err()
    );
}

#[test]
fn what_a_base_sets_is_not_known_before_it_is_pinned() {
    let check = |text: &str, expected: &str, is_known: bool| {
        let filled = TreeText::unchecked(text).fill(&variables(), &environment(false));
        let filled = filled.unwrap();
        assert_eq!(
            (filled.text.as_str(), filled.is_known),
            (expected, is_known),
            "{text}"
        );
    };
    check("$HOME/{version}", "/root/7", true);
    check("$JAVA_HOME/bin:$PATH", "${JAVA_HOME}/bin:${PATH}", false);
    check("${A:-b}", "${A}", false);
}

#[test]
fn scripts_are_verbatim() {
    let check = |text: &str, expected: Result<&str, &str>| {
        let expanded = text
            .parse()
            .and_then(|script: Script| script.expand(&variables()));
        assert_eq!(
            expanded.as_deref().map_err(ToString::to_string),
            expected.map_err(str::to_owned),
            "{text}"
        );
    };
    check(
        "echo ${{ version }} ${x} {{version}} {unknown} ${version} ${version:-1}",
        Ok("echo 7 ${x} {{version}} {unknown} ${version} ${version:-1}"),
    );
    check("${{version}}${{ version|slug }}", Ok("77"));
    check("$${{ version }}", Ok("${{ version }}"));
    check("${{ odd }}", Ok("$HOME {version} ${{ version }} }"));
    check(
        "awk '{print $1}' {a,b} {} { { } }",
        Ok("awk '{print $1}' {a,b} {} { { } }"),
    );
    check(
        "${{ versoin }}",
        Err(
            "`${{ versoin }}`: there is no `versoin`; did you mean `version`? there are `odd`, `version`",
        ),
    );
    check(
        "echo {version|slug}",
        Err(
            "`{version|slug}` in a script: write `${{ version|slug }}` for its value; a brace of the script's own goes into `env`",
        ),
    );
    check(
        "a\nb ${{ version\n",
        Err("`${{ version` in a script is not closed by `}}`; write `$${{` for `${{` itself"),
    );
}

proptest! {
    /// Any text can be escaped in each class so that it is filled in unchanged; and a text that is read is written as
    /// it was.
    #[test]
    fn every_text_can_be_written(text in "[a{}$ x:|ä-]{0,12}") {
        let (variables, environment) = (variables(), environment(true));
        let braces = text.replace('{', "{{").replace('}', "}}");
        let template: Template = braces.parse().unwrap();
        prop_assert_eq!(template.expand(&variables).unwrap(), text.clone());
        let dollars = braces.replace('$', "$$");
        let tree: TreeText = dollars.parse().unwrap();
        prop_assert_eq!(tree.fill(&variables, &environment).unwrap().text, text.clone());
        let open = text.replace("${{", "$${{");
        let script: Script = open.parse().unwrap();
        prop_assert_eq!(script.expand(&variables).unwrap(), text.clone());
        prop_assert_eq!(script.to_string(), open);
        prop_assert_eq!(tree.to_string(), dollars);
    }

    /// A filled-in value is not read again.
    #[test]
    fn values_are_not_read_again(value in "[a{}$ x:|ä-]{0,12}") {
        let variables = Variables::from([("x".to_owned(), value.clone())]);
        let environment = Environment {
            values: vec![("X".to_owned(), value.clone())],
            ..environment(true)
        };
        let texts: [&dyn Text; 4] = [
            &Template::unchecked("{x}"),
            &TreeText::unchecked("{x}"),
            &TreeText::unchecked("$X"),
            &Script::unchecked("${{ x }}"),
        ];
        for text in texts {
            let filled = text.fill(&variables, &environment).unwrap();
            prop_assert_eq!(filled.text, value.clone());
        }
    }
}
