//! A throw-away registry: Debian's `docker-registry` on a free loopback port.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
};

use serde_json::Value;

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

    /// All repositories that it has.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn repositories(&self) -> Vec<String> {
        let mut connection = TcpStream::connect(self.address()).expect("the registry listens");
        // A response of the old protocol is not in pieces, and ends with the connection.
        connection
            .write_all(b"GET /v2/_catalog HTTP/1.0\r\n\r\n")
            .expect("the registry reads");
        let mut response = String::new();
        connection
            .read_to_string(&mut response)
            .expect("the registry answers");
        let body = response.split_once("\r\n\r\n").map(|(_, body)| body);
        let body: Value = serde_json::from_str(body.unwrap_or_default())
            .unwrap_or_else(|error| panic!("{error}: {response}"));
        let names = body["repositories"].as_array().into_iter().flatten();
        names
            .map(|name| name.as_str().unwrap_or_default().to_owned())
            .collect()
    }
}
