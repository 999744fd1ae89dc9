//! Catalogs made by chance: artifacts on top of each other, with files, a lock, and steps of every kind.

use std::collections::BTreeSet;

use catalog::{
    Apt, Artifact, BaseConfig, Caching, Catalog, CheckedCatalog, Copy, Env, Epoch, FileSet,
    ImagePin, InputFile, Inputs, Lock, Plan, Request, Run, User, Workdir,
};
use proptest::prelude::*;

/// A catalog as data that can be changed at one place.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    /// Each on top of the one before it; the first on `debian:12`.
    pub(crate) artifacts: Vec<Vec<Part>>,
    /// The files of the context directory.
    pub(crate) files: Vec<(String, bool)>,
    /// The pin of the base.
    pub(crate) digest: u8,
    /// A variable in the base's config.
    pub(crate) base_env: String,
    /// Seconds.
    pub(crate) epoch: i64,
}

/// A step.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Apt(BTreeSet<String>),
    /// A command, and the file that it reads.
    Run(String, Option<usize>),
    Copy(usize),
    Env(String),
    Workdir(String),
    User(String),
}

fn part() -> impl Strategy<Value = Part> {
    let word = "[a-z]{3,6}";
    prop_oneof![
        proptest::collection::btree_set(word, 1..4).prop_map(Part::Apt),
        (word, proptest::option::of(0..3_usize))
            .prop_map(|(command, file)| Part::Run(command, file)),
        (0..3_usize).prop_map(Part::Copy),
        word.prop_map(Part::Env),
        word.prop_map(Part::Workdir),
        word.prop_map(Part::User),
    ]
}

/// Fleets of up to three artifacts.
pub(crate) fn fleets() -> impl Strategy<Value = Fleet> {
    let artifacts = proptest::collection::vec(proptest::collection::vec(part(), 0..6), 1..4);
    let files = proptest::collection::vec(("[a-z\n]{1,20}", any::<bool>()), 3);
    (
        artifacts,
        files,
        any::<u8>(),
        "[a-z]{2}",
        0..2_000_000_000_i64,
    )
        .prop_map(|(artifacts, files, digest, base_env, epoch)| Fleet {
            artifacts,
            files,
            digest,
            base_env,
            epoch,
        })
}

fn file_name(number: usize) -> String {
    format!("file{number}.txt")
}

impl Fleet {
    /// The name of the artifact on top.
    pub(crate) fn top(&self) -> String {
        format!("artifact{}", self.artifacts.len() - 1)
    }

    fn artifact(&self, number: usize) -> Artifact {
        let base = match number {
            0 => "debian:12".to_owned(),
            number => format!("artifact{}", number - 1),
        };
        let artifact = Artifact::rootfs(&format!("artifact{number}"), base.as_str());
        let steps = self.artifacts[number].iter().enumerate();
        let artifact = steps.fold(artifact, |artifact, (index, part)| match part {
            Part::Apt(names) => artifact.step(Apt::install(names.iter().cloned())),
            Part::Run(command, None) => artifact.step(Run::command(command)),
            Part::Run(command, Some(file)) => {
                artifact.step(Run::command(command).files([file_name(*file).as_str()]))
            }
            Part::Copy(file) => artifact.step(Copy::new(
                &file_name(*file),
                &format!("/to/{number}/{index}"),
            )),
            // Each has a name of its own: one that is set again would hide the first.
            Part::Env(value) => artifact.step(Env::new(&format!("V{number}_{index}"), value)),
            Part::Workdir(name) => {
                artifact.step(Workdir::new(&format!("/d{number}_{index}/{name}")))
            }
            Part::User(name) => artifact.step(User::new(name)),
        });
        // So that everything before it shows.
        artifact.step(Run::command("last"))
    }

    /// The catalog, its artifacts declared in the given order.
    pub(crate) fn catalog(&self, backwards: bool) -> CheckedCatalog {
        let mut artifacts: Vec<Artifact> = (0..self.artifacts.len())
            .map(|i| self.artifact(i))
            .collect();
        if backwards {
            artifacts.reverse();
        }
        artifacts
            .into_iter()
            .fold(Catalog::new(), Catalog::artifact)
            .check()
            .unwrap()
    }

