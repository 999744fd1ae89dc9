//! Sinks: the takers of exported bytes.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;

/// The error of a sink, which is carried by the error of the solve.
pub type SinkError = Box<dyn Error + Send + Sync>;

/// Takes the archive that one exporter sends.
///
/// It runs on a thread of its own and may block. The daemon's solve ends well only after `receive` returned `Ok`, so
/// everything that must be safe by then (fsync, rename to the final name) belongs into it. An error ends the whole
/// solve, and is carried by the error of the solve.
///
/// A stream that ends early because the build failed or the connection broke yields an [`std::io::Error`], with one
/// exception: an exporter that fails while it writes still closes its stream in good order. So a sink must know for
/// itself that an archive is complete; a tar is when its end-of-archive blocks came.
///
/// Any `FnOnce(&mut dyn Read) -> Result<(), SinkError>` is a sink.
pub trait TarSink: Send + 'static {
    /// Reads the archive to its end. Bytes left unread after `Ok` are thrown away.
    ///
    /// `metadata` is the exporter's description of the archive (for `oci` and `docker`, the image's digest and name).
    fn receive(
        self: Box<Self>,
        archive: &mut dyn Read,
        metadata: &BTreeMap<String, String>,
    ) -> Result<(), SinkError>;
}

impl<F> TarSink for F
where
    F: FnOnce(&mut dyn Read) -> Result<(), SinkError> + Send + 'static,
{
    fn receive(
        self: Box<Self>,
        archive: &mut dyn Read,
        _metadata: &BTreeMap<String, String>,
    ) -> Result<(), SinkError> {
        self(archive)
    }
}
