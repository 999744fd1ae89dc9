//! The modules of the model are no circle: each can be read, and tested, with those below it alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use llbgen_tests::machine::workspace;

use crate::sources::{code, sources};

/// The modules of a crate, each with the names of the crate's root that it uses outside its tests.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn imports(src: &Path) -> Imports {
    let mut imports = Imports::new();
    for source in sources(src) {
        let inside = source.strip_prefix(src).unwrap();
        let first = Path::new(inside.iter().next().unwrap());
        let module = first.file_stem().unwrap().to_str().unwrap();
        if module == "lib" {
            continue;
        }
        let text = fs::read_to_string(&source).unwrap();
        let used = names(&code(&text).collect::<Vec<_>>().join(" "));
        let used = used.into_iter().filter(|name| name != module);
        imports.entry(module.to_owned()).or_default().extend(used);
    }
    imports
}

/// The names after `crate::`: one, or each of a group in braces.
fn names(code: &str) -> BTreeSet<String> {
    let paths = code.split("crate::").skip(1);
    paths
        .flat_map(|path| match path.strip_prefix('{') {
            Some(rest) => group(rest),
            None => vec![path],
        })
        .map(first_word)
        .filter(|name| !name.is_empty())
        .collect()
}

/// The parts of a group up to its closing brace, without the groups inside it.
fn group(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, sign) in text.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            '}' => {
                parts.push(&text[start..at]);
                break;
            }
            _ => {}
        }
    }
    parts
}

fn first_word(text: &str) -> String {
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    text.trim_start().chars().take_while(is_word).collect()
}

/// The modules of circles, and those between two circles, with what they import of each other. A module that imports
/// none of the others is in no circle, and neither is one that none of them imports.
fn in_circles(mut imports: Imports) -> Imports {
    loop {
        let before = imports.len();
        let imported: BTreeSet<String> = imports.values().flatten().cloned().collect();
        imports.retain(|module, below| imported.contains(module) && !below.is_empty());
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        for below in imports.values_mut() {
            below.retain(|module| left.contains(module));
        }
        if imports.len() == before {
            return imports;
        }
    }
}

fn imports_of_catalog() -> Imports {
    imports(&workspace().join("crates/catalog/src"))
}

#[test]
fn modules_of_catalog_are_no_circle() {
    assert_eq!(in_circles(imports_of_catalog()), Imports::new());
}

/// A name that the root exports again would hide the module that it is from.
#[test]
fn modules_of_catalog_import_modules() {
    let imports = imports_of_catalog();
    assert!(imports["plan"].contains("planner"), "{imports:?}");
    for (module, names) in &imports {
        let unknown: Vec<&String> = names
            .iter()
            .filter(|name| !imports.contains_key(*name))
            .collect();
        assert!(unknown.is_empty(), "`{module}` uses `crate::{unknown:?}`");
    }
}

#[test]
fn circles_are_seen() {
    for (module, planted) in [
        ("variant", "artifact"),
        ("lock", "tree"),
        ("planner", "plan"),
        ("base", "dependencies"),
    ] {
        let mut imports = imports_of_catalog();
        let below = imports.get_mut(module).unwrap();
        below.insert(planted.to_owned());
        let circle = in_circles(imports);
        assert!(circle[module].contains(planted), "{circle:?}");
    }
}

#[test]
fn imports_are_read() {
    for (text, expected) in [
        ("use crate::a::B;", vec!["a"]),
        (
            "use crate::{\n    a::{self, B},\n    c,\n};\nuse super::d;",
            vec!["a", "c"],
        ),
        ("fn f() -> crate::a::B { crate::c::d() }", vec!["a", "c"]),
        ("// use crate::a;\npub(crate) use self::b::C;", vec![]),
    ] {
        let code = code(text).collect::<Vec<_>>().join(" ");
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(names(&code), expected, "{text}");
    }
}
