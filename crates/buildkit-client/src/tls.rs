//! TLS towards the daemon: the files that `buildctl` names on its command line, loaded for rustls.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The TLS flags of the command line, as `buildctl` has them. All are unset by default, which means plain text.
///
/// Mirrors `ResolveClient` in BuildKit's `cmd/buildctl/common/common.go`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFlags {
    /// `--tlsdir`: a directory with the other three files under their usual names.
    pub dir: Option<PathBuf>,
    /// `--tlscacert`: PEM certificates of the authorities that may have signed the daemon's certificate.
    pub ca: Option<PathBuf>,
    /// `--tlscert`: the PEM certificate chain that this client presents.
    pub cert: Option<PathBuf>,
    /// `--tlskey`: the PEM private key of `cert`.
    pub key: Option<PathBuf>,
    /// `--tlsservername`: the name that the daemon's certificate must carry; the address's host by default.
    pub server_name: Option<String>,
}

/// The TLS settings: the files to read, and the expected name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The only authorities that are trusted; the system's are not.
    pub ca: PathBuf,
    /// The client's certificate; without it, the daemon does not know the client.
    pub client: Option<ClientPair>,
    /// The name that the daemon's certificate must carry; the address's host by default.
    pub server_name: Option<String>,
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPair {
    /// The PEM certificate chain.
    pub cert: PathBuf,
    /// The PEM private key (PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
}

/// TLS options or files that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The same files are named in two ways.
    #[error("`--tlsdir` cannot be given together with `--tlscacert`, `--tlscert` or `--tlskey`")]
    DirAndFiles,
    /// A directory without one of the three files.
    #[error("TLS directory `{}` has neither `{first}` nor `{second}`", dir.display())]
    NotInDir {
        /// The directory.
        dir: PathBuf,
        /// The usual name.
        first: &'static str,
        /// The name in a Kubernetes secret.
        second: &'static str,
    },
    /// Without a CA no server certificate could be verified.
    #[error("TLS needs the daemon's CA certificate: give `--tlscacert` or `--tlsdir`")]
    NoCa,
    /// One half of the client's pair.
    #[error("the client's certificate needs its key: `--tlscert` and `--tlskey` go together")]
    HalfPair,
    /// A file that cannot be read.
    #[error("cannot read TLS file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file without a PEM block of the right kind.
    #[error("TLS file `{}` holds no PEM {expected}", path.display())]
    NoPem {
        /// The file.
        path: PathBuf,
        /// `certificate` or `private key`.
        expected: &'static str,
    },
    /// Certificates or a key that rustls refuses.
    #[error("TLS file `{}` cannot be used", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// A name that no certificate can carry.
    #[error("`{name}` is no valid TLS server name")]
    ServerName {
        /// The name.
        name: String,
    },
    /// A unix socket has no host that could stand for the server's name.
    #[error("TLS over a unix socket needs `--tlsservername`")]
    NoServerName,
}

impl TlsFlags {
    /// The settings of the flags: `None` (plain text), or the files to use.
    pub fn resolve(&self) -> Result<Option<TlsFiles>, TlsError> {
        let Self {
            dir,
            ca,
            cert,
            key,
            server_name,
        } = self;
        if let Some(dir) = dir {
            if ca.is_some() || cert.is_some() || key.is_some() {
                return Err(TlsError::DirAndFiles);
            }
            return TlsFiles::from_dir(dir, server_name.clone()).map(Some);
        }
        let client = match (cert, key) {
            (Some(cert), Some(key)) => Some(ClientPair {
                cert: cert.clone(),
                key: key.clone(),
            }),
            (None, None) => None,
            _ => return Err(TlsError::HalfPair),
        };
        match ca {
            Some(ca) => Ok(Some(TlsFiles {
                ca: ca.clone(),
                client,
                server_name: server_name.clone(),
            })),
            None if client.is_none() && server_name.is_none() => Ok(None),
            None => Err(TlsError::NoCa),
        }
    }
}

impl TlsFiles {
    /// The files of a directory: `ca.pem`, `cert.pem`, `key.pem`, or the names in a Kubernetes secret, `ca.crt`,
    /// `tls.crt`, `tls.key`.
    pub fn from_dir(dir: &Path, server_name: Option<String>) -> Result<Self, TlsError> {
        Ok(Self {
            ca: find_in(dir, "ca.pem", "ca.crt")?,
            client: Some(ClientPair {
                cert: find_in(dir, "cert.pem", "tls.crt")?,
                key: find_in(dir, "key.pem", "tls.key")?,
            }),
            server_name,
        })
    }

    /// Reads the files into a client configuration that speaks HTTP/2.
    pub(crate) fn load(&self) -> Result<rustls::ClientConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|source| TlsError::Refused {
                path: self.ca.clone(),
                source,
            })?
            .with_root_certificates(read_roots(&self.ca)?);
        let mut config = match &self.client {
            None => builder.with_no_client_auth(),
            Some(pair) => builder
                .with_client_auth_cert(read_certificates(&pair.cert)?, read_key(&pair.key)?)
                .map_err(|source| TlsError::Refused {
                    path: pair.cert.clone(),
                    source,
                })?,
        };
        // grpc-go refuses a connection that did not negotiate h2.
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

fn find_in(dir: &Path, first: &'static str, second: &'static str) -> Result<PathBuf, TlsError> {
    for name in [first, second] {
        let path = dir.join(name);
        match path.try_exists() {
            Ok(true) => return Ok(path),
            Ok(false) => {}
            Err(source) => return Err(TlsError::Read { path, source }),
        }
    }
    Err(TlsError::NotInDir {
        dir: dir.into(),
        first,
        second,
    })
}

fn read_roots(path: &Path) -> Result<rustls::RootCertStore, TlsError> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in read_certificates(path)? {
        roots.add(certificate).map_err(|source| TlsError::Refused {
            path: path.into(),
            source,
        })?;
    }
    Ok(roots)
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(TlsError::NoPem {
            path: path.into(),
            expected: "certificate",
        }),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read(path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_not_pem| TlsError::NoPem {
        path: path.into(),
        expected: "private key",
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read {
        path: path.into(),
        source,
    })
}

#[cfg(test)]
mod tests;
