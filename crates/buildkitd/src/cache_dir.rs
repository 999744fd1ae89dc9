//! The user's cache directory, for what can be made again.

use std::{ffi::OsString, path::PathBuf};

/// The user's cache directory: `XDG_CACHE_HOME`, or else `.cache` in `HOME`. As the XDG specification has it, a
/// relative path counts as unset. `lookup` gives the variables of the environment.
pub fn cache_dir(lookup: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let dir = |name: &str| {
        let path = lookup(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    dir("XDG_CACHE_HOME").or_else(|| Some(dir("HOME")?.join(".cache")))
}
