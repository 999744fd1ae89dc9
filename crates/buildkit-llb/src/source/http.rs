//! Downloads.

use std::fmt;

use super::{Source, SourceKind, SourceOp, attr, userinfo};
use crate::cap::Cap;
use crate::digest::ContentDigest;
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::state::State;

/// A file from an http or https address. Mirrors `llb.HTTP`. Its Debug text has no password of the address.
#[derive(Clone)]
#[must_use = "a download does nothing until its state is used"]
pub struct Http {
    url: String,
    checksum: Option<ContentDigest>,
    file: FileInfo,
    auth_header_secret: String,
    headers: Option<(String, String)>,
    signature: Option<(String, String)>,
    options: Options,
}

/// The name, mode and owner of a downloaded file. Zero and empty stand for the default.
#[derive(Debug, Clone, Default)]
pub(super) struct FileInfo {
    pub(super) filename: String,
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
}

impl Http {
    /// The file at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            checksum: None,
            file: FileInfo::default(),
            auth_header_secret: String::new(),
            headers: None,
            signature: None,
            options: Options::default(),
        }
    }

    /// Fails unless the file has this digest. With it, the daemon need not ask the server again.
    pub fn checksum(mut self, digest: ContentDigest) -> Self {
        self.checksum = Some(digest);
        self
    }

    file_info_methods!();

    /// Sends the secret of this name as the `Authorization` header.
    pub fn auth_header_secret(mut self, name: impl Into<String>) -> Self {
        self.auth_header_secret = name.into();
        self
    }

    /// Sends these `Accept` and `User-Agent` headers; an empty one is the daemon's own.
    pub fn headers(mut self, accept: impl Into<String>, user_agent: impl Into<String>) -> Self {
        self.headers = Some((accept.into(), user_agent.into()));
        self
    }

    /// Fails unless the file has this detached OpenPGP signature by this key, both armoured.
    pub fn pgp_signature(
        mut self,
        public_key: impl Into<String>,
        signature: impl Into<String>,
    ) -> Self {
        self.signature = Some((public_key.into(), signature.into()));
        self
    }

    vertex_option_methods!();

    /// A state with the file in its root.
    pub fn state(self) -> State {
        Source::from(self).state()
    }
}

impl From<Http> for Source {
    /// The same source, to add attributes to.
    fn from(http: Http) -> Self {
        let is_http = http.url.starts_with("http://") || http.url.starts_with("https://");
        let fault = (!is_http).then(|| OpError::NotHttp {
            url: userinfo::without(&http.url).into_owned(),
        });
        let mut source = SourceOp::new(http.url, SourceKind::Portable);
        source.cap(Cap::SOURCE_HTTP);
        if let Some(digest) = http.checksum {
            source.attr(attr::HTTP_CHECKSUM, digest.as_str());
            source.cap(Cap::SOURCE_HTTP_CHECKSUM);
        }
        http.file.set_attrs(&mut source);
        if http.file.mode != 0 {
            source.cap(Cap::SOURCE_HTTP_PERM);
        }
        if http.file.owner != (0, 0) {
            source.cap(Cap::SOURCE_HTTP_UID_GID);
        }
        if !http.auth_header_secret.is_empty() {
            source.attr(attr::HTTP_AUTH_HEADER_SECRET, http.auth_header_secret);
            source.cap(Cap::SOURCE_HTTP_AUTH);
        }
        if let Some((accept, user_agent)) = &http.headers {
            source.attr_if_any(attr::HTTP_HEADER_ACCEPT, accept);
            source.attr_if_any(attr::HTTP_HEADER_USER_AGENT, user_agent);
            source.cap(Cap::SOURCE_HTTP_HEADER);
        }
        if let Some((public_key, signature)) = &http.signature {
            source.attr_if_any(attr::HTTP_SIGNATURE_PUBLIC_KEY, public_key);
            source.attr_if_any(attr::HTTP_SIGNATURE, signature);
            source.cap(Cap::SOURCE_HTTP_SIGNATURE_VERIFY);
        }
        Self {
            op: source,
            fault,
            options: http.options,
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("url", &userinfo::without(&self.url))
            .field("checksum", &self.checksum)
            .field("file", &self.file)
            .field("auth_header_secret", &self.auth_header_secret)
            .field("headers", &self.headers)
            .field("signature", &self.signature)
            .field("options", &self.options)
            .finish()
    }
}

vertex_options!(Http);

impl FileInfo {
    pub(super) fn set_attrs(&self, source: &mut SourceOp) {
        source.attr_if_any(attr::HTTP_FILENAME, &self.filename);
        if self.mode != 0 {
            source.attr(attr::HTTP_PERM, format!("0{:o}", self.mode));
        }
        let (uid, gid) = self.owner;
        for (id, key) in [(uid, attr::HTTP_UID), (gid, attr::HTTP_GID)] {
            if id != 0 {
                source.attr(key, id.to_string());
            }
        }
    }
}

/// The methods for name, mode and owner, for a builder with a field `file: FileInfo`.
macro_rules! file_info_methods {
    () => {
        /// Sets the file's name. Default: the last part of the address, or the name that the server gives.
        pub fn filename(mut self, name: impl Into<String>) -> Self {
            self.file.filename = name.into();
            self
        }

        /// Sets the permission bits. Default: 0600. Higher bits are dropped.
        pub fn mode(mut self, mode: u32) -> Self {
            self.file.mode = mode & 0o777;
            self
        }

        /// Sets the owner. Default: 0:0.
        pub fn owner(mut self, uid: u32, gid: u32) -> Self {
            self.file.owner = (uid, gid);
            self
        }
    };
}
pub(super) use file_info_methods;
