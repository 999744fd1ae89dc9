//! A sink that keeps what it got, and what is in a tar.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};

use buildkit_client::{Export, SinkError};

/// Bytes that a sink received.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<Mutex<Vec<u8>>>);

impl Received {
    /// A tar exporter that keeps its archive here.
    pub(crate) fn export(&self) -> Export {
        let kept = self.clone();
        Export::tar(move |archive: &mut dyn Read| -> Result<(), SinkError> {
            let mut bytes = Vec::new();
            archive.read_to_end(&mut bytes)?;
            *kept.0.lock().unwrap() = bytes;
            Ok(())
        })
    }

    /// Every entry: its path, with a word on what it is.
    pub(crate) fn entries(&self) -> BTreeMap<String, String> {
        let bytes = self.0.lock().unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        archive
            .entries()
            .unwrap()
            .map(|entry| describe(entry.unwrap()))
            .collect()
    }
}

fn describe(mut entry: tar::Entry<'_, &[u8]>) -> (String, String) {
    let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let header = entry.header().clone();
    let (mode, owner) = (
        header.mode().unwrap(),
        (header.uid().unwrap(), header.gid().unwrap()),
    );
    let link = entry
        .link_name_bytes()
        .map(|target| String::from_utf8_lossy(&target).into_owned());
    let mut content = Vec::new();
    entry.read_to_end(&mut content).unwrap();
    let content = String::from_utf8_lossy(&content).into_owned();
    let what = match (header.entry_type(), link) {
        (tar::EntryType::Directory, _) => format!("dir {mode:o}"),
        (tar::EntryType::Symlink, Some(target)) => format!("symlink {target}"),
        (tar::EntryType::Link, Some(target)) => format!("link {target}"),
        (_, _) => format!("file {mode:o} {content}"),
    };
    (
        path,
        if owner == (0, 0) {
            what
        } else {
            format!("{what} of {owner:?}")
        },
    )
}
