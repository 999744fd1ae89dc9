//! The archive of an image, as the daemon sends it.

use std::{
    io::{self, Read, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use archive::{Compress, Compressor, Digest};
use buildkit_client::{Export, SinkError};
use serde_json::Value;

use super::{
    Archive,
    layers::{self, Layer},
};
use crate::{
    fingerprint::Fingerprint,
    output::{Draft, OutputError},
    product::ImageProduct,
};

/// A whole archive.
pub(super) struct Whole {
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// The fingerprint of the file, unless it was written through.
    pub(super) fingerprint: Option<Fingerprint>,
    /// The layers of all images in it.
    pub(super) layers: Vec<Layer>,
}

/// The archive that was written.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<Mutex<Option<Whole>>>);

impl Written {
    fn set(&self, whole: Whole) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(whole);
    }

    /// The written archive, if it is complete.
    pub(super) fn take(&self) -> Option<Whole> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// An archive that gets its name when it is whole.
pub(super) fn archive_export(
    draft: Draft,
    image: &ImageProduct,
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
    if image.names().index.is_empty() {
        export
    } else {
        export.with_names(&image.names().index)
    }
}

/// The file of an archive that lists its images.
const INDEX: &str = "index.json";

/// The annotations in [`INDEX`] that are about the export and not about the image: its time, and the registries that
/// the daemon knows the image from. With them, equal images would have unequal archives.
const OF_THE_EXPORT: [&str; 2] = [
    "org.opencontainers.image.created",
    "containerd.io/distribution.source.",
];

/// A tar ends in two blocks of zeros, which are written only when it is whole.
const TAR_END: u64 = 2 * BLOCK;

/// The unit of a tar.
const BLOCK: u64 = 512;

/// The longest manifest or list of images, 4 MiB; what is longer is passed on as it is.
const MAX_MANIFEST: u64 = 4 << 20;

fn publish(tar: &mut dyn Read, draft: Draft) -> Result<Whole, SinkError> {
    let unwritten = |source| OutputError::File {
        path: draft.path().to_owned(),
        source,
    };
    let file = draft.writer().map_err(unwritten)?;
    let mut writer = Compressor::new(file, Compress::No).map_err(unwritten)?;
    let mut tar = Counted {
        inner: tar,
        bytes: 0,
    };
    let (mut entries_end, mut has_index, mut layers) = (0, false, Vec::new());
    for entry in tar::Archive::new(&mut tar).entries()?.raw(true) {
        let mut entry = entry?;
        let mut header = entry.header().clone();
        entries_end += BLOCK + entry.size().next_multiple_of(BLOCK);
        let size = if entry.size() > MAX_MANIFEST {
            writer.write_all(header.as_bytes()).map_err(unwritten)?;
            copy(&mut entry, &mut writer, &unwritten)?;
            entry.size()
        } else {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            if entry.path_bytes() == INDEX.as_bytes() {
                has_index = true;
                content = of_the_image(&content)?;
                header.set_size(content.len() as u64);
                header.set_cksum();
            } else {
                layers.extend(layers::of_manifest(&content));
            }
            writer.write_all(header.as_bytes()).map_err(unwritten)?;
            writer.write_all(&content).map_err(unwritten)?;
            content.len() as u64
        };
        let padding = size.next_multiple_of(BLOCK) - size;
        io::copy(&mut io::repeat(0).take(padding), &mut writer).map_err(unwritten)?;
    }
    // Read to its end, so that the daemon is not cut off while it writes.
    io::copy(&mut tar, &mut io::sink())?;
    // An exporter that fails while it writes closes its stream all the same.
    if tar.bytes < entries_end + TAR_END || !has_index {
        let error = "the daemon broke its archive off";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error).into());
    }
    io::copy(&mut io::repeat(0).take(TAR_END), &mut writer).map_err(unwritten)?;
    let (digest, size) = writer.finish().map_err(unwritten)?;
    Ok(Whole {
        digest,
        size,
        fingerprint: draft.publish()?,
        layers,
    })
}

/// Copies content, and tells which side failed.
fn copy(
    from: &mut dyn Read,
    to: &mut dyn io::Write,
    unwritten: &dyn Fn(io::Error) -> OutputError,
) -> Result<(), SinkError> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..read]).map_err(unwritten)?;
    }
}

/// The list of images without [`OF_THE_EXPORT`].
fn of_the_image(index: &[u8]) -> io::Result<Vec<u8>> {
    let mut index: Value = serde_json::from_slice(index)?;
    let descriptors = index["manifests"].as_array_mut().into_iter().flatten();
    for descriptor in descriptors.filter_map(Value::as_object_mut) {
        if let Some(annotations) = descriptor
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
        {
            annotations.retain(|key, _| !OF_THE_EXPORT.iter().any(|said| key.starts_with(said)));
            if annotations.is_empty() {
                descriptor.remove("annotations");
            }
        }
    }
    Ok(serde_json::to_vec(&index)?)
}

/// A reader that counts what it has read.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    bytes: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive as a daemon sends it, with this list of images.
    fn archive(index: &str) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut file = |name: &str, content: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o444);
            builder.append_data(&mut header, name, content).unwrap();
        };
        file("blobs/sha256/aa", &vec![b'x'; 5_000_001]);
        file(INDEX, index.as_bytes());
        file("oci-layout", b"{}");
        builder.into_inner().unwrap()
    }

    fn published(bytes: &[u8]) -> Option<Vec<u8>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.tar");
        let published = publish(&mut &*bytes, Draft::create(&path).unwrap());
        assert_eq!(published.is_ok(), path.exists());
        published.ok().map(|Whole { digest, size, .. }| {
            let written = std::fs::read(&path).unwrap();
            assert_eq!((Digest::of(&written), written.len() as u64), (digest, size));
            written
        })
    }

    #[test]
    fn an_archive_that_is_broken_off_gets_no_name() {
        let whole = archive(r#"{"manifests":[]}"#);
        assert!(published(&whole) == Some(whole.clone()));
        for end in [whole.len() - 1, whole.len() - 1024, 5_000_000, 1024, 0] {
            assert!(published(&whole[..end]).is_none(), "{end}");
        }
        assert!(published(&archive("{")).is_none());
        // An empty tar is whole, and no archive of an image.
        assert!(published(&[0; 1024]).is_none());
    }

    #[test]
    fn an_archive_says_nothing_of_its_export() {
        let said = r#"{"manifests":[
            {"digest":"sha256:aa","annotations":{"org.opencontainers.image.created":"2026-01-01T00:00:00Z"}},
            {"digest":"sha256:aa","annotations":{
                "org.opencontainers.image.created":"2026-01-01T00:00:00Z",
                "containerd.io/distribution.source.localhost:5000":"a/b",
                "io.containerd.image.name":"example.com/a:1",
                "org.opencontainers.image.ref.name":"1"}}]}"#;
        let expected = serde_json::json!({"manifests": [
            {"digest": "sha256:aa"},
            {"digest": "sha256:aa", "annotations": {
                "io.containerd.image.name": "example.com/a:1",
                "org.opencontainers.image.ref.name": "1"}}]});
        let written = published(&archive(said)).unwrap();
        assert!(written == archive(&expected.to_string()));
    }
}
