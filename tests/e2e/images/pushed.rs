//! Pushed images: their names, annotations and digests, and what stays out of the registry.

use llbgen_tests::{
    bed::Bed,
    command::{fixture, run},
};

use super::{BOTH, build, home, manifests, tags};

#[test]
fn pushed_images_have_the_names_that_were_asked_for() {
    let Some(bed) = Bed::shared() else { return };
    let (home, registry) = (home(), &bed.description().registry);
    let prefix = format!("{registry}/asked");
    let pushed = build(
        bed,
        home.path(),
        &[
            "app",
            "--push",
            "--registry",
            &prefix,
            "--tag",
            "1.0",
            "--tag",
            "latest",
        ],
    )
    .success();
    let lines: Vec<&str> = pushed.text().lines().collect();
    assert_eq!(lines.len(), 2);
    let (name, digest) = lines[0].split_once('@').unwrap();
    assert_eq!(name, format!("{prefix}/app:1.0"));
    // Nothing but the platforms: no attestations, for which nobody asked.
    let repository = format!("{prefix}/app");
    for reference in [&format!("@{digest}"), ":1.0", ":latest"] {
        manifests(home.path(), &repository, reference, &BOTH);
    }
    assert_eq!(tags(registry, "asked/app"), ["1.0", "latest"]);
    assert!(!home.path().join("out").exists());

    // Without a tag, the content tag.
    let content = build(bed, home.path(), &["app", "--push", "--registry", &prefix]).success();
    let id = run(fixture("images", home.path()).args(["id", "app"])).success();
    let tag = id
        .text()
        .lines()
        .nth(1)
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap();
    assert!(
        content
            .text()
            .starts_with(&format!("{prefix}/app:{tag}@sha256:"))
    );
    manifests(home.path(), &repository, &format!(":{tag}"), &BOTH);
    build(bed, home.path(), &["app", "--push"]).fails(2, &["`app`", "--registry"]);
    let reference = ["app", "--push", "--registry", &prefix, "--tag", "x/y:1"];
    build(bed, home.path(), &reference).fails(2, &["`x/y:1`", "--registry"]);
}

#[test]
fn annotations_are_on_the_index_or_on_every_manifest() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let repository = format!("{}/annotated/copies", bed.description().registry);
    let prefix = repository.trim_end_matches("/copies");
    build(
        bed,
        home.path(),
        &[
            "copies",
            "--push",
            "--registry",
            prefix,
            "--tag",
            "1",
            "--annotation",
            "org.example.plain=a=b, c",
            "--annotation",
            "manifest:org.example.manifest=m",
            "--annotation",
            "index:org.example.index=i",
        ],
    )
    .success();
    let (index, manifests) = manifests(home.path(), &repository, ":1", &BOTH);
    let on_index = &index["annotations"];
    assert_eq!(on_index["org.example.index"], "i");
    assert!(on_index["dev.llbgen.id"].is_string(), "{index}");
    assert!(on_index["org.example.plain"].is_null(), "{index}");
    for manifest in &manifests {
        let on_manifest = &manifest["annotations"];
        assert_eq!(on_manifest["org.example.plain"], "a=b, c");
        assert_eq!(on_manifest["org.example.manifest"], "m");
        assert!(on_manifest["org.example.index"].is_null(), "{manifest}");
    }
    let unknown = ["copies", "--annotation", "layer:a=b"];
    build(bed, home.path(), &unknown).fails(2, &["`layer`", "`manifest`, `index`"]);
}

#[test]
fn a_platform_that_fails_is_named_and_nothing_is_pushed() {
    let Some(bed) = Bed::shared() else { return };
    let (home, registry) = (home(), &bed.description().registry);
    let prefix = format!("{registry}/failing");
    build(
        bed,
        home.path(),
        &["fails", "--push", "--registry", &prefix, "--tag", "1"],
    )
    .fails(
        1,
        &["`fails` for `linux/arm64`", "test $(uname -m) != aarch64"],
    );
    assert_eq!(tags(registry, "failing/fails"), Vec::<String>::new());
}

#[test]
fn without_commands_two_daemons_make_the_same_image() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let other = bed.private();
    let prefix = format!("{}/same", bed.description().registry);
    let digest = |bed: &Bed| {
        let mut command = fixture("images", home.path());
        command
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .args(["--addr", &bed.address(), "build", "copies"])
            .args(["--push", "--registry", &prefix, "--tag", "1"])
            .args([
                "--image-compression",
                "gzip",
                "--force-compression",
                "--no-skip",
            ]);
        let pushed = run(&mut command).success();
        manifests(home.path(), &format!("{prefix}/copies"), ":1", &BOTH);
        pushed.text().split_once('@').unwrap().1.to_owned()
    };
    assert_eq!(digest(bed), digest(&other));
}
