//! Addresses of daemons: a unix socket, a TCP port, or behind another program.

mod through;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub use through::Through;

/// The address of a buildkitd.
///
/// Parsed from the spelling of `buildctl --addr`; [`Display`](fmt::Display) gives that spelling back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A unix socket, `unix:///run/buildkit/buildkitd.sock`. The path is absolute.
    Unix(PathBuf),
    /// A TCP port, `tcp://host:1234` or `tcp://[::1]:1234`, spoken with or without TLS.
    Tcp {
        /// A host name or an IP address, without the brackets of IPv6.
        host: String,
        /// The port, never 0.
        port: u16,
    },
    /// Behind another program: `docker-container://`, `podman-container://`, `kube-pod://` or `ssh://`.
    Through(Box<Through>),
}

/// Text that is no [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text has no `scheme://` in front.
    #[error("address `{address}` has no scheme; valid are {VALID}")]
    NoScheme {
        /// The text as given.
        address: String,
    },
    /// This client does not know the scheme.
    #[error("address `{address}` has the scheme `{scheme}`; valid are {VALID}")]
    Scheme {
        /// The text as given.
        address: String,
        /// The part in front of `://`.
        scheme: String,
    },
    /// A unix socket path must be absolute: the daemon's and the caller's directories differ.
    #[error(
        "address `{address}` needs an absolute path, as in `unix:///run/buildkit/buildkitd.sock`"
    )]
    RelativePath {
        /// The text as given.
        address: String,
    },
    /// A TCP address without a host.
    #[error("address `{address}` names no host, as in `tcp://host:1234`")]
    NoHost {
        /// The text as given.
        address: String,
    },
    /// A part is no plain name: a program could take it for something else.
    #[error("address `{address}`: `{name}` is not a name")]
    Name {
        /// The text as given.
        address: String,
        /// The part.
        name: String,
    },
    /// A parameter that the scheme does not have.
    #[error("address `{address}` has no use for `{key}`")]
    Key {
        /// The text as given.
        address: String,
        /// The parameter.
        key: String,
    },
    /// A TCP address without a port, or with one that is not between 1 and 65535.
    #[error("address `{address}` needs a port between 1 and 65535, as in `tcp://host:1234`")]
    Port {
        /// The text as given.
        address: String,
    },
}

const VALID: &str = "`unix:///path`, `tcp://host:port`, `docker-container://name`, `podman-container://name`, \
                     `kube-pod://name` and `ssh://host`";

impl Address {
    /// The usual address of a buildkitd for the whole machine.
    ///
    /// Mirrors `Address` in BuildKit's `util/appdefaults/appdefaults_linux.go`.
    pub const SYSTEM_SOCKET: &str = "/run/buildkit/buildkitd.sock";

    /// The host that a server certificate must name if no server name is given; `None` for a unix socket.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Unix(_) | Self::Through(_) => None,
            Self::Tcp { host, .. } => Some(host),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Through(through) => through.fmt(f),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(address: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = address
            .split_once("://")
            .ok_or_else(|| AddressError::NoScheme {
                address: address.into(),
            })?;
        match scheme {
            "unix" => parse_unix(address, rest),
            "tcp" => parse_tcp(address, rest),
            scheme if Through::SCHEMES.contains(&scheme) => Through::parse(address, scheme, rest)
                .map(|through| Address::Through(Box::new(through))),
            _ => Err(AddressError::Scheme {
                address: address.into(),
                scheme: scheme.into(),
            }),
        }
    }
}

fn parse_unix(address: &str, path: &str) -> Result<Address, AddressError> {
    if path.starts_with('/') {
        Ok(Address::Unix(path.into()))
    } else {
        Err(AddressError::RelativePath {
            address: address.into(),
        })
    }
}

fn parse_tcp(address: &str, authority: &str) -> Result<Address, AddressError> {
    let bad_port = || AddressError::Port {
        address: address.into(),
    };
    let (host, port) = match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((host, rest)) => (host, rest.strip_prefix(':').ok_or_else(bad_port)?),
        None => authority.rsplit_once(':').ok_or_else(bad_port)?,
    };
    // A rest with a path, a user or an IPv6 address without brackets is not a host name.
    if host.is_empty() || (!authority.starts_with('[') && host.contains([':', '/', '@'])) {
        return Err(AddressError::NoHost {
            address: address.into(),
        });
    }
    match port.parse() {
        Ok(port) if port != 0 => Ok(Address::Tcp {
            host: host.into(),
            port,
        }),
        _ => Err(bad_port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &Result<Address, AddressError>) {
        let parsed = text.parse::<Address>();
        assert_eq!(&parsed, expected, "{text}");
        if let Ok(address) = parsed {
            assert_eq!(address.to_string(), text);
        }
    }

    fn tcp(host: &str, port: u16) -> Address {
        let host = host.into();
        Address::Tcp { host, port }
    }

    #[test]
    fn parses_and_prints() {
        check(
            "unix:///run/buildkit/buildkitd.sock",
            &Ok(Address::Unix("/run/buildkit/buildkitd.sock".into())),
        );
        check("tcp://127.0.0.1:1234", &Ok(tcp("127.0.0.1", 1234)));
        check(
            "tcp://builder.example:65535",
            &Ok(tcp("builder.example", 65535)),
        );
        check("tcp://[::1]:1234", &Ok(tcp("::1", 1234)));
    }

    #[test]
    fn refuses_what_it_cannot_dial() {
        let address = String::from;
        check(
            "/run/buildkitd.sock",
            &Err(AddressError::NoScheme {
                address: address("/run/buildkitd.sock"),
            }),
        );
        check(
            "",
            &Err(AddressError::NoScheme {
                address: address(""),
            }),
        );
        for scheme in ["http", "npipe"] {
            let text = format!("{scheme}://builder");
            check(
                &text,
                &Err(AddressError::Scheme {
                    address: text.clone(),
                    scheme: scheme.into(),
                }),
            );
        }
        check(
            "unix://buildkitd.sock",
            &Err(AddressError::RelativePath {
                address: address("unix://buildkitd.sock"),
            }),
        );
        check(
            "unix://",
            &Err(AddressError::RelativePath {
                address: address("unix://"),
            }),
        );
        check(
            "tcp://:1234",
            &Err(AddressError::NoHost {
                address: address("tcp://:1234"),
            }),
        );
        check(
            "tcp://::1:1234",
            &Err(AddressError::NoHost {
                address: address("tcp://::1:1234"),
            }),
        );
        check(
            "tcp://user@host:1",
            &Err(AddressError::NoHost {
                address: address("tcp://user@host:1"),
            }),
        );
        for text in [
            "tcp://host",
            "tcp://host:",
            "tcp://host:0",
            "tcp://host:65536",
            "tcp://[::1]",
            "tcp://host:1/x",
        ] {
            check(
                text,
                &Err(AddressError::Port {
                    address: text.into(),
                }),
            );
        }
    }

    #[test]
    fn names_the_valid_ones() {
        let error = "npipe://builder"
            .parse::<Address>()
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "address `npipe://builder` has the scheme `npipe`; valid are `unix:///path`, `tcp://host:port`, \
             `docker-container://name`, `podman-container://name`, `kube-pod://name` and `ssh://host`"
        );
    }
}
