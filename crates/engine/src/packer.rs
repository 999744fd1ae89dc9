//! The program that graphs run, as it is carried inside this one.

use std::sync::LazyLock;

use catalog::{Packer, PackerProgram, PackerSource, Platform};

/// One copy for all graphs of this process.
static PROGRAM: LazyLock<PackerProgram> = LazyLock::new(|| PackerProgram::from(BYTES));

const BYTES: &[u8] = include_bytes!(env!("LLBGEN_PACKER"));

/// The program as plans know it. It runs on this machine's platform, without emulation.
pub(crate) fn packer() -> Packer {
    Packer {
        source: PackerSource::Inline(PROGRAM.clone()),
        platform: Platform::new(std::env::consts::OS, std::env::consts::ARCH).normalized(),
    }
}
