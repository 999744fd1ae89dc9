//! The commands of the program, and their arguments. They are read by hand: graphs write them, and no person.

use std::{ffi::OsString, fmt, os::unix::ffi::OsStrExt, path::Path};

use archive::{Copy, Digest, Options, Whiteouts};

/// A command with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    /// `copy [--plain=true] [--content=DIGITS] [--mode=OCTAL] [--time=SECONDS] [--without=NAME]… SOURCE PATH TREE TO`
    Copy {
        source: &'a Path,
        tree: &'a Path,
        what: Copy,
    },
    /// `bundle --content=DIGITS SOURCE PATH OUT`
    Bundle {
        content: Digest,
        source: &'a Path,
        path: &'a [u8],
        out: &'a Path,
    },
    /// `unbundle --content=DIGITS SOURCE TREE TO`
    Unbundle {
        content: Digest,
        source: &'a Path,
        tree: &'a Path,
        to: &'a [u8],
    },
    /// `unpack [--sha256=DIGITS] ARCHIVE TREE TO`
    Unpack {
        sha256: Option<Digest>,
        archive: &'a Path,
        tree: &'a Path,
        to: &'a [u8],
    },
    /// `directory TREE PATH`
    Directory { tree: &'a Path, path: &'a [u8] },
    /// `rootfs [--epoch=SECONDS] TREE OUT`
    Rootfs {
        tree: &'a Path,
        out: &'a Path,
        options: Options,
    },
    /// `layer [--whiteouts=overlay] [--epoch=SECONDS] BASE WHOLE OUT`
    Layer {
        base: &'a Path,
        whole: &'a Path,
        out: &'a Path,
        options: Options,
    },
}

/// Arguments that fit no command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    argument: Option<String>,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.argument {
            Some(argument) => write!(f, "this packer does not know `{argument}`")?,
            None => f.write_str("this packer does not know these arguments")?,
        }
        f.write_str("; it is not of the same version as what made the graph")
    }
}

impl std::error::Error for Usage {}

impl<'a> Command<'a> {
    /// The command of these arguments, without the program's name.
    pub(crate) fn read(arguments: &'a [OsString]) -> Result<Self, Usage> {
        let (name, rest) = arguments.split_first().ok_or(Usage { argument: None })?;
        let is_flag = |argument: &&OsString| argument.as_bytes().starts_with(b"--");
        let count = rest.iter().take_while(is_flag).count();
        let (flags, words) = rest.split_at(count);
        let paths: Vec<&Path> = words.iter().map(Path::new).collect();
        let bytes: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        match (name.to_str().unwrap_or_default(), &paths[..]) {
            ("copy", [source, _, tree, _]) => Ok(Self::Copy {
                source,
                tree,
                what: copy_flags(flags, bytes[1], bytes[3])?,
            }),
            ("bundle", [source, _, out]) => Ok(Self::Bundle {
                content: content_flag(name, flags)?,
                source,
                path: bytes[1],
                out,
            }),
            ("unbundle", [source, tree, _]) => Ok(Self::Unbundle {
                content: content_flag(name, flags)?,
                source,
                tree,
                to: bytes[2],
            }),
            ("unpack", [archive, tree, _]) => Ok(Self::Unpack {
                sha256: unpack_flags(flags)?,
                archive,
                tree,
                to: bytes[2],
            }),
            ("directory", [tree, _]) if flags.is_empty() => Ok(Self::Directory {
                tree,
                path: bytes[1],
            }),
            ("rootfs", [tree, out]) => Ok(Self::Rootfs {
                tree,
                out,
                options: pack_flags(flags)?,
            }),
            ("layer", [base, whole, out]) => Ok(Self::Layer {
                base,
                whole,
                out,
                options: pack_flags(flags)?,
            }),
            _ => Err(unknown(name)),
        }
    }
}

fn unknown(argument: &OsString) -> Usage {
    Usage {
        argument: Some(argument.to_string_lossy().into_owned()),
    }
}

