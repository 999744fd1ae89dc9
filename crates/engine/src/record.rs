//! Records of outputs, by which the next build knows what is there already.
//!
//! The record of `OUT/a/b.tar` is `OUT/.llbgen/a/b.tar.json`, with the graph that it was built from in
//! `OUT/.llbgen/a/b.tar.llb`. It is written once the tar is there under its name. The archive of an image has a record
//! for each of its platforms: `OUT/.llbgen/a.oci.tar.linux-arm64.json`.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use buildkit_llb::Definition;
use catalog::{
    ContextPath, FileSet, Id, ImageConfig, InputFile, LocalContent, Plan, RECORDS_DIRECTORY,
};
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    delivered::Output,
    fingerprint::Fingerprint,
    names::platform_slug,
    output::{Draft, OutputError},
    regular_file::{self, Links},
};

/// The version of the format; a record of another one is none.
const VERSION: u32 = 1;

/// The record of a tar, of plain files, or of one platform of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record<Files = BTreeMap<ContextPath, String>> {
    version: u32,
    /// The id of what was built.
    pub id: Id,
    /// The artifact.
    pub artifact: String,
    /// The platform; for an image, all platforms of its archive, separated by commas.
    pub platform: String,
    /// The values of axes and options.
    pub values: BTreeMap<String, String>,
    /// The sha256 of the file; of plain files, that of a tar of them.
    pub digest: String,
    /// The digest of the image in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The names of the image in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The digest of the annotations of the image in it, and of the labels of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written last, in nanoseconds after 1970 began.
    pub modified: i128,
    /// The names, sizes and times below a directory of plain files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    below: Option<String>,
    /// Its number in its file system; records of older versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
    /// The number of entries of a tar or a directory; 0 for an image.
    pub entries: u64,
    /// The digest of the vertex that it was exported from.
    pub vertex: String,
    /// The sha256 of each file that the graph names only as a part of a set.
    pub files: Files,
    /// The config of an image of it.
    pub config: ImageConfig,
}

impl<Files> Record<Files> {
    /// Whether it is of a directory.
    pub(crate) fn is_of_files(&self) -> bool {
        self.below.is_some()
    }

    /// Whether the file or directory that it is of has this fingerprint.
    pub(crate) fn vouches_for(&self, found: &Fingerprint) -> bool {
        found.modified == self.modified
            && self.inode.is_none_or(|inode| inode == found.inode)
            && self.below == below(found)
    }
}

fn below(fingerprint: &Fingerprint) -> Option<String> {
    fingerprint.below.map(|below| below.to_string())
}

/// The last build of a variant.
#[derive(Debug, Clone)]
pub struct LastBuild {
    /// Its record.
    pub record: Record,
    /// The graph that it built; `None` when it cannot be read any more.
    pub definition: Option<Definition>,
}

fn path_of(directory: &Path, plan: &Plan, ending: &str) -> PathBuf {
    let platform = if plan.kind.is_image() {
        format!(".{}", platform_slug(&plan.variant.platform))
    } else {
        String::new()
    };
    let name = format!("{}{platform}{ending}", plan.output);
    directory.join(RECORDS_DIRECTORY).join(name)
}

/// The file that locks an output; all platforms of an image are one output.
pub(crate) fn lock_path(directory: &Path, output: &ContextPath) -> PathBuf {
    directory
        .join(RECORDS_DIRECTORY)
        .join(format!("{output}.lock"))
}

/// The record of a plan's output; `None` when there is none that can be used.
pub fn read(directory: &Path, plan: &Plan) -> Option<Record> {
    let json = regular_file::read(&path_of(directory, plan, ".json"), Links::Follow).ok()?;
    let record: Record = serde_json::from_slice(&json).ok()?;
    (record.version == VERSION).then_some(record)
}

/// The record of a plan's output, with the graph that it was built from.
pub fn last_build(directory: &Path, plan: &Plan) -> Option<LastBuild> {
    let record = read(directory, plan)?;
    let bytes = regular_file::read(&path_of(directory, plan, ".llb"), Links::Follow).ok();
    let definition = bytes.and_then(|bytes| Definition::from_bytes(&bytes).ok());
    // A graph of another build tells nothing about this one.
    let definition = definition.filter(|graph| {
        graph
            .head()
            .is_some_and(|head| head.to_string() == record.vertex)
    });
    Some(LastBuild { record, definition })
}

