//! What `llbgen build` leaves behind: one tar per platform, with the image's file system in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Cursor,
    process::Command,
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, locked, run},
    image::ARCHITECTURES,
    tree::Tree,
};
use serde_json::Value;

use crate::built::{buildctl, built};

const TARS: [&str; 4] = [
    "amd64-rootfs.tar",
    "amd64-server-base.tar",
    "arm64-rootfs.tar",
    "arm64-server-base.tar",
];

#[test]
fn four_tars_under_their_declared_names() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let names: BTreeSet<String> = fs::read_dir(&built.dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // The records.
        .filter(|name| name != ".llbgen")
        .collect();
    assert_eq!(names, TARS.map(ToOwned::to_owned).into());
    let printed: BTreeSet<&str> = built
        .stdout
        .lines()
        .map(|line| line.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(printed, TARS.into());
}

#[test]
fn the_metadata_file_has_digests_and_sizes() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let text = built.metadata.to_string();
    for tar in TARS {
        let path = built.dir.join(tar);
        let sum = Command::new("sha256sum").arg(&path).output().unwrap();
        let sum = String::from_utf8(sum.stdout).unwrap();
        assert!(text.contains(&sum[..64]), "no sha256 of {tar} in {text}");
        let size = fs::metadata(path).unwrap().len().to_string();
        assert!(text.contains(&size), "no size of {tar} in {text}");
    }
}

#[test]
fn zsh_runs_in_the_tree() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let root = tempfile::tempdir().unwrap();
    for (arch, machine) in ARCHITECTURES.into_iter().zip(["x86_64", "aarch64"]) {
        let dir = root.path().join(arch);
        fs::create_dir(&dir).unwrap();
        let tar = built.dir.join(format!("{arch}-rootfs.tar"));
        run(clean("tar", root.path())
            .arg("-xpf")
            .arg(tar)
            .arg("-C")
            .arg(&dir))
        .success();
        let said = run(clean("chroot", root.path()).arg(&dir).args([
            "/usr/bin/zsh",
            "-c",
            "echo ok; uname -m",
        ]));
        assert_eq!(said.success().text(), format!("ok\n{machine}\n"));
    }
}

#[test]
fn a_tar_is_the_images_file_system() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let home = tempfile::tempdir().unwrap();
    // Other tests compress layers of the same daemon, which keeps and reuses what it compressed once.
    let output = "type=oci,dest=image.tar,compression=uncompressed,force-compression=true";
    let emit = ["emit", "base-rootfs", "--platform", "linux/amd64"];
    let emit = run(locked(home.path(), &built.lock).args(emit)).success();
    fs::write(home.path().join("graph.pb"), emit.stdout).unwrap();
    let graph = fs::File::open(home.path().join("graph.pb")).unwrap();
    run(buildctl(bed, home.path())
        .args(["build", "--output", output])
        .stdin(graph))
    .success();
    let image = unpacked(&fs::read(home.path().join("image.tar")).unwrap());
    let tar = built.tree("amd64-rootfs.tar");
    assert!(image.get("usr/bin/zsh").is_some());
    for file in built.stdout.lines() {
        let tar = built.tree(file.trim_start_matches("out/"));
        let found = EXTRA.iter().filter(|path| tar.get(path).is_some());
        assert_eq!(found.collect::<Vec<_>>(), Vec::<&&str>::new(), "{file}");
    }
    assert_eq!(tar.differences(&image), BTreeMap::new());
}

/// What `docker export` puts beside the files of an image, where the bases here have nothing (SEEDS.md, A.2).
const EXTRA: [&str; 6] = [
    ".dockerenv",
    "dev/console",
    "dev/pts",
    "dev/shm",
    "etc/hosts",
    "etc/mtab",
];

/// The file system of the image in an OCI archive: its layers, one over the other.
fn unpacked(archive: &[u8]) -> Tree {
    let blob = |path: &str| -> Vec<u8> {
        let mut archive = tar::Archive::new(Cursor::new(archive));
        let found = archive
            .entries()
            .unwrap()
            .map(Result::unwrap)
            .find(|entry| entry.path_bytes() == path.as_bytes());
        let mut content = Vec::new();
        std::io::Read::read_to_end(
            &mut found.unwrap_or_else(|| panic!("no {path}")),
            &mut content,
        )
        .unwrap();
        content
    };
    let json = |path: &str| -> Value { serde_json::from_slice(&blob(path)).unwrap() };
    let path = |digest: &Value| format!("blobs/{}", digest.as_str().unwrap().replace(':', "/"));
    let manifest = json(&path(&json("index.json")["manifests"][0]["digest"]));
    let mut tree = Tree::default();
    for layer in manifest["layers"].as_array().unwrap() {
        tree.apply_layer(blob(&path(&layer["digest"])).as_slice())
            .unwrap();
    }
    tree
}

#[test]
fn server_base_adds_a_directory_and_nothing_else() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let bases = std::path::PathBuf::from(std::env::var_os("LLBGEN_TEST_BASES").unwrap());
    for arch in ARCHITECTURES {
        let upstream = Tree::open(&bases.join(format!("{arch}-server-base.tar"))).unwrap();
        let ours = built.tree(&format!("{arch}-server-base.tar"));
        let differences = ours.differences(&upstream);
        assert_eq!(
            differences.keys().collect::<Vec<_>>(),
            ["app"],
            "{differences:?}"
        );
        assert_eq!(
            format!("{:?}", ours.get("app").unwrap()).trim(),
            "d0755 0:0"
        );
    }
}
