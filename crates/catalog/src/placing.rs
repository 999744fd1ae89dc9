//! Putting files into a tree, as a vertex of its own. The packer does it: directories of the tree keep mode, owner and
//! time, and two builds give the same bytes. BuildKit's file operations would leave the time of the build in the tree.

use buildkit_llb::{BindMount, ContentCache, Exec, OpError, State};
use file_set::{Excludes, Mode, Owner};

use crate::{hex::hex, local::BUNDLES, pack::Packer};

/// A change that puts something into a tree.
#[derive(Debug, Clone)]
pub(crate) enum Placing<'a> {
    /// A path of another tree is copied.
    Copy(Copying<'a>),
    /// An archive, a file of another tree, is unpacked.
    Unpack {
        /// The tree.
        from: &'a State,
        /// The file.
        path: String,
        /// The directory that it is unpacked into.
        to: String,
        /// The sha256 of the file in hex digits, if any other file must be refused.
        sha256: Option<String>,
        /// The owner of all that is in it, instead of its own.
        owner: Option<Owner>,
    },
    /// The files of bundles are put into a directory.
    Unbundle {
        /// The tree with [`BUNDLES`].
        from: &'a State,
        /// The directory.
        to: String,
        /// The digest of the files.
        content: [u8; 32],
    },
    /// Directories are made, with all above them.
    Directory {
        /// Their absolute paths.
        paths: Vec<String>,
        /// Their mode and owner.
        attributes: Attributes,
        /// Whether only those are made that are missing, and all of these have the mode and owner.
        only_missing: bool,
    },
    /// Files are made, with the directories above them.
    File {
        /// The tree with their content, the file [`CONTENT`].
        content: &'a State,
        /// Their absolute paths.
        paths: Vec<String>,
        /// Their mode and owner.
        attributes: Attributes,
    },
    /// Links are made, with the directories above them.
    Symlink {
        /// Their absolute paths.
        paths: Vec<String>,
        /// Where they lead to.
        target: String,
    },
    /// What matches these absolute paths is removed.
    Remove(Vec<String>),
}

/// The mode and owner that something gets; by default, those that it has or that such a thing usually has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// The mode.
    pub(crate) mode: Option<Mode>,
    /// The owner.
    pub(crate) owner: Option<Owner>,
}

impl Attributes {
    /// Their flags.
    fn flags(&self) -> impl Iterator<Item = String> {
        let mode = self.mode.as_ref().map(|mode| format!("--mode={mode}"));
        mode.into_iter().chain(owner_flag(self.owner.as_ref()))
    }
}

/// A copy from another tree.
#[derive(Debug, Clone)]
pub(crate) struct Copying<'a> {
    /// The tree.
    pub(crate) from: &'a State,
    /// The absolute path of the copied files, which may have patterns.
    pub(crate) path: String,
    /// The destination, as in COPY.
    pub(crate) to: String,
    /// The mode of files and the owner of everything; their own by default.
    pub(crate) attributes: Attributes,
    /// The time that everything gets, in seconds since 1970; their own by default.
    pub(crate) time: Option<i64>,
    /// Whether everything gets owner 0:0, mode 0755 or 0644, and time 0, whatever the umask of the checkout.
    pub(crate) plain: bool,
    /// Whether `plain` leaves modes as they are.
    pub(crate) keeps_modes: bool,
    /// The paths that are left out, relative to the copied directory.
    pub(crate) exclude: Excludes,
    /// The names of files and directories that are left out wherever they are.
    pub(crate) without: &'a [&'a str],
    /// The digest of the copied files, if any others must be refused.
    pub(crate) content: Option<[u8; 32]>,
}

