//! The images and the Dockerfiles that they replace.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Running, clean},
    image::ARCHITECTURES,
    machine::workspace,
    parity::{Justified, compare},
    tree::Tree,
};

use super::{Built, CERTIFICATES, LIMIT, built};

/// Where the trees may differ, and why.
const IMAGES: &[Justified] = &[(
    "var/log/mosquitto",
    "the twin keeps logs in a tmpfs, and the package makes its directory there",
)];

/// The tree that a Dockerfile of the workspace makes.
fn twin(built: &Built, image: &str, arch: &str) -> Tree {
    let home = &built.home;
    let output = format!("{image}-{arch}-twin.tar");
    let mut command = clean("buildctl", home);
    command.env("BUILDKIT_HOST", built.bed.address());
    command.args(["build", "--frontend", "dockerfile.v0", "--output"]);
    command.arg(format!("type=tar,dest={output}"));
    command.args(["--opt", &format!("filename={image}.dockerfile")]);
    command.args(["--opt", &format!("platform=linux/{arch}")]);
    command.args(["--secret", &format!("id=ca,src={CERTIFICATES}")]);
    let local = |name: &str, dir: &Path| format!("{name}={}", dir.display());
    command.args(["--local", &local("context", workspace())]);
    command.args([
        "--local",
        &local("dockerfile", &workspace().join("dockerfiles")),
    ]);
    for (name, dir) in [
        ("oocana", home.join("programs/oocana")),
        ("ovmlayer", home.join("programs/ovmlayer")),
        ("tars", home.join("out")),
    ] {
        command.args(["--opt", &format!("context:{name}=local:{name}")]);
        command.args(["--local", &local(name, &dir)]);
    }
    Running::start(&mut command).wait_for(LIMIT).success();
    // The daemon has copied them into the image.
    built.forget("local source for tars");
    let tree = Tree::open(&home.join(&output)).unwrap();
    fs::remove_file(home.join(output)).unwrap();
    tree
}

#[test]
fn the_images_are_their_twins() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    for arch in ARCHITECTURES {
        for image in ["oocana-mount", "oocana-runtime"] {
            let (ours, twin) = (built.image(image, arch), twin(built, image, arch));
            compare(&ours, &twin, IMAGES).unwrap();
        }
    }
}
