//! The artifacts of a file beside those of a program.

use super::*;

/// The catalog of a program, and the line that declares its artifact `below`.
fn of_a_program() -> (Catalog, u32) {
    let (below, line) = (Artifact::rootfs("below", "debian:12"), line!());
    let catalog = Catalog::new()
        .artifact(below)
        .artifact(Artifact::layer("on-top", "below"))
        .defaults(["below", "on-top"]);
    (catalog, line)
}

#[test]
fn artifacts_of_a_file_stand_beside_those_of_a_program() {
    let check = |text: &str, artifacts: &[&str], defaults: &[&str]| {
        let (catalog, _) = of_a_program();
        let catalog = catalog.with_file(parse(text).unwrap()).unwrap();
        let catalog = catalog.check().unwrap();
        let names = catalog.artifacts().map(|artifact| artifact.name().as_str());
        assert_eq!(names.collect::<Vec<_>>(), artifacts, "{text}");
        let names = catalog.defaults().iter().map(ArtifactName::as_str);
        assert_eq!(names.collect::<Vec<_>>(), defaults, "{text}");
    };
    let mine = "[artifact.mine]\nkind = \"layer\"\nbase = \"on-top\"\n";
    let all = ["below", "on-top", "mine"];
    check("", &["below", "on-top"], &["below", "on-top"]);
    check(mine, &all, &["below", "on-top"]);
    check(&format!("default = [\"mine\"]\n{mine}"), &all, &["mine"]);
    check(&format!("default = []\n{mine}"), &all, &[]);
}

/// The Dockerfile that names a base need not be there before the artifact is planned.
#[test]
fn an_artifact_without_its_dockerfile_stays() {
    let lost = Artifact::rootfs("lost", Base::from_line("lost.dockerfile"));
    let mine = "[artifact.mine]\nkind = \"layer\"\nbase = \"lost\"\n";
    let catalog = Catalog::new().artifact(lost);
    let catalog = catalog.with_file(parse(mine).unwrap()).unwrap();
    assert!(catalog.check().unwrap().get("lost").is_some());
}

#[test]
fn a_name_that_both_have_is_told_with_both_places() {
    let check = |catalog: Catalog, other: &str| {
        let text = "\n[artifact.below]\nkind = \"rootfs\"\nbase = \"debian:12\"\n";
        let error = catalog.with_file(parse(text).unwrap()).unwrap_err();
        let expected = format!(
            "`llbgen.toml` line 2, column 1: artifact `below` is declared at {other}, too; call one of them something \
             else\n  2 | [artifact.below]\n    | ^^^^^^^^^^^^^^^^"
        );
        assert_eq!(error.to_string(), expected);
    };
    let (catalog, line) = of_a_program();
    check(catalog, &format!("{}:{line}", file!()));
    let text = "[artifact.below]\nkind = \"layer\"\nbase = \"debian:12\"\n";
    let of_a_file = Catalog::new().with_file(CatalogFile::parse("other.toml", text).unwrap());
    check(of_a_file.unwrap(), "other.toml:1");
}
