//! Git repositories.

use super::git_url::GitUrl;
use super::oci::Store;
use super::{Source, SourceKind, SourceOp, attr};
use crate::cap::Cap;
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::path;
use crate::state::State;

/// The secret with a token that is used unless another is named. Mirrors `llb.GitAuthTokenKey`.
const AUTH_TOKEN_SECRET: &str = "GIT_AUTH_TOKEN";
/// The secret with an authorization header that is used unless another is named. Mirrors `llb.GitAuthHeaderKey`.
const AUTH_HEADER_SECRET: &str = "GIT_AUTH_HEADER";
/// The ssh agent that is used unless another is named.
const DEFAULT_SSH_SOCKET: &str = "default";

/// The files of a git repository at one commit. Mirrors `llb.Git`.
#[derive(Debug, Clone)]
#[must_use = "a git source does nothing until its state is used"]
pub struct Git {
    url: GitUrl,
    reference: String,
    subdir: String,
    auth: Auth,
    known_ssh_hosts: String,
    ssh_socket: String,
    checksum: String,
    mtime: Option<GitMtime>,
    bundle: Option<GitBundle>,
    flags: Flags,
    options: Options,
}

/// The names of secrets for http, and whether they were chosen.
#[derive(Debug, Clone)]
struct Auth {
    token_secret: String,
    header_secret: String,
    is_chosen: bool,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, one attribute each"
)]
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    keep_git_dir: bool,
    skip_submodules: bool,
    fetch_by_commit: bool,
    checkout_bundle: bool,
}

/// The modification times of files from git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GitMtime {
    /// The time of the checkout; the daemon's default.
    Checkout,
    /// The time of the commit.
    Commit,
}

/// A git bundle that the history comes from, instead of the repository.
#[derive(Debug, Clone)]
pub struct GitBundle {
    locator: String,
    store: Store,
}

impl Git {
    /// The default branch of the repository at `url`.
    ///
    /// One that is reached over ssh needs [`known_ssh_hosts`](Self::known_ssh_hosts): BuildKit's client would ask the
    /// network for the keys, and so give another digest each time they change.
    pub fn new(url: GitUrl) -> Self {
        Self {
            url,
            reference: String::new(),
            subdir: String::new(),
            auth: Auth {
                token_secret: AUTH_TOKEN_SECRET.to_owned(),
                header_secret: AUTH_HEADER_SECRET.to_owned(),
                is_chosen: false,
            },
            known_ssh_hosts: String::new(),
            ssh_socket: DEFAULT_SSH_SOCKET.to_owned(),
            checksum: String::new(),
            mtime: None,
            bundle: None,
            flags: Flags::default(),
            options: Options::default(),
        }
    }

    /// Sets the branch, tag or commit. Default: the default branch.
    pub fn git_ref(mut self, reference: impl Into<String>) -> Self {
        self.reference = reference.into();
        self
    }

    /// Uses only this directory of the repository. Default: all of it.
    pub fn subdir(mut self, subdir: impl Into<String>) -> Self {
        self.subdir = subdir.into();
        self
    }

    /// Sets ref and directory from what follows the `#` of an old-style address: `ref[:subdir]`.
    pub fn fragment(self, fragment: &str) -> Self {
        let (reference, subdir) = fragment.split_once(':').unwrap_or((fragment, ""));
        let subdir = path::join(&["/", subdir]);
        let git = if reference.is_empty() {
            self
        } else {
            self.git_ref(reference)
        };
        match subdir.trim_start_matches('/') {
            "" => git,
            subdir => git.subdir(subdir),
        }
    }

    /// Keeps the directory `.git`.
    pub fn keep_git_dir(mut self) -> Self {
        self.flags.keep_git_dir = true;
        self
    }

    /// Names the secret with a token for http. Default: `GIT_AUTH_TOKEN`. Empty: none.
    pub fn auth_token_secret(mut self, name: impl Into<String>) -> Self {
        self.auth.token_secret = name.into();
        self.auth.is_chosen = true;
        self
    }

    /// Names the secret with an authorization header for http. Default: `GIT_AUTH_HEADER`. Empty: none.
    pub fn auth_header_secret(mut self, name: impl Into<String>) -> Self {
        self.auth.header_secret = name.into();
        self.auth.is_chosen = true;
        self
    }

    /// Adds a line, or more, of a `known_hosts` file. Needed for ssh.
    pub fn known_ssh_hosts(mut self, lines: impl AsRef<str>) -> Self {
        let lines = lines.as_ref();
        self.known_ssh_hosts
            .push_str(lines.strip_suffix('\n').unwrap_or(lines));
        self.known_ssh_hosts.push('\n');
        self
    }

    /// Names the ssh agent. Default: `default`.
    pub fn ssh_socket(mut self, id: impl Into<String>) -> Self {
        self.ssh_socket = id.into();
        self
    }

    /// Fails unless the commit has this hash, which may be cut short.
    pub fn checksum(mut self, commit: impl Into<String>) -> Self {
        self.checksum = commit.into();
        self
    }

    /// Leaves submodules out.
    pub fn skip_submodules(mut self) -> Self {
        self.flags.skip_submodules = true;
        self
    }

    /// Sets the times of files. Default: the time of the checkout.
    pub fn mtime(mut self, mtime: GitMtime) -> Self {
        self.mtime = Some(mtime);
        self
    }

    /// Fetches the commit of [`checksum`](Self::checksum) without asking the repository for the current commit of the
    /// ref.
    pub fn fetch_by_commit(mut self) -> Self {
        self.flags.fetch_by_commit = true;
        self
    }

