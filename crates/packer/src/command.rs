//! The commands of the program, and their arguments. They are read by hand: graphs write them, and no person.

use std::{ffi::OsString, fmt, os::unix::ffi::OsStrExt, path::Path};

use archive::{Attributes, Copy, Digest, Excludes, Options, Owner, Whiteouts};

/// A command with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    /// `copy [--plain=true] [--keep=true] [--content=DIGITS] [--mode=MODE] [--owner=OWNER] [--time=SECONDS]
    /// [--without=NAME]… [--exclude=GLOB]… SOURCE PATH TREE TO`
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
    /// `unpack [--sha256=DIGITS] [--owner=OWNER] ARCHIVE TREE TO`
    Unpack {
        sha256: Option<Digest>,
        owner: Option<Owner>,
        archive: &'a Path,
        tree: &'a Path,
        to: &'a [u8],
    },
    /// `directory [--missing=true] [--mode=MODE] [--owner=OWNER] TREE PATH…`
    Directory {
        tree: &'a Path,
        paths: Vec<&'a [u8]>,
        attributes: Attributes,
        only_missing: bool,
    },
    /// `file [--mode=MODE] [--owner=OWNER] CONTENT TREE PATH…`
    File {
        content: &'a Path,
        tree: &'a Path,
        paths: Vec<&'a [u8]>,
        attributes: Attributes,
    },
    /// `symlink TREE TARGET PATH…`
    Symlink {
        tree: &'a Path,
        leads_to: &'a [u8],
        paths: Vec<&'a [u8]>,
    },
    /// `remove TREE GLOB…`
    Remove {
        tree: &'a Path,
        patterns: Vec<&'a [u8]>,
    },
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
            ("unpack", [archive, tree, _]) => unpack_flags(flags, archive, tree, bytes[2]),
            ("directory", [tree, _, ..]) => {
                let (only_missing, flags) = match flags {
                    [missing, flags @ ..] if missing == "--missing=true" => (true, flags),
                    flags => (false, flags),
                };
                Ok(Self::Directory {
                    tree,
                    paths: bytes[1..].to_vec(),
                    attributes: attributes(flags)?,
                    only_missing,
                })
            }
            ("file", [content, tree, _, ..]) => Ok(Self::File {
                content,
                tree,
                paths: bytes[2..].to_vec(),
                attributes: attributes(flags)?,
            }),
            ("symlink", [tree, _, _, ..]) if flags.is_empty() => Ok(Self::Symlink {
                tree,
                leads_to: bytes[1],
                paths: bytes[2..].to_vec(),
            }),
            ("remove", [tree, _, ..]) if flags.is_empty() => Ok(Self::Remove {
                tree,
                patterns: bytes[1..].to_vec(),
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
    let mut exclude = Vec::new();
    for flag in flags {
        let wrong = |_| unknown(flag);
        match split(flag)? {
            ("--mode", mode) => copy.mode = Some(mode.parse().map_err(|_| unknown(flag))?),
            ("--owner", owner) => copy.owner = Some(owner.parse().map_err(|_| unknown(flag))?),
            ("--plain", "true") => copy.plain = true,
            ("--keep", "true") => copy.keeps_modes = true,
            ("--exclude", pattern) => exclude.push(pattern),
            ("--content", digits) => {
                copy.content = Some(sha256(digits).ok_or_else(|| unknown(flag))?);
            }
            ("--time", time) => copy.time = Some(time.parse().map_err(wrong)?),
            ("--without", name) => copy.without.push(name.as_bytes().to_vec()),
            _ => return Err(unknown(flag)),
        }
    }
    copy.exclude = Excludes::try_new(&exclude).map_err(|_| unknown(&flags[0]))?;
    Ok(copy)
}

/// The mode and owner of something new.
fn attributes(flags: &[OsString]) -> Result<Attributes, Usage> {
    let mut attributes = Attributes::default();
    for flag in flags {
        match split(flag)? {
            ("--mode", mode) => attributes.mode = Some(mode.parse().map_err(|_| unknown(flag))?),
            ("--owner", owner) => {
                attributes.owner = Some(owner.parse().map_err(|_| unknown(flag))?);
            }
            _ => return Err(unknown(flag)),
        }
    }
    Ok(attributes)
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

fn unpack_flags<'a>(
    flags: &[OsString],
    archive: &'a Path,
    tree: &'a Path,
    to: &'a [u8],
) -> Result<Command<'a>, Usage> {
    let (mut sha256, mut owner) = (None, None);
    for flag in flags {
        match split(flag)? {
            ("--sha256", digits) => {
                sha256 = Some(self::sha256(digits).ok_or_else(|| unknown(flag))?);
            }
            ("--owner", text) => owner = Some(text.parse().map_err(|_| unknown(flag))?),
            _ => return Err(unknown(flag)),
        }
    }
    Ok(Command::Unpack {
        sha256,
        owner,
        archive,
        tree,
        to,
    })
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
    use archive::Mode;

    use super::*;

    fn arguments(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn flags_are_read() {
        let line = arguments(
            "copy --plain=true --keep=true --mode=0640 --owner=app:33 --time=0 --without=.git --exclude=*.o /from x /tree /to/",
        );
        let expected = Command::Copy {
            source: Path::new("/from"),
            tree: Path::new("/tree"),
            what: Copy {
                path: b"x".to_vec(),
                to: b"/to/".to_vec(),
                plain: true,
                keeps_modes: true,
                mode: Some(Mode::of_bits(0o640)),
                owner: Some("app:33".parse().unwrap()),
                time: Some(0),
                without: vec![b".git".to_vec()],
                exclude: Excludes::try_new(["*.o"]).unwrap(),
                ..Copy::default()
            },
        };
        assert_eq!(Command::read(&line), Ok(expected));
        let line = arguments("directory --missing=true --owner=7:8 /tree /a /b");
        let expected = Command::Directory {
            tree: Path::new("/tree"),
            paths: vec![b"/a", b"/b"],
            attributes: Attributes {
                owner: Some("7:8".parse().unwrap()),
                ..Attributes::default()
            },
            only_missing: true,
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
        check("copy --mode=9 /a b /c /d", "`--mode=9`");
        check("copy --exclude=[ /a b /c /d", "`--exclude=[`");
        check("file --owner=: /a /b /c", "`--owner=:`");
        check("file /a /b", "`file`");
        check("symlink /a b", "`symlink`");
        check("remove /a", "`remove`");
        check("unpack --mode=1 /a /b /c", "`--mode=1`");
        check("unpack --sha256=abc /a /b /c", "`--sha256=abc`");
        check("bundle /a /b /c", "`bundle`");
        check("unbundle --content=abc /a /b /c", "`--content=abc`");
    }
}
