//! The pure crates touch no file, process, clock, network or environment, and have no unordered maps.

use std::fs;

use llbgen_tests::machine::workspace;

use crate::sources::{code, sources};

const PURE: [&str; 3] = ["crates/buildkit-llb", "crates/catalog", "crates/import"];

/// Modules and types of std that do input and output, or whose order varies.
const IMPURE: [&str; 11] = [
    "std::fs",
    "std::env",
    "std::process",
    "std::os",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "SystemTime",
    "Instant",
    "HashMap",
    "HashSet",
];

/// The words of [`IMPURE`] in a source file; `use std::{fs, …}` is read as `std::fs`.
fn impurities(text: &str) -> Vec<&'static str> {
    let code = code(text).collect::<Vec<_>>().join(" ");
    let groups = code
        .split("std::{")
        .skip(1)
        .filter_map(|rest| rest.split(';').next());
    let grouped: Vec<String> = groups
        .flat_map(|group| group.split([',', '{', '}']))
        .map(|name| format!("std::{}", name.trim()))
        .collect();
    IMPURE
        .into_iter()
        .filter(|word| code.contains(word) || grouped.iter().any(|path| path.ends_with(word)))
        .collect()
}

#[test]
fn pure_crates_do_no_io() {
    for member in PURE {
        let sources = sources(&workspace().join(member).join("src"));
        assert!(!sources.is_empty(), "{member} has no sources");
        for source in sources {
            let found = impurities(&fs::read_to_string(&source).unwrap());
            assert!(found.is_empty(), "{} uses {found:?}", source.display());
        }
    }
}

#[test]
fn impurities_are_seen() {
    for (text, found) in [
        ("use std::fs;", vec!["std::fs"]),
        (
            "use std::{\n    collections::BTreeMap,\n    env,\n};",
            vec!["std::env"],
        ),
        (
            "let now = std::time::SystemTime::now();",
            vec!["SystemTime"],
        ),
        (
            "// reads no std::fs\nfn a() {}\n#[cfg(test)]\nuse std::fs;",
            vec![],
        ),
        (
            "use std::{collections::{BTreeMap, HashMap}};",
            vec!["HashMap"],
        ),
    ] {
        assert_eq!(impurities(text), found, "{text}");
    }
}
