//! Layers put together by umoci, an applier that is not ours, and all that a tar says of a tree.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufReader, BufWriter, Read},
    path::{Path, PathBuf},
};

use archive::{Entry, EntryPath, Kind};
use llbgen_tests::command::{clean, run};

/// An OCI layout, and what umoci unpacks of it.
pub(crate) struct Umoci<'a> {
    home: &'a Path,
}

impl<'a> Umoci<'a> {
    /// A layout in `home` with one image, `empty`.
    pub(crate) fn new(home: &'a Path) -> Self {
        let umoci = Self { home };
        umoci.run(&["init", "--layout", "image"]);
        umoci.run(&["new", "--image", "image:empty"]);
        umoci
    }

    /// The image `name`: the image `on` with one more layer.
    pub(crate) fn add(&self, on: &str, layer: &Path, name: &str) {
        let (on, layer) = (format!("image:{on}"), layer.to_str().unwrap());
        self.run(&["raw", "add-layer", "--image", &on, "--tag", name, layer]);
    }

    /// The tree of an image, as a directory of its name.
    pub(crate) fn unpack(&self, name: &str) -> PathBuf {
        self.run(&["raw", "unpack", "--image", &format!("image:{name}"), name]);
        self.home.join(name)
    }

    /// Removes the layout; what was unpacked of it stays.
    pub(crate) fn remove(self) {
        std::fs::remove_dir_all(self.home.join("image")).unwrap();
    }

    fn run(&self, arguments: &[&str]) {
        run(clean("umoci", self.home).args(arguments)).success();
    }
}

/// All that a tar says of a tree: path, kind, mode, owner, time, attributes, content, targets of links, and which names
/// are of one file.
pub(crate) type Facts = BTreeMap<EntryPath, Entry>;

/// What the tar at `path` says.
pub(crate) fn facts(path: &Path) -> Facts {
    facts_of(BufReader::with_capacity(1 << 20, File::open(path).unwrap()))
}

/// What the tar of a tree on disk says.
pub(crate) fn facts_on_disk(tree: &Path) -> Facts {
    let (tar, writer) = io::pipe().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let writer = BufWriter::with_capacity(1 << 20, writer);
            archive::pack(tree, writer, &archive::Options::new()).unwrap()
        });
        let mut tar = BufReader::with_capacity(1 << 20, tar);
        let facts = facts_of(&mut tar);
        // What stands behind the last entry must find a reader, too.
        io::copy(&mut tar, &mut io::sink()).unwrap();
        facts
    })
}

/// A directory in which names came and went has another time, and no entry for that alone: its time is left out.
fn facts_of(tar: impl Read) -> Facts {
    let entries = archive::list(tar).unwrap().into_iter();
    let timeless = entries.map(|mut entry| {
        if entry.kind == Kind::Directory {
            entry.mtime = 0;
        }
        (entry.path.clone(), entry)
    });
    timeless.collect()
}

/// Fails with the paths at which two trees differ.
#[track_caller]
pub(crate) fn assert_same(applied: &Facts, whole: &Facts) {
    let paths: BTreeSet<&EntryPath> = applied.keys().chain(whole.keys()).collect();
    let pairs = paths
        .into_iter()
        .map(|path| (applied.get(path), whole.get(path)));
    let differing: Vec<_> = pairs.filter(|(applied, whole)| applied != whole).collect();
    assert!(
        differing.is_empty(),
        "{} paths differ, applied and whole: {:#?}",
        differing.len(),
        &differing[..differing.len().min(5)]
    );
}
