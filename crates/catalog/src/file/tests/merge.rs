//! A file's artifacts beside those of a program.

use super::*;

/// A catalog that is built in: `below` needs a Dockerfile, `on-top`, `copies` and `carries` are made from it.
fn builtin() -> Catalog {
    Catalog::new()
        .artifact(Artifact::rootfs("below", Base::from_line("x.dockerfile")))
        .artifact(Artifact::layer("on-top", "below"))
        .artifact(Artifact::rootfs("copies", "debian:12").step(Copy::new("/a", "/a").from("below")))
        .artifact(Artifact::image("carries", "debian:12").step(Tar::of("on-top", "/a.tar")))
        .artifact(Artifact::rootfs("alone", "debian:12"))
        .defaults(["below", "alone"])
}

#[test]
fn built_in_artifacts_stay_where_their_dockerfiles_are() {
    let check = |text: &str, is_there: bool, artifacts: &[&str], defaults: &[&str]| {
        let exists = |path: &ContextPath| is_there && path.as_str() == "x.dockerfile";
        let catalog = builtin().with_file(parse(text).unwrap(), &exists).unwrap();
        let catalog = catalog.check().unwrap();
        let names = catalog.artifacts().map(|artifact| artifact.name().as_str());
        assert_eq!(names.collect::<Vec<_>>(), artifacts, "{text}");
        let names = catalog.defaults().iter().map(ArtifactName::as_str);
        assert_eq!(names.collect::<Vec<_>>(), defaults, "{text}");
    };
    let mine = "[artifact.mine]\nkind = \"rootfs\"\nbase = \"debian:12\"\n";
    let all = ["below", "on-top", "copies", "carries", "alone", "mine"];
    check(mine, true, &all, &["below", "alone"]);
    check(mine, false, &["alone", "mine"], &["alone"]);
    check(&format!("builtin = false\n{mine}"), true, &["mine"], &[]);
    check(
        &format!("default = [\"mine\"]\n{mine}"),
        true,
        &all,
        &["mine"],
    );
    check(&format!("default = []\n{mine}"), true, &all, &[]);
    let below = "[artifact.below]\nkind = \"rootfs\"\nbase = \"debian:12\"\n";
    check(below, false, &["alone", "below"], &["alone"]);
    let on_top = "[artifact.mine]\nkind = \"layer\"\nbase = \"below\"\n";
    check(on_top, true, &all, &["below", "alone"]);
    check(
        &format!("{below}{on_top}"),
        false,
        &["alone", "below", "mine"],
        &["alone"],
    );
}

/// What an option says is as good as what a step says.
#[test]
fn options_name_what_is_left_out() {
    let check = |of_file: &str, stays: bool| {
        let step = Copy::new("/a", "/a").from("{from}");
        let builtin = builtin().option("word", "below", []);
        let builtin = builtin.artifact(Artifact::rootfs("chosen", "debian:12").step(step));
        let file = parse(of_file).unwrap();
        let catalog = builtin.with_file(file, &|_| false).unwrap();
        let catalog = catalog.check().unwrap();
        assert_eq!(catalog.get("chosen").is_some(), stays, "{of_file}");
    };
    check("options.from = \"{word}\"", false);
    check("options.from = \"alone\"", true);
}

#[test]
fn names_and_bases_that_would_be_something_else_are_refused() {
    let check = |text: &str, is_there: bool, expected: &str| {
        let error = builtin()
            .with_file(parse(text).unwrap(), &|_| is_there)
            .unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    };
    check(
        "\n[artifact.below]\nkind = \"rootfs\"\nbase = \"debian:12\"\n",
        true,
        "`llbgen.toml` line 2, column 1: artifact `below` is built in already; call this one something else, or write \
         `builtin = false` at the top\n  2 | [artifact.below]\n    | ^^^^^^^^^^^^^^^^",
    );
    check(
        "[artifact.mine]\nkind = \"layer\"\nbase = \"on-top\"\n",
        false,
        "`llbgen.toml` line 1, column 1: the built-in artifact `on-top` is left out, because `x.dockerfile`, whose FROM \
         line it needs, is not in the context directory\n  1 | [artifact.mine]\n    | ^^^^^^^^^^^^^^^",
    );
}
