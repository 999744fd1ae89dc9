//! The root filesystems of the fleet at the root, built once for all tests that look at them.

use std::{path::PathBuf, sync::OnceLock};

use llbgen_tests::{
    bed::Bed,
    command::{clean, llbgen, run},
    tree::Tree,
};

/// Where the outputs are, and what the build said.
pub(crate) struct Built {
    pub(crate) dir: PathBuf,
    pub(crate) stdout: String,
    pub(crate) metadata: serde_json::Value,
    /// The lock that the build has written.
    pub(crate) lock: String,
}

/// Both artifacts for both platforms, built without a program on PATH.
pub(crate) fn built(bed: &Bed) -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        let home = bed.description().scratch.join("built");
        std::fs::create_dir(&home).unwrap();
        let outcome = run(llbgen(&home)
            .env("PATH", "")
            .args([
                "--addr",
                &bed.address(),
                "build",
                "base-rootfs",
                "server-base",
            ])
            .args([
                "--platform",
                "linux/amd64,linux/arm64",
                "--metadata-file",
                "metadata.json",
            ]))
        .success();
        let metadata = std::fs::read(home.join("metadata.json")).unwrap();
        Built {
            dir: home.join("out"),
            stdout: outcome.text().to_owned(),
            metadata: serde_json::from_slice(&metadata).unwrap(),
            lock: std::fs::read_to_string(home.join("context/llbgen.lock")).unwrap(),
        }
    })
}

impl Built {
    /// The tree of one of the tars.
    pub(crate) fn tree(&self, name: &str) -> Tree {
        Tree::open(&self.dir.join(name)).unwrap()
    }
}

/// `buildctl`, on the bed's daemon.
pub(crate) fn buildctl(bed: &Bed, home: &std::path::Path) -> std::process::Command {
    let mut command = clean("buildctl", home);
    command.env("BUILDKIT_HOST", bed.address());
    command
}