/// Notes down that `output`, the file or directory with this fingerprint, was built from `plan`. A plan without an id leaves no
/// record.
pub(crate) fn write(
    directory: &Path,
    plan: &Plan,
    output: &Output,
    fingerprint: Fingerprint,
) -> Result<(), OutputError> {
    let json = path_of(directory, plan, ".json");
    let Some(id) = plan.id else {
        return forget(&json);
    };
    let record = Record {
        version: VERSION,
        id,
        artifact: output.artifact.clone(),
        platform: output.platform.clone(),
        values: output.values.clone(),
        digest: output.digest().to_owned(),
        image: output.image().map(str::to_owned),
        names: output.references().to_vec(),
        metadata: output.metadata().map(str::to_owned),
        size: output.written().map_or(0, |written| written.size),
        modified: fingerprint.modified,
        below: below(&fingerprint),
        inode: Some(fingerprint.inode),
        entries: output.entries().unwrap_or(0),
        vertex: head(plan),
        files: FilesOf(plan),
        config: plan.config.clone(),
    };
    let graph = Draft::create_in(directory, &path_of(directory, plan, ".llb"))?;
    graph.publish_bytes(&plan.definition.to_bytes())?;
    replace(directory, &json, &record)
}

/// Removes the record of a plan's output, which was not published.
pub(crate) fn remove(directory: &Path, plan: &Plan) -> Result<(), OutputError> {
    forget(&path_of(directory, plan, ".json"))
}

/// Notes down the new fingerprint of an intact file: it was copied, or checked out from a cache.
pub(crate) fn touch(
    directory: &Path,
    plan: &Plan,
    record: &Record,
    fingerprint: Fingerprint,
) -> Result<(), OutputError> {
    let record = Record {
        modified: fingerprint.modified,
        below: below(&fingerprint),
        inode: Some(fingerprint.inode),
        ..record.clone()
    };
    replace(directory, &path_of(directory, plan, ".json"), &record)
}

fn replace(
    directory: &Path,
    path: &Path,
    record: &Record<impl Serialize>,
) -> Result<(), OutputError> {
    let draft = Draft::create_in(directory, path)?;
    let write = || {
        let mut writer = draft.writer()?;
        serde_json::to_writer_pretty(&mut writer, record)?;
        writer.flush()
    };
    write().map_err(|source| OutputError::File {
        path: path.to_owned(),
        source,
    })?;
    draft.publish().map(drop)
}

fn forget(path: &Path) -> Result<(), OutputError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(OutputError::File {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// The digest of the vertex that a plan's result comes from.
pub(crate) fn head(plan: &Plan) -> String {
    let head = plan.definition.head();
    head.map(|head| head.to_string()).unwrap_or_default()
}

/// The sha256 of each file that the graph names only as a part of a set.
pub fn files(plan: &Plan) -> BTreeMap<ContextPath, String> {
    let files = file_sets(plan).into_iter().flatten();
    files
        .map(|(path, file)| (path.clone(), hash_and_mode(file)))
        .collect()
}

/// The same, serialized without a second copy in memory: there may be very many.
struct FilesOf<'a>(&'a Plan);

impl Serialize for FilesOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &file_sets(self.0)[..] {
            [set] => {
                serializer.collect_map(set.iter().map(|(path, file)| (path, hash_and_mode(file))))
            }
            // Sets may have files in common.
            _ => files(self.0).serialize(serializer),
        }
    }
}

fn file_sets(plan: &Plan) -> Vec<&FileSet> {
    let sets = plan.locals.iter().filter_map(|local| match &local.content {
        LocalContent::Files(files) => Some(files),
        LocalContent::Rootfs(_) => None,
    });
    sets.collect()
}

fn hash_and_mode(file: &InputFile) -> String {
    let hash = archive::Digest::from(file.sha256());
    format!("{hash} {:o}", file.mode())
}