    /// The files and the lock.
    pub(crate) fn inputs(&self) -> Inputs {
        let one = |(number, (text, executable)): (usize, &(String, bool))| {
            let path: catalog::ContextPath = file_name(number).parse().unwrap();
            let file = InputFile::from_bytes(*executable, text.clone().into_bytes());
            (path.clone().into(), FileSet::from([(path, file)]))
        };
        Inputs {
            files: self.files.iter().enumerate().map(one).collect(),
            lock: self.lock(),
            ..Inputs::default()
        }
    }

    /// The lock.
    pub(crate) fn lock(&self) -> Lock {
        let config = format!(
            r#"{{"config": {{"Env": ["PATH=/bin", "BASE={}"]}}}}"#,
            self.base_env
        );
        let config = BaseConfig::from_json(config.as_bytes()).unwrap();
        let platforms = ["linux/amd64", "linux/arm64"];
        let configs = platforms.map(|name| (name.parse().unwrap(), config.clone()));
        let digest = format!("sha256:{:064x}", self.digest);
        let mut lock = Lock::default();
        lock.set_image(
            &"debian:12".parse().unwrap(),
            ImagePin::new(digest.parse().unwrap(), configs),
        );
        lock.set_epoch(Epoch::from_seconds(self.epoch).unwrap());
        lock
    }

    /// The plan of the artifact on top, for amd64.
    pub(crate) fn plan(&self) -> Plan {
        plan(&self.catalog(false), &self.top(), &self.inputs())
    }
}

/// The plan of an artifact for amd64.
pub(crate) fn plan(catalog: &CheckedCatalog, name: &str, inputs: &Inputs) -> Plan {
    let request = Request {
        artifacts: vec![name.to_owned()],
        platforms: vec!["linux/amd64".parse().unwrap()],
        ..Request::default()
    };
    let variants = catalog.select(&request).unwrap();
    catalog.plan(&variants[0], inputs, Caching::Use).unwrap()
}

/// A place of a fleet that can be changed, so that the artifact on top is another one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaf {
    Step(usize, usize),
    FileByte(usize),
    FileMode(usize),
    Pin,
    Epoch,
}

fn is_read(fleet: &Fleet, file: usize) -> bool {
    let mut parts = fleet.artifacts.iter().flatten();
    parts.any(|part| match part {
        Part::Run(_, Some(read)) | Part::Copy(read) => *read == file,
        _ => false,
    })
}

/// All places of a fleet.
pub(crate) fn leaves(fleet: &Fleet) -> Vec<Leaf> {
    let mut leaves = vec![Leaf::Pin, Leaf::Epoch];
    for (number, parts) in fleet.artifacts.iter().enumerate() {
        for (index, part) in parts.iter().enumerate() {
            // A user that another one follows at once is nobody's.
            let rest = parts[index + 1..].iter();
            let is_hidden = matches!(part, Part::User(_))
                && rest
                    .take_while(|part| !matches!(part, Part::Run(..)))
                    .any(|part| matches!(part, Part::User(_)));
            // Another file is another set of files, not a change of one.
            if !is_hidden && !matches!(part, Part::Copy(_)) {
                leaves.push(Leaf::Step(number, index));
            }
        }
    }
    for file in (0..fleet.files.len()).filter(|file| is_read(fleet, *file)) {
        leaves.extend([Leaf::FileByte(file), Leaf::FileMode(file)]);
    }
    leaves
}

/// The fleet, changed at one place.
pub(crate) fn changed(fleet: &Fleet, leaf: Leaf) -> Fleet {
    let mut fleet = fleet.clone();
    match leaf {
        Leaf::Pin => fleet.digest = fleet.digest.wrapping_add(1),
        Leaf::Epoch => fleet.epoch += 1,
        Leaf::FileByte(file) => fleet.files[file].0.push_str("more\n"),
        Leaf::FileMode(file) => fleet.files[file].1 = !fleet.files[file].1,
        Leaf::Step(number, index) => match &mut fleet.artifacts[number][index] {
            Part::Apt(names) => drop(names.insert("another".to_owned())),
            Part::Run(text, _) | Part::Env(text) | Part::Workdir(text) | Part::User(text) => {
                text.push_str("other");
            }
            Part::Copy(_) => unreachable!("it is no leaf"),
        },
    }
    fleet
}
