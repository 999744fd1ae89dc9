//! The bytes of an exec.

use super::mount::{CacheSharing, ContentCache, MountKind, MountNode};
use super::secret::{SecretFile, SshSocket};
use super::{ExecOp, ProxyEnv};
use crate::cap::Cap;
use crate::encoding::Encoding;
use crate::env::Env;
use crate::error::OpError;
use crate::settings::{NetworkMode, SecurityMode};
use crate::wire::Writer;

/// The value that a daemon sets, for daemons that do not. Mirrors `system.DefaultPathEnvUnix`.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Values of `pb.MountType`; a bind mount is 0.
const SECRET: u64 = 1;
const SSH: u64 = 2;
const CACHE: u64 = 3;
const TMPFS: u64 = 4;

/// No input: scratch. No output: the mount is not a result.
const NONE: i64 = -1;

impl ExecOp {
    /// The command line, for errors.
    pub(crate) fn command_line(&self) -> String {
        self.args.iter().collect::<Vec<_>>().join(" ")
    }

    /// Writes the op, and asks for the capabilities that it needs.
    pub(crate) fn encode(&self, encoding: &mut Encoding<'_>) -> Result<(), OpError> {
        for slot in self.mounts.iter().filter_map(MountNode::slot) {
            encoding.number(slot);
        }
        let env = self.env(encoding);
        self.ask_caps(encoding);
        let platform = encoding.platform(self.values.platform.as_deref())?;
        encoding.head(Some(platform));
        let numbers = &*encoding.numbers;
        let namespace = encoding.constraints.cache_namespace.as_deref();
        encoding.writer.message(2, |exec| {
            exec.message(1, |meta| self.encode_meta(meta, &env));
            for mount in &self.mounts {
                let input = mount.slot().map_or(NONE, |slot| numbers[slot.0 as usize]);
                exec.message(2, |message| encode_mount(message, mount, input, namespace));
            }
            for secret in &self.secrets {
                exec.message(2, |message| encode_secret(message, secret));
            }
            for socket in &self.ssh {
                exec.message(2, |message| encode_ssh(message, socket));
            }
            exec.uint(3, network_number(self.values.network));
            exec.bool(4, self.values.security == SecurityMode::Insecure);
            for secret in &self.secret_env {
                exec.message(5, |message| {
                    message.string(1, &secret.id);
                    message.string(2, &secret.name);
                    message.bool(3, secret.optional);
                });
            }
            for device in &self.cdi_devices {
                exec.message(6, |message| {
                    message.string(1, &device.name);
                    message.bool(2, device.optional);
                });
            }
        });
        Ok(())
    }

    /// The environment; with `PATH` for daemons that are known not to set it themselves.
    fn env(&self, encoding: &mut Encoding<'_>) -> Env {
        let mut env = self.values.env.clone();
        if let Some(caps) = &encoding.constraints.caps {
            let platform = encoding
                .constraints
                .platform
                .as_deref()
                .or(encoding.options.platform.as_deref());
            let is_windows = platform.is_some_and(|platform| platform.os() == "windows");
            if caps.supports(&Cap::EXEC_META_SETS_DEFAULT_PATH) {
                encoding.cap(Cap::EXEC_META_SETS_DEFAULT_PATH);
            } else if !is_windows && env.get("PATH").is_none() {
                env.set("PATH", DEFAULT_PATH);
            }
        }
        env
    }

    fn ask_caps(&self, encoding: &mut Encoding<'_>) {
        let kinds = || self.mounts.iter().map(|mount| &mount.kind);
        let has_cache = kinds().any(|kind| matches!(kind, MountKind::Cache { .. }));
        let has_bind = self
            .mounts
            .iter()
            .any(|mount| matches!(mount.kind, MountKind::Bind) && mount.slot().is_some());
        let has_secret = !self.secrets.is_empty() || !self.secret_env.is_empty();
        for (needed, cap) in [
            (true, Cap::EXEC_META_BASE),
            (self.valid_exit_codes.is_some(), Cap::EXEC_VALID_EXIT_CODE),
            (!self.values.ulimits.is_empty(), Cap::EXEC_META_ULIMIT),
            (
                encoding.options.notes.get().linux_resources.is_some(),
                Cap::EXEC_META_LINUX_RESOURCES,
            ),
            (
                self.values.network != NetworkMode::Sandbox,
                Cap::EXEC_META_NETWORK,
            ),
            (
                self.values.security != SecurityMode::Sandbox,
                Cap::EXEC_META_SECURITY,
            ),
            (self.proxy.is_some(), Cap::EXEC_META_PROXY),
            (
                self.mounts.iter().any(|mount| mount.selector.is_some()),
                Cap::EXEC_MOUNT_SELECTOR,
            ),
            (has_cache, Cap::EXEC_MOUNT_CACHE),
            (has_cache, Cap::EXEC_MOUNT_CACHE_SHARING),
            (
                kinds().any(|kind| matches!(kind, MountKind::Tmpfs { .. })),
                Cap::EXEC_MOUNT_TMPFS,
            ),
            (
                kinds().any(|kind| matches!(kind, MountKind::Tmpfs { size: 1.. })),
                Cap::EXEC_MOUNT_TMPFS_SIZE,
            ),
            (has_bind, Cap::EXEC_MOUNT_BIND),
            (
                self.mounts
                    .iter()
                    .any(|mount| mount.content_cache != ContentCache::Default),
                Cap::EXEC_MOUNT_CONTENT_CACHE,
            ),
            (has_secret, Cap::EXEC_MOUNT_SECRET),
            (!self.secret_env.is_empty(), Cap::EXEC_SECRET_ENV),
            (!self.ssh.is_empty(), Cap::EXEC_MOUNT_SSH),
            (!self.cdi_devices.is_empty(), Cap::EXEC_META_CDI),
        ] {
            encoding.cap_if(needed, cap);
        }
    }

