//! Two calls that change one lock: the changes of one, applied to the lock that the other has written meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::{Caches, ImagePin, Lock, Packages};

impl Lock {
    /// The diff from `base` to this lock, applied to `onto`, which another call made from the same base.
    ///
    /// No pin that the other call added is lost. If both added a pin, the one in `onto` stays, so that both go on with
    /// one answer. If both changed a pin, the one in this lock stays.
    #[must_use]
    pub fn rebased(&self, base: &Self, onto: &Self) -> Self {
        // By its fields, so that a new one is not forgotten.
        let Self {
            version,
            packages,
            cache,
            image,
            http,
            git,
        } = self;
        Self {
            version: version.clone(),
            packages: Packages {
                epoch: three_way(
                    base.packages.epoch.as_ref(),
                    packages.epoch.as_ref(),
                    onto.packages.epoch.as_ref(),
                ),
            },
            cache: Caches {
                namespace: three_way(
                    base.cache.namespace.as_ref(),
                    cache.namespace.as_ref(),
                    onto.cache.namespace.as_ref(),
                ),
            },
            image: entries(&base.image, image, &onto.image, image_pin),
            http: entries(&base.http, http, &onto.http, three_way),
            git: entries(&base.git, git, &onto.git, three_way),
        }
    }
}

/// Merges one entry: its value in `base`, in this lock and in `onto`.
type Merge<V> = fn(Option<&V>, Option<&V>, Option<&V>) -> Option<V>;

fn entries<K: Ord + Clone, V>(
    base: &BTreeMap<K, V>,
    mine: &BTreeMap<K, V>,
    theirs: &BTreeMap<K, V>,
    merge: Merge<V>,
) -> BTreeMap<K, V> {
    let keys: BTreeSet<&K> = mine.keys().chain(theirs.keys()).collect();
    let entry = |key: &K| merge(base.get(key), mine.get(key), theirs.get(key));
    keys.into_iter()
        .filter_map(|key| Some((key.clone(), entry(key)?)))
        .collect()
}

fn three_way<V: Clone + PartialEq>(
    base: Option<&V>,
    mine: Option<&V>,
    theirs: Option<&V>,
) -> Option<V> {
    let is_pinned_by_both = base.is_none() && theirs.is_some();
    let is_dropped_by_me = mine.is_none() && theirs != base;
    if mine == base || is_pinned_by_both || is_dropped_by_me {
        theirs.cloned()
    } else {
        mine.cloned()
    }
}

/// Merges the configs of an image by platform, if they are of one digest.
fn image_pin(
    base: Option<&ImagePin>,
    mine: Option<&ImagePin>,
    theirs: Option<&ImagePin>,
) -> Option<ImagePin> {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) if mine.digest == theirs.digest => {
            let none = BTreeMap::new();
            let base = base.filter(|base| base.digest == mine.digest);
            let base = base.map_or(&none, |base| &base.platform);
            Some(ImagePin {
                digest: mine.digest.clone(),
                platform: entries(base, &mine.platform, &theirs.platform, three_way),
            })
        }
        // This lock only added or dropped platforms, and the other one has a new digest.
        (Some(mine), Some(theirs)) if base.is_some_and(|base| base.digest == mine.digest) => {
            Some(theirs.clone())
        }
        _ => three_way(base, mine, theirs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{BaseConfig, Checksum, Epoch, HttpPin};

    /// A lock of downloads: `a1 b2` pins `a` and `b`. An upper-case letter is an image, with its platforms behind its
    /// digest: `A1xy`.
    fn lock(text: &str) -> Lock {
        let mut lock = Lock::default();
        for entry in text.split_whitespace() {
            let (name, rest) = entry.split_at(1);
            let (digit, platforms) = rest.split_at(1);
            if name == "@" {
                lock.set_epoch(Epoch::from_seconds(digit.parse().unwrap()).unwrap());
                continue;
            }
            let digest = format!("sha256:{}", digit.repeat(64)).parse().unwrap();
            if name == name.to_lowercase() {
                let checksum = Checksum(digest);
                lock.http.insert(name.to_owned(), HttpPin { checksum });
            } else {
                let config = |architecture: char| {
                    let platform = buildkit_llb::Platform::new("linux", architecture.to_string());
                    (platform, BaseConfig::default())
                };
                let pin = ImagePin::new(digest, platforms.chars().map(config));
                lock.set_image(&name.to_lowercase().parse().unwrap(), pin);
            }
        }
        lock
    }

    #[test]
    fn what_one_call_changed_is_applied_to_what_the_other_wrote() {
        let check = |base: &str, mine: &str, theirs: &str, expected: &str| {
            let merged = lock(mine).rebased(&lock(base), &lock(theirs));
            assert_eq!(merged, lock(expected), "{base} | {mine} | {theirs}");
        };
        // Both add.
        check("", "a1", "b2", "a1 b2");
        check("", "a1", "a2", "a2");
        check("c3", "a1 c3", "b2 c3", "a1 b2 c3");
        // One updates.
        check("a1", "a2", "a1 b1", "a2 b1");
        check("a1", "a1 b1", "a2", "a2 b1");
        check("a1", "a2", "a3", "a2");
        // One drops.
        check("a1 b1", "b1", "a1 b1 c1", "b1 c1");
        check("a1", "", "a2", "a2");
        check("a1", "a1", "", "");
        check("a1", "a2", "", "a2");
        // Platforms of images.
        check("", "A1x", "A1y", "A1xy");
        check("A1x", "A1xy", "A1xz", "A1xyz");
        check("A1xy", "A1x", "A1xyz", "A1xz");
        check("A1x", "A1xy", "A2x", "A2x");
        check("A1x", "A2x", "A1xy", "A2x");
        check("A1x", "A1xy", "", "A1xy");
        // The epoch.
        check("", "@1", "@2", "@2");
        check("@1", "@3", "@2", "@3");
        check("@1", "@1", "@2", "@2");
    }

    #[test]
    fn merging_with_what_did_not_change_changes_nothing() {
        for mine in ["", "a1", "A1xy b2 @4"] {
            for base in ["", "a2 A1x", "@3 A2x b2"] {
                let (mine, base) = (lock(mine), lock(base));
                assert_eq!(mine.rebased(&base, &base), mine);
                assert_eq!(base.rebased(&base, &mine), mine);
                assert_eq!(mine.rebased(&base, &mine), mine);
            }
        }
    }
}
