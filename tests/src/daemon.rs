//! A buildkitd of the test bed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{leftovers, server::Server};

/// A running buildkitd. Dropping it stops it, and what it leaves: containers, mounts.
#[derive(Debug)]
pub struct Daemon {
    server: Server,
    root: PathBuf,
}

impl Daemon {
    /// Starts the daemon `program` in `dir`: a unix socket, a loopback port with mutual TLS (`certificates`), and `registry` as
    /// the mirror of the hosts that base images come from.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(
        program: &str,
        dir: &Path,
        logs: &Path,
        certificates: &Path,
        registry: &str,
        garbage: Garbage,
    ) -> Self {
        let root = dir.join("root");
        fs::create_dir_all(&root).expect("the daemon's directory can be made");
        let config = dir.join("buildkitd.toml");
        fs::write(
            &config,
            settings(dir, &root, certificates, registry, garbage),
        )
        .expect("the configuration can be written");
        let mut command = Command::new(program);
        command
            .arg("--config")
            .arg(&config)
            .env_remove("BUILDKIT_HOST");
        let server = Server::start(
            command,
            &logs.join("buildkitd.log"),
            "running server on ",
            2,
        );
        Self { server, root }
    }

    /// The path of its socket.
    pub fn socket(&self) -> &str {
        self.address(|address| address.starts_with('/'))
    }

    /// `127.0.0.1:PORT`, with mutual TLS.
    pub fn tls(&self) -> &str {
        self.address(|address| !address.starts_with('/'))
    }

    /// The listeners come up in any order.
    fn address(&self, is_it: impl Fn(&str) -> bool) -> &str {
        let addresses = self.server.addresses();
        addresses
            .iter()
            .find(|address| is_it(address))
            .expect("the daemon listens at both")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Where it keeps its state.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.server.stop();
        leftovers::clear(&self.root);
    }
}

/// What a daemon forgets. The default prunes on a full disk, and a pruned step is no longer cached.
#[derive(Debug, Clone, Copy)]
pub enum Garbage {
    /// Nothing.
    Nothing,
    /// Packed root filesystems that nobody has asked for in minutes: hundreds of megabytes each, made again in a second,
    /// and by then of no interest to the test that had them built.
    PackedTrees,
}

impl Garbage {
    fn settings(self) -> &'static str {
        match self {
            Self::Nothing => "gc = false\n",
            Self::PackedTrees => {
                "gc = true\n\
                 [[worker.oci.gcpolicy]]\n\
                 filters = ['description~=\"exec /packer rootfs\"']\nkeepDuration = \"5m\"\n"
            }
        }
    }
}

fn settings(
    dir: &Path,
    root: &Path,
    certificates: &Path,
    registry: &str,
    garbage: Garbage,
) -> String {
    let garbage = garbage.settings();
    let mirrors: String = ["docker.io", "ghcr.io"]
        .map(|host| format!("[registry.{host:?}]\nmirrors = [{registry:?}]\n"))
        .concat();
    format!(
        "root = \"{root}\"\n\
         [grpc]\n\
         address = [\"unix://{dir}/buildkitd.sock\", \"tcp://127.0.0.1:0\"]\n\
         [grpc.tls]\n\
         cert = \"{certificates}/server.pem\"\nkey = \"{certificates}/server-key.pem\"\nca = \"{certificates}/ca.pem\"\n\
         [otel]\n\
         socketPath = \"{dir}/otel.sock\"\n\
         [worker.oci]\n\
         platforms = [\"linux/amd64\", \"linux/arm64\"]\nnetworkMode = \"host\"\n{garbage}\
         [worker.containerd]\n\
         enabled = false\n\
         {mirrors}\
         [registry.{registry:?}]\nhttp = true\n",
        dir = dir.display(),
        root = root.display(),
        certificates = certificates.display(),
    )
}
