//! Packing inside the graph: a vertex that mounts trees and leaves a canonical tar.

use buildkit_llb::{
    Args, BindMount, ContentCache, Exec, Local, NetworkMode, OpError, Platform, State,
};

use crate::{
    inputs::{FileContent, InputFile},
    local::{LocalContent, LocalSource, hex},
};

/// The file name of the program that packs.
pub const FRONTEND_PROGRAM: &str = "llbgen-frontend";

/// The name of the local source that has the program.
pub const FRONTEND_LOCAL: &str = "llbgen-frontend";

/// The program that graphs run to pack trees. Its content is part of the graph, but not of an id: what it writes is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontend {
    /// The sha256 of the program.
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub size: u64,
    /// What it runs on; packing needs no emulation, whatever the platform of the trees.
    pub platform: Platform,
}

impl Frontend {
    /// What stands for every such program in an id: neither its bytes nor its platform change what it writes.
    pub(crate) fn neutral() -> Self {
        Self {
            sha256: [0; 32],
            size: 0,
            platform: Platform::new("linux", "amd64"),
        }
    }

    /// Where it comes from when the graph is solved.
    pub(crate) fn local(&self) -> LocalSource {
        let path = FRONTEND_PROGRAM.parse().expect("a plain name is a path");
        let file = InputFile {
            executable: true,
            content: FileContent::Hashed {
                sha256: self.sha256,
                size: self.size,
            },
        };
        LocalSource {
            name: FRONTEND_LOCAL.to_owned(),
            content: LocalContent::Files([(path, file)].into()),
        }
    }

    /// A state with the file `name`: what makes `whole` of `base`.
    pub(crate) fn layer(
        &self,
        base: &State,
        whole: &State,
        name: &str,
        title: String,
    ) -> Result<State, OpError> {
        let args = ["pack", "layer", "/base", "/whole", &format!("/out/{name}")];
        let mounts = [("/base", base), ("/whole", whole)];
        self.pack(&args, &mounts, title)
    }

    /// A state with the file `name`: all that is in `tree`.
    pub(crate) fn rootfs(&self, tree: &State, name: &str, title: String) -> Result<State, OpError> {
        let args = ["pack", "rootfs", "/whole", &format!("/out/{name}")];
        self.pack(&args, &[("/whole", tree)], title)
    }

    fn pack(
        &self,
        args: &[&str],
        trees: &[(&str, &State)],
        title: String,
    ) -> Result<State, OpError> {
        let source = Local::new(FRONTEND_LOCAL)
            .unique(hex(&self.sha256))
            .differ_none()
            .include([FRONTEND_PROGRAM])
            .state();
        // The file alone is mounted, so that the cache key is its content.
        let program = BindMount::new("/frontend", &source)
            .selector(format!("/{FRONTEND_PROGRAM}"))
            .readonly();
        let exec = Exec::new(Args::program("/frontend").args(args.iter().copied()))
            .custom_name(title)
            .network(NetworkMode::None)
            .mount(program)
            .mount(BindMount::new("/out", &State::scratch()));
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
