//! Secrets: files and environment variables that a step may ask for.
//!
//! BuildKit: `session/secrets/secretsprovider`.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use buildkit_proto::moby::buildkit::secrets::v1::{GetSecretRequest, GetSecretResponse};
use tonic::{Request, Response, Status};

use super::report::{Reporter, ServiceError};

/// The method that the daemon calls.
pub(super) const GET_SECRET: &str = "/moby.buildkit.secrets.v1.Secrets/GetSecret";

/// The largest secret, 500 KiB: `MaxSecretSize` in BuildKit's `secretsprovider.go`.
pub const MAX_SECRET_SIZE: u64 = 500 << 10;

/// The secrets that a solve may ask for, by id. None by default.
#[derive(Debug, Clone, Default)]
pub struct Secrets(BTreeMap<String, SecretSource>);

/// The origin of a secret.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// A file, read when the daemon asks.
    File(PathBuf),
    /// The value itself.
    Value(SecretValue),
}

/// A secret's value. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Vec<u8>);

/// The reason why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The environment variable is not set.
    #[error("environment variable `{variable}` is not set")]
    Unset {
        /// The variable.
        variable: String,
    },
    /// The file cannot be read.
    #[error("cannot read secret file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The secret is larger than BuildKit takes.
    #[error("larger than {MAX_SECRET_SIZE} bytes")]
    TooLarge,
}

impl Secrets {
    /// The same with one more.
    pub fn with(mut self, id: impl Into<String>, source: SecretSource) -> Self {
        self.0.insert(id.into(), source);
        self
    }
}

impl SecretSource {
    /// A file, which must be readable and not too large now.
    pub fn file(path: impl Into<PathBuf>) -> Result<Self, SecretError> {
        let path = path.into();
        SecretValue::file(&path)?;
        Ok(Self::File(path))
    }

    /// An environment variable, read now.
    pub fn env(variable: &str) -> Result<Self, SecretError> {
        SecretValue::env(variable).map(Self::Value)
    }

    fn value(&self) -> Result<SecretValue, SecretError> {
        match self {
            Self::File(path) => SecretValue::file(path),
            Self::Value(value) => Ok(value.clone()),
        }
    }
}

impl SecretValue {
    /// A value of at most [`MAX_SECRET_SIZE`] bytes.
    pub fn try_new(value: Vec<u8>) -> Result<Self, SecretError> {
        if value.len() as u64 > MAX_SECRET_SIZE {
            Err(SecretError::TooLarge)
        } else {
            Ok(Self(value))
        }
    }

    /// The content of a file.
    pub fn file(path: &Path) -> Result<Self, SecretError> {
        let mut value = Vec::new();
        // One byte more than allowed shows that a file is too large, whatever its metadata says.
        let read = std::fs::File::open(path)
            .and_then(|file| file.take(MAX_SECRET_SIZE + 1).read_to_end(&mut value));
        read.map_err(|source| SecretError::Read {
            path: path.into(),
            source,
        })?;
        Self::try_new(value)
    }

    /// The value of an environment variable.
    pub fn env(variable: &str) -> Result<Self, SecretError> {
        let value = env::var_os(variable).ok_or_else(|| SecretError::Unset {
            variable: variable.into(),
        })?;
        Self::try_new(value.into_encoded_bytes())
    }

    /// The value, for callers that hide it in texts.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(redacted)")
    }
}

/// The service that gives secrets to steps.
pub(crate) struct SecretService {
    secrets: Secrets,
    reporter: Reporter,
}

impl SecretService {
    pub(crate) fn new(secrets: Secrets, reporter: Reporter) -> Self {
        Self { secrets, reporter }
    }

    pub(super) fn get_secret(
        &self,
        request: Request<GetSecretRequest>,
    ) -> Result<Response<GetSecretResponse>, Status> {
        let id = request.into_inner().id;
        // The daemon takes only this code for "not given", which is allowed for optional secrets.
        let source = self
            .secrets
            .0
            .get(&id)
            .ok_or_else(|| Status::not_found(format!("no secret `{id}`")))?;
        match source.value() {
            Ok(SecretValue(data)) => Ok(Response::new(GetSecretResponse { data })),
            Err(source) => {
                let status = Status::failed_precondition(format!("secret `{id}`: {source}"));
                self.reporter.report(ServiceError::Secret { id, source });
                Err(status)
            }
        }
    }
}

#[cfg(test)]
mod tests;
