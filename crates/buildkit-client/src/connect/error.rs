//! The reasons why a daemon cannot be reached.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio_rustls::rustls;

use crate::address::Address;
use crate::tls::TlsError;

/// The reason why [`Daemon::connect`](crate::Daemon::connect) failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The TLS files cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no socket under that path: no daemon runs, or it listens elsewhere.
    #[error("no buildkitd listens at `{address}`: the socket does not exist")]
    NoSocket {
        /// The address.
        address: Address,
    },
    /// The socket exists, but this user may not use it.
    #[error("no permission to use the socket of `{address}`")]
    Permission {
        /// The address.
        address: Address,
    },
    /// Nobody accepts connections there.
    #[error("the connection to `{address}` was refused: no buildkitd listens there")]
    Refused {
        /// The address.
        address: Address,
    },
    /// The host name has no address.
    #[error("the host of `{address}` cannot be resolved")]
    Resolve {
        /// The address.
        address: Address,
        /// The resolver's error.
        #[source]
        source: io::Error,
    },
    /// Dialling failed for another reason.
    #[error("cannot connect to `{address}`")]
    Dial {
        /// The address.
        address: Address,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The program that leads to the daemon cannot be started.
    #[error("cannot run `{program}`, which leads to `{address}`")]
    Program {
        /// The address.
        address: Address,
        /// The program.
        program: &'static str,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The program that leads to the daemon ended.
    #[error("`{address}` cannot be reached: {said}")]
    ProgramEnded {
        /// The address.
        address: Address,
        /// The last line of the program's stderr.
        said: String,
    },
    /// No answer in time.
    #[error("`{address}` gave no answer within {} s", limit.as_secs_f32())]
    Timeout {
        /// The address.
        address: Address,
        /// The time limit.
        limit: Duration,
    },
    /// Plain text was spoken to a daemon that speaks TLS.
    #[error("the daemon at `{address}` speaks TLS, but no TLS options were given")]
    TlsRequired {
        /// The address.
        address: Address,
    },
    /// TLS was spoken to a daemon that speaks plain text.
    #[error("the daemon at `{address}` speaks plain text, but TLS options were given")]
    PlainText {
        /// The address.
        address: Address,
    },
    /// The daemon's certificate was signed by somebody else.
    #[error("the certificate of `{address}` is not signed by the CA in `{}`", ca.display())]
    UnknownCa {
        /// The address.
        address: Address,
        /// The CA file that was used.
        ca: PathBuf,
    },
    /// The daemon's certificate is for another name.
    #[error("the certificate of `{address}` is not valid for the name `{server_name}`")]
    NameMismatch {
        /// The address.
        address: Address,
        /// The name that was expected.
        server_name: String,
        /// The error of rustls, with the names in the certificate.
        #[source]
        source: rustls::Error,
    },
    /// The time of the daemon's certificate is over.
    #[error("the certificate of `{address}` has expired")]
    CertificateExpired {
        /// The address.
        address: Address,
        /// The error of rustls, with the times.
        #[source]
        source: rustls::Error,
    },
    /// The time of the daemon's certificate has not come, by the clock of this machine.
    #[error("the certificate of `{address}` is not valid yet")]
    CertificateNotYetValid {
        /// The address.
        address: Address,
        /// The error of rustls, with the times.
        #[source]
        source: rustls::Error,
    },
    /// The daemon's certificate is refused for another reason, such as being a CA's own.
    #[error("the certificate of `{address}` is not valid")]
    ServerCertificate {
        /// The address.
        address: Address,
        /// The error of rustls.
        #[source]
        source: rustls::Error,
    },
    /// The daemon wants a client certificate, and none was given.
    #[error(
        "the daemon at `{address}` wants a client certificate: give `--tlscert` and `--tlskey`"
    )]
    ClientCertificateMissing {
        /// The address.
        address: Address,
    },
    /// The daemon does not accept the client certificate.
    #[error("the daemon at `{address}` refuses the client certificate `{}`", cert.display())]
    ClientCertificateRefused {
        /// The address.
        address: Address,
        /// The certificate file.
        cert: PathBuf,
        /// The alert that the daemon sent.
        #[source]
        source: rustls::Error,
    },
    /// TLS failed for another reason.
    #[error("TLS with `{address}` failed")]
    Handshake {
        /// The address.
        address: Address,
        /// The error of rustls or of the system.
        #[source]
        source: io::Error,
    },
    /// The server there does not speak gRPC; for example, it is a Docker engine's own socket.
    #[error("what listens at `{address}` is no buildkitd: it does not speak gRPC")]
    NotGrpc {
        /// The address.
        address: Address,
    },
    /// The connection was closed before any answer.
    #[error("`{address}` closed the connection without an answer")]
    Closed {
        /// The address.
        address: Address,
    },
    /// A gRPC server answered, but not as a buildkitd does.
    #[error("what listens at `{address}` does not answer as a buildkitd: {message}")]
    NotBuildkit {
        /// The address.
        address: Address,
        /// The gRPC status message.
        message: String,
    },
}
