//! The operation of a vertex, read back from its op: for programs that explain graphs, not for building them.

use std::collections::BTreeMap;
use std::fmt;

use prost::Message as _;

use crate::constraints::Constraints;
use crate::definition::Entry;
use crate::pb;
use crate::platform::Platform;
use crate::source::{attr, told, userinfo};
use crate::state::State;

/// The number of bind mounts in `pb.MountType`.
const BIND: i32 = 0;

/// The operation of a vertex, without the digests of its inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpContent {
    /// Runs a command.
    Exec(ExecContent),
    /// Fetches files from elsewhere.
    Source(SourceContent),
    /// Changes files.
    File(Vec<FileActionContent>),
    /// Something else.
    Other,
}

/// A command and its surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecContent {
    /// The program and its arguments.
    pub args: Vec<String>,
    /// The environment, as `NAME=VALUE`.
    pub env: Vec<String>,
    /// The working directory.
    pub cwd: String,
    /// The user; empty for root.
    pub user: String,
    /// `UNSET`, `HOST` or `NONE`.
    pub network: &'static str,
    /// The mounts, the root file system among them.
    pub mounts: Vec<MountContent>,
    /// The variables that have a secret as their value.
    pub secret_env: Vec<SecretEnvContent>,
}

/// A variable of a command that has a secret as its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretEnvContent {
    /// Its name.
    pub name: String,
    /// The id of the secret.
    pub id: String,
    /// Whether it is empty if the secret is not given.
    pub optional: bool,
}

/// A mount of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MountContent {
    /// The path of the mount; `/` is the root file system.
    pub dest: String,
    /// The index of the mounted input of the vertex; `None` for scratch, and for mounts without an input.
    pub input: Option<usize>,
    /// The directory of the input that is mounted.
    pub selector: String,
    /// Whether it cannot be written to.
    pub readonly: bool,
    /// `bind`, `cache`, `secret`, `ssh` or `tmpfs`.
    pub kind: &'static str,
    /// The id of a cache, secret or agent.
    pub id: String,
    /// The rule for commands that use a cache at once: `shared`, `private` or `locked`; empty for other mounts.
    pub sharing: &'static str,
    /// Whether a secret or an agent may be missing.
    pub optional: bool,
}

/// The source of files. The Debug text has no password of an address.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceContent {
    /// The identifier, such as `docker-image://docker.io/library/alpine:latest`.
    pub identifier: String,
    /// Its attributes.
    pub attrs: BTreeMap<String, String>,
}

/// One change of files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileActionContent {
    /// The index of the changed input of the vertex; `None` for scratch, and for the result of an earlier action of
    /// the vertex.
    pub input: Option<usize>,
    /// The index of the input of the vertex that is copied from.
    pub source: Option<usize>,
    /// The change.
    pub change: FileChange,
}

/// A change of files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileChange {
    /// Copies.
    Copy {
        /// From.
        src: String,
        /// To.
        dest: String,
        /// The permission bits that the copies get; -1 keeps them.
        mode: i32,
    },
    /// Makes a file.
    Mkfile {
        /// Its path.
        path: String,
        /// Its permission bits.
        mode: i32,
        /// Its content.
        data: Vec<u8>,
    },
    /// Makes a directory.
    Mkdir {
        /// Its path.
        path: String,
        /// Its permission bits.
        mode: i32,
    },
    /// Makes a symbolic link.
    Symlink {
        /// Its target.
        target: String,
        /// Its path.
        path: String,
    },
    /// Removes.
    Rm {
        /// The path.
        path: String,
    },
    /// Something else.
    Other,
}

impl SourceContent {
    /// The source that a state is: its last vertex, if that is one.
    pub fn of(state: &State) -> Option<Self> {
        let constraints = Constraints::new(Platform::new("linux", "amd64"));
        let definition = state.marshal(&constraints).ok()?;
        match definition.vertices().next_back()?.content() {
            OpContent::Source(source) => Some(source),
            _ => None,
        }
    }

    /// The repository of a git source, as it was written.
    pub fn git_url(&self) -> Option<&str> {
        self.attrs.get(attr::GIT_FULL_URL).map(String::as_str)
    }

    /// The expected digest of a download.
    pub fn http_checksum(&self) -> Option<&str> {
        self.attrs.get(attr::HTTP_CHECKSUM).map(String::as_str)
    }

    /// The paths that a local source is limited to, without the backslashes of escapes.
    pub fn included_paths(&self) -> Vec<String> {
        let patterns = self.attrs.get(attr::LOCAL_INCLUDE_PATTERNS);
        let list = patterns.and_then(|patterns| serde_json::from_str::<Vec<String>>(patterns).ok());
        let plain = |pattern: String| pattern.replace('\\', "");
        list.unwrap_or_default().into_iter().map(plain).collect()
    }
}

impl fmt::Debug for SourceContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceContent")
            .field("identifier", &userinfo::without(&self.identifier))
            .field("attrs", &told(&self.attrs))
            .finish()
    }
}

impl Entry {
    /// The operation of the vertex.
    pub fn content(&self) -> OpContent {
        match self.message().op {
            Some(pb::op::Op::Exec(exec)) => OpContent::Exec(exec_content(exec)),
            Some(pb::op::Op::Source(source)) => OpContent::Source(SourceContent {
                identifier: source.identifier,
                attrs: source.attrs,
            }),
            Some(pb::op::Op::File(file)) => {
                let inputs = self.inputs.len();
                let actions = file.actions.into_iter();
                OpContent::File(actions.map(|action| file_action(action, inputs)).collect())
            }
            _ => OpContent::Other,
        }
    }