    /// Writes the fields of `pb.Meta`.
    fn encode_meta(&self, writer: &mut Writer, env: &Env) {
        let values = &*self.values;
        writer.strings(1, self.args.iter());
        writer.strings(2, env.assignments());
        writer.string(3, &values.dir);
        writer.string(4, &values.user);
        if let Some(proxy) = &self.proxy {
            writer.message(5, |message| encode_proxy(message, proxy));
        }
        for (host, ip) in &values.extra_hosts {
            writer.message(6, |message| {
                message.string(1, host);
                // Go prints an IPv4 address that is mapped into IPv6 as the IPv4 address that it is.
                message.string(2, &ip.to_canonical().to_string());
            });
        }
        writer.string(7, &values.hostname);
        for limit in &values.ulimits {
            writer.message(9, |message| {
                message.string(1, &limit.name);
                message.int(2, limit.soft);
                message.int(3, limit.hard);
            });
        }
        writer.string(10, &values.cgroup_parent);
        // removeMountStubsRecursive: BuildKit's client always asks for it.
        writer.bool(11, true);
        if let Some(codes) = &self.valid_exit_codes {
            writer.packed_ints(12, codes.iter().map(|code| i64::from(*code)));
        }
    }
}

fn encode_proxy(writer: &mut Writer, proxy: &ProxyEnv) {
    writer.string(1, &proxy.http);
    writer.string(2, &proxy.https);
    writer.string(3, &proxy.ftp);
    writer.string(4, &proxy.no);
    writer.string(5, &proxy.all);
}

fn encode_mount(writer: &mut Writer, mount: &MountNode, input: i64, namespace: Option<&str>) {
    writer.int(1, input);
    writer.string(2, mount.selector.as_deref().unwrap_or_default());
    writer.string(3, &mount.target);
    writer.int(4, mount.output.map_or(NONE, i64::from));
    writer.bool(5, mount.readonly);
    match &mount.kind {
        MountKind::Bind => {}
        MountKind::Tmpfs { size } => {
            writer.uint(6, TMPFS);
            writer.message(19, |message| message.int(1, *size));
        }
        MountKind::Cache { id, sharing } => {
            writer.uint(6, CACHE);
            writer.message(20, |message| {
                match namespace {
                    Some(namespace) => message.string(1, &format!("{namespace}/{id}")),
                    None => message.string(1, id),
                }
                message.uint(2, sharing_number(*sharing));
            });
        }
    }
    writer.uint(
        24,
        match mount.content_cache {
            ContentCache::Default => 0,
            ContentCache::On => 1,
            ContentCache::Off => 2,
        },
    );
}

fn encode_secret(writer: &mut Writer, secret: &SecretFile) {
    writer.int(1, NONE);
    writer.string(3, &secret.target);
    writer.uint(6, SECRET);
    writer.message(21, |message| {
        encode_access(
            message,
            &secret.id,
            secret.owner,
            secret.mode,
            secret.optional,
        );
    });
}

fn encode_ssh(writer: &mut Writer, socket: &SshSocket) {
    writer.int(1, NONE);
    writer.string(3, socket.target.as_deref().unwrap_or_default());
    writer.uint(6, SSH);
    writer.message(22, |message| {
        encode_access(
            message,
            &socket.id,
            socket.owner,
            socket.mode,
            socket.optional,
        );
    });
}

/// The fields that `pb.SecretOpt` and `pb.SSHOpt` share.
fn encode_access(writer: &mut Writer, id: &str, (uid, gid): (u32, u32), mode: u32, optional: bool) {
    writer.string(1, id);
    writer.uint(2, uid.into());
    writer.uint(3, gid.into());
    writer.uint(4, mode.into());
    writer.bool(5, optional);
}

fn sharing_number(sharing: CacheSharing) -> u64 {
    match sharing {
        CacheSharing::Shared => 0,
        CacheSharing::Private => 1,
        CacheSharing::Locked => 2,
    }
}

fn network_number(network: NetworkMode) -> u64 {
    match network {
        NetworkMode::Sandbox => 0,
        NetworkMode::Host => 1,
        NetworkMode::None => 2,
    }
}
