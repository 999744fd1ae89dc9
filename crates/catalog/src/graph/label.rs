//! What a picture says about a vertex.

use std::collections::BTreeSet;

use buildkit_llb::{
    Entry, FileActionContent, FileChange, ImageRef, OpContent, OpKind, SourceContent,
};

use super::{Node, NodeKind};
use crate::lock::{ImageKey, shortened};

/// The most names that a label lists.
const NAMES: usize = 4;

pub(super) fn node(id: String, entry: &Entry) -> Node {
    let (step_of, title) = step(entry);
    Node {
        id,
        digest: entry.digest().to_string(),
        label: title.unwrap_or_else(|| described(entry)),
        kind: match entry.kind() {
            OpKind::Source => NodeKind::Source,
            OpKind::Exec => NodeKind::Exec,
            OpKind::File => NodeKind::File,
            _ => NodeKind::Other,
        },
        step_of,
        artifacts: BTreeSet::new(),
        shared: false,
    }
}

/// The artifact and title in `[artifact platform axis=value] title`.
fn step(entry: &Entry) -> (Option<String>, Option<String>) {
    let Some(name) = entry.metadata().custom_name() else {
        return (None, None);
    };
    match name
        .strip_prefix('[')
        .and_then(|name| name.split_once("] "))
    {
        Some((variant, title)) => {
            let artifact = variant.split(' ').next().unwrap_or(variant);
            (Some(artifact.to_owned()), Some(title.to_owned()))
        }
        None => (None, Some(name.to_owned())),
    }
}

/// A vertex that has no name of its own, by what it does.
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
    if identifier.starts_with("git://") {
        let url = source.attrs.get("git.fullurl").unwrap_or(identifier);
        return match identifier.split_once('#') {
            Some((_, commit)) => format!("{url}\n@ {}", shortened(commit)),
            None => url.clone(),
        };
    }
    if identifier.starts_with("local://") {
        let patterns = source.attrs.get("local.includepattern");
        let list = patterns.and_then(|list| serde_json::from_str::<Vec<String>>(list).ok());
        return names("files", list.unwrap_or_default().into_iter());
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
