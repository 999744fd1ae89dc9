//! The test bed itself: images of both platforms come from the registry, and steps run in them.

use std::process::Command;

use llbgen_tests::bed::Bed;

/// Builds a Dockerfile on the bed's daemon and returns its tree as a tar.
fn dockerfile(bed: &Bed, text: &str, platform: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Dockerfile"), text).unwrap();
    let path = dir.path().display();
    let output = Command::new("buildctl")
        .args([
            "--addr",
            &bed.address(),
            "build",
            "--frontend",
            "dockerfile.v0",
        ])
        .args([
            "--local",
            &format!("context={path}"),
            "--local",
            &format!("dockerfile={path}"),
        ])
        .args([
            "--opt",
            &format!("platform={platform}"),
            "--output",
            "type=tar,dest=-",
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

#[test]
fn steps_run_on_both_platforms() {
    let Some(bed) = Bed::shared() else { return };
    for (platform, machine) in [("linux/amd64", "x86_64"), ("linux/arm64", "aarch64")] {
        let text = "FROM ubuntu:latest AS run\nRUN uname -m > /machine\nFROM scratch\nCOPY --from=run /machine /\n";
        let tar = dockerfile(bed, text, platform);
        let mut archive = tar::Archive::new(tar.as_slice());
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        let content = std::io::read_to_string(&mut entry).unwrap();
        assert_eq!(
            (entry.path().unwrap().to_str(), content.trim()),
            (Some("machine"), machine)
        );
    }
}