impl<'a> Copying<'a> {
    /// A copy that keeps everything as it is.
    pub(crate) fn new(from: &'a State, path: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            from,
            path: path.into(),
            to: to.into(),
            attributes: Attributes::default(),
            time: None,
            plain: false,
            keeps_modes: false,
            exclude: Excludes::default(),
            without: &[],
            content: None,
        }
    }

    /// Its flags.
    fn options(&self) -> Vec<String> {
        let plain = self.plain.then(|| "--plain=true".to_owned());
        let keep = self.keeps_modes.then(|| "--keep=true".to_owned());
        let content = self.content.as_ref().map(content_flag);
        let time = self.time.map(|time| format!("--time={time}"));
        let without = self.without.iter().map(|name| format!("--without={name}"));
        let exclude = self.exclude.texts();
        let exclude = exclude.map(|pattern| format!("--exclude={pattern}"));
        plain
            .into_iter()
            .chain(keep)
            .chain(content)
            .chain(self.attributes.flags())
            .chain(time)
            .chain(without)
            .chain(exclude)
            .collect()
    }
}

/// The mount point of the tree that something is put into.
const TREE: &str = "/tree";

/// The mount point of the tree that something is taken from.
pub(crate) const FROM: &str = "/from";

/// The path of the content of new files in its tree.
pub(crate) const CONTENT: &str = "/content";

/// The mount point of new bundles.
const OUT: &str = "/out";

impl Placing<'_> {
    /// `tree` with this change, in a vertex that `caption` names.
    pub(crate) fn into_tree(
        self,
        tree: &State,
        packer: &Packer,
        caption: impl FnOnce(Exec) -> Exec,
    ) -> Result<State, OpError> {
        let (args, mount) = self.command();
        // By content, which leaves out times, another tree with the same files would count as this one. And all of it
        // would be hashed.
        let tree_mount = BindMount::new(TREE, tree).content_cache(ContentCache::Off);
        let exec = packer.exec(args).mount(tree_mount);
        let exec = mount.into_iter().fold(exec, Exec::mount);
        let changed = packer.root().exec(caption(exec)).mount(TREE)?;
        Ok(tree.replace_files(&changed))
    }

    /// The command of the packer, and what it takes things from.
    fn command(self) -> (Vec<String>, Option<BindMount>) {
        match self {
            Self::Directory {
                paths,
                attributes,
                only_missing,
            } => {
                let missing = only_missing.then(|| "--missing=true".to_owned());
                let flags = missing.into_iter().chain(attributes.flags());
                (words("directory", flags, [TREE], paths), None)
            }
            Self::Symlink { paths, target } => {
                let before = [TREE, &target];
                (words("symlink", [], before, paths), None)
            }
            Self::Remove(paths) => (words("remove", [], [TREE], paths), None),
            Self::File {
                content,
                paths,
                attributes,
            } => {
                let (mount, name) = mounted(content, CONTENT);
                let file = format!("{FROM}/{name}");
                let before = [&*file, TREE];
                let args = words("file", attributes.flags(), before, paths);
                (args, Some(mount))
            }
            Self::Unpack {
                from,
                path,
                to,
                sha256,
                owner,
            } => {
                let mount = BindMount::new(FROM, from).selector(path).readonly();
                let sha256 = sha256.map(|digits| format!("--sha256={digits}"));
                let flags = sha256.into_iter().chain(owner_flag(owner.as_ref()));
                (words("unpack", flags, [FROM, TREE], [to]), Some(mount))
            }
            Self::Unbundle { from, to, content } => {
                let mount = BindMount::new(FROM, from).selector(format!("/{BUNDLES}"));
                let flags = [content_flag(&content)];
                let args = words("unbundle", flags, [FROM, TREE], [to]);
                (args, Some(mount.readonly()))
            }
            Self::Copy(copying) => copying.command(),
        }
    }
}

impl Copying<'_> {
    fn command(self) -> (Vec<String>, Option<BindMount>) {
        let (mount, path) = mounted(self.from, &self.path);
        // Files that keep their times are cached by their graph, as the tree is.
        let mount = if self.plain || self.time.is_some() {
            mount
        } else {
            mount.content_cache(ContentCache::Off)
        };
        let before = [FROM, &path, TREE];
        let args = words("copy", self.options(), before, [self.to]);
        (args, Some(mount))
    }
}

