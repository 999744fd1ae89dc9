//! The fleets of `tests/fleets`, with downloads from a server of the tests.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    bed::Bed,
    command::clean,
    image::hex,
    machine::{llbgen, workspace},
    web::WebServer,
};

/// The directory of the fleet in this repository.
pub fn directory(fleet: &str) -> PathBuf {
    workspace().join("tests/fleets").join(fleet)
}

/// A copy of the fleet in `home`: a build writes a lock and outputs there.
///
/// # Panics
/// When it cannot be made.
pub fn copied(fleet: &str, home: &Path) -> PathBuf {
    let to = home.join(fleet);
    copy(&directory(fleet), &to);
    to
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory can be made");
    for entry in fs::read_dir(from).expect("a fleet can be listed") {
        let entry = entry.expect("a fleet can be listed");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file can be copied");
        }
    }
}

/// Files in the place of downloads, which say clearly that they are made up, and the server that has them.
#[derive(Debug)]
pub struct Downloads {
    files: TempDir,
    server: WebServer,
    urls: Vec<String>,
}

impl Downloads {
    /// Serves these contents in the place of these https URLs.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn serve<'a>(contents: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Self {
        let files = tempfile::tempdir().expect("a directory can be made");
        let server = WebServer::start(files.path());
        let mut downloads = Self {
            files,
            server,
            urls: Vec::new(),
        };
        for (url, content) in contents {
            downloads.urls.push(url.to_owned());
            downloads.replace(url, &content);
        }
        downloads
    }

    /// Serves another content in the place of a URL.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn replace(&self, url: &str, content: &[u8]) {
        let path = self.files.path().join(below(url));
        let directory = path.parent().expect("a URL has a server");
        fs::create_dir_all(directory).expect("a directory can be made");
        fs::write(path, content).expect("a file can be written");
    }

    /// Puts the checksums of the made-up archives in the place of the real ones in the fleet's `checksums.toml`. Nothing
    /// else of a fleet is another one in tests.
    ///
    /// # Panics
    /// When an archive that is served has no line in it.
    pub fn write_checksums(&self, fleet: &Path, archives: &[&str]) {
        let path = fleet.join("checksums.toml");
        let text = fs::read_to_string(&path).expect("the fleet has checksums");
        let mut written = String::new();
        let mut found = 0;
        for line in text.lines() {
            let of = archives
                .iter()
                .find(|archive| line.starts_with(&format!("\"{archive}\" ")));
            match of {
                Some(archive) => {
                    found += 1;
                    let digest = self.digest_of(archive);
                    _ = writeln!(written, "\"{archive}\" = {{ sha256 = \"{digest}\" }}");
                }
                None => _ = writeln!(written, "{line}"),
            }
        }
        assert_eq!(found, archives.len(), "{text}");
        fs::write(path, written).expect("a file can be written");
    }

    fn digest_of(&self, archive: &str) -> String {
        let mut urls = self.urls.iter();
        let url = urls.find(|url| url.ends_with(&format!("/{archive}")));
        let url = url.unwrap_or_else(|| panic!("`{archive}` is not served"));
        let content = fs::read(self.files.path().join(below(url))).expect("it is served");
        hex(&Sha256::digest(content))
    }

    /// `llbgen` on the daemon of `bed` in the directory of a fleet, with mirrors of all that is served.
    pub fn llbgen(&self, bed: &Bed, fleet: &Path, arguments: &[&str]) -> Command {
        let mut command = clean(llbgen(), fleet);
        command.args(["--addr", &bed.address()]).args(arguments);
        for url in &self.urls {
            let mirror = format!("{url}={}", self.server.url(below(url)));
            command.args(["--mirror", &mirror]);
        }
        command
    }
}

/// The path of a URL's file on the server.
fn below(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// A tar of files, each with its mode and its text.
///
/// # Panics
/// Never: memory can be written to.
pub fn tar(files: &[(&str, u32, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, mode, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(*mode);
        header.set_mtime(0);
        let text = text.as_bytes();
        tar.append_data(&mut header, path, text)
            .expect("memory can be written to");
    }
    tar.into_inner().expect("memory can be written to")
}
