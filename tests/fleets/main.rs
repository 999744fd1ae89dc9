//! The fleets beside this file, each an `llbgen.toml` with its files, planned with pins that are made up: what there is,
//! what it needs, what it is called, what is shared. `tests/e2e` builds them as far as Debian has what they ask for.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

mod devbox;
mod openlock;

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use catalog::{
    BaseConfig, CATALOG_FILE, Caching, Catalog, CheckedCatalog, Epoch, ImagePin, Inputs, LOCK_FILE,
    Lock, Pinned, Plan, Request,
};
use engine::{Disk, Workspace, included};
use llbgen_tests::{command::clean, fleet, machine};

/// A fleet in a directory of its own, with a lock that pins everything to digests that are made up.
struct Fleet {
    _home: tempfile::TempDir,
    directory: PathBuf,
    catalog: CheckedCatalog,
}

impl Fleet {
    fn new(name: &str) -> Self {
        Self::changed(name, &[])
    }

    /// The fleet with other words in its catalog.
    fn changed(name: &str, words: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let directory = fleet::copied(name, home.path());
        let path = directory.join(CATALOG_FILE);
        let mut text = fs::read_to_string(&path).unwrap();
        for (from, to) in words {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(path, &text).unwrap();
        let file = included::from_disk(&directory, (CATALOG_FILE, &text)).unwrap();
        let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
        let fleet = Self {
            _home: home,
            directory,
            catalog,
        };
        fleet.pin(&fleet.lock());
        fleet
    }

    fn lock(&self) -> Lock {
        let survey = self.catalog.survey(&[]).unwrap();
        let mut lock = Lock::default();
        lock.set_epoch(Epoch::from_seconds(0).unwrap());
        lock.begin_cache_namespace("fleets".parse().unwrap());
        let mut digests: BTreeMap<String, usize> = BTreeMap::new();
        for reference in survey.references(&Inputs::default()).unwrap() {
            let next = digests.len();
            let number = *digests.entry(reference.source.name()).or_insert(next);
            let digest = format!("sha256:{number:064x}").parse().unwrap();
            match reference.source {
                Pinned::Image {
                    reference,
                    platform,
                } => {
                    let config = BaseConfig::from_json(br#"{"config": {"Env": ["PATH=/bin"]}}"#);
                    let pin = ImagePin::new(digest, [(platform, config.unwrap())]);
                    lock.set_image(&reference, pin);
                }
                Pinned::Http(url) => lock.set_http(&url, digest),
                Pinned::Git(_) => unreachable!("no fleet has git sources"),
            }
        }
        lock
    }

    fn pin(&self, lock: &Lock) {
        fs::write(self.directory.join(LOCK_FILE), lock.to_text()).unwrap();
    }

    /// The plans of these artifacts, with the files of the fleet.
    fn plans(&self, artifacts: &[&str], disk: impl FnOnce(Disk) -> Disk) -> Vec<Plan> {
        let request = Request {
            artifacts: artifacts.iter().map(|name| (*name).to_owned()).collect(),
            ..Request::default()
        };
        let disk = disk(Disk::new(&self.directory));
        let opened = Workspace::open(&self.catalog, &request, &disk, Caching::Use);
        let runtime = tokio::runtime::Builder::new_current_thread();
        let opened = { runtime }.build().unwrap().block_on(opened);
        let (plans, _) = opened.unwrap().into_plans();
        plans
    }

    /// A call of the command in the fleet's directory.
    fn call(&self, arguments: &[&str]) -> Output {
        let mut command: Command = clean(machine::llbgen(), &self.directory);
        command.args(arguments).output().unwrap()
    }
}

/// The commands of a plan's graph, by digest, each with its title.
fn commands(plan: &Plan) -> BTreeMap<String, String> {
    let vertices = plan.definition.vertices();
    let execs = vertices.filter(|vertex| vertex.kind().as_str() == "exec");
    let title = |name: &str| name.split_once("] ").map(|(_, title)| title.to_owned());
    execs
        .map(|vertex| {
            let name = vertex.metadata().custom_name().and_then(title);
            (vertex.digest().to_string(), name.unwrap_or_default())
        })
        .collect()
}

/// The sources of a plan's graph with their attributes, by digest.
fn sources(plan: &Plan) -> BTreeMap<String, buildkit_llb::SourceContent> {
    let vertices = plan.definition.vertices();
    let sources = vertices.filter_map(|vertex| match vertex.content() {
        buildkit_llb::OpContent::Source(source) => Some((vertex.digest().to_string(), source)),
        _ => None,
    });
    sources.collect()
}
