//! The images in a registry, pushed by llbgen itself.

use llbgen_tests::{bed::Bed, command::run, image::ARCHITECTURES, progress};

use super::{built, commands_run, config, with_programs};
use crate::images::{BOTH, manifests};

/// R06 and C05; what is built already is only sent.
#[test]
fn pushed_images_have_both_platforms_and_nothing_else() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let prefix = format!("{}/oocana", bed.description().registry);
    let images = ["oocana-mount", "oocana-runtime"];
    let push = ["--push", "--registry", &prefix, "--tag", "t"];
    let arguments = [&["build"], &images[..], &push, &["--progress", "rawjson"]].concat();
    let said = run(&mut with_programs(&built.bed, &built.home, &arguments)).success();
    assert!(!progress::vertices(&said.stderr).unwrap().is_empty());
    assert_eq!(commands_run(&said.stderr), Vec::<String>::new());
    let lines: Vec<&str> = said.text().lines().collect();
    assert_eq!(lines.len(), images.len());
    for (image, line) in images.iter().zip(lines) {
        let repository = format!("{prefix}/{image}");
        let digest = line.strip_prefix(&format!("{repository}:t@")).unwrap();
        let (index, manifests) = manifests(&built.home, &repository, ":t", &BOTH);
        let (same, _) = self::manifests(&built.home, &repository, &format!("@{digest}"), &BOTH);
        assert_eq!(index, same);
        for (arch, manifest) in ARCHITECTURES.iter().zip(manifests) {
            let reference = format!("docker://{repository}@{digest}");
            let config = config(&built.home, &reference, arch);
            assert_eq!(config["architecture"], *arch);
            // The same image as in the archive, however it leaves.
            assert_eq!(config, built.config(image, arch));
            let layers = manifest["layers"].as_array().unwrap().len();
            assert_eq!(
                layers,
                config["rootfs"]["diff_ids"].as_array().unwrap().len()
            );
        }
    }
}
