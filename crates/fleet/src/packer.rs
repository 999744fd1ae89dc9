//! The program that graphs run, as it is carried inside this one.

use std::sync::{Arc, LazyLock};

use catalog::{Packer, PackerSource, Platform};

/// One copy for all graphs of this process.
static PROGRAM: LazyLock<Arc<[u8]>> = LazyLock::new(|| Arc::from(BYTES));

const BYTES: &[u8] = include_bytes!(env!("LLBGEN_PACKER"));

/// The program as plans know it. It runs on this machine's platform, without emulation.
pub(crate) fn packer() -> Packer {
    Packer {
        source: PackerSource::Inline(Arc::clone(&PROGRAM)),
        platform: Platform::new(std::env::consts::OS, std::env::consts::ARCH).normalized(),
    }
}
