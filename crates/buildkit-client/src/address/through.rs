//! Daemons that are reached through another program: a container engine, kubectl, ssh.
//!
//! The program runs `buildctl dial-stdio` beside the daemon, which passes the connection on. Mirrors the packages below
//! BuildKit's `client/connhelper`.

use std::collections::BTreeMap;
use std::fmt;

use super::AddressError;

/// A daemon behind another program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Through {
    /// `docker-container://NAME[?context=CONTEXT]`: in a container of Docker's.
    DockerContainer {
        /// The container's name or id.
        container: String,
        /// The Docker context; the current one by default.
        context: Option<String>,
    },
    /// `podman-container://NAME[?connection=CONNECTION]`: in a container of Podman's.
    PodmanContainer {
        /// The container's name or id.
        container: String,
        /// Podman's connection; the default one when none is named.
        connection: Option<String>,
    },
    /// `kube-pod://POD[?context=…&namespace=…&container=…]`: in a pod of Kubernetes.
    KubePod {
        /// The pod's name.
        pod: String,
        /// The kubeconfig's context; the current one by default.
        context: Option<String>,
        /// The pod's namespace; the context's by default.
        namespace: Option<String>,
        /// The container in the pod; its first by default.
        container: Option<String>,
    },
    /// `ssh://[USER@]HOST[:PORT][/SOCKET]`: on another machine.
    Ssh {
        /// The user; the one of ssh's configuration by default.
        user: Option<String>,
        /// The host.
        host: String,
        /// The port; the one of ssh's configuration by default.
        port: Option<u16>,
        /// The daemon's socket there; its usual one by default.
        socket: Option<String>,
    },
}

/// The command that runs beside the daemon.
const DIAL: [&str; 2] = ["buildctl", "dial-stdio"];

impl Through {
    /// The schemes of these addresses.
    pub(super) const SCHEMES: [&str; 4] =
        ["docker-container", "podman-container", "kube-pod", "ssh"];

    /// The program to run and its arguments.
    pub fn command(&self) -> (&'static str, Vec<String>) {
        let flag = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("--{name}={value}"))
        };
        let mut arguments: Vec<String> = Vec::new();
        let program = match self {
            Self::DockerContainer { container, context } => {
                arguments.extend(flag("context", context));
                arguments.extend(["exec", "-i", container].map(str::to_owned));
                "docker"
            }
            Self::PodmanContainer {
                container,
                connection,
            } => {
                arguments.extend(flag("connection", connection));
                arguments.extend(["exec", "-i", container].map(str::to_owned));
                "podman"
            }
            Self::KubePod {
                pod,
                context,
                namespace,
                container,
            } => {
                arguments.extend(
                    [flag("context", context), flag("namespace", namespace)]
                        .into_iter()
                        .flatten(),
                );
                arguments.push("exec".to_owned());
                arguments.extend(flag("container", container));
                arguments.extend(["-i", pod, "--"].map(str::to_owned));
                "kubectl"
            }
            Self::Ssh {
                user,
                host,
                port,
                socket,
            } => {
                arguments.extend(user.iter().flat_map(|user| ["-l".to_owned(), user.clone()]));
                arguments.extend(
                    port.iter()
                        .flat_map(|port| ["-p".to_owned(), port.to_string()]),
                );
                arguments.extend(["--", host, DIAL[0]].map(str::to_owned));
                arguments.extend(
                    socket
                        .iter()
                        .map(|socket| format!("--addr=unix://{socket}")),
                );
                arguments.push(DIAL[1].to_owned());
                return ("ssh", arguments);
            }
        };
        arguments.extend(DIAL.map(str::to_owned));
        (program, arguments)
    }

    /// Reads the part after `scheme://`.
    pub(super) fn parse(address: &str, scheme: &str, rest: &str) -> Result<Self, AddressError> {
        let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut query = Query::parse(address, query)?;
        let through = match scheme {
            "docker-container" => Self::DockerContainer {
                container: plain(address, name)?,
                context: query.take("context"),
            },
            "podman-container" => Self::PodmanContainer {
                container: plain(address, name)?,
                connection: query.take("connection"),
            },
            "kube-pod" => Self::KubePod {
                pod: plain(address, name)?,
                context: query.take("context"),
                namespace: query.take("namespace"),
                container: query.take("container"),
            },
            _ => ssh(address, name)?,
        };
        query.end(address)?;
        Ok(through)
    }
}

fn ssh(address: &str, rest: &str) -> Result<Through, AddressError> {
    let (authority, socket) = match rest.find('/') {
        Some(slash) => (&rest[..slash], Some(&rest[slash..])),
        None => (rest, None),
    };
    let (user, host) = match authority.split_once('@') {
        Some((user, host)) => (Some(plain(address, user)?), host),
        None => (None, authority),
    };
    let (host, port) = match host.split_once(':') {
        Some((host, port)) => {
            let port = port.parse().ok().filter(|port| *port != 0);
            (
                host,
                Some(port.ok_or_else(|| AddressError::Port {
                    address: address.into(),
                })?),
            )
        }
        None => (host, None),
    };
    let socket = socket
        .filter(|socket| *socket != "/")
        .map(|socket| socket_path(address, socket))
        .transpose()?;
    Ok(Through::Ssh {
        user,
        host: plain(address, host)?,
        port,
        socket,
    })
}

