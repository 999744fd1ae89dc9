//! Secrets and ssh agents, whose content never enters the graph.

/// A secret as a file. Its id and place are part of the cache key, its value is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile {
    pub(super) id: String,
    pub(super) target: String,
    pub(super) owner: (u32, u32),
    pub(super) mode: u32,
    pub(super) optional: bool,
}

/// A secret as an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretEnv {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) optional: bool,
}

/// The socket of an ssh agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSocket {
    pub(super) id: String,
    pub(super) target: Option<String>,
    pub(super) owner: (u32, u32),
    pub(super) mode: u32,
    pub(super) optional: bool,
}

impl SecretFile {
    /// The secret whose id is `target`, at that path; owner 0:0, mode 0400, and required.
    pub fn new(target: impl Into<String>) -> Self {
        let target = target.into();
        Self {
            id: target.clone(),
            target,
            owner: (0, 0),
            mode: 0o400,
            optional: false,
        }
    }

    /// Sets the id. Default: the target.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the owner of the file. Default: 0:0.
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        self.owner = (uid, gid);
        self
    }

    /// Sets the mode of the file. Default: 0400.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Leaves the file out if the secret is not given. Default: an error.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

impl SecretEnv {
    /// The secret whose id is `name`, as a variable of that name; required.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: name.clone(),
            name,
            optional: false,
        }
    }

    /// Sets the id. Default: the name.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the variable to the empty text when the secret is not given. Default: an error.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

impl SshSocket {
    /// The default agent, at a path that BuildKit chooses; owner 0:0, mode 0600, and required. Unless it is set,
    /// `SSH_AUTH_SOCK` names the first agent of an exec.
    pub fn new() -> Self {
        Self {
            id: String::new(),
            target: None,
            owner: (0, 0),
            mode: 0o600,
            optional: false,
        }
    }

    /// Sets the id. Default: empty, which is the default agent.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the path of the socket. Default: `/run/buildkit/ssh_agent.N`, N being its number in the exec.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Sets the owner of the socket. Default: 0:0.
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        self.owner = (uid, gid);
        self
    }

    /// Sets the mode of the socket. Default: 0600.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Leaves the socket out when no agent is given. Default: an error.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

impl Default for SshSocket {
    fn default() -> Self {
        Self::new()
    }
}
