//! TCP addresses: mutual TLS that works, and the true reason when it does not.

use std::path::Path;

use llbgen_tests::{
    bed::Bed,
    certificates,
    command::{fixture, run},
};

/// Builds over `tcp://ADDRESS` with the certificates in a directory, if any.
fn build(home: &Path, address: &str, tlsdir: Option<&Path>) -> llbgen_tests::command::Outcome {
    let mut command = fixture("steps", home);
    command.args(["--addr", &format!("tcp://{address}"), "build", "plain"]);
    if let Some(dir) = tlsdir {
        command.arg("--tlsdir").arg(dir);
    }
    run(&mut command)
}

#[test]
fn mutual_tls_works() {
    let Some(bed) = Bed::shared() else { return };
    let (home, bed) = (tempfile::tempdir().unwrap(), bed.description());
    build(home.path(), &bed.tls, Some(&bed.certificates)).success();
    assert!(home.path().join("out/plain.tar").exists());
    let file = |name: &str| bed.certificates.join(name);
    let flags = run(fixture("steps", home.path())
        .args([
            "--addr",
            &format!("tcp://{}", bed.tls),
            "--tlsservername",
            "localhost",
            "build",
            "plain",
        ])
        .arg("--tlscacert")
        .arg(file("ca.pem"))
        .arg("--tlscert")
        .arg(file("cert.pem"))
        .arg("--tlskey")
        .arg(file("key.pem")));
    flags.success();
}

#[test]
fn what_is_wrong_with_tls_is_said() {
    let Some(bed) = Bed::shared() else { return };
    let (home, bed) = (tempfile::tempdir().unwrap(), bed.description());
    let strangers = home.path().join("strangers");
    certificates::write(&strangers);
    let mixed = home.path().join("mixed");
    certificates::write(&mixed);
    std::fs::copy(bed.certificates.join("ca.pem"), mixed.join("ca.pem")).unwrap();
    build(home.path(), &bed.tls, None).fails(4, &[&bed.tls, "TLS"]);
    build(home.path(), &bed.tls, Some(&strangers)).fails(4, &[&bed.tls, "certificate"]);
    build(home.path(), &bed.tls, Some(&mixed)).fails(4, &[&bed.tls, "certificate"]);
    // The registry speaks plain HTTP.
    build(home.path(), &bed.registry, Some(&bed.certificates)).fails(4, &[&bed.registry, "TLS"]);
    assert!(!home.path().join("out").exists());
}
