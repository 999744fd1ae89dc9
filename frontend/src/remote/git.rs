//! Addresses of git repositories with a ref and a directory, as `dfgitutil.ParseGitRef` of BuildKit reads them:
//! `https://host/x.git#REF:SUBDIR`, or with a query, `https://host/x.git?branch=main&subdir=app`.

use buildkit_llb::{Git, GitMtime, GitUrl, State};

use super::RemoteError;

/// The keys of a query.
pub(super) const KEYS: [&str; 10] = [
    "ref",
    "tag",
    "branch",
    "subdir",
    "checksum",
    "commit",
    "keep-git-dir",
    "submodules",
    "mtime",
    "fetch-by-commit",
];

/// A git repository, with its ref, directory and other settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GitContext {
    url: GitUrl,
    reference: Option<String>,
    subdir: Option<String>,
    checksum: Option<String>,
    pub(super) keep_git_dir: Option<bool>,
    submodules: bool,
    mtime: Option<GitMtime>,
    fetch_by_commit: bool,
}

impl GitContext {
    pub(super) fn read(text: &str) -> Result<Self, RemoteError> {
        let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (address, query) = address.split_once('?').unwrap_or((address, ""));
        let (reference, subdir) = fragment.split_once(':').unwrap_or((fragment, ""));
        let mut git = Self {
            url: address.parse()?,
            reference: None,
            subdir: None,
            checksum: None,
            keep_git_dir: None,
            submodules: true,
            mtime: None,
            fetch_by_commit: false,
        };
        set(&mut git.reference, reference.to_owned())?;
        set(&mut git.subdir, clean(subdir))?;
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            git.set(&key, value.into_owned())?;
        }
        Ok(git)
    }

    fn set(&mut self, key: &str, value: String) -> Result<(), RemoteError> {
        match key {
            "ref" => set(&mut self.reference, value)?,
            "tag" => set(&mut self.reference, below("refs/tags/", value))?,
            "branch" => set(&mut self.reference, below("refs/heads/", value))?,
            "subdir" => set(&mut self.subdir, clean(&value))?,
            "checksum" | "commit" => set(&mut self.checksum, value)?,
            "keep-git-dir" => self.keep_git_dir = Some(is_true("keep-git-dir", value)?),
            "submodules" => self.submodules = is_true("submodules", value)?,
            "fetch-by-commit" => self.fetch_by_commit = is_true("fetch-by-commit", value)?,
            "mtime" => {
                self.mtime = Some(match &*value {
                    "checkout" => GitMtime::Checkout,
                    "commit" => GitMtime::Commit,
                    _ => return Err(unlike("mtime", value, "it is `checkout` or `commit`")),
                });
            }
            _ => {
                return Err(RemoteError::Query {
                    key: key.to_owned(),
                    nearest: catalog::nearest(key, KEYS).map(str::to_owned),
                });
            }
        }
        Ok(())
    }

    pub(super) fn state(&self, name: &str) -> State {
        let git = Git::new(self.url.clone()).custom_name(name);
        let git = with(git, self.reference.as_ref(), Git::git_ref);
        let git = with(git, self.subdir.as_ref(), Git::subdir);
        let git = with(git, self.checksum.as_ref(), Git::checksum);
        let git = with(git, self.mtime, Git::mtime);
        let switch = |on: bool| on.then_some(());
        let git = with(git, switch(self.keep_git_dir == Some(true)), |git, ()| {
            git.keep_git_dir()
        });
        let git = with(git, switch(!self.submodules), |git, ()| {
            git.skip_submodules()
        });
        let git = with(git, switch(self.fetch_by_commit), |git, ()| {
            git.fetch_by_commit()
        });
        git.state()
    }
}

fn with<T>(git: Git, value: Option<T>, set: impl Fn(Git, T) -> Git) -> Git {
    value.into_iter().fold(git, set)
}

/// Sets a part that may be given twice, but not with two values; empty text sets nothing.
fn set(part: &mut Option<String>, value: String) -> Result<(), RemoteError> {
    if value.is_empty() {
        return Ok(());
    }
    match part {
        Some(known) if *known != value => Err(RemoteError::Conflict {
            first: known.clone(),
            second: value,
        }),
        _ => {
            *part = Some(value);
            Ok(())
        }
    }
}

/// A directory of a repository, without slashes around it.
fn clean(subdir: &str) -> String {
    subdir.trim_matches('/').to_owned()
}

fn below(prefix: &str, name: String) -> String {
    if name.is_empty() || name.starts_with(prefix) {
        name
    } else {
        format!("{prefix}{name}")
    }
}

/// A switch; one without a value is on.
fn is_true(key: &'static str, value: String) -> Result<bool, RemoteError> {
    match &*value {
        "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(unlike(key, value, "it is `true` or `false`")),
    }
}

fn unlike(key: &'static str, value: String, expected: &'static str) -> RemoteError {
    RemoteError::QueryValue {
        key,
        value,
        expected,
    }
}