/// Name and value of a flag.
fn split(flag: &OsString) -> Result<(&str, &str), Usage> {
    let parts = flag.to_str().and_then(|flag| flag.split_once('='));
    parts.ok_or_else(|| unknown(flag))
}

fn copy_flags(flags: &[OsString], path: &[u8], to: &[u8]) -> Result<Copy, Usage> {
    let mut copy = Copy {
        path: path.to_vec(),
        to: to.to_vec(),
        ..Copy::default()
    };
    for flag in flags {
        let wrong = |_| unknown(flag);
        match split(flag)? {
            ("--mode", mode) => {
                copy.mode = Some(u32::from_str_radix(mode, 8).map_err(wrong)?);
            }
            ("--plain", "true") => copy.plain = true,
            ("--content", digits) => {
                copy.content = Some(sha256(digits).ok_or_else(|| unknown(flag))?);
            }
            ("--time", time) => copy.time = Some(time.parse().map_err(wrong)?),
            ("--without", name) => copy.without.push(name.as_bytes().to_vec()),
            _ => return Err(unknown(flag)),
        }
    }
    Ok(copy)
}

/// The only flag of a command, which is required.
fn content_flag(name: &OsString, flags: &[OsString]) -> Result<Digest, Usage> {
    let [flag] = flags else {
        return Err(unknown(name));
    };
    let digest = match split(flag)? {
        ("--content", digits) => sha256(digits),
        _ => None,
    };
    digest.ok_or_else(|| unknown(flag))
}

/// The digest of these hex digits.
fn sha256(digits: &str) -> Option<Digest> {
    format!("sha256:{digits}").parse().ok()
}

fn unpack_flags(flags: &[OsString]) -> Result<Option<Digest>, Usage> {
    let mut found = None;
    for flag in flags {
        match split(flag)? {
            ("--sha256", digits) => found = Some(sha256(digits).ok_or_else(|| unknown(flag))?),
            _ => return Err(unknown(flag)),
        }
    }
    Ok(found)
}

fn pack_flags(flags: &[OsString]) -> Result<Options, Usage> {
    flags
        .iter()
        .try_fold(Options::new(), |options, flag| match split(flag)? {
            ("--epoch", epoch) => {
                let epoch = epoch.parse().map_err(|_| unknown(flag))?;
                Ok(options.with_epoch(epoch))
            }
            ("--whiteouts", "overlay") => Ok(options.with_whiteouts(Whiteouts::Overlay)),
            _ => Err(unknown(flag)),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn flags_are_read() {
        let line =
            arguments("copy --plain=true --mode=0640 --time=0 --without=.git /from x /tree /to/");
        let expected = Command::Copy {
            source: Path::new("/from"),
            tree: Path::new("/tree"),
            what: Copy {
                path: b"x".to_vec(),
                to: b"/to/".to_vec(),
                plain: true,
                mode: Some(0o640),
                time: Some(0),
                without: vec![b".git".to_vec()],
                ..Copy::default()
            },
        };
        assert_eq!(Command::read(&line), Ok(expected));
        let line = arguments("layer --whiteouts=overlay --epoch=7 /base /whole /out");
        let expected = Command::Layer {
            base: Path::new("/base"),
            whole: Path::new("/whole"),
            out: Path::new("/out"),
            options: Options::new()
                .with_epoch(7)
                .with_whiteouts(Whiteouts::Overlay),
        };
        assert_eq!(Command::read(&line), Ok(expected));
    }

    #[test]
    fn what_is_not_known_is_named() {
        let check = |line: &str, expected: &str| {
            let error = Command::read(&arguments(line)).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        };
        check("paint /tree", "`paint`");
        check("rootfs /tree", "`rootfs`");
        check("rootfs --epoch=soon /tree /out", "`--epoch=soon`");
        check("copy --colour=red /a b /c /d", "`--colour=red`");
        check("unpack --mode=1 /a /b /c", "`--mode=1`");
        check("unpack --sha256=abc /a /b /c", "`--sha256=abc`");
        check("bundle /a /b /c", "`bundle`");
        check("unbundle --content=abc /a /b /c", "`--content=abc`");
    }
}
