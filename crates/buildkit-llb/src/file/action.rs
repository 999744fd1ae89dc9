//! The actions of a file op: make a directory, make a file, link, remove.

use super::owner::Owner;
use crate::wire::Writer;

/// Go's mark for "leave it as it is".
pub(super) const UNSET: i64 = -1;
/// The bits of a mode that `mkdir` and `mkfile` keep.
const PERMISSION_BITS: u32 = 0o777;

/// Makes a directory.
#[derive(Debug, Clone)]
pub struct Mkdir {
    pub(super) path: Box<str>,
    mode: u32,
    parents: bool,
    pub(super) attributes: Attributes,
}

/// Makes a file, which replaces an existing one.
#[derive(Debug, Clone)]
pub struct Mkfile {
    pub(super) path: Box<str>,
    mode: u32,
    data: Box<[u8]>,
    pub(super) attributes: Attributes,
}

/// Makes a symbolic link.
#[derive(Debug, Clone)]
pub struct Symlink {
    target: Box<str>,
    path: Box<str>,
    pub(super) attributes: Attributes,
}

/// Removes a file, or a directory with all of its entries.
#[derive(Debug, Clone)]
pub struct Rm {
    pub(super) path: Box<str>,
    allow_not_found: bool,
    allow_wildcard: bool,
}

/// Attributes that most actions can set on the made file, and few do.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes(Option<Box<AttributeValues>>);

#[derive(Debug, Clone, Default)]
struct AttributeValues {
    owner: Option<Owner>,
    /// In nanoseconds since 1970.
    created: Option<i64>,
}

/// The methods that set attributes, for an action with a field `attributes: Attributes`.
macro_rules! attribute_methods {
    () => {
        /// Sets the owner. Default: 0:0, or the source's when copying.
        pub fn owner(mut self, owner: impl Into<$crate::file::Owner>) -> Self {
            self.attributes.set_owner(owner.into());
            self
        }

        /// Sets the modification time, in nanoseconds since 1970. Default: the time of the build, or the source's
        /// when copying.
        pub fn created(mut self, unix_nanoseconds: i64) -> Self {
            self.attributes.set_created(unix_nanoseconds);
            self
        }
    };
}
pub(super) use attribute_methods;

impl Mkdir {
    /// A directory at `path` (relative to the state's directory), with mode 0755 and without its parents.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into().into_boxed_str(),
            mode: 0o755,
            parents: false,
            attributes: Attributes::default(),
        }
    }

    /// Sets the permission bits. Default: 0755. Higher bits are dropped.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Makes missing parents too, and accepts an existing directory.
    pub fn parents(mut self) -> Self {
        self.parents = true;
        self
    }

    attribute_methods!();

    pub(super) fn encode(&self, writer: &mut Writer, base: i64) {
        writer.string(1, &self.path);
        writer.uint(2, (self.mode & PERMISSION_BITS).into());
        writer.bool(3, self.parents);
        self.attributes.encode_owner(writer, 4, base);
        self.attributes.encode_created(writer, 5);
    }
}

impl Mkfile {
    /// A file at `path` (relative to the state's directory) with content `data` and mode 0644.
    pub fn new(path: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        let data: Vec<u8> = data.into();
        Self {
            path: path.into().into_boxed_str(),
            mode: 0o644,
            data: data.into(),
            attributes: Attributes::default(),
        }
    }

    /// Sets the permission bits. Default: 0644. Higher bits are dropped.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    attribute_methods!();

    pub(super) fn encode(&self, writer: &mut Writer, base: i64) {
        writer.string(1, &self.path);
        writer.uint(2, (self.mode & PERMISSION_BITS).into());
        writer.bytes(3, &self.data);
        self.attributes.encode_owner(writer, 4, base);
        self.attributes.encode_created(writer, 5);
    }
}

impl Symlink {
    /// A link at `path` to `target`. Both are stored as given: a relative `path` is not joined to the state's
    /// directory.
    pub fn new(target: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            target: target.into().into_boxed_str(),
            path: path.into().into_boxed_str(),
            attributes: Attributes::default(),
        }
    }

    attribute_methods!();

    pub(super) fn encode(&self, writer: &mut Writer, base: i64) {
        writer.string(1, &self.target);
        writer.string(2, &self.path);
        self.attributes.encode_owner(writer, 3, base);
        self.attributes.encode_created(writer, 4);
    }
}

impl Rm {
    /// Removes the file or directory at `path` (relative to the state's directory); an error if there is none.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into().into_boxed_str(),
            allow_not_found: false,
            allow_wildcard: false,
        }
    }

    /// Accepts that there is none.
    pub fn allow_not_found(mut self) -> Self {
        self.allow_not_found = true;
        self
    }

    /// Reads `*`, `?` and `[…]` in the path as a pattern.
    pub fn allow_wildcard(mut self) -> Self {
        self.allow_wildcard = true;
        self
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.string(1, &self.path);
        writer.bool(2, self.allow_not_found);
        writer.bool(3, self.allow_wildcard);
    }
}

impl Attributes {
    pub(super) fn set_owner(&mut self, owner: Owner) {
        self.0.get_or_insert_default().owner = Some(owner);
    }

    pub(super) fn set_created(&mut self, unix_nanoseconds: i64) {
        self.0.get_or_insert_default().created = Some(unix_nanoseconds);
    }

    pub(super) fn encode_owner(&self, writer: &mut Writer, field: u32, base: i64) {
        if let Some(owner) = self.0.as_ref().and_then(|values| values.owner.as_ref()) {
            writer.message(field, |message| owner.encode(message, base));
        }
    }

    pub(super) fn encode_created(&self, writer: &mut Writer, field: u32) {
        let created = self.0.as_ref().and_then(|values| values.created);
        writer.int(field, created.unwrap_or(UNSET));
    }
}
