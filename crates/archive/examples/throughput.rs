//! Prints the speed of packing, rewriting, checking and listing 200 MB, and the memory used.
//!
//! `cargo run --release -p archive --example throughput [MEGABYTES]`
#![expect(clippy::print_stdout, reason = "its output is what the example is for")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::time::Instant;

use archive::{Options, canonicalize, check_rootfs, list, pack};

const MEGABYTE: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let megabytes = std::env::args()
        .nth(1)
        .map_or(Ok(200), |text| text.parse())?;
    let directory = tempfile::tempdir()?;
    let (tree, tar) = (directory.path().join("tree"), directory.path().join("tar"));
    plant(&tree, megabytes)?;
    let options = Options::new();
    let bytes = pack(&tree, File::create(&tar)?, &options)?.bytes;
    measure("pack", megabytes, || {
        assert_eq!(pack(&tree, io::sink(), &options)?.bytes, bytes);
        Ok(())
    })?;
    measure("canonicalize", megabytes, || {
        let summary = canonicalize(File::open(&tar)?, io::sink(), &options)?;
        assert_eq!(summary.bytes, bytes);
        Ok(())
    })?;
    measure("check_rootfs", megabytes, || {
        assert_eq!(check_rootfs(File::open(&tar)?)?.bytes, bytes);
        Ok(())
    })?;
    measure("list", megabytes, || {
        list(File::open(&tar)?)?;
        Ok(())
    })?;
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    println!("{}", peak.unwrap_or("VmHWM: not known"));
    Ok(())
}

/// Makes a tree like that of a root filesystem: one half in a large file, the other in files of 16 KiB.
fn plant(tree: &Path, megabytes: usize) -> io::Result<()> {
    let mut noise = BufReader::new(File::open("/dev/urandom")?);
    fs::create_dir_all(tree.join("small"))?;
    let mut large = File::create(tree.join("large"))?;
    let mut piece = vec![0; MEGABYTE];
    for index in 0..megabytes / 2 {
        noise.read_exact(&mut piece)?;
        large.write_all(&piece)?;
        for (part, bytes) in piece.chunks(16 * 1024).enumerate() {
            fs::write(tree.join(format!("small/{index}-{part}")), bytes)?;
        }
    }
    Ok(())
}

fn measure(
    name: &str,
    megabytes: usize,
    work: impl FnOnce() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    work()?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{name:12} {seconds:6.3} s {:6.0} MiB/s",
        f64::from(u32::try_from(megabytes)?) / seconds
    );
    Ok(())
}
