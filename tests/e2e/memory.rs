//! Memory stays flat however large a tar is.

use std::{fs::File, io::BufWriter, path::Path, time::Duration};

use llbgen_tests::{
    bed::Bed,
    command::{Running, fixture},
    process::{Memory, ends_within, memory},
};
use rustix::process::Pid;

const MIB: u64 = 1024 * 1024;

/// Bytes that do not compress, the same in every run.
struct Noise(u64);

impl std::io::Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for chunk in buffer.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            chunk.copy_from_slice(&self.0.to_le_bytes()[..chunk.len()]);
        }
        Ok(buffer.len())
    }
}

/// A root filesystem with one file of `size` bytes of noise.
fn padded(path: &Path, size: u64) {
    let mut tar = tar::Builder::new(BufWriter::with_capacity(
        1 << 20,
        File::create(path).unwrap(),
    ));
    let mut header = tar::Header::new_ustar();
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    tar.append_data(&mut header, "bin/sh", std::io::empty())
        .unwrap();
    header.set_size(size);
    tar.append_data(
        &mut header,
        "padding",
        std::io::Read::take(Noise(size), size),
    )
    .unwrap();
    tar.into_inner().unwrap().into_inner().unwrap();
}

/// The peaks of `llbgen build`, read until its end.
fn peak(bed: &Bed, home: &Path, size: u64) -> Memory {
    let tar = home.join(format!("{size}.tar"));
    if !tar.exists() {
        padded(&tar, size);
    }
    let context = format!("debian:bookworm={}", tar.display());
    let mut command = fixture("steps", home);
    let build = Running::start(command.args([
        "--addr",
        &bed.address(),
        "build",
        "--no-skip",
        "plain",
        "--build-context",
        &context,
    ]));
    let pid = Pid::from_raw(build.pid().cast_signed()).unwrap();
    let mut peak = Memory::default();
    loop {
        if let Some(now) = memory(build.pid()) {
            peak.peak = now.peak;
            peak.own = peak.own.max(now.own);
        }
        if ends_within(pid, Duration::from_millis(10)) {
            break;
        }
    }
    build.wait().success();
    assert!(std::fs::metadata(home.join("out/plain.tar")).unwrap().len() > size);
    peak
}

/// How often each size is built: any run of the larger one must hold against any run of the smaller.
const RUNS: usize = 3;

#[test]
fn a_larger_tar_takes_no_more_memory() {
    let Some(bed) = Bed::shared() else { return };
    // What it keeps of these tars, several times their size, goes with it.
    let bed = bed.private();
    let home = tempfile::tempdir().unwrap();
    let peaks = [100, 400].map(|size| [(); RUNS].map(|()| peak(&bed, home.path(), size * MIB)));
    // Besides the pages of the program, which make most of the peak here: it is not optimised.
    let holds = peaks.as_flattened().iter().map(|peak| peak.own);
    assert!(
        holds.into_iter().all(|own| (1..28 * 1024).contains(&own)),
        "{peaks:?} KiB"
    );
    let resident = peaks.map(|runs| runs.map(|run| run.peak));
    let small = resident[0].into_iter().min().unwrap_or_default();
    let large = resident[1].into_iter().max().unwrap_or_default();
    assert!(
        large * 10 <= small * 12,
        "{resident:?} KiB for 100 and 400 MiB"
    );
}
