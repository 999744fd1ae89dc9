//! Carries out a command.

use std::{
    error::Error,
    fmt,
    fs::{DirBuilder, File},
    io::{self, BufWriter, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use archive::{Digest, Unpacker};

use crate::command::Command;

/// A file cannot be opened or written.
#[derive(Debug)]
struct Unusable {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} `{}`", self.what, self.path.display())
    }
}

impl Error for Unusable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Carries out a command.
pub(crate) fn run(command: &Command<'_>) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Copy { source, tree, what } => Ok(archive::copy(source, tree, what)?),
        Command::Bundle {
            content,
            source,
            path,
            out,
        } => bundle(source, path, out, *content),
        Command::Unbundle {
            content,
            source,
            tree,
            to,
        } => Ok(archive::unbundle(source, tree, to, *content)?),
        Command::Unpack {
            sha256,
            owner,
            archive,
            tree,
            to,
        } => {
            let unpacker = Unpacker::new(tree, to)?;
            let unpacker = match owner {
                Some(owner) => unpacker.with_owner(owner)?,
                None => unpacker,
            };
            unpack(unpacker, archive, *sha256)
        }
        Command::Directory {
            tree,
            paths,
            attributes,
            only_missing: false,
        } => Ok(archive::make_directories(tree, paths, attributes)?),
        Command::Directory {
            tree,
            paths,
            attributes,
            only_missing: true,
        } => Ok(archive::make_missing_directories(tree, paths, attributes)?),
        Command::File {
            content,
            tree,
            paths,
            attributes,
        } => Ok(archive::make_files(content, tree, paths, attributes)?),
        Command::Symlink {
            tree,
            leads_to,
            paths,
        } => Ok(archive::make_links(tree, leads_to, paths)?),
        Command::Remove { tree, patterns } => Ok(archive::remove(tree, patterns)?),
        Command::Rootfs { tree, out, options } => write(out, |writer| {
            archive::pack(tree, writer, options)?;
            Ok(())
        }),
        Command::Layer {
            base,
            whole,
            out,
            options,
        } => write(out, |writer| {
            archive::layer(base, whole, writer, options)?;
            Ok(())
        }),
    }
}

/// The directory gets the mode of a directory that a client sends, so that both are one in the cache.
fn bundle(source: &Path, path: &[u8], out: &Path, content: Digest) -> Result<(), Box<dyn Error>> {
    DirBuilder::new()
        .mode(0o755)
        .create(out)
        .map_err(|source| Unusable {
            what: "make",
            path: out.to_owned(),
            source,
        })?;
    Ok(archive::bundle(source, path, out, content)?)
}

fn unpack(
    mut unpacker: Unpacker,
    archive: &Path,
    sha256: Option<Digest>,
) -> Result<(), Box<dyn Error>> {
    let file = File::open(archive).map_err(|source| Unusable {
        what: "read",
        path: archive.to_owned(),
        source,
    })?;
    match sha256 {
        Some(sha256) => unpacker.unpack_verified(file, sha256)?,
        None => unpacker.unpack_file(file)?,
    }
    Ok(unpacker.finish()?)
}

fn write(
    out: &Path,
    pack: impl FnOnce(&mut BufWriter<File>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let unwritten = |source| Unusable {
        what: "write",
        path: out.to_owned(),
        source,
    };
    let mut writer = BufWriter::new(File::create(out).map_err(unwritten)?);
    pack(&mut writer)?;
    writer.flush().map_err(unwritten)?;
    Ok(())
}
