//! The archive of an image, as the daemon sends it.

use std::{
    io::{self, Read, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use archive::{Compress, Compressor, Digest};
use buildkit_client::{Export, SinkError};

use super::{Archive, ImagePlan};
use crate::{
    fingerprint::Fingerprint,
    output::{Draft, OutputError},
};

/// The digest and size of an archive that was written, and what it is, unless it was written through.
pub(super) type Complete = (Digest, u64, Option<Fingerprint>);

/// An archive that was written.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<Mutex<Option<Complete>>>);

impl Written {
    fn set(&self, complete: Complete) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(complete);
    }

    /// What was written, if it was to its end.
    pub(super) fn take(&self) -> Option<Complete> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// An archive that gets its name when it is whole.
pub(super) fn archive_export(
    draft: Draft,
    image: &ImagePlan,
    archive: Archive,
    written: Written,
) -> Export {
    let sink = move |tar: &mut dyn Read| {
        written.set(publish(tar, draft)?);
        Ok(())
    };
    let export = match archive {
        Archive::Oci => Export::oci(sink),
        Archive::Docker => Export::docker(sink),
    };
    if image.names.index.is_empty() {
        export
    } else {
        export.with_names(&image.names.index)
    }
}

/// A tar ends in two blocks of zeros, which are written only when it is whole.
const TAR_END: usize = 1024;

fn publish(tar: &mut dyn Read, draft: Draft) -> Result<Complete, SinkError> {
    let unwritten = |source| OutputError::File {
        path: draft.path().to_owned(),
        source,
    };
    let file = draft.writer().map_err(unwritten)?;
    let mut writer = Compressor::new(file, Compress::No).map_err(unwritten)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut end = Vec::new();
    loop {
        let read = tar.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        writer.write_all(&buffer[..read]).map_err(unwritten)?;
        end.extend_from_slice(&buffer[read.saturating_sub(TAR_END)..read]);
        end.drain(..end.len().saturating_sub(TAR_END));
    }
    // An exporter that fails while it writes closes its stream all the same.
    if end.len() < TAR_END || end.iter().any(|byte| *byte != 0) {
        let error = "the daemon broke its archive off";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error).into());
    }
    let (digest, size) = writer.finish().map_err(unwritten)?;
    Ok((digest, size, draft.publish()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_is_broken_off_gets_no_name() {
        let directory = tempfile::tempdir().unwrap();
        let check = |bytes: &[u8], is_whole: bool| {
            let path = directory.path().join("x.tar");
            let published = publish(&mut &*bytes, Draft::create(&path).unwrap());
            assert_eq!((published.is_ok(), path.exists()), (is_whole, is_whole));
            let _ = std::fs::remove_file(path);
        };
        let whole = [vec![b'x'; 300_000], vec![0; 1024]].concat();
        check(&whole, true);
        check(&whole[..whole.len() - 1], false);
        check(&whole[..300_000 + 1000], false);
        check(&whole[..300_000], false);
        check(&[], false);
    }
}
