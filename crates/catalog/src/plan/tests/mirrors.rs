//! Mirrors change the address of a download, and nothing else.

use buildkit_llb::ProxyEnv;

use super::*;
use crate::{Download, Mirrors};

const CHECKSUM: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const LOCKED: &str = "https://example.com/a/locked.tar";
const OTHER: &str = "https://example.org/other";

fn catalog() -> CheckedCatalog {
    let steps = |artifact: Artifact| {
        artifact
            .step(Download::new(LOCKED, "/x").unpack())
            .step(Download::new("https://example.com/a/checked", "/x/").checksum(CHECKSUM))
            .step(Download::new(OTHER, "/x/"))
    };
    checked([
        steps(Artifact::rootfs("rootfs", "scratch")),
        steps(Artifact::layer("layer", "scratch")),
        steps(Artifact::image("image", "scratch")),
        Artifact::image("above", "image").step(Env::new("A", "b")),
    ])
}

fn with(mirrors: &[&str]) -> Inputs {
    let mut inputs = inputs(&[]);
    for url in [LOCKED, OTHER] {
        inputs.lock.set_http(url, CHECKSUM.parse().unwrap());
    }
    let mirrors = mirrors.iter().map(|text| text.parse().unwrap());
    inputs.mirrors = Mirrors::try_new(mirrors).unwrap();
    inputs
}

/// The addresses that a graph downloads from, each with its checksum.
fn fetched(graph: &Definition) -> Vec<String> {
    let sources = graph
        .vertices()
        .filter_map(|vertex| match vertex.content() {
            OpContent::Source(source) => Some(source),
            _ => None,
        });
    let mut fetched: Vec<String> = sources
        .filter(|source| {
            source.identifier.contains("://example.") || source.http_checksum().is_some()
        })
        .map(|source| format!("{} {}", source.identifier, source.http_checksum().unwrap()))
        .collect();
    fetched.sort();
    fetched
}

fn all(addresses: [&str; 3]) -> Vec<String> {
    let with_checksum = |address| format!("{address} {CHECKSUM}");
    addresses.map(with_checksum).to_vec()
}

#[test]
fn graphs_fetch_from_mirrors_and_ids_do_not_know_of_them() {
    let catalog = catalog();
    let own = all(["https://example.com/a/checked", LOCKED, OTHER]);
    let near = all(["http://near/b/checked", "http://near/b/locked.tar", OTHER]);
    let proxy = || ProxyEnv {
        http: "http://proxy".to_owned(),
        ..ProxyEnv::default()
    };
    for name in ["rootfs", "layer", "image", "above"] {
        let plain = plan(&catalog, name, &with(&[]));
        assert_eq!(fetched(plain.to_solve()), own, "{name}");
        for proxy in [None, Some(proxy())] {
            let inputs = Inputs {
                proxy,
                ..with(&["https://example.com/a/=http://near/b/"])
            };
            let mirrored = plan(&catalog, name, &inputs);
            assert_eq!(mirrored.id, plain.id, "{name}");
            assert!(mirrored.id.is_some(), "{name}");
            assert_eq!(mirrored.definition.to_bytes(), plain.definition.to_bytes());
            for graph in [
                mirrored.to_emit(),
                mirrored.to_return(),
                mirrored.to_solve(),
            ] {
                assert_eq!(fetched(graph), near, "{name}");
            }
        }
    }
}

#[test]
fn a_plan_knows_its_downloads_by_their_mirrors_too() {
    let catalog = catalog();
    let mirrors = [
        "https://example.com/=http://near/",
        "https://example.net/=http://far/",
    ];
    let plan = plan(&catalog, "image", &with(&mirrors));
    assert_eq!(Plan::unused_mirrors([&plan]), ["https://example.net/"]);
    let check = |address: &str, expected: Option<(&str, bool)>| {
        let found = plan.download_at(address).map(|read| match read {
            Read::Http { url, checksum } => (url.as_str(), checksum.is_some()),
            other => panic!("{other}"),
        });
        assert_eq!(found, expected, "{address}");
    };
    check("http://near/a/locked.tar", Some((LOCKED, false)));
    check(OTHER, Some((OTHER, false)));
    check(
        "http://near/a/checked",
        Some(("https://example.com/a/checked", true)),
    );
    check(LOCKED, None);
}
