//! What is written is what a reader of TOML reads.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{value::value, write};
use crate::{
    model::{Artifact, Catalog, Item, Value},
    text::Script,
};

fn read(text: &str) -> toml::Table {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn texts_have_their_plainest_spelling() {
    let check = |text: &str, expected: &str| {
        assert_eq!(
            value(&Value::text(text), &BTreeSet::new()),
            expected,
            "{text}"
        );
    };
    check("a", "\"a\"");
    check("a\"b", "'a\"b'");
    check("a\\b", "'a\\b'");
    check("it's \"a\"", "'''it's \"a\"'''");
    check("a\nb", "'''\na\nb'''");
    // One or two quotes may stand before the closing ones.
    check("'a\\'", "''''a\\''''");
    check("a\nb'", "'''\na\nb''''");
    check("'''\n", "\"\"\"\n'''\n\"\"\"");
    check("a\u{1}", "\"a\\u0001\"");
}

#[test]
fn comments_and_order_are_kept() {
    let step = |key: &str, text: &str| Item::Step(vec![(key.to_owned(), Value::text(text))]);
    let catalog = Catalog {
        comments: vec!["Made.".to_owned()],
        default: vec!["b".to_owned()],
        artifacts: vec![Artifact {
            name: "a/b".to_owned(),
            comments: vec!["two\nlines".to_owned()],
            keys: vec![("kind".to_owned(), Value::text("image"))],
            steps: vec![
                Item::Comment("why".to_owned()),
                step("user", "x"),
                step("run", "y"),
            ],
        }],
        ..Catalog::default()
    };
    let expected = "# Made.\n\ndefault = [\"b\"]\n\n# two\n# lines\n[artifact.\"a/b\"]\nkind = \"image\"\nsteps = [\n    # why\n    { user = \"x\" },\n    { run = \"y\" },\n]\n";
    assert_eq!(write(&catalog), expected);
}

#[test]
fn a_brace_before_a_name_is_an_option() {
    let run = Value::Script(Script::literal("echo {arch}"));
    let catalog = Catalog {
        artifacts: vec![Artifact {
            name: "a".to_owned(),
            steps: vec![Item::Step(vec![("run".to_owned(), run)])],
            ..Artifact::default()
        }],
        ..Catalog::default()
    };
    let read = read(&write(&catalog));
    assert_eq!(read["options"]["open-brace"].as_str(), Some("{{"));
    let run = read["artifact"]["a"]["steps"][0]["run"].as_str();
    assert_eq!(run, Some("echo ${{ open-brace }}arch}"));
}

proptest! {
    #[test]
    fn texts_are_read_as_they_are(text in any::<String>()) {
        let written = value(&Value::text(&text), &BTreeSet::new());
        let read = read(&format!("a = [{{ b = {written} }}]"));
        let back = read["a"][0]["b"].as_str();
        prop_assert_eq!(back, Some(text.as_str()));
    }

    #[test]
    fn keys_are_read_as_they_are(key in any::<String>(), comment in any::<String>()) {
        let catalog = Catalog {
            comments: vec![comment],
            artifacts: vec![Artifact {
                name: key.clone(),
                keys: vec![(key.clone(), Value::Bool(true))],
                ..Artifact::default()
            }],
            ..Catalog::default()
        };
        let read = read(&write(&catalog));
        prop_assert_eq!(read["artifact"][&key][&key].as_bool(), Some(true));
    }
}
