//! The first answer of a registry: whether it is there, what it wants, and its clock.

use std::{
    error::Error,
    io,
    time::{Duration, SystemTime},
};

use jiff::fmt::rfc2822;
use reqwest::{
    Response,
    header::{DATE, WWW_AUTHENTICATE},
};
use tokio_rustls::rustls::{self, CertificateError, InvalidMessage};

use crate::{
    access::RegistryAccess,
    client::problem,
    problem::RemoteProblem,
    session::challenge::{self, Challenge},
};

/// The first answer of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The address, such as `https://ghcr.io`.
    pub address: String,
    /// The status of the answer: 200, or 401 where a login is wanted.
    pub status: u16,
    /// The kind of login that it wants.
    pub login: WantedLogin,
    /// The difference of its clock to this machine's, cut to whole seconds; `None` if it does not tell the time.
    pub clock: Option<ClockOffset>,
}

/// The kind of login that a registry wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedLogin {
    /// None.
    Nothing,
    /// User and password with each request.
    Password,
    /// A token.
    Token,
}

/// The difference of another clock to this machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockOffset {
    /// The other clock is ahead by at least this much.
    Ahead(Duration),
    /// The other clock is behind by at least this much.
    Behind(Duration),
}

/// A registry that gives no answer.
#[derive(Debug, thiserror::Error)]
#[error("`{address}` cannot be reached")]
pub struct Unreached {
    /// The address, such as `https://ghcr.io`.
    pub address: String,
    /// The kind of obstacle.
    pub obstacle: Obstacle,
    /// The words of the HTTP client.
    #[source]
    pub problem: RemoteProblem,
}

/// The obstacles on the way to a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Nothing listens there.
    Refused,
    /// The host's name has no address.
    UnknownHost,
    /// No answer in time.
    Silence,
    /// The certificate is signed by an authority that this machine does not trust.
    UnknownAuthority,
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not come.
    NotYetValid,
    /// The certificate is for other names.
    WrongName,
    /// It speaks plain HTTP, and TLS was spoken to it.
    PlainText,
    /// Something else.
    Other,
}

impl ClockOffset {
    /// The least difference of a clock that said `told`, at some time between `before` and `after` of this machine's.
    pub fn between(told: SystemTime, before: SystemTime, after: SystemTime) -> Self {
        match (told.duration_since(after), before.duration_since(told)) {
            (Ok(ahead), _) => Self::Ahead(ahead),
            (_, Ok(behind)) => Self::Behind(behind),
            (Err(_), Err(_)) => Self::Ahead(Duration::ZERO),
        }
    }

    /// The difference.
    pub fn size(self) -> Duration {
        match self {
            Self::Ahead(difference) | Self::Behind(difference) => difference,
        }
    }
}

impl Greeting {
    /// Asks the registry at `domain` about nothing in particular, without a login.
    ///
    /// # Errors
    /// When it gives no answer. An answer with any status is one.
    pub async fn of(domain: &str, access: &RegistryAccess) -> Result<Self, Unreached> {
        let session = access.sessions.at(domain, &access.insecure);
        let session = session.map_err(|problem| Unreached {
            address: domain.to_owned(),
            obstacle: Obstacle::Other,
            problem,
        })?;
        let before = SystemTime::now();
        let answer = session.greet().await.map_err(|error| Unreached {
            address: session.address().to_owned(),
            obstacle: Obstacle::of(&error),
            problem: problem(&error),
        })?;
        Ok(Self {
            address: session.address().to_owned(),
            status: answer.status().as_u16(),
            login: WantedLogin::of(&answer),
            clock: time(&answer).map(|told| offset(told, before, SystemTime::now())),
        })
    }
}

impl WantedLogin {
    fn of(answer: &Response) -> Self {
        match challenge::strongest(answer.headers().get_all(WWW_AUTHENTICATE)) {
            None => Self::Nothing,
            Some(Challenge::Basic) => Self::Password,
            Some(Challenge::Bearer(_)) => Self::Token,
        }
    }
}

/// The time in an answer, cut to seconds.
fn time(answer: &Response) -> Option<SystemTime> {
    let text = answer.headers().get(DATE)?.to_str().ok()?;
    let told = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(told.into())
}

/// The offset of a clock that told its seconds alone.
fn offset(told: SystemTime, before: SystemTime, after: SystemTime) -> ClockOffset {
    let whole_second = Duration::from_secs(1);
    match ClockOffset::between(told, before - whole_second, after) {
        ClockOffset::Ahead(size) => ClockOffset::Ahead(Duration::from_secs(size.as_secs())),
        ClockOffset::Behind(size) => ClockOffset::Behind(Duration::from_secs(size.as_secs())),
    }
}

impl Obstacle {
    fn of(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Silence;
        }
        let mut cause: Option<&(dyn Error + 'static)> = error.source();
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref::<io::Error>().and_then(Self::of_system) {
                return found;
            }
            if let Some(found) = error.downcast_ref::<rustls::Error>() {
                return Self::of_tls(found);
            }
            cause = error.source();
        }
        // The resolver's error has no type that can be seen from here.
        if problem(error).to_string().contains("dns error") {
            return Self::UnknownHost;
        }
        Self::Other
    }

    fn of_system(error: &io::Error) -> Option<Self> {
        if let Some(inner) = error.get_ref() {
            let tls = inner.downcast_ref::<rustls::Error>().map(Self::of_tls);
            return tls.or_else(|| Self::of_system(inner.downcast_ref()?));
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Some(Self::Refused),
            io::ErrorKind::TimedOut => Some(Self::Silence),
            _ => None,
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::PlainText,
            rustls::Error::InvalidCertificate(reason) => match reason {
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    Self::UnknownAuthority
                }
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    Self::Expired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests;
