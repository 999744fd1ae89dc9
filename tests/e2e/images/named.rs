//! What images are called in archives, and that equal images have equal archives.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, run},
    machine,
};
use serde_json::Value;

const CATALOG: &str = r#"
[artifact.a]
kind = "image"
base = "scratch"
platforms = ["linux/amd64"]
repository = "registry.example.com/team/a"
tags = ["1"]
steps = [{ copy = "f.txt", to = "/f" }]

[artifact.tree]
kind = "image"
base = "a"
platforms = ["linux/amd64"]
steps = [
    { copy = "dir/", to = "/deep/dir/" },
    { copy = "/deep/dir/g.txt", from = "packed", to = "/from/" },
    { workdir = "/work/here" },
    { copy = "f.txt", to = "/work/here/" },
]

[artifact.packed]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
steps = [{ copy = "dir/", to = "/deep/dir/" }]

[artifact.Nameless]
kind = "image"
base = "scratch"
steps = [{ copy = "f.txt", to = "/f" }]
"#;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
    fs::write(home.path().join("f.txt"), "x\n").unwrap();
    fs::create_dir(home.path().join("dir")).unwrap();
    fs::write(home.path().join("dir/g.txt"), "y\n").unwrap();
    home
}

fn build(home: &Path, address: &str, arguments: &[&str]) -> Outcome {
    let mut command = clean(machine::llbgen(), home);
    run(command.args(["--addr", address, "build"]).args(arguments))
}

/// A JSON file of an archive.
fn json(home: &Path, archive: &str, name: &str) -> Value {
    let bytes = fs::read(home.join(archive)).unwrap();
    let mut archive = tar::Archive::new(&*bytes);
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let entry = entries.find(|entry| entry.path_bytes() == name.as_bytes());
    serde_json::from_reader(entry.unwrap()).unwrap()
}

/// The name and the tag of every image that an archive lists.
fn names(home: &Path, archive: &str) -> Vec<[String; 2]> {
    let index = json(home, archive, "index.json");
    let of = |image: &Value| {
        let annotations = image["annotations"].as_object().unwrap();
        assert_eq!(annotations.len(), 2, "{annotations:?}");
        [
            "io.containerd.image.name",
            "org.opencontainers.image.ref.name",
        ]
        .map(|key| annotations[key].as_str().unwrap().to_owned())
    };
    index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(of)
        .collect()
}

#[test]
fn an_archive_knows_the_names_of_its_image() {
    let Some(bed) = Bed::shared() else { return };
    let (home, address) = (home(), bed.address());
    let home = home.path();
    let pair = |name: &str, tag: &str| [name.to_owned(), tag.to_owned()];
    let repository = "registry.example.com/team/a";
    for (form, tags) in [
        ("oci", &["1"][..]),
        ("oci", &["v1", "v2"]),
        ("docker", &["1"]),
        ("docker", &["v1"]),
    ] {
        let output = format!("type={form},dest=a.tar");
        let mut arguments = vec!["a", "-o", &output];
        if tags != ["1"] {
            arguments.extend(tags.iter().flat_map(|tag| ["--tag", tag]));
        }
        let said = build(home, &address, &arguments).success();
        assert_eq!(said.text(), "a.tar\n");
        let expected: Vec<_> = tags
            .iter()
            .map(|tag| pair(&format!("{repository}:{tag}"), tag))
            .collect();
        assert_eq!(names(home, "a.tar"), expected, "{form}");
        if form == "docker" {
            let manifest = json(home, "a.tar", "manifest.json");
            assert_eq!(
                manifest[0]["RepoTags"][0],
                format!("{repository}:{}", tags[0])
            );
        }
    }
    // Those who read archives find it by its tag.
    let from = "oci-archive:out/a.oci.tar:1";
    build(home, &address, &["a"]).success();
    run(clean("skopeo", home).args(["copy", "-q", from, "oci:layout:1"])).success();
    let unpack = ["unpack", "--rootless", "--image", "layout:1", "bundle"];
    run(clean("umoci", home).args(unpack)).success();
    assert_eq!(
        fs::read_to_string(home.join("bundle/rootfs/f")).unwrap(),
        "x\n"
    );

    // Other names are another archive.
    build(home, "unix:///nobody", &["a"]).success();
    build(home, "unix:///nobody", &["a", "--tag", "2"]).fails(4, &["/nobody"]);
    let mut plan = clean(machine::llbgen(), home);
    let planned = run(plan.args(["plan", "a", "--tag", "2"])).success();
    let reason = format!("its archive calls it {repository}:1");
    assert!(planned.text().contains(&reason), "{}", planned.text());

    // What the catalog does not name has the name of its artifact, and the content tag.
    build(home, &address, &["Nameless"]).success();
    let mut id = clean(machine::llbgen(), home);
    let id = run(id.args(["id", "Nameless", "--format", "json"])).success();
    let id: Value = serde_json::from_slice(&id.stdout).unwrap();
    let tag = id[0]["content_tag"].as_str().unwrap();
    let name = format!("docker.io/library/nameless:{tag}");
    assert_eq!(names(home, "out/Nameless.oci.tar"), [pair(&name, tag)]);
}

/// On two daemons, of which one has pushed the image and so knows it from a registry.
#[test]
fn equal_images_have_equal_archives() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let prefix = format!("{}/archived", bed.description().registry);
    build(
        home,
        &bed.address(),
        &["a", "--push", "--registry", &prefix],
    )
    .success();
    let other = bed.private();
    for (artifact, form) in [("a", "oci"), ("a", "docker"), ("tree", "oci")] {
        let archive = |address: &str| {
            let output = format!("type={form},dest=a.tar");
            build(home, address, &[artifact, "--no-cache", "-o", &output]).success();
            fs::read(home.join("a.tar")).unwrap()
        };
        let first = archive(&bed.address());
        assert!(
            first == archive(&bed.address()),
            "{artifact} {form}: one daemon"
        );
        assert!(
            first == archive(&other.address()),
            "{artifact} {form}: two daemons"
        );
    }
}
