//! Packing inside the graph: a vertex that mounts trees and leaves a canonical tar.

use buildkit_llb::{
    Args, BindMount, ContentCache, Exec, Image, ImageRef, Local, NetworkMode, OpError, Platform,
    SourceLocation, State,
};

use crate::{
    base::{self, BaseError},
    inputs::{FileContent, InputFile},
    local::{LocalContent, LocalSource, hex},
    lock::{Lock, Pinned, Reference, Written},
    whiteouts::Whiteouts,
};

/// The file name of the program that packs, in whatever it comes from.
pub const PACKER_PROGRAM: &str = "llbgen-pack";

/// The name of the local source that has the program.
pub const PACKER_LOCAL: &str = "llbgen-pack";

/// The program that graphs run to pack trees. Its content is part of the graph, but not of an id: what it writes is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packer {
    /// Where graphs have it from.
    pub source: PackerSource,
    /// What it runs on; packing needs no emulation, whatever the platform of the trees.
    pub platform: Platform,
}

/// Where graphs have the packer from. A cache knows it by its bytes alone, so that they may differ in this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackerSource {
    /// A file that is sent when the daemon asks for it.
    Local {
        /// The sha256 of the program.
        sha256: [u8; 32],
        /// Its size in bytes.
        size: u64,
    },
    /// An image that has it at its root, with its digest.
    Image(ImageRef),
    /// An image that has it at its root, which the user names and a lock pins.
    Helper(ImageRef),
}

/// What is said about a vertex that packs, and is no part of its digest.
pub(crate) struct PackCaption {
    /// What progress shows.
    pub(crate) name: String,
    /// Where the artifact is declared.
    pub(crate) place: Option<SourceLocation>,
}

impl Packer {
    /// What stands for every such program in an id: neither its bytes nor its platform change what it writes.
    pub fn neutral() -> Self {
        Self {
            source: PackerSource::Local {
                sha256: [0; 32],
                size: 0,
            },
            platform: Platform::new("linux", "amd64"),
        }
    }

    /// The local source that it comes from when the graph is solved, if it is one.
    pub(crate) fn local(&self) -> Option<LocalSource> {
        let PackerSource::Local { sha256, size } = self.source else {
            return None;
        };
        let path = PACKER_PROGRAM.parse().expect("a plain name is a path");
        let file = InputFile {
            executable: true,
            content: FileContent::Hashed { sha256, size },
        };
        Some(LocalSource {
            name: PACKER_LOCAL.to_owned(),
            content: LocalContent::Files([(path, file)].into()),
        })
    }

    /// The same at the digest that `lock` has for the image of the user, and what refers to that image.
    pub(crate) fn pinned(&self, lock: &Lock) -> Result<(Self, Option<Reference>), BaseError> {
        let PackerSource::Helper(image) = &self.source else {
            return Ok((self.clone(), None));
        };
        let place = Written::HelperImage;
        let pinned = Self {
            source: PackerSource::Image(base::pinned(image, &place, lock)?),
            platform: self.platform.clone(),
        };
        Ok((pinned, self.reference()))
    }

    /// What refers to the image of the user, if it is one.
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
            PackerSource::Local { sha256, .. } => Local::new(PACKER_LOCAL)
                .unique(hex(sha256))
                .differ_none()
                .include([PACKER_PROGRAM])
                .state(),
            PackerSource::Image(image) | PackerSource::Helper(image) => Image::new(image.clone())
                .platform(self.platform.clone())
                .state(),
        }
    }

    /// A state with the file `name`: what makes `whole` of `base`, with whiteouts of this form.
    pub(crate) fn layer(
        &self,
        base: &State,
        whole: &State,
        whiteouts: Whiteouts,
        name: &str,
        caption: PackCaption,
    ) -> Result<State, OpError> {
        let out = format!("/out/{name}");
        let mut args = vec!["layer"];
        match whiteouts {
            // Not said, as it was not before there was another form: the graph stays the same.
            Whiteouts::Oci => {}
            Whiteouts::Overlay => args.push("--whiteouts=overlay"),
        }
        args.extend(["/base", "/whole", &*out]);
        let mounts = [("/base", base), ("/whole", whole)];
        self.pack(&args, &mounts, caption)
    }

    /// A state with the file `name`: all that is in `tree`.
    pub(crate) fn rootfs(
        &self,
        tree: &State,
        name: &str,
        caption: PackCaption,
    ) -> Result<State, OpError> {
        let args = ["rootfs", "/whole", &format!("/out/{name}")];
        self.pack(&args, &[("/whole", tree)], caption)
    }

    fn pack(
        &self,
        args: &[&str],
        trees: &[(&str, &State)],
        caption: PackCaption,
    ) -> Result<State, OpError> {
        // The file alone is mounted, so that the cache key is its content.
        let program = BindMount::new("/packer", &self.state())
            .selector(format!("/{PACKER_PROGRAM}"))
            .readonly();
        let exec = Exec::new(Args::program("/packer").args(args.iter().copied()))
            .custom_name(caption.name)
            .network(NetworkMode::None)
            .mount(program)
            .mount(BindMount::new("/out", &State::scratch()));
        let exec = caption.place.into_iter().fold(exec, Exec::location);
        // By content, a tree that has only other times would count as the one that was packed before.
        let exec = trees.iter().fold(exec, |exec, (path, tree)| {
            let tree = BindMount::new(*path, tree).readonly();
            exec.mount(tree.content_cache(ContentCache::Off))
        });
        State::scratch()
            .platform(&self.platform)
            .dir("/")
            .exec(exec)
            .mount("/out")
    }
}
