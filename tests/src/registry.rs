//! A throw-away registry: Debian's `docker-registry` on a free loopback port.

use std::{fs, path::Path, process::Command};

use crate::server::Server;

/// A running registry. Dropping it stops it.
#[derive(Debug)]
pub struct Registry {
    server: Server,
}

impl Registry {
    /// Starts a registry that keeps its blobs in `dir` and its log in `logs`.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(dir: &Path, logs: &Path) -> Self {
        let config = dir.join("config.yml");
        fs::create_dir_all(dir).expect("the registry's directory can be made");
        let text = format!(
            "version: 0.1\n\
             log: {{level: info, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: \"{}\"}}, delete: {{enabled: true}}}}\n\
             http: {{addr: \"127.0.0.1:0\"}}\n",
            dir.join("blobs").display()
        );
        fs::write(&config, text).expect("the registry's configuration can be written");
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config);
        Self {
            server: Server::start(command, &logs.join("registry.log"), "listening on ", 1),
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.server.addresses()[0]
    }
}
