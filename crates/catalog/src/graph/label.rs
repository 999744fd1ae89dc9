//! The label of a vertex in a picture.

use std::collections::BTreeSet;

use buildkit_llb::{
    Entry, FileActionContent, FileChange, ImageRef, OpContent, OpKind, SourceContent,
};

use super::{Node, NodeKind};
use crate::{
    lock::{ImageKey, shortened},
    vertex_name::VertexName,
};

/// The largest number of names in a label.
const NAMES: usize = 4;

pub(super) fn node(id: String, entry: &Entry) -> Node {
    let name = VertexName::of(entry);
    Node {
        id,
        digest: entry.digest().to_string(),
        label: name.map_or_else(|| described(entry), |name| name.title.to_owned()),
        kind: match entry.kind() {
            OpKind::Source => NodeKind::Source,
            OpKind::Exec => NodeKind::Exec,
            OpKind::File => NodeKind::File,
            _ => NodeKind::Other,
        },
        step_of: name.and_then(|name| name.artifact()).map(str::to_owned),
        artifacts: BTreeSet::new(),
        shared: false,
    }
}

/// The label of a vertex without a name: what it does.
fn described(entry: &Entry) -> String {
    match entry.content() {
        OpContent::Source(source) => described_source(&source),
        OpContent::File(actions) => described_files(&actions),
        _ => entry.kind().as_str().to_owned(),
    }
}

fn described_source(source: &SourceContent) -> String {
    let identifier = &source.identifier;
    if let Some(image) = identifier.strip_prefix("docker-image://") {
        return match image.parse::<ImageRef>() {
            Ok(image) => {
                let key = ImageKey::of(&image);
                match image.digest() {
                    Some(digest) => format!("{key}\n@ {}", shortened(digest.as_str())),
                    None => key.to_string(),
                }
            }
            Err(_) => image.to_owned(),
        };
    }
    if let Some(image) = identifier.strip_prefix("oci-layout://") {
        let digest = image.split_once('@').map_or(image, |(_, digest)| digest);
        return format!("OCI layout\n@ {}", shortened(digest));
    }
    if identifier.starts_with("git://") {
        let url = source.git_url().unwrap_or(identifier);
        return match identifier.split_once('#') {
            Some((_, commit)) => format!("{url}\n@ {}", shortened(commit)),
            None => url.to_owned(),
        };
    }
    if identifier.starts_with("local://") {
        return names("files", source.included_paths().into_iter());
    }
    identifier.clone()
}

fn described_files(actions: &[FileActionContent]) -> String {
    let made = actions.iter().filter_map(|action| match &action.change {
        FileChange::Mkfile { path, .. } | FileChange::Symlink { path, .. } => {
            Some(path.trim_start_matches('/').to_owned())
        }
        FileChange::Copy { dest, .. } => Some(dest.trim_start_matches('/').to_owned()),
        _ => None,
    });
    let made: Vec<String> = made.collect();
    if made.is_empty() {
        return "an empty directory".to_owned();
    }
    names("files", made.into_iter())
}

fn names(what: &str, names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMES);
    let shown: Vec<String> = names.take(NAMES).collect();
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{what}: {}{rest}", shown.join(", "))
}
