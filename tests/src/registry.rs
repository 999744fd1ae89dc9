//! A throw-away registry: Debian's `docker-registry` on a free loopback port.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::{
    server::Server,
    tokens::{ISSUER, SERVICE, TokenServer},
};

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
        Self::configured(dir, logs, "")
    }

    /// The same for whoever has a token of `tokens`.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_with_tokens(dir: &Path, logs: &Path, tokens: &TokenServer) -> Self {
        let auth = format!(
            "auth: {{token: {{realm: \"{}\", service: {SERVICE}, issuer: {ISSUER}, rootcertbundle: \"{}\"}}}}\n",
            tokens.realm(),
            tokens.certificate().display()
        );
        Self::configured(dir, logs, &auth)
    }

    fn configured(dir: &Path, logs: &Path, auth: &str) -> Self {
        let config = dir.join("config.yml");
        fs::create_dir_all(dir).expect("the registry's directory can be made");
        let text = format!(
            "version: 0.1\n\
             log: {{level: info, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: \"{}\"}}, delete: {{enabled: true}}}}\n\
             http: {{addr: \"127.0.0.1:0\"}}\n{auth}",
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

/// The repositories of the registry at `address`, `127.0.0.1:PORT`.
///
/// # Errors
/// When it does not answer as it should.
pub fn repositories(address: &str) -> io::Result<BTreeSet<String>> {
    let mut stream = TcpStream::connect(address)?;
    // HTTP/1.0, whose answers are one piece that ends with the connection.
    write!(
        stream,
        "GET /v2/_catalog?n=1000 HTTP/1.0\r\nHost: {address}\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let body: Value = serde_json::from_str(body)?;
    let names = body["repositories"].as_array().into_iter().flatten();
    let names: BTreeSet<String> = names
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect();
    if names.is_empty() {
        return Err(io::Error::other(format!("no repositories in {answer}")));
    }
    Ok(names)
}
