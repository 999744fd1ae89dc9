//! Many files as bundles, which are made while they are sent.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use archive::{BUNDLE_END, BundleError, Bundled, Cuts, bundle_name};
use buildkit_client::{DeclaredFiles, MadeDir, MadeFile, MadePart, MakeFile, RelPathError};
use catalog::{BUNDLES, ContextPath, FileContent, FileSet, InputFile};
use file_set::FileSetDigest;

use crate::build::FailureReason;

/// Bundles of the files, with their paths in the directory `below`.
pub(super) fn made(files: &FileSet, below: &str) -> Result<DeclaredFiles, FailureReason> {
    let mut bundles = Bundles {
        files: files.clone(),
        below: below.to_owned(),
        starts: BTreeMap::new(),
    };
    let mut made = BTreeMap::new();
    let mut cuts = Cuts::default();
    let mut current: Option<Current> = None;
    for (path, file) in files {
        let below = bundles.below(path);
        if cuts.is_before(below.as_bytes(), size(file)) {
            let next = Current::new(path);
            if let Some(last) = current.replace(next) {
                last.close(&mut bundles, &mut made)?;
            }
        }
        let current = current.as_mut();
        let current = current.expect("a cut is before the first file");
        current.add(below, file)?;
    }
    if let Some(last) = current {
        last.close(&mut bundles, &mut made)?;
    }
    Ok(DeclaredFiles::Made(MadeDir {
        name: BUNDLES.parse()?,
        files: made,
        maker: Arc::new(bundles),
    }))
}

/// The bundle that is planned.
struct Current {
    start: ContextPath,
    count: usize,
    bytes: u64,
    digest: FileSetDigest,
}

impl Current {
    fn new(start: &ContextPath) -> Self {
        Self {
            start: start.clone(),
            count: 0,
            bytes: BUNDLE_END.len() as u64,
            digest: FileSetDigest::new(),
        }
    }

    fn add(&mut self, below: &str, file: &InputFile) -> Result<(), BundleError> {
        self.count += 1;
        self.bytes += bundled(below, file)?.bytes()?;
        self.digest
            .add(below.as_bytes(), file.kind(), &file.sha256());
        Ok(())
    }

    fn close(
        self,
        bundles: &mut Bundles,
        made: &mut BTreeMap<buildkit_client::RelPath, MadeFile>,
    ) -> Result<(), RelPathError> {
        let identity = self.digest.finish();
        let file = MadeFile {
            size: self.bytes,
            identity,
        };
        made.insert(bundle_name(&identity).parse()?, file);
        bundles.starts.insert(identity, (self.start, self.count));
        Ok(())
    }
}

/// The files of bundles, and where each bundle begins.
#[derive(Debug)]
struct Bundles {
    files: FileSet,
    /// The directory that paths are relative to.
    below: String,
    /// The first file of each bundle and the number of its files, by the bundle's digest.
    starts: BTreeMap<[u8; 32], (ContextPath, usize)>,
}

impl Bundles {
    /// The path of a file in its bundle.
    fn below<'a>(&self, path: &'a ContextPath) -> &'a str {
        let path = path.as_str();
        let path = path.strip_prefix(&*self.below).unwrap_or(path);
        path.strip_prefix('/').unwrap_or(path)
    }

    fn parts_of(&self, path: &ContextPath, file: &InputFile) -> Vec<MadePart> {
        let bundled = bundled(self.below(path), file);
        let planned = "it was planned before, with its header";
        let bundled = bundled.expect(planned);
        let header = MadePart::Bytes(bundled.header().expect(planned));
        if let FileContent::Symlink(_) = file.content {
            return vec![header];
        }
        let content = MadePart::File {
            path: path
                .as_str()
                .parse()
                .expect("a file of a context has a path"),
            sha256: file.sha256(),
            size: size(file),
        };
        let padding = MadePart::Bytes(bundled.padding().to_vec());
        vec![header, content, padding]
    }
}

impl MakeFile for Bundles {
    fn parts(&self, identity: &[u8; 32]) -> Box<dyn Iterator<Item = MadePart> + '_> {
        let Some((start, count)) = self.starts.get(identity) else {
            return Box::new(std::iter::empty());
        };
        let from = (Bound::Included(start), Bound::Unbounded);
        let files = self.files.range::<ContextPath, _>(from).take(*count);
        let parts = files.flat_map(|(path, file)| self.parts_of(path, file));
        Box::new(parts.chain([MadePart::Bytes(BUNDLE_END.to_vec())]))
    }
}

fn bundled(below: &str, file: &InputFile) -> Result<Bundled, BundleError> {
    match &file.content {
        FileContent::Symlink(target) => Bundled::symlink(below.as_bytes(), target.as_bytes()),
        FileContent::Text(_) | FileContent::Hashed { .. } => {
            Bundled::file(below.as_bytes(), file.executable, size(file))
        }
    }
}

fn size(file: &InputFile) -> u64 {
    match &file.content {
        FileContent::Text(text) => text.len() as u64,
        FileContent::Hashed { size, .. } => *size,
        FileContent::Symlink(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink, path::Path};

    use super::*;
    use crate::directory::Directory;

    /// The sent bundles, by file name.
    fn sent(root: &Path, files: &FileSet, below: &str) -> BTreeMap<String, Vec<u8>> {
        let DeclaredFiles::Made(made) = made(files, below).unwrap() else {
            panic!("they are made");
        };
        let of_file = |(name, file): (&buildkit_client::RelPath, &MadeFile)| {
            let parts = made.maker.parts(&file.identity);
            let bytes: Vec<u8> = parts
                .flat_map(|part| match part {
                    MadePart::Bytes(bytes) => bytes,
                    MadePart::File { path, .. } => fs::read(root.join(path.as_str())).unwrap(),
                })
                .collect();
            assert_eq!(bytes.len() as u64, file.size);
            (name.to_string(), bytes)
        };
        made.files.iter().map(of_file).collect()
    }

    /// The cache finds later steps by these bytes, from the client or from the packer.
    #[test]
    fn a_client_sends_what_the_packer_makes() {
        let scratch = tempfile::tempdir().unwrap();
        let (root, out) = (scratch.path().join("root"), scratch.path().join("out"));
        fs::create_dir(&out).unwrap();
        for number in 0..400_usize {
            let path = root.join(format!("data/{}/é {number}", number % 9));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x".repeat(number * 211)).unwrap();
        }
        symlink("../elsewhere", root.join("data/link")).unwrap();
        symlink("x".repeat(300), root.join("data/long")).unwrap();
        let directory = Directory::open(&root).unwrap();
        for (declared, below) in [("data", "data"), ("data", ""), (".", "")] {
            let declared = ContextPath::declared(declared).unwrap().into();
            let files = crate::files::read(&directory, &declared).unwrap();
            let sent = sent(&root, &files, below);
            assert!(sent.len() > 1);
            // With a prefix of their own, paths in bundles are others.
            let digest = catalog::files_digest(&files, below);
            let path = if below.is_empty() { "/" } else { below };
            archive::bundle(&root, path.as_bytes(), &out, digest.into()).unwrap();
            for entry in fs::read_dir(&out).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                assert_eq!(sent[&name], fs::read(entry.path()).unwrap(), "{name}");
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}