/// The words of a command of the packer.
fn words<'a>(
    command: &str,
    flags: impl IntoIterator<Item = String>,
    before: impl IntoIterator<Item = &'a str>,
    paths: impl IntoIterator<Item = String>,
) -> Vec<String> {
    let before = before.into_iter().map(str::to_owned);
    [command.to_owned()]
        .into_iter()
        .chain(flags)
        .chain(before)
        .chain(paths)
        .collect()
}

fn owner_flag(owner: Option<&Owner>) -> Option<String> {
    owner.map(|owner| format!("--owner={owner}"))
}

/// A tree with bundles of the files in the directory `path` of `from`, in a vertex that `caption` names.
pub(crate) fn bundled(
    from: &State,
    path: &str,
    content: &[u8; 32],
    packer: &Packer,
    caption: impl FnOnce(Exec) -> Exec,
) -> Result<State, OpError> {
    let (mount, path) = mounted(from, path);
    let out = format!("{OUT}/{BUNDLES}");
    let args = ["bundle", &content_flag(content), FROM, &path, &out];
    let exec = packer
        .exec(args)
        .mount(mount)
        .mount(BindMount::new(OUT, &State::scratch()));
    packer.root().exec(caption(exec)).mount(OUT)
}

fn content_flag(content: &[u8; 32]) -> String {
    format!("--content={}", hex(content))
}

/// The path as a pattern that matches it alone.
pub(crate) fn escaped(path: &str) -> String {
    let escape = |c: char| is_sign(c).then_some('\\');
    path.chars()
        .flat_map(|c| escape(c).into_iter().chain([c]))
        .collect()
}

/// Whether a character has a meaning in patterns.
fn is_sign(c: char) -> bool {
    matches!(c, '*' | '?' | '[' | '\\')
}

/// The mount of `path` alone, since the mounted files are the cache key of the vertex, and the path in [`FROM`]. For a
/// pattern or a path with `..`, all of `from` is mounted: links may lead anywhere in it.
fn mounted(from: &State, path: &str) -> (BindMount, String) {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let whole = format!("/{}", parts.join("/"));
    let is_plain = |part: &&str| *part != ".." && !part.contains(is_sign);
    match parts.last() {
        Some(name) if parts.iter().all(is_plain) => {
            let mount = BindMount::new(format!("{FROM}/{name}"), from).selector(whole);
            (mount.readonly(), (*name).to_owned())
        }
        _ => (BindMount::new(FROM, from).readonly(), whole),
    }
}

#[cfg(test)]
mod tests {
    use buildkit_llb::{Constraints, Image, OpContent, Platform};

    use super::*;

    #[test]
    fn as_little_is_mounted_as_can_be() {
        let check = |path: &str, expected: (&str, &str, &str)| {
            let from = Image::new("debian:12".parse().unwrap()).state();
            let copying = Copying::new(&from, path, "/to");
            let copied = Placing::Copy(copying)
                .into_tree(&State::scratch(), &Packer::neutral(), |exec| exec)
                .unwrap();
            let constraints = Constraints::new(Platform::new("linux", "amd64"));
            let graph = copied.marshal(&constraints).unwrap();
            let found = graph.vertices().find_map(|vertex| match vertex.content() {
                OpContent::Exec(exec) => Some(exec),
                _ => None,
            });
            let exec = found.unwrap();
            let mut mounts = exec.mounts.iter();
            let from = mounts.find(|mount| mount.dest.starts_with(FROM)).unwrap();
            let words = (&*from.dest, &*from.selector, &*exec.args[3]);
            assert_eq!(words, expected, "{path}");
        };
        check("/usr/bin/awk", ("/from/awk", "/usr/bin/awk", "awk"));
        check("/./usr//lib/", ("/from/lib", "/usr/lib", "lib"));
        check("/", ("/from", "", "/"));
        check("/usr/bin/aw*", ("/from", "", "/usr/bin/aw*"));
        check("/usr/../etc", ("/from", "", "/usr/../etc"));
        check(r"/a\*b/c", ("/from", "", r"/a\*b/c"));
    }
}
