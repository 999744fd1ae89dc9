//! Tables of words.

use super::{Form, Part, Pattern, Quotes, parse, split};

fn literal(text: &str) -> Part {
    Part::Literal(text.to_owned())
}

fn variable(name: &str, form: Form) -> Part {
    let name = name.to_owned();
    Part::Variable { name, form }
}

fn value(name: &str) -> Part {
    variable(name, Form::Value)
}

#[test]
fn words_have_quotes_escapes_and_variables() {
    let check = |text: &str, expected: &[Part]| {
        let parts = parse(text, '\\', Quotes::Removed).unwrap();
        assert_eq!(parts, expected, "{text}");
    };
    check("plain", &[literal("plain")]);
    check("a b", &[literal("a b")]);
    check("'$A'", &[literal("$A")]);
    check("\"$A\"", &[literal(""), value("A")]);
    check("\\$A", &[literal("$A")]);
    check("a\\ b", &[literal("a b")]);
    check("\"a\\n\\\"\\$x\\\\\"", &[literal("a\\n\"$x\\")]);
    check("'a\\'", &[literal("a\\")]);
    check("$A$B", &[value("A"), value("B")]);
    check("$A_B-c", &[value("A_B"), literal("-c")]);
    check("${A}b", &[value("A"), literal("b")]);
    check("$", &[literal("$")]);
    check("$/x", &[literal("$/x")]);
    check("$1x", &[value("1"), literal("x")]);
    check("$$", &[value("$")]);
    check("a\\", &[literal("a")]);
}

#[test]
fn modifiers_are_read() {
    let check = |text: &str, form: Form| {
        let parts = parse(text, '\\', Quotes::Removed).unwrap();
        assert_eq!(parts, [variable("A", form)], "{text}");
    };
    let or = |empty_counts, word| Form::Or { empty_counts, word };
    check("${A:-w}", or(false, vec![literal("w")]));
    check("${A-w}", or(true, vec![literal("w")]));
    check("${A:-}", or(false, vec![]));
    check("${A:-$B/c}", or(false, vec![value("B"), literal("/c")]));
    check("${A:-'}'}", or(false, vec![literal("}")]));
    let only_if = |empty_counts, word| Form::If { empty_counts, word };
    check("${A:+w}", only_if(false, vec![literal("w")]));
    check("${A+w}", only_if(true, vec![literal("w")]));
    check(
        "${A:?w}",
        Form::Required {
            empty_counts: false,
        },
    );
    check("${A?w}", Form::Required { empty_counts: true });
    let prefix = |longest, text| Form::WithoutPrefix {
        longest,
        pattern: vec![literal(text)],
    };
    check("${A#v}", prefix(false, "v"));
    check("${A##*/}", prefix(true, "*/"));
    let suffix = |longest, text| Form::WithoutSuffix {
        longest,
        pattern: vec![literal(text)],
    };
    check("${A%.*}", suffix(false, ".*"));
    check("${A%%.*}", suffix(true, ".*"));
    let replaced = |all, pattern: &str, replacement: &str| Form::Replaced {
        all,
        pattern: vec![literal(pattern)],
        replacement: vec![literal(replacement)],
    };
    check("${A/a/b}", replaced(false, "a", "b"));
    check("${A//a/b}", replaced(true, "a", "b"));
    check("${A/\\//b}", replaced(false, "\\/", "b"));
}

#[test]
fn wrong_words_are_refused() {
    for text in [
        "'a", "\"a", "${A", "${A:-b", "${", "${}", "${:-a}", "${{a}}", "${A:b}", "${A:#b}",
        "${A/b}", "${A^}",
    ] {
        let parsed = parse(text, '\\', Quotes::Removed);
        assert!(parsed.is_err(), "{text}: {parsed:?}");
    }
}

#[test]
fn a_nest_of_substitutions_ends_somewhere() {
    let nested = "${A:-".repeat(100_000);
    assert!(parse(&nested, '\\', Quotes::Removed).is_err());
}

#[test]
fn the_escape_may_be_another() {
    let parts = parse("C:\\dir`$A", '`', Quotes::Removed).unwrap();
    assert_eq!(parts, [literal("C:\\dir$A")]);
}

#[test]
fn heredocs_keep_quotes() {
    let parts = parse("'$A' \"b\" \\$C", '\\', Quotes::Kept).unwrap();
    assert_eq!(parts, [literal("'"), value("A"), literal("' \"b\" $C")]);
}

#[test]
fn lines_are_split_into_words() {
    let check = |text: &str, expected: &[&str]| assert_eq!(split(text, '\\'), expected, "{text}");
    check("A=b C=d", &["A=b", "C=d"]);
    check("A=\"b c\"  D='e f'", &["A=\"b c\"", "D='e f'"]);
    check("A=b\\ c", &["A=b\\ c"]);
    check("A=\"b\\\"c d\"", &["A=\"b\\\"c d\""]);
    check("A='b\\' c", &["A='b\\'", "c"]);
    check("A=\"\"", &["A=\"\""]);
    check("a\\", &["a"]);
    check("  ", &[]);
    check("A='b c", &["A='b c"]);
}

#[test]
fn patterns_cut_and_replace() {
    let prefix = |pattern: &str, value: &str, longest, expected: &str| {
        let cut = Pattern::without_prefix(pattern, value, longest).unwrap();
        assert_eq!(cut, expected, "{value}#{pattern}");
    };
    prefix("v", "v1.2", false, "1.2");
    prefix("*.", "1.2.3", false, "2.3");
    prefix("*.", "1.2.3", true, "3");
    prefix("x", "v1", false, "v1");
    prefix("?", "äb", false, "b");
    let suffix = |pattern: &str, value: &str, longest, expected: &str| {
        let cut = Pattern::without_suffix(pattern, value, longest).unwrap();
        assert_eq!(cut, expected, "{value}%{pattern}");
    };
    suffix(".*", "1.2.3", false, "1.2");
    suffix(".*", "1.2.3", true, "1");
    suffix("\\*", "a*", false, "a");
    suffix("x", "1", false, "1");
    let replace = |pattern: &str, by: &str, value: &str, all, expected: &str| {
        let replaced = Pattern::replace(pattern, by, value, all).unwrap();
        assert_eq!(replaced, expected, "{value}/{pattern}/{by}");
    };
    replace(".", "_", "1.2.3", false, "1_2.3");
    replace(".", "_", "1.2.3", true, "1_2_3");
    replace("\\/", "-", "a/b", true, "a-b");
    assert!(Pattern::without_prefix("\\a", "x", false).is_err());
}
