//! Where the bytes of an export go.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;

/// Why a sink refused what it was given: its own error, which the solve's error carries.
pub type SinkError = Box<dyn Error + Send + Sync>;

/// Takes the archive that one exporter sends.
///
/// It runs on a thread of its own and may block. The daemon's solve ends well only after `receive` returned `Ok`, so
/// whatever must be safe by then (fsync, rename to the final name) belongs into it. An error ends the whole solve, and
/// the solve's error carries it.
///
/// A stream that ends early because the build failed or the connection broke yields an [`std::io::Error`], with one
/// exception: an exporter that fails while it writes still closes its stream in good order. So a sink must know for
/// itself that an archive is complete; a tar is when its end-of-archive blocks came.
///
/// Any `FnOnce(&mut dyn Read) -> Result<(), SinkError>` is a sink.
pub trait TarSink: Send + 'static {
    /// Reads the archive to its end. What is left unread after `Ok` is thrown away.
    ///
    /// `metadata` is what the exporter says about the archive (for `oci` and `docker`, the image's digest and name).
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
