//! Commands in containers.

mod args;
mod encode;
mod mount;
mod outputs;
mod secret;

use std::sync::Arc;

pub use self::args::Args;
pub use self::mount::{BindMount, CacheMount, CacheSharing, ContentCache, Mount, TmpfsMount};
pub use self::outputs::ExecOutputs;
pub use self::secret::{SecretEnv, SecretFile, SshSocket};

use self::mount::{MountNode, MountVariant};
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods};
use crate::settings::{Setting, Values, settings_methods};
use crate::state::State;
use crate::vertex::{Op, Slots, Vertex};

/// Where the root file system is mounted.
const ROOT: &str = "/";
/// Where ssh agents are mounted that have no target of their own, followed by their number.
const SSH_TARGET: &str = "/run/buildkit/ssh_agent.";
/// The variable that tells ssh where its agent listens.
const SSH_AUTH_SOCK: &str = "SSH_AUTH_SOCK";

/// A command to run on a state. What is set here holds for this command only. Mirrors `llb.ExecInfo`.
#[derive(Debug, Clone)]
#[must_use = "an exec does nothing until a state runs it"]
pub struct Exec {
    args: Args,
    settings: Vec<Setting>,
    mounts: Vec<Mount>,
    secret_env: Vec<SecretEnv>,
    readonly_root: bool,
    proxy: Option<ProxyEnv>,
    valid_exit_codes: Option<Vec<i32>>,
    cdi_devices: Vec<CdiDevice>,
    options: Options,
}

/// Proxies for a command, which are not part of the cache key. Empty ones are not set. Mirrors `pb.ProxyEnv`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyEnv {
    /// `HTTP_PROXY`
    pub http: String,
    /// `HTTPS_PROXY`
    pub https: String,
    /// `FTP_PROXY`
    pub ftp: String,
    /// `NO_PROXY`
    pub no: String,
    /// `ALL_PROXY`
    pub all: String,
}

/// A device by its qualified CDI name, such as `vendor.com/gpu=0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdiDevice {
    name: String,
    optional: bool,
}

/// A finished exec: mounts sorted, outputs numbered.
#[derive(Debug)]
pub(crate) struct ExecOp {
    args: Args,
    values: Arc<Values>,
    mounts: Box<[MountNode]>,
    secrets: Box<[SecretFile]>,
    secret_env: Box<[SecretEnv]>,
    ssh: Box<[SshSocket]>,
    proxy: Option<Box<ProxyEnv>>,
    valid_exit_codes: Option<Box<[i32]>>,
    cdi_devices: Box<[CdiDevice]>,
}

impl Exec {
    /// A command by its program and arguments, as an array or [`Args`]; `Args::shell` has a shell run a line.
    pub fn new(args: impl Into<Args>) -> Self {
        Self {
            args: args.into(),
            settings: Vec::new(),
            mounts: Vec::new(),
            secret_env: Vec::new(),
            readonly_root: false,
            proxy: None,
            valid_exit_codes: None,
            cdi_devices: Vec::new(),
            options: Options::default(),
        }
    }

    settings_methods!();
    vertex_option_methods!();

    /// Adds a mount: a state, a cache, a tmpfs, a secret file or an ssh agent.
    pub fn mount(mut self, mount: impl Into<Mount>) -> Self {
        self.mounts.push(mount.into());
        self
    }

    /// Adds an environment variable with a secret's value.
    pub fn secret_env(mut self, secret: SecretEnv) -> Self {
        self.secret_env.push(secret);
        self
    }

    /// Mounts the root file system read-only; the state after the command is then the one before it.
    pub fn readonly_root(mut self) -> Self {
        self.readonly_root = true;
        self
    }

    /// Sets proxies. Default: none, and not those of the daemon either.
    pub fn proxy(mut self, proxy: ProxyEnv) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Says which exit codes mean success. Default: 0.
    pub fn valid_exit_codes(mut self, codes: impl Into<Vec<i32>>) -> Self {
        self.valid_exit_codes = Some(codes.into()).filter(|codes| !codes.is_empty());
        self
    }

    /// Gives the container a device.
    pub fn cdi_device(mut self, device: CdiDevice) -> Self {
        self.cdi_devices.push(device);
        self
    }

    fn set(mut self, setting: Setting) -> Self {
        self.settings.push(setting);
        self
    }

    /// The exec on `base`.
    pub(crate) fn on(self, base: &State) -> ExecOutputs {
        let mut values = base.values.clone();
        let mut fault = self.args.is_empty().then_some(OpError::NoArguments);
        if !self.settings.is_empty() {
            let values = Arc::make_mut(&mut values);
            self.settings
                .into_iter()
                .for_each(|setting| values.apply(setting));
        }
        let mut secrets = Vec::new();
        let mut ssh: Vec<SshSocket> = Vec::new();
        let mut nodes = vec![MountNode::root(base, self.readonly_root)];
        for mount in self.mounts {
            match mount.0 {
                MountVariant::State(node) => nodes.push(node),
                MountVariant::Secret(secret) => secrets.push(secret),
                MountVariant::Ssh(socket) => ssh.push(socket),
            }
        }
        for (number, socket) in ssh.iter_mut().enumerate() {
            socket
                .target
                .get_or_insert_with(|| format!("{SSH_TARGET}{number}"));
        }
        if let Some(target) = ssh.first().and_then(|socket| socket.target.as_deref())
            && values.env.get(SSH_AUTH_SOCK).is_none()
        {
            Arc::make_mut(&mut values).env.set(SSH_AUTH_SOCK, target);
        }
        if let Some((name, _)) = values.env.pairs().find(|(name, _)| name.is_empty()) {
            fault = fault.or(Some(OpError::EnvName {
                name: name.to_owned(),
            }));
        }
        let (mounts, inputs) = number_outputs(nodes);
        fault = fault.or_else(|| mounts.iter().find_map(MountNode::fault));
        let op = ExecOp {
            args: self.args,
            values,
            mounts,
            secrets: secrets.into(),
            secret_env: self.secret_env.into(),
            ssh: ssh.into(),
            proxy: self.proxy.map(Box::new),
            valid_exit_codes: self.valid_exit_codes.map(Into::into),
            cdi_devices: self.cdi_devices.into(),
        };
        let vertex = Vertex {
            op: Op::Exec(op),
            options: self.options,
            inputs: inputs.0,
            fault,
        };
        ExecOutputs::new(base.clone(), Arc::new(vertex))
    }
}

/// Sorts mounts by the bytes of their targets (the root is not special), and gives each its input and its output.
fn number_outputs(mut nodes: Vec<MountNode>) -> (Box<[MountNode]>, Slots) {
    nodes.sort_by(|a, b| a.target.cmp(&b.target));
    let mut inputs = Slots(Vec::with_capacity(nodes.len()));
    let mut outputs = 0..;
    for node in &mut nodes {
        node.slot = node.source.take().map(|output| inputs.push(output));
        node.output = if node.has_output() {
            outputs.next()
        } else {
            None
        };
    }
    (nodes.into(), inputs)
}

impl CdiDevice {
    /// A device that must be there.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            optional: false,
        }
    }

    /// The same device, left out where there is none.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}
