//! Certificates for mutual TLS on loopback, and some that must be refused.

use std::{fs, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// Writes `ca.pem`, `server.pem`, `server-key.pem`, `cert.pem` and `key.pem` (a client's, as buildctl's `--tlsdir`
/// names them) into `dir`.
///
/// # Panics
/// When a file cannot be written.
pub fn write(dir: &Path) {
    fs::create_dir_all(dir).expect("the directory can be made");
    let authority = authority();
    let put = |name: &str, text: String| {
        fs::write(dir.join(name), text).expect("a certificate can be written");
    };
    put("ca.pem", authority.pem());
    let (certificate, key) = issue(&authority, ExtendedKeyUsagePurpose::ServerAuth);
    put("server.pem", certificate);
    put("server-key.pem", key);
    let (certificate, key) = issue(&authority, ExtendedKeyUsagePurpose::ClientAuth);
    put("cert.pem", certificate);
    put("key.pem", key);
}

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).expect("no names are valid names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "test bed authority");
    let key = KeyPair::generate().expect("a key can be made");
    CertifiedIssuer::self_signed(params, key).expect("a certificate can be signed")
}

fn issue(authority: &Authority, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).expect("the names are valid");
    params.extended_key_usages.push(purpose);
    let key = KeyPair::generate().expect("a key can be made");
    let certificate = params
        .signed_by(&key, authority)
        .expect("a certificate can be signed");
    (certificate.pem(), key.serialize_pem())
}
