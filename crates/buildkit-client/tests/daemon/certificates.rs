//! Certificates on loopback: the right ones, and some that must be refused.

use std::fs;
use std::path::{Path, PathBuf};

use buildkit_client::{ClientPair, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// An authority and the directory of what it signed.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: PathBuf,
}

impl Authority {
    pub(crate) fn new(dir: &Path) -> Self {
        fs::create_dir_all(dir).unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(dir.join("ca.pem"), issuer.pem()).unwrap();
        Self {
            issuer,
            dir: dir.into(),
        }
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// A certificate for `name`.
    pub(crate) fn issue(&self, name: &str) -> ClientPair {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let pair = ClientPair {
            cert: self.dir.join(format!("{name}.pem")),
            key: self.dir.join(format!("{name}.key")),
        };
        fs::write(&pair.cert, certificate.pem()).unwrap();
        fs::write(&pair.key, key.serialize_pem()).unwrap();
        pair
    }

    pub(crate) fn files(&self, client: Option<ClientPair>) -> TlsFiles {
        TlsFiles {
            ca: self.ca(),
            client,
            server_name: None,
        }
    }

    /// Lines for the daemon's configuration: its own certificate, and whose clients it lets in, if not everybody's.
    pub(crate) fn configuration(&self, server_name: &str, clients: Option<&Self>) -> String {
        let server = self.issue(server_name);
        let line = |key: &str, path: PathBuf| format!("{key} = \"{}\"\n", path.display());
        let own = format!(
            "[grpc.tls]\n{}{}",
            line("cert", server.cert),
            line("key", server.key)
        );
        clients.map_or(own.clone(), |clients| own + &line("ca", clients.ca()))
    }
}
