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

use self::mount::{MountNode, MountVariant, Source};
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::settings::{Setting, Values, settings_methods};
use crate::state::State;
use crate::vertex::{Op, Slots, Vertex};

/// The path where the root file system is mounted.
const ROOT: &str = "/";
/// The number of mounts, the root included, that room is made for at once: commands with mounts often have several.
const USUAL_MOUNTS: usize = 6;
/// The beginning of the path of an ssh agent without a target of its own; its number follows.
const SSH_TARGET: &str = "/run/buildkit/ssh_agent.";
/// The variable with the socket of the agent, for ssh.
const SSH_AUTH_SOCK: &str = "SSH_AUTH_SOCK";

/// A command to run on a state. Its settings hold for this command only. Mirrors `llb.ExecInfo`.
///
/// ```
/// use buildkit_llb::{Args, CacheMount, CacheSharing, Exec, Image, NetworkMode, SecretFile};
///
/// let base = Image::new("node:22".parse()?).state().dir("/app");
/// let install = Exec::new(Args::shell("npm ci"))
///     .custom_name("npm ci")
///     .env("CI", "true")
///     .mount(CacheMount::new("/root/.npm", "npm").sharing(CacheSharing::Locked))
///     .mount(SecretFile::new("/root/.npmrc").id("npmrc").optional());
/// let test = Exec::new(["npm", "test"]).network(NetworkMode::None).user("node");
/// let tested = base.run(install).run(test);
///
/// // What an exec sets for itself is not handed on; what the state has is.
/// assert_eq!(tested.get_env("CI"), None);
/// assert_eq!(tested.get_user(), "");
/// assert_eq!(tested.get_dir(), "/app");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "an exec does nothing until a state runs it"]
pub struct Exec {
    args: Args,
    settings: Vec<Setting>,
    mounts: Vec<MountNode>,
    secrets: Vec<SecretFile>,
    ssh: Vec<SshSocket>,
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
    mounts: Vec<MountNode>,
    secrets: Vec<SecretFile>,
    secret_env: Vec<SecretEnv>,
    ssh: Vec<SshSocket>,
    proxy: Option<Box<ProxyEnv>>,
    valid_exit_codes: Option<Vec<i32>>,
    cdi_devices: Vec<CdiDevice>,
}

impl Exec {
    /// A command by its program and arguments, as an array or [`Args`]; `Args::shell` has a shell run a line.
    pub fn new(args: impl Into<Args>) -> Self {
        Self {
            args: args.into(),
            settings: Vec::new(),
            mounts: Vec::new(),
            secrets: Vec::new(),
            ssh: Vec::new(),
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
        match mount.into().0 {
            MountVariant::State(node) => {
                if self.mounts.capacity() == 0 {
                    self.mounts.reserve(USUAL_MOUNTS);
                }
                self.mounts.push(node);
            }
            MountVariant::Secret(secret) => self.secrets.push(secret),
            MountVariant::Ssh(socket) => self.ssh.push(socket),
        }
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

    /// Sets the exit codes that mean success. Default: 0.
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
        // Most commands set one thing or nothing.
        self.settings.reserve_exact(1);
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
        let mut ssh = self.ssh;
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
        if let Some((name, _)) = values
            .env
            .pairs()
            .find(|(name, _)| name.is_empty() || name.contains('='))
        {
            fault = fault.or(Some(OpError::EnvName {
                name: name.to_owned(),
            }));
        }
        let mut mounts = self.mounts;
        mounts.reserve_exact(1);
        // The root comes before the others, so that it stays first among mounts with equal targets.
        mounts.insert(0, MountNode::root(base, self.readonly_root));
        let inputs = number_outputs(&mut mounts);
        fault = fault.or_else(|| mounts.iter().find_map(MountNode::fault));
        let op = ExecOp {
            args: self.args,
            values,
            mounts,
            secrets: self.secrets,
            secret_env: self.secret_env,
            ssh,
            proxy: self.proxy.map(Box::new),
            valid_exit_codes: self.valid_exit_codes,
            cdi_devices: self.cdi_devices,
        };
        let vertex = Vertex::new(Op::Exec(Box::new(op)), self.options, inputs.0, fault);
        ExecOutputs::new(base.clone(), Arc::new(vertex))
    }
}

vertex_options!(Exec);

/// Sorts mounts by the bytes of their targets (the root is not special), numbers their outputs, and gives slots to
/// their inputs.
fn number_outputs(mounts: &mut [MountNode]) -> Slots {
    mounts.sort_by(|a, b| a.target.cmp(&b.target));
    let mut inputs = Slots(Vec::with_capacity(mounts.len()));
    let mut outputs = 0..;
    for mount in mounts {
        mount.source = match std::mem::replace(&mut mount.source, Source::None) {
            Source::Output(output) => Source::Slot(inputs.push(output)),
            source => source,
        };
        mount.output = if mount.has_output() {
            outputs.next()
        } else {
            None
        };
    }
    inputs
}

impl CdiDevice {
    /// A device that must exist.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            optional: false,
        }
    }

    /// The same device, left out if it does not exist.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}
