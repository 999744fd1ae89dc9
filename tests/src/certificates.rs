//! Certificates for mutual TLS on loopback, and some that must be refused.

use std::{fs, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// As [`write()`], with a certificate of the server whose time is over.
///
/// # Panics
/// When a file cannot be written.
pub fn write_expired(dir: &Path) {
    write_with(dir, Life::Over);
}

/// Writes `ca.pem`, `server.pem`, `server-key.pem`, `cert.pem` and `key.pem` (a client's, as buildctl's `--tlsdir`
/// names them) into `dir`.
///
/// # Panics
/// When a file cannot be written.
pub fn write(dir: &Path) {
    write_with(dir, Life::Long);
}

/// The time of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Long,
    Over,
}

/// The same; the server's certificate has this time.
fn write_with(dir: &Path, life: Life) {
    fs::create_dir_all(dir).expect("the directory can be made");
    let authority = authority();
    let put = |name: &str, text: String| {
        fs::write(dir.join(name), text).expect("a certificate can be written");
    };
    put("ca.pem", authority.pem());
    let (certificate, key) = issue(&authority, ExtendedKeyUsagePurpose::ServerAuth, life);
    put("server.pem", certificate);
    put("server-key.pem", key);
    let (certificate, key) = issue(&authority, ExtendedKeyUsagePurpose::ClientAuth, Life::Long);
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

fn issue(authority: &Authority, purpose: ExtendedKeyUsagePurpose, life: Life) -> (String, String) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).expect("the names are valid");
    params.extended_key_usages.push(purpose);
    if life == Life::Over {
        params.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().expect("a key can be made");
    let certificate = params
        .signed_by(&key, authority)
        .expect("a certificate can be signed");
    (certificate.pem(), key.serialize_pem())
}
