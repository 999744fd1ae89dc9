//! The user's notes about vertices: names, cache settings, groups, limits.

use std::borrow::Cow;
use std::sync::Arc;

use crate::metadata::{ExportCache, LinuxResources, ProgressGroup};

/// The key under which progress looks for a vertex's name.
pub(crate) const CUSTOM_NAME: &str = "llb.customname";

/// The notes of a vertex without any.
static NOTHING: Notes = Notes {
    ignore_cache: false,
    export_cache: None,
    description: Vec::new(),
    progress_group: None,
    linux_resources: None,
};

/// Notes about a vertex, or of a marshal call about all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    pub(crate) ignore_cache: bool,
    pub(crate) export_cache: Option<ExportCache>,
    /// Sorted by key.
    pub(crate) description: Vec<(Cow<'static, str>, Arc<str>)>,
    pub(crate) progress_group: Option<Arc<ProgressGroup>>,
    pub(crate) linux_resources: Option<Arc<LinuxResources>>,
}

/// Notes that vertices and definitions share; nothing, mostly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SharedNotes(Option<Arc<Notes>>);

impl Notes {
    /// The name that progress shows, if one was given.
    pub(crate) fn custom_name(&self) -> Option<&str> {
        self.description
            .iter()
            .find(|(key, _)| key == CUSTOM_NAME)
            .map(|(_, value)| &**value)
    }

    /// Sets one entry of the description.
    pub(crate) fn describe(&mut self, key: Cow<'static, str>, value: Arc<str>) {
        match self
            .description
            .binary_search_by(|(known, _)| known.cmp(&key))
        {
            Ok(at) => self.description[at].1 = value,
            Err(at) => {
                // Most vertices have a name and no other description.
                self.description.reserve_exact(1);
                self.description.insert(at, (key, value));
            }
        }
    }

    /// Puts `over` on top: its values win, lists are joined.
    pub(crate) fn merge(&mut self, over: &Self) {
        self.ignore_cache |= over.ignore_cache;
        self.export_cache = over.export_cache.or(self.export_cache);
        for (key, value) in &over.description {
            self.describe(key.clone(), value.clone());
        }
        if over.progress_group.is_some() {
            self.progress_group.clone_from(&over.progress_group);
        }
        if over.linux_resources.is_some() {
            self.linux_resources.clone_from(&over.linux_resources);
        }
    }
}

impl SharedNotes {
    /// The notes.
    pub(crate) fn get(&self) -> &Notes {
        self.0.as_deref().unwrap_or(&NOTHING)
    }

    /// The notes to change; other holders keep theirs.
    pub(crate) fn get_mut(&mut self) -> &mut Notes {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// Puts `over` on top.
    pub(crate) fn merge(&mut self, over: &Self) {
        if self.0.is_none() {
            self.0.clone_from(&over.0);
        } else if self != over && over.0.is_some() {
            self.get_mut().merge(over.get());
        }
    }
}

impl From<Notes> for SharedNotes {
    fn from(notes: Notes) -> Self {
        Self((notes != NOTHING).then(|| Arc::new(notes)))
    }
}
