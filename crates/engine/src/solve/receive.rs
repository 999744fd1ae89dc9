//! What the daemon sends of a plan: a tar with one packed file, which becomes a file or a directory.

use std::{
    io::{self, Read},
    path::Path,
};

use archive::{
    CanonicalizeError, Compress, Compressor, LeftOut, Options, PackError, Summary, canonicalize,
    pack, unpack_plain,
};
use buildkit_client::SinkError;
use catalog::{Plan, TarCompression};

use crate::{
    delivered::{Form, WrittenOutput},
    destination::Destination,
    fingerprint::Fingerprint,
    output::{Draft, FilesDraft, OutputError},
    record,
};

/// The form in which the packed file of a plan is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// As it is.
    Tar,
    /// Unpacked.
    Directory,
}

/// The output of one plan in the making.
#[derive(Debug)]
pub(super) enum Making {
    /// A tar.
    Tar(Draft, Compress),
    /// Plain files.
    Files(FilesDraft),
}

/// A complete output: a tar that has its final name, or a directory that gets it with its record.
#[derive(Debug)]
pub(super) struct Complete {
    digest: archive::Digest,
    size: u64,
    entries: u64,
    /// None of a tar that was written to a device or the like.
    pub(super) fingerprint: Option<Fingerprint>,
    left_out: LeftOut,
    /// The directory.
    pub(super) unnamed: Option<FilesDraft>,
}

impl Making {
    /// The draft of the output at `path`.
    pub(super) fn begin(
        leaves: Leaves,
        destination: &Destination,
        path: &Path,
        plan: &Plan,
    ) -> Result<Self, OutputError> {
        match leaves {
            Leaves::Tar => Self::tar(destination, path, plan),
            Leaves::Directory => Self::files(destination, path, plan),
        }
    }

    fn tar(destination: &Destination, path: &Path, plan: &Plan) -> Result<Self, OutputError> {
        let compression = match plan.tar_compression {
            TarCompression::Uncompressed => Compress::No,
            TarCompression::Gzip(level) => Compress::Gzip(level),
            TarCompression::Zstd(level) => Compress::Zstd(level),
        };
        Ok(Self::Tar(destination.draft(path)?, compression))
    }

    /// The draft of a directory at `path`. What is there is replaced if it has a record.
    fn files(destination: &Destination, path: &Path, plan: &Plan) -> Result<Self, OutputError> {
        let records = destination.records();
        let earlier = records.and_then(|directory| record::read(directory, plan));
        let is_output = earlier.is_some_and(|record| record.is_of_files());
        Ok(Self::Files(FilesDraft::create(path, records, is_output)?))
    }

    /// Takes the one file out of the daemon's tar, and makes the output of it. The file is `name`, packed inside the graph.
    pub(super) fn receive(self, tar: &mut dyn Read, name: &str) -> Result<Complete, SinkError> {
        let mut outer = tar::Archive::new(tar);
        let mut entries = outer.entries()?;
        let mut packed = entries.next().ok_or_else(|| no_packed(name))??;
        if packed.path_bytes() != name.as_bytes() {
            return Err(no_packed(name));
        }
        let complete = match self {
            Self::Tar(draft, compression) => write_tar(&mut packed, draft, compression)?,
            Self::Files(draft) => unpack(&mut packed, draft)?,
        };
        drop(packed);
        // Read to its end, so that the daemon is not cut off while it writes.
        io::copy(&mut outer.into_inner(), &mut io::sink())?;
        Ok(complete)
    }
}

impl Complete {
    /// The output of `plan` at `path`.
    pub(super) fn form(&self, path: &Path, plan: &Plan, leaves: Leaves) -> Form {
        let (entries, vertex) = (self.entries, record::head(plan));
        let written = WrittenOutput {
            path: Some(path.to_owned()),
            digest: self.digest.to_string(),
            size: self.size,
        };
        match leaves {
            Leaves::Directory => Form::Files {
                directory: written,
                entries,
                vertex,
            },
            Leaves::Tar => Form::Tar {
                file: written,
                entries,
                vertex,
            },
        }
    }

    /// The warning about what plain files cannot have, if there was any.
    pub(super) fn warning(&self, path: &Path) -> Option<String> {
        let LeftOut {
            privileges,
            attributes,
        } = self.left_out;
        let counted = [
            (privileges, "set-user-ID or set-group-ID"),
            (attributes, "extended attributes"),
        ];
        let counted = counted.iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = counted
            .map(|(count, what)| format!("{what} of {count} file(s)"))
            .collect();
        (!told.is_empty()).then(|| {
            format!(
                "`{}` belongs to you, so these are left out: {}",
                path.display(),
                told.join(", ")
            )
        })
    }
}

fn no_packed(name: &str) -> SinkError {
    let error = format!("the daemon's tar does not begin with `{name}`");
    io::Error::new(io::ErrorKind::InvalidData, error).into()
}

/// Writes the tar of the packer, which is in canonical form. Anything else comes from no packer, and is refused or
/// brought into that form.
fn write_tar(
    tar: &mut dyn Read,
    draft: Draft,
    compression: Compress,
) -> Result<Complete, SinkError> {
    let unwritten = |source| OutputError::File {
        path: draft.path().to_owned(),
        source,
    };
    let file = draft.writer().map_err(unwritten)?;
    let mut writer = Compressor::new(file, compression).map_err(unwritten)?;
    let tar = canonicalize(tar, &mut writer, &Options::new()).map_err(|error| match error {
        CanonicalizeError::Write(source) => SinkError::from(unwritten(source)),
        error => error.into(),
    })?;
    let (digest, size) = writer.finish().map_err(unwritten)?;
    Ok(Complete {
        digest,
        size,
        entries: tar.entries,
        fingerprint: draft.publish()?,
        left_out: LeftOut::default(),
        unnamed: None,
    })
}

/// Unpacks the tar of the packer as plain files.
fn unpack(tar: &mut dyn Read, draft: FilesDraft) -> Result<Complete, SinkError> {
    let left_out = unpack_plain(tar, draft.directory())?;
    let packed = files_digest(draft.directory())?;
    let fingerprint = draft.complete()?;
    Ok(Complete {
        digest: packed.sha256,
        size: fingerprint.size,
        entries: packed.entries,
        fingerprint: Some(fingerprint),
        left_out,
        unnamed: Some(draft),
    })
}

/// The number of the files of a directory, and their digest: that of a canonical tar of them that belongs to root.
pub(crate) fn files_digest(directory: &Path) -> Result<Summary, PackError> {
    pack(directory, io::sink(), &Options::new().with_owner(0, 0))
}
