//! Whether a variant must be built, judged by the output that is there and its record.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use catalog::{Kind, Plan};
use serde::Serialize;

use crate::{
    delivered::{Form, Output, WrittenOutput},
    fingerprint::Fingerprint,
    hash, image,
    output_lock::{OutputDirectory, OutputLock},
    record::{self, Record},
    regular_file::{self, Links},
    solve::files_digest,
};

/// How thoroughly the files of earlier builds are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inspection {
    /// By size and time; by content where the time differs.
    #[default]
    Quick,
    /// By content.
    Full,
}

/// Whether a variant must be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// Its output is there, built from the same graph.
    UpToDate(Box<Output>),
    /// It must be built.
    Build(Reason),
}

/// What an archive says of its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// The names.
    pub(crate) names: Vec<String>,
    /// The digest of its annotations and of the labels of a call.
    pub(crate) metadata: Option<String>,
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
    /// Directories of input files that were not given.
    NoContext {
        /// Their names.
        names: Vec<String>,
    },
    /// There is neither an output nor a record.
    NeverBuilt,
    /// There is a file, and no record of how it was made.
    NoRecord {
        /// The file.
        path: PathBuf,
    },
    /// It was built from another graph.
    Changed,
    /// The archive of the image has other platforms.
    Platforms {
        /// Those that it has.
        built: String,
    },
    /// This platform of an image is up to date, but another one is not, and both are one output.
    Together {
        /// The other one.
        platform: String,
    },
    /// The image has other names in its archive.
    Names {
        /// Those that it has.
        built: Vec<String>,
    },
    /// The image has other annotations or labels in its archive.
    Metadata,
    /// The output is gone.
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// The output has another size than when it was built.
    Size {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: u64,
        /// What it was.
        built: u64,
    },
    /// The output has other bytes than when it was built.
    Bytes {
        /// The file.
        path: PathBuf,
    },
    /// The output cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
}

/// The reason as a phrase.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpinned { references } => {
                write!(f, "not pinned yet: {}", references.join(", "))
            }
            Self::NoContext { names } => {
                write!(f, "`--build-context` gives no {}", names.join(", "))
            }
            Self::NeverBuilt => f.write_str("not built yet"),
            Self::NoRecord { path } => write!(
                f,
                "`{}` is there, but nothing says how it was built",
                path.display()
            ),
            Self::Changed => f.write_str("it changed since the last build"),
            Self::Platforms { built } => write!(f, "it was built for {built}"),
            Self::Together { platform } => write!(f, "it is one image with {platform}"),
            Self::Names { built } if built.is_empty() => f.write_str("its archive has no name"),
            Self::Names { built } => write!(f, "its archive calls it {}", built.join(", ")),
            Self::Metadata => f.write_str("its archive has other annotations or labels"),
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
        }
    }
}

/// The freshness, or the reason to build if the archive that is there says something else of its image.
fn saying(freshness: Freshness, said: Option<&Said>) -> Freshness {
    match (freshness, said) {
        (Freshness::UpToDate(output), Some(said)) if output.references() != said.names => {
            Freshness::Build(Reason::Names {
                built: output.references().to_vec(),
            })
        }
        (Freshness::UpToDate(output), Some(said))
            if output.metadata() != said.metadata.as_deref() =>
        {
            Freshness::Build(Reason::Metadata)
        }
        (freshness, _) => freshness,
    }
}

/// The freshness of each of `plans`, which make one output in `directory`. Each platform of an image has its own
/// reason. A caller that acts on the answer holds the lock of the output.
pub(crate) fn each_freshness(
    plans: &[Plan],
    said: Option<&Said>,
    directory: &Path,
    inspection: Inspection,
    lock: Option<&OutputLock>,
) -> Vec<Freshness> {
    let platforms = image::platforms(plans);
    let each = plans.iter().map(|plan| {
        let freshness = of_plan(plan, &platforms, directory, inspection, lock);
        saying(freshness, said)
    });
    let mut freshnesses: Vec<Freshness> = each.collect();
    let is_built = |freshness: &Freshness| matches!(freshness, Freshness::Build(_));
    if let Some(first) = freshnesses.iter().position(is_built) {
        let platform = plans[first].variant.platform.to_string();
        for freshness in freshnesses
            .iter_mut()
            .filter(|freshness| !is_built(freshness))
        {
            let platform = platform.clone();
            *freshness = Freshness::Build(Reason::Together { platform });
        }
    }
    freshnesses
}

