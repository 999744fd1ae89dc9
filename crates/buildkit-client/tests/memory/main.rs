//! Large files pass through in pieces: the process stays small, however large they are. Alone in its process, whose
//! size it measures.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[expect(dead_code, reason = "shared with the other tests of a real daemon")]
#[path = "../daemon/bed.rs"]
mod bed;
#[expect(dead_code, reason = "shared with the other tests of a real daemon")]
#[path = "../daemon/graph.rs"]
mod graph;

use std::fs::{self, File};
use std::io::{self, Read, Write};

use buildkit_client::{CancellationToken, DeclaredFiles, Export, LocalDir, SinkError, Solve};

use crate::bed::Bed;
use crate::graph::{local, marshal};

const MIB: usize = 1 << 20;

/// The largest size that this process had, in KiB.
fn high_water() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Bytes that do not compress and differ from file to file.
fn write_noise(file: &mut File, size: usize) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = vec![0; MIB];
    for _ in 0..size / MIB {
        for bytes in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block).unwrap();
    }
}

/// In through FileSync, out through FileSend.
#[tokio::test]
async fn a_large_file_goes_in_and_out() {
    const SIZE: usize = 400 * MIB;
    let Some(bed) = Bed::start() else { return };
    let context = bed.dir().join("context");
    fs::create_dir(&context).unwrap();
    write_noise(&mut File::create(context.join("large")).unwrap(), SIZE);
    let daemon = bed.connect().await;
    let before = high_water();
    let (sender, received) = std::sync::mpsc::channel();
    let sink = move |archive: &mut dyn Read| -> Result<(), SinkError> {
        Ok(sender.send(io::copy(archive, &mut io::sink())?)?)
    };
    let solve = Solve::definition(marshal(&local("context").state()))
        .with_local(LocalDir::new("context", context, DeclaredFiles::All))
        .with_export(Export::tar(sink));
    daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await
        .unwrap();
    let archive = received.recv().unwrap();
    assert!(archive > SIZE as u64, "{archive}");
    // Queues and windows of both directions; a tenth of the file would already be more.
    let grown = high_water() - before;
    assert!(grown < 36 << 10, "grew by {grown} KiB");
}
