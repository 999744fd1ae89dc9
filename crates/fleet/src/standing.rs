//! Whether a variant must be built: what is there under its name, and how it got there.

use std::{
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use catalog::Plan;
use serde::Serialize;

use crate::{
    hash,
    metadata::Output,
    record::{self, Record},
};

/// How well the files of earlier builds are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inspection {
    /// By size and time, and by content where the time is another one.
    #[default]
    Quick,
    /// By content.
    Full,
}

/// What is to be done for a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Its output is there, built from the same graph.
    UpToDate(Box<Output>),
    /// It must be built.
    Build(Reason),
}

/// Why a variant must be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Reason {
    /// References that the lock does not have.
    Unpinned {
        /// The references.
        references: Vec<String>,
    },
    /// There is neither a tar nor a record.
    NeverBuilt,
    /// There is a file, and no record of how it was made.
    NoRecord {
        /// The file.
        path: PathBuf,
    },
    /// It was built from another graph.
    Changed,
    /// The tar is not there any more.
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// The tar has another size than when it was built.
    Size {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: u64,
        /// What it was.
        built: u64,
    },
    /// The tar has other bytes than when it was built.
    Bytes {
        /// The file.
        path: PathBuf,
    },
    /// The tar cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// There is no record for artifacts of this kind.
    Kind,
}

/// In a phrase.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpinned { references } => {
                write!(f, "not pinned yet: {}", references.join(", "))
            }
            Self::NeverBuilt => f.write_str("not built yet"),
            Self::NoRecord { path } => write!(
                f,
                "`{}` is there, but nothing says how it was built",
                path.display()
            ),
            Self::Changed => f.write_str("it changed since the last build"),
            Self::Gone { path } => write!(f, "`{}` is gone", path.display()),
            Self::Size { path, size, built } => write!(
                f,
                "`{}` has {size} bytes, and had {built} when it was built",
                path.display()
            ),
            Self::Bytes { path } => write!(
                f,
                "`{}` is not what was built: its content changed",
                path.display()
            ),
            Self::Unreadable { path, error } => {
                write!(f, "`{}` cannot be read: {error}", path.display())
            }
            Self::Kind => f.write_str("images are always built"),
        }
    }
}

/// What is to be done for the variant of `plan`, whose output goes to `directory`.
pub fn standing(plan: &Plan, directory: &Path, inspection: Inspection) -> Standing {
    if plan.kind == catalog::Kind::Image {
        return Standing::Build(Reason::Kind);
    }
    let path = directory.join(plan.output.as_str());
    let Some(id) = plan.id else {
        let mut references: Vec<String> = plan
            .unpinned
            .iter()
            .map(|reference| reference.source.name())
            .collect();
        references.dedup();
        return Standing::Build(Reason::Unpinned { references });
    };
    let Some(record) = record::read(directory, &plan.output) else {
        return Standing::Build(if path.exists() {
            Reason::NoRecord { path }
        } else {
            Reason::NeverBuilt
        });
    };
    if record.id != id {
        return Standing::Build(Reason::Changed);
    }
    match trouble(plan, directory, &path, &record, inspection) {
        Some(reason) => Standing::Build(reason),
        None => Standing::UpToDate(Box::new(output(&record, path))),
    }
}

/// What is wrong with the file that a record speaks of.
fn trouble(
    plan: &Plan,
    directory: &Path,
    path: &Path,
    record: &Record,
    inspection: Inspection,
) -> Option<Reason> {
    let unreadable = |error: &io::Error| Reason::Unreadable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Some(Reason::Gone {
                path: path.to_owned(),
            });
        }
        Err(error) => return Some(unreadable(&error)),
    };
    if metadata.len() != record.size {
        return Some(Reason::Size {
            path: path.to_owned(),
            size: metadata.len(),
            built: record.size,
        });
    }
    let modified = record::modified(&metadata);
    if inspection == Inspection::Quick && modified == record.modified {
        return None;
    }
    match digest(path) {
        Err(error) => Some(unreadable(&error)),
        Ok(digest) if digest != record.digest => Some(Reason::Bytes {
            path: path.to_owned(),
        }),
        Ok(_) => {
            // So that the next look is quick; where it cannot be noted down, it is slow again.
            if modified != record.modified {
                let _ = record::touch(directory, &plan.output, record, modified);
            }
            None
        }
    }
}

fn digest(path: &Path) -> io::Result<String> {
    let (sha256, _size) = hash::sha256(&mut File::open(path)?)?;
    Ok(archive::Digest::from(sha256).to_string())
}

fn output(record: &Record, path: PathBuf) -> Output {
    Output {
        artifact: record.artifact.clone(),
        platform: record.platform.clone(),
        values: record.values.clone(),
        id: Some(record.id),
        path,
        references: Vec::new(),
        image: None,
        digest: record.digest.clone(),
        size: record.size,
        entries: record.entries,
        vertex: record.vertex.clone(),
        up_to_date: true,
    }
}