fn of_plan(
    plan: &Plan,
    platforms: &str,
    directory: &Path,
    inspection: Inspection,
    lock: Option<&OutputLock>,
) -> Freshness {
    let path = directory.join(plan.output.as_str());
    if let Some(reason) = incomplete(plan) {
        return Freshness::Build(reason);
    }
    let Some(id) = plan.id else {
        return Freshness::Build(Reason::NeverBuilt);
    };
    let Some(record) = record::read(directory, plan) else {
        return Freshness::Build(if path.exists() {
            Reason::NoRecord { path }
        } else {
            Reason::NeverBuilt
        });
    };
    if record.id != id {
        return Freshness::Build(Reason::Changed);
    }
    if record.platform != platforms {
        return Freshness::Build(Reason::Platforms {
            built: record.platform,
        });
    }
    match trouble(plan, directory, &path, &record, (inspection, lock)) {
        Some(reason) => Freshness::Build(reason),
        None => Freshness::UpToDate(Box::new(output(&record, path, plan.kind))),
    }
}

/// The references or directories that a plan lacks, without which its output is unknown.
pub fn incomplete(plan: &Plan) -> Option<Reason> {
    let unique = |names: Vec<String>| {
        let names: std::collections::BTreeSet<String> = names.into_iter().collect();
        names.into_iter().collect::<Vec<_>>()
    };
    if !plan.unpinned.is_empty() {
        let references = plan.unpinned.iter();
        let references = unique(
            references
                .map(|reference| reference.source.name())
                .collect(),
        );
        return Some(Reason::Unpinned { references });
    }
    if !plan.missing.is_empty() {
        let names = plan.missing.iter();
        let names = unique(names.map(|missing| missing.name.to_string()).collect());
        return Some(Reason::NoContext { names });
    }
    None
}

/// What is wrong with the file or directory that a record names.
fn trouble(
    plan: &Plan,
    directory: &Path,
    path: &Path,
    record: &Record,
    (inspection, lock): (Inspection, Option<&OutputLock>),
) -> Option<Reason> {
    let unreadable = |error: &io::Error| Reason::Unreadable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    let found = match fingerprint(path, plan.kind) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Some(Reason::Gone {
                path: path.to_owned(),
            });
        }
        Err(error) => return Some(unreadable(&error)),
    };
    if found.size != record.size {
        return Some(Reason::Size {
            path: path.to_owned(),
            size: found.size,
            built: record.size,
        });
    }
    let is_same = record.vouches_for(&found);
    if inspection == Inspection::Quick && is_same {
        return None;
    }
    match digest(path, plan.kind) {
        Err(error) => Some(unreadable(&error)),
        Ok(digest) if digest != record.digest => Some(Reason::Bytes {
            path: path.to_owned(),
        }),
        Ok(_) => {
            // So that the next look is quick; where it cannot be noted down, it is slow again.
            if !is_same {
                touch(directory, plan, record, found, lock);
            }
            None
        }
    }
}

/// Notes down the present fingerprint of the file or directory. Without the lock of its output, only if nobody else has the lock and
/// nobody has meanwhile written a record of something else.
fn touch(
    directory: &Path,
    plan: &Plan,
    record: &Record,
    found: Fingerprint,
    lock: Option<&OutputLock>,
) {
    let own = if lock.is_some() {
        None
    } else {
        let directory = OutputDirectory::new(directory);
        OutputLock::try_acquire(&directory, &plan.output).filter(OutputLock::is_held)
    };
    let is_mine =
        lock.is_some() || own.is_some() && record::read(directory, plan).as_ref() == Some(record);
    if is_mine {
        let _ = record::touch(directory, plan, record, found);
    }
}

/// The state of the file or directory of an artifact of this kind.
fn fingerprint(path: &Path, kind: Kind) -> io::Result<Fingerprint> {
    match kind {
        Kind::Files => Fingerprint::of_directory(path),
        _ => Ok(Fingerprint::of(&fs::metadata(path)?)),
    }
}

fn digest(path: &Path, kind: Kind) -> io::Result<String> {
    if kind == Kind::Files {
        let packed = files_digest(path).map_err(io::Error::other)?;
        return Ok(packed.sha256.to_string());
    }
    let (sha256, _size) = hash::sha256(&mut regular_file::open(path, Links::Follow)?)?;
    Ok(archive::Digest::from(sha256).to_string())
}

fn output(record: &Record, path: PathBuf, kind: Kind) -> Output {
    let written = WrittenOutput {
        path: Some(path),
        digest: record.digest.clone(),
        size: record.size,
    };
    Output {
        artifact: record.artifact.clone(),
        platform: record.platform.clone(),
        values: record.values.clone(),
        id: Some(record.id),
        form: match kind {
            Kind::Image => Form::Archive {
                file: written,
                image: record.image.clone().unwrap_or_default(),
                references: record.names.clone(),
                metadata: record.metadata.clone(),
            },
            Kind::Files => Form::Files {
                directory: written,
                entries: record.entries,
                vertex: record.vertex.clone(),
            },
            Kind::Rootfs | Kind::Layer | Kind::Stage => Form::Tar {
                file: written,
                entries: record.entries,
                vertex: record.vertex.clone(),
            },
        },
        up_to_date: true,
    }
}
