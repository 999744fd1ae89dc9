//! The ids and graphs of every catalog in this repository, with inputs and pins that are made up: whoever moves code sees
//! that no artifact is built again for it.
//!
//! The packer's bytes and the places of sources are not in it.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

mod graphs;
mod twins;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use catalog::{
    BaseConfig, CATALOG_FILE, Caching, Catalog, CheckedCatalog, ContextPath, Declared, Epoch,
    FileSet, ImagePin, InputFile, Inputs, Lock, NamedContext, Pinned, Request, Variant,
};
use engine::included;
use sha2::{Digest, Sha256};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The catalog of the `llbgen.toml` in a directory of this repository.
fn file(directory: &str) -> Catalog {
    let directory = repository().join(directory);
    let text = fs::read_to_string(directory.join(CATALOG_FILE)).unwrap();
    let file = included::from_disk(&directory, (CATALOG_FILE, &text)).unwrap();
    Catalog::new().with_file(file).unwrap()
}

/// The text of an input file: what it has to have for the catalogs here, and its path.
fn text(path: &ContextPath) -> String {
    format!("{{\"version\": \"{path}\", \"oocana\": \"1\", \"ovmlayer\": \"2\"}}\n")
}

/// A file in the place of each declared path; two in that of a directory.
fn files(path: &ContextPath) -> FileSet {
    let file = |path: ContextPath| {
        let is_program = Path::new(path.as_str())
            .extension()
            .is_some_and(|ending| ending == "sh");
        let file = InputFile::from_bytes(is_program, text(&path).into_bytes());
        (path, file)
    };
    if path.as_str().contains('.') || path.as_str().contains("bin") {
        return FileSet::from([file(path.clone())]);
    }
    let inside = |name: &str| format!("{path}/{name}").parse().unwrap();
    FileSet::from([file(inside("one.sh")), file(inside("two"))])
}

fn inputs(catalog: &CheckedCatalog, variants: &[Variant]) -> Inputs {
    let needs = catalog.needs(variants).unwrap();
    let dockerfile = |path: ContextPath| {
        let text = fs::read_to_string(repository().join(path.as_str())).unwrap();
        (path, text)
    };
    let set = |declared: Declared| {
        let files = files(&declared.path);
        (declared, files)
    };
    let context = |(name, paths): (_, BTreeSet<Declared>)| {
        let files = paths.into_iter().map(set).collect();
        (format!("{name}"), NamedContext::Directory(files))
    };
    Inputs {
        dockerfiles: needs.dockerfiles.into_iter().map(dockerfile).collect(),
        files: needs.files.into_iter().map(set).collect(),
        contexts: needs.contexts.into_iter().map(context).collect(),
        ..Inputs::default()
    }
}

/// A lock that pins all that plans refer to, as often as pins bring new references.
fn locked(catalog: &CheckedCatalog, variants: &[Variant], mut inputs: Inputs) -> Inputs {
    let mut digests: BTreeMap<String, usize> = BTreeMap::new();
    let mut lock = Lock::default();
    lock.set_epoch(Epoch::from_seconds(0).unwrap());
    lock.begin_cache_namespace("golden".parse().unwrap());
    let mut references: BTreeSet<Pinned> = BTreeSet::new();
    for variant in variants {
        let plan = catalog.plan(variant, &inputs, Caching::Use).unwrap();
        references.extend(
            plan.references
                .into_iter()
                .map(|reference| reference.source),
        );
    }
    for pinned in references {
        let next = digests.len();
        let number = *digests.entry(pinned.name()).or_insert(next);
        let digest = format!("sha256:{number:064x}");
        match pinned {
            Pinned::Image {
                reference,
                platform,
            } => {
                let config = BaseConfig::from_json(br#"{"config": {"Env": ["PATH=/bin"]}}"#);
                let pin = ImagePin::new(digest.parse().unwrap(), [(platform, config.unwrap())]);
                lock.set_image(&reference, pin);
            }
            Pinned::Http(url) => lock.set_http(&url, digest.parse().unwrap()),
            Pinned::Git(_) => unreachable!("no catalog here has git sources"),
        }
    }
    inputs.lock = lock;
    inputs
}

/// A line for every variant: its name, its id, and the digest of its graph without places.
fn listing(catalog: Catalog) -> String {
    let catalog = catalog.check().unwrap();
    let all = Request {
        artifacts: vec!["all".to_owned()],
        ..Request::default()
    };
    let variants = catalog.select(&all).unwrap();
    let inputs = inputs(&catalog, &variants);
    let inputs = locked(&catalog, &variants, inputs);
    let mut listing = String::new();
    for variant in &variants {
        let plan = catalog.plan(variant, &inputs, Caching::Use).unwrap();
        let graph = serde_json::to_value(&plan.definition).unwrap();
        let mut hash = Sha256::new();
        let vertices = graph["vertices"].as_array().unwrap();
        for vertex in vertices {
            hash.update(vertex["digest"].as_str().unwrap());
        }
        let graph = hex(&hash.finalize()[..6]);
        let id = plan.id.unwrap();
        _ = writeln!(
            listing,
            "{variant}: {id}, {} vertices {graph}",
            vertices.len()
        );
    }
    listing
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

macro_rules! golden {
    ($($name:ident: $catalog:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(listing($catalog));
        }
    )*};
}

golden! {
    oocana: file("");
    devbox: file("tests/fleets/devbox");
    openlock: file("tests/fleets/openlock");
    example: file("tests/example");
    example_crate: example_crate::catalog();
    frontend: file("frontend");
}
