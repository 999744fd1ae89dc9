//! Images in OCI archives, read where they are: skopeo unpacks a whole archive before it looks at anything in it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::tree::Tree;

/// An OCI archive, which may be of several platforms.
#[derive(Debug)]
pub struct OciArchive {
    path: PathBuf,
    /// Where the files in it are: their first bytes, and how many there are.
    files: BTreeMap<String, (u64, u64)>,
}

impl OciArchive {
    /// Finds what is in the archive at `path`.
    ///
    /// # Panics
    /// When it is no tar.
    pub fn open(path: &Path) -> Self {
        let file = File::open(path).expect("the archive is there");
        let mut tar = tar::Archive::new(file);
        let entries = tar.entries_with_seek().expect("the archive can be read");
        let files = entries.map(|entry| {
            let entry = entry.expect("an archive is a tar");
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            (name, (entry.raw_file_position(), entry.size()))
        });
        Self {
            files: files.collect(),
            path: path.to_owned(),
        }
    }

    /// The manifest of the image for an architecture, or of the only image.
    ///
    /// # Panics
    /// When there is none.
    pub fn manifest(&self, arch: &str) -> Value {
        let mut found = self.json("index.json");
        while let Some(entries) = found["manifests"].as_array() {
            let is_it = |entry: &&Value| entry["platform"]["architecture"] == arch;
            let of_platform = entries.iter().find(is_it);
            let entry = of_platform.unwrap_or_else(|| {
                assert_eq!(entries.len(), 1, "no `{arch}` in {entries:?}");
                &entries[0]
            });
            found = self.json(&blob(entry));
        }
        found
    }

    /// The index of the image.
    ///
    /// # Panics
    /// When there is none.
    pub fn index(&self) -> Value {
        self.json(&blob(&self.descriptor()))
    }

    /// The descriptor of the index of the image.
    ///
    /// # Panics
    /// When there is none.
    pub fn descriptor(&self) -> Value {
        self.json("index.json")["manifests"][0].clone()
    }

    /// The config of the image for an architecture.
    ///
    /// # Panics
    /// When there is none.
    pub fn config(&self, arch: &str) -> Value {
        self.json(&blob(&self.manifest(arch)["config"]))
    }

    /// The layers of the image for an architecture as plain tars, lowest first.
    ///
    /// # Panics
    /// When there are none, or they are compressed by something else than gzip.
    pub fn layers(&self, arch: &str) -> Vec<Vec<u8>> {
        let layers = self.open_layers(arch).into_iter();
        let read = |mut layer: Box<dyn Read>| {
            let mut bytes = Vec::new();
            layer.read_to_end(&mut bytes).expect("a layer can be read");
            bytes
        };
        layers.map(read).collect()
    }

    fn open_layers(&self, arch: &str) -> Vec<Box<dyn Read>> {
        let manifest = self.manifest(arch);
        let layers = manifest["layers"].as_array().expect("an image has layers");
        layers.iter().map(|layer| self.layer(layer)).collect()
    }

    fn layer(&self, descriptor: &Value) -> Box<dyn Read> {
        let stored = BufReader::with_capacity(1 << 20, self.file(&blob(descriptor)));
        match descriptor["mediaType"].as_str().unwrap_or_default() {
            gzip if gzip.ends_with("gzip") => Box::new(MultiGzDecoder::new(stored)),
            plain if plain.ends_with("tar") => Box::new(stored),
            other => panic!("a layer is `{other}`"),
        }
    }

    /// The tree of the image for an architecture, put together from its layers.
    ///
    /// # Panics
    /// When a layer is no tar.
    pub fn tree(&self, arch: &str) -> Tree {
        let mut tree = Tree::default();
        for layer in self.open_layers(arch) {
            tree.apply_layer(layer).expect("a layer is a tar");
        }
        tree
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_reader(BufReader::new(self.file(name))).expect("it is JSON")
    }

    fn file(&self, name: &str) -> io::Take<File> {
        let found = self.files.get(name);
        let (start, size) =
            *found.unwrap_or_else(|| panic!("no `{name}` in {}", self.path.display()));
        let mut file = File::open(&self.path).expect("the archive is there");
        file.seek(SeekFrom::Start(start))
            .expect("a file can be read from anywhere");
        file.take(size)
    }
}

/// The name of what a descriptor describes.
fn blob(descriptor: &Value) -> String {
    let digest = descriptor["digest"].as_str().expect("it has a digest");
    format!("blobs/{}", digest.replace(':', "/"))
}
