//! Patterns and the paths that they match, as in BuildKit. Expected values were checked against moby/patternmatcher.

use super::*;

/// Matches like a walk: from the top, each directory's result passed on to its entries.
fn matches(patterns: &[&str], path: &str) -> bool {
    let patterns: Vec<_> = patterns
        .iter()
        .map(|pattern| (*pattern).to_owned())
        .collect();
    let matcher = Matcher::try_new(&patterns).unwrap();
    let walked = path::parents(path.as_bytes()).fold(Matched::default(), |above, parent| {
        matcher.matches(parent, &above).1
    });
    let (walking, _) = matcher.matches(path.as_bytes(), &walked);
    let (alone, _) = matcher.matches(path.as_bytes(), &Matched::default());
    assert_eq!(
        walking, alone,
        "{patterns:?} {path}: a walk and a look at the path alone differ"
    );
    alone
}

fn check(pattern: &str, matching: &[&str], others: &[&str]) {
    check_list(&[pattern], matching, others);
}

fn check_list(patterns: &[&str], matching: &[&str], others: &[&str]) {
    for path in matching {
        assert!(matches(patterns, path), "{patterns:?} should match {path}");
    }
    for path in others {
        assert!(
            !matches(patterns, path),
            "{patterns:?} should not match {path}"
        );
    }
}

#[test]
fn a_plain_path_matches_itself_and_what_is_below() {
    check(
        "a/b",
        &["a/b", "a/b/c", "a/b/c/d"],
        &["a", "a/bc", "b", "x/a/b"],
    );
    check("a.b+c(d)|{e}$", &["a.b+c(d)|{e}$"], &["axb+c(d)|{e}$"]);
    // Cleaned as a path; a leading slash stays and matches nothing relative.
    check(" ./a//b/../c/ ", &["a/c", "a/c/d"], &["a/b"]);
    check("/a", &[], &["a"]);
    check(".", &[], &["a", "a/b"]);
}

#[test]
fn a_star_stays_in_its_directory() {
    check("*", &["a", "a.b", "a/b"], &[]);
    check("*.rs", &["a.rs", ".rs", "a.rs/b"], &["a.rsx", "x/a.rs"]);
    check("a/*.rs", &["a/b.rs"], &["a/b/c.rs", "a.rs"]);
    check("a*b", &["ab", "axxb"], &["a/b"]);
    check("a/*/c", &["a/b/c", "a/b/c/d"], &["a/c", "a/b/b/c"]);
    check("*/a", &["x/a", "x/a/b"], &["a", "x/y/a"]);
}

#[test]
fn a_question_mark_is_one_character() {
    check("a?c", &["abc", "a☺c"], &["ac", "a/c", "abbc"]);
}

#[test]
fn two_stars_cross_directories() {
    check("**", &["a", "a/b", "a/b/c"], &[]);
    check("**/", &["a", "a/b"], &[]);
    check("**/**", &["a/b"], &[]);
    check("a/**", &["a/b", "a/b/c"], &["a", "ab"]);
    check("**/a", &["a", "x/a", "x/y/a", "a/b"], &["xa", "x/ba"]);
    check("**a", &["a", "xa", "x/a", "x/ya"], &["ab"]);
    check("**/a/b", &["a/b", "x/a/b", "x/y/a/b"], &["a/x/b"]);
    check("**/*.rs", &["a.rs", "x/a.rs", "x/y/a.rs"], &["a.rx"]);
    check("**/**/*.rs", &["a.rs", "x/y/a.rs"], &["a.txt"]);
    check("a**/*.rs", &["a/b.rs", "a/b/c.rs", "ab.rs"], &["b/a.rs"]);
    check("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["a/zz", "z"]);
    check("a/*.rs**", &["a/b.rs", "a/b.rsx/y"], &["a/b/c.rs"]);
    check("**/x/**", &["x/a", "y/x/a/b"], &["x"]);
    check("**/.git", &[".git", "a/.git"], &["a.git"]);
}

#[test]
fn classes_are_those_of_go() {
    check("a[b-d]e", &["ace"], &["ae", "aae", "a-e"]);
    check("a[^b-d]e", &["aze"], &["ace", "ae"]);
    check("[a-ζ]*", &["α", "b"], &["A"]);
    check(r"a[\]]b", &["a]b"], &["a]", "ab"]);
    check("[&&x]", &["&", "x"], &["y"]);
    check("[~~a[]", &["~", "a", "["], &["b"]);
    // A star in a class is translated as any other star, and ends up outside of it.
    check("[*]", &["]", "[[/]"], &["*", "a"]);
    // `^` outside of a class anchors, but only once something else makes the pattern an expression.
    check("a^b", &["a^b"], &[]);
    check("^a*", &["a", "ab"], &["^a"]);
}

#[test]
fn a_backslash_takes_the_meaning() {
    check(r"a\*b", &["a*b"], &["axb"]);
    check(r"a\\", &[r"a\"], &["a"]);
    check(r"\<a\>", &["<a>"], &["a"]);
    check(r"\d", &["7"], &["d", "٣"]);
}

#[test]
fn later_patterns_win() {
    check_list(&["*.rs", "!a.rs"], &["b.rs"], &["a.rs"]);
    check_list(&["!a.rs", "*.rs"], &["a.rs"], &[]);
    check_list(
        &["docs", "!docs/a"],
        &["docs", "docs/b"],
        &["docs/a", "docs/a/b"],
    );
    check_list(&["docs/*", "!docs/a"], &["docs/b"], &["docs", "docs/a"]);
    check_list(&["**", "!a/b"], &["a", "a/c"], &["a/b", "a/b/c"]);
    check_list(&["**", "!a/b", "a/b/c"], &["a/b/c"], &["a/b", "a/b/d"]);
    check_list(
        &["a", "!a/*.md", "a/README.md"],
        &["a/x", "a/README.md"],
        &["a/b.md"],
    );
    check_list(&["", "  ", "a"], &["a"], &["b"]);
    // The `!` is looked at after cleaning, so it can vanish with its name.
    check_list(&["!a/../b"], &["b"], &[]);
}

#[test]
fn bytes_that_are_not_text_count_as_characters() {
    let matcher = Matcher::try_new(&["a?c".to_owned()]).unwrap();
    assert!(matcher.matches(b"a\xffc", &Matched::default()).0);
    assert!(!matcher.matches(b"a\xff\xfec", &Matched::default()).0);
    let exact = Matcher::try_new(&["**/x".to_owned()]).unwrap();
    assert!(exact.matches(b"\xff/x", &Matched::default()).0);
}

#[test]
fn broken_patterns_are_refused() {
    for pattern in [
        "!", "[", "a[", "[]", "[a", "[]a]", "[-]", "[a-]", "[x-", r"a\", r"[\", r"[a\]", "[^]",
        "[z-a]", r"a*\q", r"\é*",
    ] {
        let error = Matcher::try_new(&[pattern.to_owned()]).unwrap_err();
        assert_eq!(
            error,
            PatternError {
                pattern: pattern.into()
            }
        );
    }
}
