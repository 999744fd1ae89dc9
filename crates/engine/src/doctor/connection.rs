//! The connection to a daemon: the next step for each reason why there is none.

use std::fmt::Write as _;

use buildkit_client::{Address, ConnectError, Daemon, TlsFiles};

use super::finding::{Check, Finding, Subject};

/// The next step for a user whose daemon cannot be reached.
pub fn next_step(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Tls(_) => "mend the TLS flags, or the files that they name",
        ConnectError::NoSocket { .. } | ConnectError::Refused { .. } => {
            "start buildkitd there, or leave out `--addr`: llbgen then finds a daemon or starts one"
        }
        ConnectError::Permission { .. } => "be root, or join the group that the socket belongs to",
        ConnectError::Resolve { .. } => {
            "is the host's name spelt right, and known to the name server?"
        }
        ConnectError::Program { .. } => "install the program, and have it on PATH",
        ConnectError::ProgramEnded { .. } => {
            "is there such a container, pod or host, and does a buildkitd run in it?"
        }
        ConnectError::Timeout { .. } => {
            "is there a firewall in between? else the daemon hangs: see its log, and start it again"
        }
        ConnectError::TlsRequired { .. } => {
            "name the certificates with `--tlsdir`, or `--tlscacert` and the like"
        }
        ConnectError::PlainText { .. } => "leave out the TLS flags, or give the daemon's TLS port",
        ConnectError::UnknownCa { .. } => {
            "give the CA that signed the daemon's certificate as `--tlscacert`; if it is the right one, somebody else \
             answers there"
        }
        ConnectError::NameMismatch { .. } => {
            "give the name that the certificate has as `--tlsservername`"
        }
        ConnectError::CertificateExpired { .. } => {
            "issue a new certificate for the daemon, and start it again with it"
        }
        ConnectError::CertificateNotYetValid { .. } => {
            "set the clock of this machine, or that of the machine that issues certificates"
        }
        ConnectError::ServerCertificate { .. } => {
            "issue another certificate for the daemon: one for a server, that is no CA's"
        }
        ConnectError::ClientCertificateMissing { .. } => {
            "give a certificate that the daemon's CA signed, as `--tlscert` and `--tlskey`"
        }
        ConnectError::ClientCertificateRefused { .. } => {
            "give a certificate that the daemon's CA signed, for clients, and that has not expired"
        }
        ConnectError::NotGrpc { .. } | ConnectError::NotBuildkit { .. } => {
            "give the address of a buildkitd; a Docker engine's own socket is none"
        }
        _ => "see the daemon's log, and whether a proxy stands in between",
    }
}

/// The finding about a connection that failed.
pub(super) fn failed(error: &ConnectError) -> Finding {
    Finding::failed(Subject::Daemon, Check::Connection, error).then(next_step(error))
}

/// The finding about a connection.
pub(super) fn made(daemon: &Daemon, tls: Option<&TlsFiles>) -> Finding {
    let mut text = "a buildkitd answers".to_owned();
    if let Some(tls) = tls {
        let name = tls.server_name.as_deref().or(daemon.address().host());
        let name = name.unwrap_or_default();
        let ca = tls.ca.display();
        _ = write!(
            text,
            "; its certificate is for `{name}`, and signed by the CA in `{ca}`"
        );
        match &tls.client {
            Some(pair) => _ = write!(text, "; it takes the certificate `{}`", pair.cert.display()),
            None => text.push_str("; it wants no client certificate"),
        }
        return Finding::ok(Subject::Daemon, Check::Connection, text);
    }
    let finding = Finding::ok(Subject::Daemon, Check::Connection, text.clone());
    if !is_open_to_others(daemon.address()) {
        return finding;
    }
    let text =
        format!("{text}, without TLS: whoever reaches it builds on it, and reads what is built");
    Finding::warning(Subject::Daemon, Check::Connection, text)
        .then("start it with certificates, and name them with `--tlsdir`")
}

/// Whether an address is on the network. Plain text to another machine has neither secrecy nor a login.
fn is_open_to_others(address: &Address) -> bool {
    let Address::Tcp { host, .. } = address else {
        return false;
    };
    let is_here = host
        .parse()
        .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    !is_here && host != "localhost"
}
