//! Changes of a lock: entries are set and dropped, and two locks are compared.

use std::{collections::BTreeSet, fmt};

use buildkit_llb::{ContentDigest, ImageRef};
use serde::Serialize;

use super::{
    CacheNamespace, Checksum, Commit, Epoch, GitPin, GitSource, HttpPin, ImageKey, ImagePin, Lock,
    Pinned,
};

impl Lock {
    /// Pins an image. The configs of other platforms stay in the entry if the digest is the same.
    pub fn set_image(&mut self, image: &ImageRef, pin: ImagePin) {
        match self.image.get_mut(&ImageKey::of(image)) {
            Some(old) if old.digest == pin.digest => old.platform.extend(pin.platform),
            _ => {
                self.image.insert(ImageKey::of(image), pin);
            }
        }
    }

    /// Pins the download of a URL.
    pub fn set_http(&mut self, url: &str, checksum: ContentDigest) {
        let checksum = Checksum(checksum);
        self.http.insert(url.to_owned(), HttpPin { checksum });
    }

    /// Pins a git ref.
    pub fn set_git(&mut self, source: &GitSource, commit: Commit) {
        self.git.insert(source.clone(), GitPin { commit });
    }

    /// Sets the moment of the package indexes.
    pub fn set_epoch(&mut self, epoch: Epoch) {
        self.packages.epoch = Some(epoch);
    }

    /// Sets the prefix of the ids of cache mounts, if there is none yet: with another prefix, all caches begin anew.
    pub fn begin_cache_namespace(&mut self, namespace: CacheNamespace) {
        self.cache.namespace.get_or_insert(namespace);
    }

    /// Drops every entry, and every platform of an image, that is not in `used`.
    pub fn retain(&mut self, used: &BTreeSet<Pinned>) {
        let images: BTreeSet<(ImageKey, String)> = used
            .iter()
            .filter_map(|pinned| match pinned {
                Pinned::Image {
                    reference,
                    platform,
                } => Some((ImageKey::of(reference), platform.normalized().to_string())),
                Pinned::Http(_) | Pinned::Git(_) => None,
            })
            .collect();
        for (key, pin) in &mut self.image {
            pin.platform
                .retain(|platform, _| images.contains(&(key.clone(), platform.to_string())));
        }
        self.image.retain(|_, pin| !pin.platform.is_empty());
        self.http
            .retain(|url, _| used.contains(&Pinned::Http(url.clone())));
        self.git
            .retain(|source, _| used.contains(&Pinned::Git(source.clone())));
    }

    /// The changes from `old` to this lock, in the order of the file.
    pub fn moved_from(&self, old: &Self) -> Vec<Move> {
        let mut moves = Vec::new();
        let mut note = |entry: String, from: Option<String>, to: Option<String>| {
            if from != to {
                moves.push(Move { entry, from, to });
            }
        };
        let text = |epoch: Option<Epoch>| epoch.map(|epoch| epoch.to_string());
        note("packages".to_owned(), text(old.epoch()), text(self.epoch()));
        for key in union(&old.image, &self.image) {
            let digest = |lock: &Self| lock.image.get(key).map(|pin| pin.digest.to_string());
            note(key.to_string(), digest(old), digest(self));
        }
        for key in union(&old.http, &self.http) {
            let checksum = |lock: &Self| lock.http.get(key).map(|pin| pin.checksum.to_string());
            note(key.clone(), checksum(old), checksum(self));
        }
        for key in union(&old.git, &self.git) {
            let commit = |lock: &Self| lock.git.get(key).map(|pin| pin.commit.to_string());
            note(key.to_string(), commit(old), commit(self));
        }
        moves
    }

    /// The number of entries of each kind.
    pub fn count(&self) -> PinCount {
        PinCount {
            images: self.image.len(),
            downloads: self.http.len(),
            git: self.git.len(),
        }
    }
}

fn union<'a, K: Ord, V>(
    one: &'a std::collections::BTreeMap<K, V>,
    other: &'a std::collections::BTreeMap<K, V>,
) -> BTreeSet<&'a K> {
    one.keys().chain(other.keys()).collect()
}

/// An entry of a lock that is changed, new or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The image, URL or git ref; `packages` for the epoch.
    pub entry: String,
    /// The old pin.
    pub from: Option<String>,
    /// The new pin.
    pub to: Option<String>,
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry, from, to } = self;
        match (from.as_deref().map(shortened), to.as_deref().map(shortened)) {
            (Some(from), Some(to)) => write!(f, "{entry}: {from} → {to}"),
            (None, Some(to)) => write!(f, "{entry}: pinned to {to}"),
            (Some(_), None) => write!(f, "{entry}: dropped, nothing refers to it"),
            (None, None) => f.write_str(entry),
        }
    }
}

/// The first 12 hex digits of a digest or commit, short enough for a reader to compare.
pub(crate) fn shortened(text: &str) -> &str {
    let (prefix, hex) = match text.split_once(':') {
        Some((algorithm, hex)) if algorithm.starts_with("sha") => (algorithm.len() + 1, hex),
        _ => (0, text),
    };
    let is_long_hex = hex.len() >= 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_long_hex {
        &text[..prefix + 12]
    } else {
        text
    }
}

/// The number of entries of each kind in a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PinCount {
    /// Images.
    pub images: usize,
    /// Downloads.
    pub downloads: usize,
    /// Git refs.
    pub git: usize,
}
