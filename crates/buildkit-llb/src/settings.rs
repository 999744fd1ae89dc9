//! The values that steps inherit from the state that they run on: environment, directory, user and the like.

use std::net::IpAddr;
use std::sync::Arc;

use crate::env::Env;
use crate::path;
use crate::platform::Platform;

/// The network of an exec. Mirrors `pb.NetMode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkMode {
    /// A network of its own, as the daemon is configured. The default.
    #[default]
    Sandbox,
    /// The daemon's network; needs the entitlement `network.host`.
    Host,
    /// No network but loopback.
    None,
}

/// The confinement of an exec. Mirrors `pb.SecurityMode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecurityMode {
    /// Confined. The default.
    #[default]
    Sandbox,
    /// With all privileges; needs the entitlement `security.insecure`.
    Insecure,
}

/// A limit of a process, such as `nofile`. `-1` stands for unlimited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ulimit {
    pub(crate) name: String,
    pub(crate) soft: i64,
    pub(crate) hard: i64,
}

/// The values that a state passes on. Strings that are not set are empty, as on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    pub(crate) dir: Arc<str>,
    pub(crate) env: Env,
    pub(crate) user: Arc<str>,
    pub(crate) hostname: Arc<str>,
    pub(crate) cgroup_parent: Arc<str>,
    pub(crate) extra_hosts: Vec<(Arc<str>, IpAddr)>,
    pub(crate) ulimits: Vec<Ulimit>,
    pub(crate) network: NetworkMode,
    pub(crate) security: SecurityMode,
    pub(crate) platform: Option<Arc<Platform>>,
}

/// One change of the values.
#[derive(Debug, Clone)]
pub(crate) enum Setting {
    Env(String, String),
    RemoveEnv(String),
    Dir(String),
    User(String),
    Hostname(String),
    CgroupParent(String),
    ExtraHost(String, IpAddr),
    Ulimit(Ulimit),
    Network(NetworkMode),
    Security(SecurityMode),
    Platform(Arc<Platform>),
}

impl Ulimit {
    /// The limit `name` (`nofile`, `core`, …) with its soft and hard value.
    pub fn new(name: impl Into<String>, soft: i64, hard: i64) -> Self {
        Self {
            name: name.into(),
            soft,
            hard,
        }
    }

    /// The name, such as `nofile`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The limit that holds at first.
    pub fn soft(&self) -> i64 {
        self.soft
    }

    /// The limit up to which a process may raise its own.
    pub fn hard(&self) -> i64 {
        self.hard
    }
}

impl Default for Values {
    fn default() -> Self {
        Self {
            dir: "/".into(),
            env: Env::default(),
            user: Arc::default(),
            hostname: Arc::default(),
            cgroup_parent: Arc::default(),
            extra_hosts: Vec::new(),
            ulimits: Vec::new(),
            network: NetworkMode::default(),
            security: SecurityMode::default(),
            platform: None,
        }
    }
}

impl Values {
    /// Carries out one change.
    pub(crate) fn apply(&mut self, setting: Setting) {
        match setting {
            Setting::Env(name, value) => self.env.set(&name, &value),
            Setting::RemoveEnv(name) => self.env.remove(&name),
            // An absolute directory stays as it was given, a relative one is joined and cleaned.
            Setting::Dir(dir) if dir.starts_with('/') => self.dir = dir.into(),
            Setting::Dir(dir) => self.dir = path::join(&[&self.dir, &dir]).into(),
            Setting::User(user) => self.user = user.into(),
            Setting::Hostname(hostname) => self.hostname = hostname.into(),
            Setting::CgroupParent(parent) => self.cgroup_parent = parent.into(),
            Setting::ExtraHost(host, ip) => self.extra_hosts.push((host.into(), ip)),
            Setting::Ulimit(limit) => self.ulimits.push(limit),
            Setting::Network(network) => self.network = network,
            Setting::Security(security) => self.security = security,
            Setting::Platform(platform) => self.platform = Some(platform),
        }
    }
}

/// The methods that change values, for a type with `fn set(self, setting: Setting) -> Self`.
macro_rules! settings_methods {
    () => {
        /// Sets an environment variable. One that is set again moves to the end. The value may be empty.
        pub fn env(self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.set(Setting::Env(name.into(), value.into()))
        }

        /// Removes an environment variable.
        pub fn remove_env(self, name: impl Into<String>) -> Self {
            self.set(Setting::RemoveEnv(name.into()))
        }

        /// Sets the working directory. Default: `/`. A relative one is joined to the one before.
        pub fn dir(self, dir: impl Into<String>) -> Self {
            self.set(Setting::Dir(dir.into()))
        }

        /// Sets the user, as `user[:group]` by name or number. Default: root.
        pub fn user(self, user: impl Into<String>) -> Self {
            self.set(Setting::User(user.into()))
        }

        /// Sets the host name. Default: the daemon's choice, `buildkitsandbox`.
        pub fn hostname(self, hostname: impl Into<String>) -> Self {
            self.set(Setting::Hostname(hostname.into()))
        }

        /// Adds a line to `/etc/hosts`.
        pub fn extra_host(self, host: impl Into<String>, ip: impl Into<std::net::IpAddr>) -> Self {
            self.set(Setting::ExtraHost(host.into(), ip.into()))
        }

        /// Adds a limit for processes.
        pub fn ulimit(self, limit: $crate::settings::Ulimit) -> Self {
            self.set(Setting::Ulimit(limit))
        }

        /// Sets the cgroup below which containers run. Default: the daemon's.
        pub fn cgroup_parent(self, parent: impl Into<String>) -> Self {
            self.set(Setting::CgroupParent(parent.into()))
        }

        /// Sets the network. Default: [`NetworkMode::Sandbox`](crate::NetworkMode::Sandbox).
        pub fn network(self, network: $crate::settings::NetworkMode) -> Self {
            self.set(Setting::Network(network))
        }

        /// Sets the confinement of containers. Default: [`SecurityMode::Sandbox`](crate::SecurityMode::Sandbox).
        pub fn security(self, security: $crate::settings::SecurityMode) -> Self {
            self.set(Setting::Security(security))
        }
    };
}
pub(crate) use settings_methods;
