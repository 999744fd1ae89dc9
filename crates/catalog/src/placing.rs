//! Putting files into a tree, as a vertex of its own: the packer does it, so that directories of the tree keep mode,
//! owner and time, and two builds give the same bytes. BuildKit's file operations leave the time of the build behind.

use buildkit_llb::{BindMount, ContentCache, Exec, OpError, State};

use crate::pack::Packer;

/// Something that is put into a tree.
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
    },
    /// A directory is made, with all above it.
    Directory(String),
}

/// A copy from another tree.
#[derive(Debug, Clone)]
pub(crate) struct Copying<'a> {
    /// The tree.
    pub(crate) from: &'a State,
    /// What is copied: an absolute path, which may have patterns.
    pub(crate) path: String,
    /// Where it goes, as COPY has it.
    pub(crate) to: String,
    /// The permission bits of files; their own by default.
    pub(crate) mode: Option<u32>,
    /// The seconds since 1970 that everything gets as its time; their own by default.
    pub(crate) time: Option<i64>,
    /// Whether everything becomes what a checkout has, whatever the umask was: owner 0:0, 0755 or 0644, time 0.
    pub(crate) plain: bool,
    /// The names of files and directories that are left out wherever they are.
    pub(crate) without: &'a [&'a str],
}

impl<'a> Copying<'a> {
    /// A copy that keeps everything as it is.
    pub(crate) fn new(from: &'a State, path: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            from,
            path: path.into(),
            to: to.into(),
            mode: None,
            time: None,
            plain: false,
            without: &[],
        }
    }

    /// Its flags.
    fn options(&self) -> Vec<String> {
        let plain = self.plain.then(|| "--plain=true".to_owned());
        let mode = self.mode.map(|mode| format!("--mode={mode:04o}"));
        let time = self.time.map(|time| format!("--time={time}"));
        let without = self.without.iter().map(|name| format!("--without={name}"));
        plain
            .into_iter()
            .chain(mode)
            .chain(time)
            .chain(without)
            .collect()
    }
}

/// Where the tree is mounted that something is put into.
const TREE: &str = "/tree";

/// Where the tree is mounted that something is taken from.
pub(crate) const FROM: &str = "/from";

impl Placing<'_> {
    /// `tree` with it, in a vertex that `caption` names.
    pub(crate) fn into_tree(
        self,
        tree: &State,
        packer: &Packer,
        caption: impl FnOnce(Exec) -> Exec,
    ) -> Result<State, OpError> {
        let (args, mount) = match self {
            Self::Directory(path) => (vec!["directory".to_owned(), TREE.to_owned(), path], None),
            Self::Unpack { from, path, to } => {
                let mount = BindMount::new(FROM, from).selector(path).readonly();
                let words = ["unpack", FROM, TREE, &to].map(str::to_owned);
                (words.to_vec(), Some(mount))
            }
            Self::Copy(copying) => {
                let (mount, path) = mounted(copying.from, &copying.path);
                let options = copying.options();
                let words = [FROM.to_owned(), path, TREE.to_owned(), copying.to];
                let args = ["copy".to_owned()].into_iter().chain(options).chain(words);
                (args.collect(), Some(mount))
            }
        };
        // By content, which leaves times out, another tree with the same files would count as this one; and all of it
        // would be hashed.
        let tree_mount = BindMount::new(TREE, tree).content_cache(ContentCache::Off);
        let exec = packer.exec(args).mount(tree_mount);
        let exec = mount.into_iter().fold(exec, Exec::mount);
        let changed = packer.root().exec(caption(exec)).mount(TREE)?;
        Ok(tree.replace_files(&changed))
    }
}

/// A path that is no pattern, whatever is in it.
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

/// The mount of as little of `from` as holds `path`, since what is mounted is what the cache knows the vertex by; and the
/// path in [`FROM`].
fn mounted(from: &State, path: &str) -> (BindMount, String) {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let literal = parts.iter().position(|part| part.contains(is_sign));
    match (literal, parts.last()) {
        (None, Some(name)) => {
            let target = format!("{FROM}/{name}");
            let mount = BindMount::new(target, from).selector(format!("/{}", parts.join("/")));
            (mount.readonly(), (*name).to_owned())
        }
        (None | Some(0), _) => (
            BindMount::new(FROM, from).readonly(),
            format!("/{}", parts.join("/")),
        ),
        (Some(literal), _) => {
            let above = format!("/{}", parts[..literal].join("/"));
            let mount = BindMount::new(FROM, from).selector(above);
            (mount.readonly(), parts[literal..].join("/"))
        }
    }
}
