//! A directory with an `llbgen.toml`, and nothing else than the files that it names.

use std::{fs, path::Path, process::Command};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, run},
    frontend::buildx,
    tree::Tree,
};

use super::{CERTIFICATES, edit, example, on};

const LANGUAGES: [(&str, &str); 2] = [("en_US", "Welcome\n"), ("zh_CN", "欢迎\n")];

/// `buildx build` of the example, from where it is.
fn through_buildx(bed: &Bed, example: &Path, arguments: &[&str]) -> Command {
    let home = example.parent().unwrap();
    let mut command = buildx(bed, bed, home);
    command
        .args(["--secret", &format!("id=llbgen-ca,src={CERTIFICATES}")])
        .args(arguments)
        .arg(example);
    command
}

#[test]
fn every_language_is_the_same_tar_through_buildx() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let example = example("example", home.path());
    let build = |more: &[&str]| {
        let mut command = on(&example, bed);
        command
            .args(["build", "--platform", "linux/amd64"])
            .args(["--build-ca", CERTIFICATES])
            .args(more);
        run(&mut command).success()
    };
    let door = |arguments: &[&str]| {
        let flags = ["--platform", "linux/amd64", "--output", "door"];
        run(&mut through_buildx(
            bed,
            &example,
            &[&flags, arguments].concat(),
        ))
        .success()
    };
    let same = |language: &str| {
        let name = format!("amd64-tools-{language}.tar");
        let direct = fs::read(home.path().join("out").join(&name)).unwrap();
        let through_door = fs::read(home.path().join("door").join(&name)).unwrap();
        assert!(direct == through_door, "{name}");
        Tree::read(direct.as_slice()).unwrap()
    };

    // All values of the axis; through the door, which has one result, each by itself.
    let said = build(&[]);
    assert_eq!(said.text().lines().count(), LANGUAGES.len());
    for (language, motd) in LANGUAGES {
        door(&["--build-arg", &format!("l10n={language}")]);
        let tree = same(language);
        assert!(tree.get("etc/motd").unwrap().has_content(motd.as_bytes()));
        assert!(tree.get("etc/pip.conf").is_none());
        assert!(tree.get("usr/bin/zsh").is_some());
        let package = "usr/local/lib/python3.11/dist-packages/idna/__init__.py";
        assert!(tree.get(package).is_some(), "{:?}", tree.paths());
    }

    // Another value of the option.
    build(&["--set", "mirror=near"]);
    let near = ["--build-arg", "mirror=near", "--build-arg", "l10n=zh_CN"];
    door(&near);
    assert!(same("zh_CN").get("etc/pip.conf").is_some());
}

/// What a user has to choose is refused with the choices.
#[test]
fn buildx_asks_for_what_it_cannot_choose() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let example = example("example", home.path());
    let refused = |arguments: &[&str], words: &[&str]| -> Outcome {
        run(&mut through_buildx(bed, &example, arguments)).fails(1, words)
    };
    let language = ["--build-arg", "l10n=en_US"];
    let with = |more: &[&'static str]| [&language[..], more].concat();
    refused(
        &[],
        &[
            "`my-tools` is built in several variants",
            "choose one with `--build-arg`: l10n=en_US mirror=none, l10n=zh_CN mirror=none",
        ],
    );
    refused(
        &["--build-arg", "l10n=fr_FR"],
        &[
            "axis `l10n` of artifact `my-tools` cannot be `fr_FR`",
            "`en_US`",
            "`zh_CN`",
        ],
    );
    refused(
        &with(&["--build-arg", "mirror=nea"]),
        &[
            "option `mirror` cannot be `nea`; did you mean `near`?",
            "`none`",
        ],
    );
    let mut direct = on(&example, bed);
    direct.args(["build", "--set", "mirror=nea"]);
    run(&mut direct).fails(
        2,
        &[
            "option `mirror` cannot be `nea`; did you mean `near`?",
            "`none`",
        ],
    );

    // Several defaults: one build has one result.
    edit(&example, "[\"my-tools\"]", "[\"my-tools\", \"my-shell\"]");
    refused(
        &language,
        &[
            "`the default` stands for several artifacts, and one build has one result",
            "`--target` takes one of `my-shell`, `my-tools`",
        ],
    );
    // None: as for the command.
    edit(&example, "default = ", "# ");
    refused(
        &language,
        &[
            "no artifact was named",
            "name one with `--target`: `my-tools`, `my-shell`",
        ],
    );
}
