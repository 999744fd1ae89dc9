//! Diagnosis: from the way in which a connection broke to the reason.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError, InvalidMessage};
use tonic::{Code, Status};

use super::dial::{self, Fault, Trace};
use super::program::Said;
use super::{ConnectError, Target, Tls};
use crate::address::Address;

/// The time that a daemon which closed a connection has to show the reason on a second connection.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// The time that the reader has to see the reason, after the first request failed.
const SETTLE_LIMIT: Duration = Duration::from_millis(200);

/// The reason why the TLS handshake failed.
pub(super) fn handshake(tls: &Tls, address: &Address, error: io::Error) -> ConnectError {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        Some(source) => tls_error(tls, address, source.clone()),
        None => ConnectError::Handshake {
            address: address.clone(),
            source: error,
        },
    }
}

/// The reason why the daemon did not answer the first request.
pub(super) async fn first_answer(target: &Target, trace: &Trace, status: Status) -> ConnectError {
    let address = target.options.address.clone();
    if std::error::Error::source(&status).is_none() && status.code() != Code::Cancelled {
        return ConnectError::NotBuildkit {
            address,
            message: status.message().into(),
        };
    }
    // The request fails on the first sign of trouble, which can be a write; the reason is what the reader sees.
    let seen = trace.seen(SETTLE_LIMIT).await;
    match (seen.fault, &target.tls) {
        (Some(Fault::Tls(error)), Some(tls)) => tls_error(tls, &address, error),
        _ if !seen.head.is_empty() => ConnectError::NotGrpc { address },
        _ if matches!(address, Address::Through(_)) => ConnectError::Closed { address },
        (_, Some(tls)) => match alert(target).await {
            Some(error) => tls_error(tls, &address, error),
            None => ConnectError::Closed { address },
        },
        (_, None) if speaks_tls(&address).await => ConnectError::TlsRequired { address },
        _ => ConnectError::Closed { address },
    }
}

/// A connection that a program closed: the program's message is the reason.
pub(super) async fn ended_program(error: ConnectError, said: Option<Said>) -> ConnectError {
    let (ConnectError::Closed { address } | ConnectError::NotGrpc { address }, Some(mut said)) =
        (&error, said)
    else {
        return error;
    };
    let said = match timeout(SETTLE_LIMIT, said.wait_for(Option::is_some)).await {
        Ok(Ok(said)) => said.clone().unwrap_or_default(),
        _ => return error,
    };
    if said.is_empty() {
        error
    } else {
        ConnectError::ProgramEnded {
            address: address.clone(),
            said,
        }
    }
}

fn tls_error(tls: &Tls, address: &Address, source: rustls::Error) -> ConnectError {
    let address = address.clone();
    match &source {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            ConnectError::PlainText { address }
        }
        // A CA of the same name but with another key shows as a signature that does not fit.
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => ConnectError::UnknownCa {
            address,
            ca: tls.files.ca.clone(),
        },
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => ConnectError::NameMismatch {
            address,
            server_name: tls.server_name.clone(),
            source,
        },
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => ConnectError::CertificateExpired { address, source },
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => ConnectError::CertificateNotYetValid { address, source },
        rustls::Error::InvalidCertificate(_) => ConnectError::ServerCertificate { address, source },
        rustls::Error::AlertReceived(alert) if is_about_client(*alert) => match &tls.files.client {
            None => ConnectError::ClientCertificateMissing { address },
            Some(pair) => ConnectError::ClientCertificateRefused {
                address,
                cert: pair.cert.clone(),
                source,
            },
        },
        _ => ConnectError::Handshake {
            address,
            source: io::Error::other(source),
        },
    }
}

/// Alerts that a server sends about the certificate of its client. TLS 1.2 has no alert of its own for a missing one:
/// Go says `bad_certificate`, others `handshake_failure`.
fn is_about_client(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::HandshakeFailure
    )
}

/// The TLS error on a new connection on which this side stays silent. In TLS 1.3, a client's certificate is judged
/// after the handshake, and a server that closes with our first request unread makes the system drop its alert.
async fn alert(target: &Target) -> Option<rustls::Error> {
    let probe = async {
        let mut stream = dial::dial(target).await.ok()?;
        let error = stream.read_u8().await.err()?;
        error.get_ref()?.downcast_ref::<rustls::Error>().cloned()
    };
    timeout(PROBE_LIMIT, probe).await.ok()?
}

/// Whether a fresh connection answers a TLS hello with a TLS record.
async fn speaks_tls(address: &Address) -> bool {
    let probe = async {
        let mut io = dial::dial_plain(address).await.ok()?;
        io.write_all(&client_hello()?).await.ok()?;
        io.read_u8().await.ok()
    };
    // Content types of TLS records: 21 alert, 22 handshake.
    matches!(timeout(PROBE_LIMIT, probe).await, Ok(Some(21 | 22)))
}

fn client_hello() -> Option<Vec<u8>> {
    let provider = rustls::crypto::ring::default_provider();
    let config = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let name = "buildkitd".try_into().ok()?;
    let mut connection = rustls::ClientConnection::new(config.into(), name).ok()?;
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).ok()?;
    Some(hello)
}
