//! Packing inside the graph: a vertex that mounts trees and leaves a canonical tar.

mod program;

use buildkit_llb::{
    Args, BindMount, ContentCache, Entry, Exec, Image, ImageRef, NetworkMode, OpError, Platform,
    SourceLocation, State,
};

pub use self::program::PackerProgram;
use crate::{
    lock::{Pinned, Reference, Written},
    whiteouts::Whiteouts,
};

/// The file name of the packer in its image or state.
pub const PACKER_PROGRAM: &str = "llbgen-pack";

/// The name in progress of the vertex of the packer.
const VERTEX_NAME: &str = "the packer";

/// The path of the packer in the containers that run it.
pub(crate) const PACKER: &str = "/packer";

/// The program that graphs run to put files into trees and to pack them. Its content is part of the graph, but not of
/// an id, which depends on its output alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packer {
    /// The source of the program.
    pub source: PackerSource,
    /// The platform that it runs on. It needs no emulation, whatever the platform of the trees.
    pub platform: Platform,
}

/// The source of the packer in a graph. Caches know the packer by its bytes alone, so graphs with different sources
/// share them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackerSource {
    /// The graph itself: the bytes are data in it, so that nobody else on the daemon can replace the program.
    Inline(PackerProgram),
    /// An image with the program at its root, by digest.
    Image(ImageRef),
    /// An image with the program at its root, named by the user and pinned by a lock.
    Helper(ImageRef),
}

/// A file that the packer writes.
pub(crate) struct Packing<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The latest time in it, in seconds since 1970; later times are set back to this one.
    pub(crate) epoch: Option<i64>,
    /// The name in progress; not part of the vertex's digest.
    pub(crate) title: String,
    /// The place of the artifact's declaration; not part of the digest either.
    pub(crate) place: Option<SourceLocation>,
}

impl Default for Packer {
    fn default() -> Self {
        Self::neutral()
    }
}

impl Packer {
    /// The packer in the graph of an id. It stands for every packer: neither its bytes nor its platform change its
    /// output.
    pub fn neutral() -> Self {
        Self {
            source: PackerSource::Inline(PackerProgram::from(&[][..])),
            platform: Platform::new("linux", "amd64"),
        }
    }

    /// Whether a vertex is the program itself.
    pub(crate) fn is_vertex(entry: &Entry) -> bool {
        entry.metadata().custom_name() == Some(VERTEX_NAME)
    }

    /// The reference to the image of the user, if it is one.
    pub(crate) fn reference(&self) -> Option<Reference> {
        let PackerSource::Helper(image) = &self.source else {
            return None;
        };
        Some(Reference {
            source: Pinned::Image {
                reference: image.clone(),
                platform: self.platform.clone(),
            },
            place: Written::HelperImage,
        })
    }

    fn state(&self) -> State {
        match &self.source {
            PackerSource::Inline(program) => program.state(&self.platform),
            PackerSource::Image(image) | PackerSource::Helper(image) => Image::new(image.clone())
                .platform(self.platform.clone())
                .state(),
        }
    }

    /// A state with the file of `packing`: the diff from `base` to `whole`, with whiteouts of this form.
    pub(crate) fn layer(
        &self,
        base: &State,
        whole: &State,
        whiteouts: Whiteouts,
        packing: Packing<'_>,
    ) -> Result<State, OpError> {
        let mut args = vec!["layer".to_owned()];
        match whiteouts {
            Whiteouts::Oci => {}
            Whiteouts::Overlay => args.push("--whiteouts=overlay".to_owned()),
        }
        let mounts = [("/base", base), ("/whole", whole)];
        self.pack(args, &mounts, packing)
    }

    /// A state with the file of `packing`: all that is in `tree`.
    pub(crate) fn rootfs(&self, tree: &State, packing: Packing<'_>) -> Result<State, OpError> {
        self.pack(vec!["rootfs".to_owned()], &[("/whole", tree)], packing)
    }

    /// A command of the packer, without a network.
    pub(crate) fn exec(&self, args: impl IntoIterator<Item = impl Into<String>>) -> Exec {
        // The file alone is mounted, so that the cache key is its content.
        let program = BindMount::new(PACKER, &self.state())
            .selector(format!("/{PACKER_PROGRAM}"))
            .readonly();
        Exec::new(Args::program(PACKER).args(args))
            .network(NetworkMode::None)
            .mount(program)
    }

    /// The root of its commands: an empty file system.
    pub(crate) fn root(&self) -> State {
        State::scratch().platform(&self.platform).dir("/")
    }

    fn pack(
        &self,
        mut args: Vec<String>,
        trees: &[(&str, &State)],
        packing: Packing<'_>,
    ) -> Result<State, OpError> {
        args.extend(packing.epoch.map(|epoch| format!("--epoch={epoch}")));
        args.extend(trees.iter().map(|(path, _)| (*path).to_owned()));
        args.push(format!("/out/{}", packing.name));
        let exec = self
            .exec(args)
            .custom_name(packing.title)
            .mount(BindMount::new("/out", &State::scratch()));
        let exec = packing.place.into_iter().fold(exec, Exec::location);
        // By content, a tree with other times and nothing else would count as the tree that was packed before.
        let exec = trees.iter().fold(exec, |exec, (path, tree)| {
            let tree = BindMount::new(*path, tree).readonly();
            exec.mount(tree.content_cache(ContentCache::Off))
        });
        self.root().exec(exec).mount("/out")
    }
}
