//! eStargz images, of which a daemon takes what it needs when it needs it.

use std::{collections::BTreeMap, fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    estargz::{self, Entry, TOC_DIGEST},
};
use serde_json::Value;

use super::{BOTH, build, home, manifests};

/// What the layers of an image have, lowest first, when each is what its table of contents says.
fn layers(home: &Path, image: &str, manifest: &Value) -> Vec<BTreeMap<String, Entry>> {
    let dir = tempfile::tempdir_in(home).unwrap();
    let copy = ["copy", "-q", "--src-tls-verify=false"];
    run(clean("skopeo", home)
        .args(copy)
        .arg(format!("docker://{image}"))
        .arg(format!("dir:{}", dir.path().display())))
    .success();
    let layers = manifest["layers"].as_array().unwrap().iter();
    layers
        .map(|layer| {
            let digest = layer["digest"].as_str().unwrap();
            let blob = fs::read(dir.path().join(digest.trim_start_matches("sha256:"))).unwrap();
            let toc = layer["annotations"][TOC_DIGEST].as_str();
            let toc = toc.unwrap_or_else(|| panic!("no table of contents: {layer}"));
            let files = estargz::check(&blob, toc);
            let files = files.unwrap_or_else(|error| panic!("{layer}: {error}"));
            assert!(!files.is_empty(), "{layer}");
            // The annotation is what makes the table trustworthy.
            estargz::check(&blob, digest).unwrap_err();
            files
        })
        .collect()
}

#[test]
fn every_layer_of_an_estargz_image_has_a_table_of_contents() {
    let Some(bed) = Bed::shared() else { return };
    let (home, registry) = (home(), &bed.description().registry);
    let prefix = format!("{registry}/lazy");
    let push = ["odd", "--push", "--registry", &prefix, "--tag", "1"];
    let push = [&push[..], &["--image-compression", "estargz"]].concat();
    let said = build(bed, home.path(), &push).success();
    let hint = "--force-compression";
    assert!(said.stderr.contains(hint), "{}", said.stderr);
    build(bed, home.path(), &[&push[..], &[hint]].concat()).success();
    let repository = format!("{prefix}/odd");
    let (index, manifests) = manifests(home.path(), &repository, ":1", &BOTH);
    for (number, manifest) in manifests.iter().enumerate() {
        let digest = index["manifests"][number]["digest"].as_str().unwrap();
        let layers = layers(home.path(), &format!("{repository}@{digest}"), manifest);
        let [base, ours] = &layers[..] else {
            panic!("{} layers", layers.len())
        };
        // What there was to compare.
        assert_eq!(base["usr/bin/passwd"].mode, 0o4755);
        assert_eq!(ours["odd"].mode, 0o1777);
        let setgid = &ours["odd/setgid"];
        assert_eq!((setgid.mode, setgid.owner), (0o2755, (1000, 70000)));
        assert_eq!(setgid.modified, 1_600_000_000);
        assert_eq!(ours["odd/character"].device, (1, 3));
        assert_eq!(ours["odd/block"].device, (7, 9));
        let capability = &ours["odd/large"].xattrs["security.capability"];
        assert_eq!(capability[..8], [0, 0, 0, 2, 0, 4, 0, 0]);
        assert_eq!(ours["odd/large"].size, 9_000_000);
        for (name, kind) in [
            ("twin", "hardlink"),
            ("soft", "symlink"),
            ("pipe", "fifo"),
            ("empty", "reg"),
        ] {
            assert_eq!(ours[&format!("odd/{name}")].kind, kind, "{name}");
        }
    }
}