    /// Takes the history from a bundle. Needs [`checksum`](Self::checksum).
    pub fn bundle(mut self, bundle: GitBundle) -> Self {
        self.bundle = Some(bundle);
        self
    }

    /// Makes one file `bundle` with the commit, instead of its files. Not with [`keep_git_dir`](Self::keep_git_dir)
    /// or [`subdir`](Self::subdir).
    pub fn checkout_bundle(mut self) -> Self {
        self.flags.checkout_bundle = true;
        self
    }

    vertex_option_methods!();

    /// The files.
    pub fn state(self) -> State {
        Source::from(self).state()
    }

    /// The source with its attributes.
    fn source(&self) -> SourceOp {
        let mut source = SourceOp::new(self.identifier(), SourceKind::Portable);
        source.cap(Cap::SOURCE_GIT);
        source.attr(attr::GIT_FULL_URL, self.url.as_str());
        source.cap(Cap::SOURCE_GIT_FULL_URL);
        self.set_auth(&mut source);
        let mtime = self.mtime.map_or("", |mtime| match mtime {
            GitMtime::Checkout => "checkout",
            GitMtime::Commit => "commit",
        });
        let on = |is_set: bool| if is_set { "true" } else { "" };
        for (value, key, cap) in [
            (
                on(self.flags.keep_git_dir),
                attr::GIT_KEEP_DIR,
                Cap::SOURCE_GIT_KEEP_DIR,
            ),
            (&self.checksum, attr::GIT_CHECKSUM, Cap::SOURCE_GIT_CHECKSUM),
            (
                on(self.flags.skip_submodules),
                attr::GIT_SKIP_SUBMODULES,
                Cap::SOURCE_GIT_SKIP_SUBMODULES,
            ),
            (mtime, attr::GIT_MTIME, Cap::SOURCE_GIT_MTIME),
            (
                on(self.flags.fetch_by_commit),
                attr::GIT_FETCH_BY_COMMIT,
                Cap::SOURCE_GIT_FETCH_BY_COMMIT,
            ),
            (
                on(self.flags.checkout_bundle),
                attr::GIT_CHECKOUT_BUNDLE,
                Cap::SOURCE_GIT_CHECKOUT_BUNDLE,
            ),
        ] {
            if !value.is_empty() {
                source.attr(key, value);
                source.cap(cap);
            }
        }
        if let Some(bundle) = &self.bundle {
            source.attr(attr::GIT_BUNDLE, &*bundle.locator);
            source.cap(Cap::SOURCE_GIT_BUNDLE);
            bundle.store.set_attrs(&mut source);
        }
        source
    }

    /// `git://host/path[#ref[:subdir]]`
    fn identifier(&self) -> String {
        let suffix = match (&*self.reference, &*self.subdir) {
            ("", "") => String::new(),
            (reference, "") => format!("#{reference}"),
            (reference, subdir) => format!("#{reference}:{subdir}"),
        };
        format!("git://{}{suffix}", self.url.identity())
    }

    fn set_auth(&self, source: &mut SourceOp) {
        source.attr_if_any(attr::GIT_AUTH_TOKEN_SECRET, &self.auth.token_secret);
        source.attr_if_any(attr::GIT_AUTH_HEADER_SECRET, &self.auth.header_secret);
        if self.auth.is_chosen
            && !(self.auth.token_secret.is_empty() && self.auth.header_secret.is_empty())
        {
            source.cap(Cap::SOURCE_GIT_HTTP_AUTH);
        }
        if self.url.is_ssh() {
            source.attr(attr::GIT_KNOWN_SSH_HOSTS, &*self.known_ssh_hosts);
            source.cap(Cap::SOURCE_GIT_KNOWN_SSH_HOSTS);
            let socket = if self.ssh_socket.is_empty() {
                DEFAULT_SSH_SOCKET
            } else {
                &self.ssh_socket
            };
            source.attr(attr::GIT_MOUNT_SSH_SOCK, socket);
            source.cap(Cap::SOURCE_GIT_MOUNT_SSH_SOCK);
        }
    }

    fn fault(&self) -> Option<OpError> {
        let url = || self.url.redacted();
        if self.url.is_ssh() && self.known_ssh_hosts.is_empty() {
            return Some(OpError::NoKnownSshHosts { url: url() });
        }
        if self.bundle.is_some() && self.checksum.is_empty() {
            return Some(OpError::BundleWithoutChecksum { url: url() });
        }
        if self.flags.checkout_bundle && (self.flags.keep_git_dir || !self.subdir.is_empty()) {
            return Some(OpError::BundleOfPart { url: url() });
        }
        None
    }
}

impl From<Git> for Source {
    /// The same source, to add attributes to.
    fn from(git: Git) -> Self {
        Self {
            op: git.source(),
            fault: git.fault(),
            options: git.options,
        }
    }
}

vertex_options!(Git);

impl GitBundle {
    /// A bundle that is a blob of a registry: `repository@sha256:…`, used as given.
    pub fn image_blob(reference: &str) -> Self {
        Self {
            locator: format!("docker-image+blob://{reference}"),
            store: Store::default(),
        }
    }

    /// A bundle that is a blob of an OCI layout: `repository@sha256:…`, used as given.
    pub fn oci_layout_blob(reference: &str) -> Self {
        Self {
            locator: format!("oci-layout+blob://{reference}"),
            store: Store::default(),
        }
    }

    /// Names the session and the store of an OCI layout. Default: any session, and the store named by the reference.
    pub fn store(mut self, session: impl Into<String>, id: impl Into<String>) -> Self {
        self.store = Store {
            session: session.into(),
            id: id.into(),
        };
        self
    }
}