/// A name that no program takes for a flag, and that is a plain word for a shell.
fn plain(address: &str, name: &str) -> Result<String, AddressError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_plain) {
        Ok(name.to_owned())
    } else {
        Err(AddressError::Name {
            address: address.into(),
            name: name.into(),
        })
    }
}

/// ssh hands the command to a shell on the other side.
fn socket_path(address: &str, path: &str) -> Result<String, AddressError> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .try_for_each(|part| plain(address, part).map(drop))?;
    Ok(path.to_owned())
}

/// The parameters after the question mark.
struct Query(BTreeMap<String, String>);

impl Query {
    fn parse(address: &str, query: &str) -> Result<Self, AddressError> {
        let mut values = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            values.insert(key.to_owned(), plain(address, value)?);
        }
        Ok(Self(values))
    }

    fn take(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    fn end(self, address: &str) -> Result<(), AddressError> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(key) => Err(AddressError::Key {
                address: address.into(),
                key,
            }),
        }
    }
}

impl fmt::Display for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = |f: &mut fmt::Formatter<'_>, values: &[(&str, &Option<String>)]| {
            let given = values
                .iter()
                .filter_map(|(key, value)| Some((key, value.as_ref()?)));
            let mut separator = '?';
            for (key, value) in given {
                write!(f, "{separator}{key}={value}")?;
                separator = '&';
            }
            Ok(())
        };
        match self {
            Self::DockerContainer { container, context } => {
                write!(f, "docker-container://{container}")?;
                query(f, &[("context", context)])
            }
            Self::PodmanContainer {
                container,
                connection,
            } => {
                write!(f, "podman-container://{container}")?;
                query(f, &[("connection", connection)])
            }
            Self::KubePod {
                pod,
                context,
                namespace,
                container,
            } => {
                write!(f, "kube-pod://{pod}")?;
                query(
                    f,
                    &[
                        ("context", context),
                        ("namespace", namespace),
                        ("container", container),
                    ],
                )
            }
            Self::Ssh {
                user,
                host,
                port,
                socket,
            } => {
                f.write_str("ssh://")?;
                user.iter().try_for_each(|user| write!(f, "{user}@"))?;
                f.write_str(host)?;
                port.iter().try_for_each(|port| write!(f, ":{port}"))?;
                socket.iter().try_for_each(|socket| f.write_str(socket))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::address::Address;

    #[test]
    fn addresses_become_commands() {
        let check = |text: &str, expected: &str| {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            let Address::Through(through) = address else {
                panic!("{text}")
            };
            let (program, arguments) = through.command();
            assert_eq!(format!("{program} {}", arguments.join(" ")), expected);
        };
        check(
            "docker-container://builder",
            "docker exec -i builder buildctl dial-stdio",
        );
        check(
            "docker-container://b?context=far",
            "docker --context=far exec -i b buildctl dial-stdio",
        );
        check(
            "podman-container://b",
            "podman exec -i b buildctl dial-stdio",
        );
        check("kube-pod://b", "kubectl exec -i b -- buildctl dial-stdio");
        check(
            "kube-pod://b?context=c&namespace=n&container=d",
            "kubectl --context=c --namespace=n exec --container=d -i b -- buildctl dial-stdio",
        );
        check("ssh://host", "ssh -- host buildctl dial-stdio");
        check(
            "ssh://me@host:2222/run/b.sock",
            "ssh -l me -p 2222 -- host buildctl --addr=unix:///run/b.sock dial-stdio",
        );
    }

    #[test]
    fn nothing_becomes_a_flag_or_a_shell_command() {
        let check = |text: &str, expected: &str| {
            assert_eq!(text.parse::<Address>().unwrap_err().to_string(), expected);
        };
        check(
            "docker-container://",
            "address `docker-container://`: `` is not a name",
        );
        check(
            "docker-container://-v",
            "address `docker-container://-v`: `-v` is not a name",
        );
        check(
            "ssh://h/$(reboot)",
            "address `ssh://h/$(reboot)`: `$(reboot)` is not a name",
        );
        check(
            "ssh://-oProxyCommand=x",
            "address `ssh://-oProxyCommand=x`: `-oProxyCommand=x` is not a name",
        );
        check(
            "kube-pod://b?context=-x",
            "address `kube-pod://b?context=-x`: `-x` is not a name",
        );
        check(
            "kube-pod://b?ns=x",
            "address `kube-pod://b?ns=x` has no use for `ns`",
        );
        check(
            "ssh://h:0",
            "address `ssh://h:0` needs a port between 1 and 65535, as in `tcp://host:1234`",
        );
    }
}