    /// The bytes of the op without the digests of its inputs: equal for vertices that do the same to different inputs.
    pub fn own_bytes(&self) -> Vec<u8> {
        let mut op = self.message();
        for input in &mut op.inputs {
            input.digest.clear();
        }
        op.encode_to_vec()
    }

    /// The platform that the op carries, as `linux/arm64`; empty for none.
    pub fn op_platform(&self) -> String {
        let Some(platform) = self.message().platform else {
            return String::new();
        };
        let parts = [platform.os, platform.architecture, platform.variant];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("/")
    }

    /// The input whose next state the vertex is: the one in which files are changed, or the root file system of a
    /// command. For a command without a root of its own (it is scratch, or read-only), the first mount that has an
    /// input and an output.
    pub fn primary_input(&self) -> Option<usize> {
        match self.message().op? {
            pb::op::Op::Exec(exec) => exec_primary_input(&exec.mounts),
            pb::op::Op::File(file) => {
                let inputs = self.inputs.len();
                let named = file.actions.first()?.input;
                usize::try_from(named).ok().filter(|input| *input < inputs)
            }
            pb::op::Op::Source(_) | pb::op::Op::Build(_) => None,
            _ => (!self.inputs.is_empty()).then_some(0),
        }
    }

    fn message(&self) -> pb::Op {
        // An entry is made by marshalling, or by decoding bytes that were read as an op.
        pb::Op::decode(&*self.op).unwrap_or_default()
    }
}

/// The input of the mount that a command leaves changed.
fn exec_primary_input(mounts: &[pb::Mount]) -> Option<usize> {
    let is_root = |mount: &&pb::Mount| mount.dest == "/";
    // Only bind mounts have outputs; those of secrets and agents have the number 0 and mean nothing.
    let is_left =
        |mount: &&pb::Mount| mount.mount_type == BIND && mount.output >= 0 && mount.input >= 0;
    let root = mounts.iter().find(is_root);
    let left = mounts.iter().filter(is_left);
    let primary = root.filter(is_left).or_else(|| left.into_iter().next());
    usize::try_from(primary.or(root)?.input).ok()
}

fn exec_content(exec: pb::ExecOp) -> ExecContent {
    let meta = exec.meta.unwrap_or_default();
    ExecContent {
        args: meta.args,
        env: meta.env,
        cwd: meta.cwd,
        user: meta.user,
        network: match exec.network {
            0 => "UNSET",
            1 => "HOST",
            2 => "NONE",
            _ => "unknown",
        },
        mounts: exec.mounts.into_iter().map(mount_content).collect(),
        secret_env: exec.secretenv.into_iter().map(secret_env).collect(),
    }
}

fn secret_env(secret: pb::SecretEnv) -> SecretEnvContent {
    SecretEnvContent {
        name: secret.name,
        id: secret.id,
        optional: secret.optional,
    }
}

fn mount_content(mount: pb::Mount) -> MountContent {
    let (kind, id) = match (&mount.cache_opt, &mount.secret_opt, &mount.ssh_opt) {
        (Some(cache), _, _) => ("cache", cache.id.clone()),
        (_, Some(secret), _) => ("secret", secret.id.clone()),
        (_, _, Some(ssh)) => ("ssh", ssh.id.clone()),
        _ if mount.tmpfs_opt.is_some() => ("tmpfs", String::new()),
        _ => ("bind", String::new()),
    };
    let sharing = mount.cache_opt.as_ref().map(|cache| match cache.sharing {
        0 => "shared",
        1 => "private",
        2 => "locked",
        _ => "unknown",
    });
    let secret = mount.secret_opt.as_ref().map(|secret| secret.optional);
    let agent = mount.ssh_opt.as_ref().map(|agent| agent.optional);
    MountContent {
        dest: mount.dest,
        input: usize::try_from(mount.input).ok(),
        selector: mount.selector,
        readonly: mount.readonly,
        kind,
        id,
        sharing: sharing.unwrap_or_default(),
        optional: secret.or(agent).unwrap_or_default(),
    }
}

fn file_action(action: pb::FileAction, inputs: usize) -> FileActionContent {
    let of_vertex = |input: i64| usize::try_from(input).ok().filter(|input| *input < inputs);
    FileActionContent {
        input: of_vertex(action.input),
        source: of_vertex(action.secondary_input),
        change: match action.action {
            Some(pb::file_action::Action::Copy(copy)) => FileChange::Copy {
                src: copy.src,
                dest: copy.dest,
                mode: copy.mode,
            },
            Some(pb::file_action::Action::Mkfile(file)) => FileChange::Mkfile {
                path: file.path,
                mode: file.mode,
                data: file.data,
            },
            Some(pb::file_action::Action::Mkdir(directory)) => FileChange::Mkdir {
                path: directory.path,
                mode: directory.mode,
            },
            Some(pb::file_action::Action::Symlink(link)) => FileChange::Symlink {
                target: link.oldpath,
                path: link.newpath,
            },
            Some(pb::file_action::Action::Rm(rm)) => FileChange::Rm { path: rm.path },
            None => FileChange::Other,
        },
    }
}
