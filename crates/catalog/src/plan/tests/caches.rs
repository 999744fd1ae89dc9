//! The caches of commands: apart where anything differs, and no part of an id.

use std::collections::BTreeSet;

use buildkit_llb::{Definition, OpContent};

use super::*;
use crate::{Cache, Lock, Sharing};

/// The ids of all caches of a graph.
fn ids(graph: &Definition) -> Vec<String> {
    let mounts = graph.vertices().flat_map(|vertex| match vertex.content() {
        OpContent::Exec(exec) => exec.mounts,
        _ => Vec::new(),
    });
    let caches = mounts.filter(|mount| mount.kind == "cache");
    caches.map(|mount| mount.id).collect()
}

#[test]
fn no_two_caches_have_one_id() {
    let caches = ["/a/b", "/a-b", "/a", "/pip", "/npm", "/b /a", "/apt"];
    let run = caches.iter().fold(Run::command("x"), |run, path| {
        run.cache(Cache::directory(path))
    });
    let run = run.cache(Cache::Pip).cache(Cache::Npm);
    let mut all = Vec::new();
    for base in ["debian:12", "debian:12-a", "debian-12:a"] {
        let artifact = Artifact::rootfs("a", base)
            .step(run.clone())
            .step(Apt::install(["zsh"]));
        all.extend(ids(plan(&checked([artifact]), "a", &inputs(&[])).to_emit()));
    }
    let different: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (30, 30), "{all:?}");
}

#[test]
fn caches_of_one_name_are_one_wherever_they_are() {
    let caches = [
        Cache::directory("/a").id("pip"),
        Cache::directory("/b").id("pip").sharing(Sharing::Locked),
        Cache::directory("/a/pip").sharing(Sharing::Private),
    ];
    let run = caches
        .into_iter()
        .fold(Run::command("x"), Run::cache)
        .cache(Cache::Pip);
    let artifact = Artifact::rootfs("a", "debian:12").step(run);
    let plan = plan(&checked([artifact]), "a", &inputs(&[]));
    let graph = plan.to_emit();
    let mounts = graph.vertices().flat_map(|vertex| match vertex.content() {
        OpContent::Exec(exec) => exec.mounts,
        _ => Vec::new(),
    });
    let caches = mounts.filter(|mount| mount.kind == "cache");
    let caches: Vec<(String, &str)> = caches
        .map(|mount| {
            let (_, name) = mount.id.split_once("arm64 ").unwrap();
            (format!("{} {name}", mount.dest), mount.sharing)
        })
        .collect();
    let expected = [
        ("/a id pip", "shared"),
        ("/a/pip /a/pip", "private"),
        ("/b id pip", "locked"),
        ("/var/cache/llbgen/pip pip", "shared"),
    ];
    assert_eq!(
        caches,
        expected.map(|(name, sharing)| (name.to_owned(), sharing))
    );
}

#[test]
fn the_namespace_is_of_the_flag_or_the_lock_or_the_catalog_and_of_no_id() {
    let artifact =
        |name: &str| Artifact::image(name, "scratch").step(Run::command("x").cache(Cache::Pip));
    let of = |name: &str, lock: Option<&str>, flag: Option<&str>| {
        let mut inputs = inputs(&[]);
        let mut written = Lock::default();
        if let Some(name) = lock {
            written.begin_cache_namespace(name.parse().unwrap());
            // A namespace that is there stays.
            written.begin_cache_namespace("other".parse().unwrap());
        }
        inputs.lock = written;
        inputs.cache_namespace = flag.map(|name| name.parse().unwrap());
        let plan = plan(&checked([artifact(name)]), name, &inputs);
        let emitted = ids(plan.to_emit());
        assert_eq!(ids(plan.to_return()), emitted);
        let namespace = emitted[0].split_once('/').unwrap().0.to_owned();
        (namespace, plan.id, plan.definition.head())
    };
    let (derived, id, head) = of("a", None, None);
    assert_eq!(derived.len(), 16);
    assert_eq!(of("a", Some("team"), None), ("team".to_owned(), id, head));
    assert_eq!(
        of("a", Some("team"), Some("ci")),
        ("ci".to_owned(), id, head)
    );
    assert_ne!(of("b", None, None).0, derived);
    for odd in ["", "a/b", "a b", &"a".repeat(65)] {
        assert!(odd.parse::<crate::CacheNamespace>().is_err(), "{odd}");
    }
}
