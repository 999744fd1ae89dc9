//! Tables of flags and the files that they mean.

use super::*;

fn flags(ca: Option<&str>, cert: Option<&str>, key: Option<&str>, name: Option<&str>) -> TlsFlags {
    TlsFlags {
        dir: None,
        ca: ca.map(Into::into),
        cert: cert.map(Into::into),
        key: key.map(Into::into),
        server_name: name.map(Into::into),
    }
}

fn check(flags: &TlsFlags, expected: Result<Option<TlsFiles>, &str>) {
    let resolved = flags.resolve().map_err(|error| error.to_string());
    assert_eq!(resolved, expected.map_err(String::from), "{flags:?}");
}

fn pair(cert: &Path, key: &Path) -> ClientPair {
    ClientPair {
        cert: cert.into(),
        key: key.into(),
    }
}

#[test]
fn flags_resolve_as_in_buildctl() {
    let mutual = TlsFiles {
        ca: "ca".into(),
        client: Some(pair(Path::new("cert"), Path::new("key"))),
        server_name: Some("daemon".into()),
    };
    let one_sided = TlsFiles {
        ca: "ca".into(),
        client: None,
        server_name: None,
    };
    check(&TlsFlags::default(), Ok(None));
    check(
        &flags(Some("ca"), Some("cert"), Some("key"), Some("daemon")),
        Ok(Some(mutual)),
    );
    check(&flags(Some("ca"), None, None, None), Ok(Some(one_sided)));

    let no_ca = "TLS needs the daemon's CA certificate: give `--tlscacert` or `--tlsdir`";
    check(&flags(None, Some("cert"), Some("key"), None), Err(no_ca));
    check(&flags(None, None, None, Some("daemon")), Err(no_ca));
    let half = "the client's certificate needs its key: `--tlscert` and `--tlskey` go together";
    check(&flags(Some("ca"), Some("cert"), None, None), Err(half));
    check(&flags(Some("ca"), None, Some("key"), None), Err(half));
    let both = TlsFlags {
        dir: Some("dir".into()),
        ..flags(Some("ca"), None, None, None)
    };
    check(
        &both,
        Err("`--tlsdir` cannot be given together with `--tlscacert`, `--tlscert` or `--tlskey`"),
    );
}

#[test]
fn a_directory_has_either_set_of_names() {
    for names in [
        ["ca.pem", "cert.pem", "key.pem"],
        ["ca.crt", "tls.crt", "tls.key"],
        ["ca.crt", "cert.pem", "tls.key"],
    ] {
        let dir = tempfile::tempdir().unwrap();
        let [ca, cert, key] = names.map(|name| dir.path().join(name));
        for path in [&ca, &cert, &key] {
            fs::write(path, "").unwrap();
        }
        let flags = TlsFlags {
            dir: Some(dir.path().into()),
            ..TlsFlags::default()
        };
        check(
            &flags,
            Ok(Some(TlsFiles {
                ca,
                client: Some(pair(&cert, &key)),
                server_name: None,
            })),
        );
    }
}

#[test]
fn a_directory_must_be_complete() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ca.pem"), "").unwrap();
    let flags = TlsFlags {
        dir: Some(dir.path().into()),
        ..TlsFlags::default()
    };
    let expected = format!(
        "TLS directory `{}` has neither `cert.pem` nor `tls.crt`",
        dir.path().display()
    );
    check(&flags, Err(&expected));
}

#[test]
fn files_without_pem_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    fs::write(&ca, "not a certificate").unwrap();
    let files = TlsFiles {
        ca: ca.clone(),
        client: None,
        server_name: None,
    };
    let error = files.load().unwrap_err().to_string();
    assert_eq!(
        error,
        format!("TLS file `{}` holds no PEM certificate", ca.display())
    );
    let files = TlsFiles {
        ca: dir.path().join("none"),
        client: None,
        server_name: None,
    };
    assert!(matches!(files.load().unwrap_err(), TlsError::Read { .. }));
}
