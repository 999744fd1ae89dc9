//! Packing: what the arguments say, and the file that comes of it.

use std::{
    error::Error,
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use archive::{Options, Whiteouts};

/// The arguments are not those of any form.
#[derive(Debug)]
struct Usage;

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "usage: llbgen-pack rootfs TREE OUT | llbgen-pack layer [--whiteouts=overlay] BASE WHOLE OUT",
        )
    }
}

impl Error for Usage {}

/// The file cannot be written.
#[derive(Debug)]
struct Unwritten {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write `{}`", self.path.display())
    }
}

impl Error for Unwritten {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Has a layer made for the upper directory of an overlay. Without it the arguments are as they always were, and so are the
/// graphs that have them.
const OVERLAY: &str = "--whiteouts=overlay";

/// Packs what the arguments say.
pub(crate) fn run(arguments: &[OsString]) -> Result<(), Box<dyn Error>> {
    let paths: Vec<&Path> = arguments.iter().map(Path::new).collect();
    let names: Vec<&str> = arguments
        .iter()
        .map(|argument| argument.to_str().unwrap_or_default())
        .collect();
    match (&names[..], &paths[..]) {
        (["rootfs", ..], [_, tree, out]) => write(out, |writer| {
            archive::pack(tree, writer, &Options::new())?;
            Ok(())
        }),
        (["layer", ..], [_, base, whole, out]) => layer(base, whole, Whiteouts::Oci, out),
        (["layer", OVERLAY, ..], [_, _, base, whole, out]) => {
            layer(base, whole, Whiteouts::Overlay, out)
        }
        _ => Err(Box::new(Usage)),
    }
}

fn layer(
    base: &Path,
    whole: &Path,
    whiteouts: Whiteouts,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    write(out, |writer| {
        let options = Options::new().with_whiteouts(whiteouts);
        archive::layer(base, whole, writer, &options)?;
        Ok(())
    })
}

fn write(
    out: &Path,
    pack: impl FnOnce(&mut BufWriter<File>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let unwritten = |source| Unwritten {
        path: out.to_owned(),
        source,
    };
    let mut writer = BufWriter::new(File::create(out).map_err(unwritten)?);
    pack(&mut writer)?;
    writer.flush().map_err(unwritten)?;
    Ok(())
}
