//! Tables of words and what they are.

use super::{Base, Binding, Scope, predefined};
use crate::{options::Options, text::Text};

/// A stage on an image with an argument, one that is not set, `ENV`s with and without a part of the base.
fn scope() -> (Scope, Options) {
    let mut options = Options::default();
    let version = options.declare("VERSION", "a", &Text::literal("v1.2.3"), &[], ("f", 1));
    let unset = options.declare("UNSET", "a", &Text::default(), &[], ("f", 1));
    let mut scope = Scope::new(Base::Image);
    let argument = |name: &str, is_set| Binding::Argument {
        text: Text::catalog(name),
        is_set,
    };
    scope.bind("VERSION", argument(&version, true));
    scope.bind("UNSET", argument(&unset, false));
    let value = Some(Text::literal("/opt/app"));
    scope.bind("HOME_DIR", Binding::Environment { value });
    scope.bind("PATHS", Binding::Environment { value: None });
    let arch = predefined("TARGETARCH", "").unwrap();
    scope.bind(
        "TARGETARCH",
        Binding::Argument {
            text: arch,
            is_set: true,
        },
    );
    (scope, options)
}

#[test]
fn words_are_what_their_names_stand_for() {
    let (scope, options) = scope();
    let check = |word: &str, expected: &str| {
        let evaluated = scope.evaluate(word, '\\', &options).unwrap();
        assert_eq!(evaluated.text.tree_text(), expected, "{word}");
    };
    check("a-$VERSION", "a-{VERSION}");
    check("'$VERSION'", "$$VERSION");
    check("$TARGETARCH", "{arch}");
    check("$HOME_DIR/bin", "$HOME_DIR/bin");
    check("$PATH:/x", "$PATH:/x");
    check("$OTHER/x", "${OTHER:-}/x");
    check("${OTHER:-w}", "${OTHER:-w}");
    check("${OTHER:-$HOME_DIR}", "${OTHER:-$HOME_DIR}");
    check("${OTHER:+w}", "${OTHER:+w}");
    check("${VERSION:-w}", "{VERSION}");
    check("${UNSET:-w}", "w");
    check("${UNSET-w}", "w");
    check("${UNSET:+w}", "");
    check("${UNSET}", "{UNSET}");
    check("${VERSION:+w}", "w");
    check("${VERSION#v}", "1.2.3");
    check("${VERSION%.*}", "v1.2");
    check("${VERSION%%.*}", "v1");
    check("${VERSION//./_}", "v1_2_3");
    check("${HOME_DIR##*/}", "app");
    check("${HOME_DIR-w}", "$HOME_DIR");
    check("${HOME_DIR:-w}", "${HOME_DIR:-w}");
    check("${TARGETARCH:-w}", "{arch}");
}

#[test]
fn what_hangs_on_a_default_is_told() {
    let (scope, options) = scope();
    let check = |word: &str, expected: &[&str]| {
        let evaluated = scope.evaluate(word, '\\', &options).unwrap();
        assert_eq!(evaluated.fixed, expected, "{word}");
    };
    check("$VERSION", &[]);
    check("${VERSION#v}", &["VERSION"]);
    check("${UNSET:-w}", &["UNSET"]);
    check("${TARGETARCH#amd}", &["arch"]);
}

#[test]
fn what_only_the_base_knows_cannot_be_cut() {
    let (scope, options) = scope();
    for word in ["${OTHER#x}", "${PATHS%x}", "${OTHER:-'{'}", "${UNSET:?}"] {
        let evaluated = scope.evaluate(word, '\\', &options);
        assert!(evaluated.is_err(), "{word}: {evaluated:?}");
    }
}

#[test]
fn scratch_sets_nothing_but_path() {
    let scope = Scope::new(Base::Scratch);
    let options = Options::default();
    let text = |word: &str| {
        scope
            .evaluate(word, '\\', &options)
            .unwrap()
            .text
            .tree_text()
    };
    assert_eq!(text("a$OTHER"), "a");
    assert_eq!(text("$PATH"), "$PATH");
    assert_eq!(text("${OTHER:-w}"), "w");
}

#[test]
fn options_of_one_name_have_one_default() {
    let mut options = Options::default();
    let mut declare =
        |of: &str, default: &str| options.declare("V", of, &Text::literal(default), &[], ("f", 1));
    assert_eq!(declare("a", "1"), "V");
    assert_eq!(declare("b", "1"), "V");
    assert_eq!(declare("b", "2"), "b-V");
    assert_eq!(declare("b", "3"), "b-V-2");
    assert_eq!(
        options.declare("arch", "a", &Text::default(), &[], ("f", 1)),
        "arch_"
    );
}
