//! Every problem that a catalog can have, with its text.

use crate::{Apt, Artifact, Base, Cache, Catalog, Copy, Run, When, Whiteouts, Workdir};

/// The problems of a catalog, a line each.
fn check(catalog: Catalog, expected: &[&str]) {
    let found = match catalog.check() {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(found, expected);
}

fn one(artifact: Artifact) -> Catalog {
    Catalog::new().artifact(artifact)
}

#[test]
fn sound_catalogs_pass() {
    check(Catalog::new(), &[]);
    check(
        Catalog::new()
            .artifact(Artifact::rootfs("base", "debian:12").output("{arch}.tar"))
            .artifact(
                Artifact::layer("tools", "base")
                    .axis("l10n", ["en", "zh"])
                    .output("{arch}-{l10n}.tar"),
            )
            .artifact(Artifact::image("app", Base::scratch()))
            .defaults(["base"]),
        &[],
    );
}

#[test]
fn names_templates_and_values_are_checked() {
    check(
        one(Artifact::rootfs("a b", "debian:12")),
        &[
            "a b: `a b` is not a valid artifact name: its words, joined by `/`, must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`",
        ],
    );
    for (artifact, kind) in [
        (Artifact::rootfs("a", "debian:12"), "rootfs"),
        (Artifact::image("a", "debian:12"), "image"),
    ] {
        let problem = format!(
            "a: it has `whiteouts`, but it has the kind `{kind}`, and only a layer has them"
        );
        check(one(artifact.whiteouts(Whiteouts::Oci)), &[&problem]);
    }
    check(
        one(Artifact::layer("a", "debian:12").whiteouts(Whiteouts::Overlay)),
        &[],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").output("{arhc}.tar")),
        &[
            "a: `{arhc}`: there is no `arhc`; did you mean `arch`? there are `arch`, `artifact`, `os`, `platform`, `variant`",
            "a: `{arhc}`: there is no `arhc`; did you mean `arch`? there are `arch`, `artifact`, `os`, `platform`, `variant`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").output("{")),
        &["a: `{` has an unbalanced `{`; write `{{` for a literal one"],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").platforms([])),
        &["a: `platforms` has no values, so nothing would be built"],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").platforms(["amd64"])),
        &[
            "a: `amd64` is not a platform such as `linux/amd64` or `linux/arm/v7`",
            "a: `platforms` has no values, so nothing would be built",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").axis("x", [])),
        &["a: `x` has no values, so nothing would be built"],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").axis("arch", ["x"])),
        &[
            "a: `arch` is a variable that every artifact has; call the axis or option something else",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").option("x", "3", ["1", "2"])),
        &["a: option `x`: the default `3` is not one of `1`, `2`"],
    );
}

#[test]
fn bases_must_resolve() {
    let base = || Artifact::rootfs("base-rootfs", "debian:12").output("b/{arch}.tar");
    check(
        Catalog::new()
            .artifact(base())
            .artifact(Artifact::layer("x", "Base-rootfs")),
        &[
            "x: `Base-rootfs` is no artifact (did you mean `base-rootfs`?), and an image needs a tag or a digest",
        ],
    );
    check(
        Catalog::new()
            .artifact(Artifact::layer("a", "b"))
            .artifact(Artifact::layer("b", "a")),
        &[
            "a: it is its own base: a → b → a",
            "b: it is its own base: b → a → b",
        ],
    );
    check(
        Catalog::new()
            .artifact(base().platforms(["linux/amd64"]))
            .artifact(Artifact::layer("x", "base-rootfs")),
        &["x: `base-rootfs`, which it is made from, is not built for `linux/arm64`"],
    );
    check(
        Catalog::new()
            .artifact(base().axis("l10n", ["en"]).output("{arch}-{l10n}.tar"))
            .artifact(Artifact::layer("x", "base-rootfs"))
            .artifact(Artifact::layer("y", "base-rootfs").axis("l10n", ["zh"])),
        &[
            "x: `base-rootfs`, which it is made from, has the axis `l10n`, so this artifact needs it too",
            "y: `base-rootfs`, which it is made from, is not built for `l10n=zh`",
        ],
    );
    check(
        Catalog::new()
            .artifact(base())
            .artifact(base())
            .defaults(["base-rotfs"]),
        &[
            "base-rootfs: the name is declared twice",
            "defaults: the default `base-rotfs` is not an artifact; did you mean `base-rootfs`?",
        ],
    );
}

#[test]
fn outputs_are_unique_and_stay_in_the_output_directory() {
    check(
        one(Artifact::rootfs("a", "debian:12").output("a.tar")),
        &[
            "a: `a.tar` would be written by `a linux/amd64` and by `a linux/arm64`; add `{arch}` to `output`",
        ],
    );
    check(
        Catalog::new()
            .artifact(Artifact::rootfs("a", "debian:12").output("{arch}.tar"))
            .artifact(
                Artifact::rootfs("b", "debian:12")
                    .output("./{arch}.tar")
                    .platforms(["linux/arm64"]),
            ),
        &[
            "b: `arm64.tar` would be written by `a linux/arm64` and by `b linux/arm64`; add `{artifact}` to `output`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").platforms(["linux/arm/v6", "linux/arm/v7"])),
        &[
            "a: `a/arm.tar` would be written by `a linux/arm/v6` and by `a linux/arm/v7`; add `{platform}` to `output`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12")
            .axis("l10n", ["en", "zh"])
            .output("{arch}.tar")
            .platforms(["linux/amd64"])),
        &[
            "a: `amd64.tar` would be written by `a linux/amd64 l10n=en` and by `a linux/amd64 l10n=zh`; add `{l10n}` to `output`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12")
            .output("../{arch}.tar")
            .platforms(["linux/amd64"])),
        &[
            "a: the output `../amd64.tar` must be a relative path that stays in the output directory",
        ],
    );
}

#[test]
fn a_platform_is_there_once_however_it_is_spelt() {
    let of =
        |platforms: [&'static str; 2]| one(Artifact::rootfs("a", "debian:12").platforms(platforms));
    check(
        of(["linux/arm64", "linux/arm64/v8"]),
        &["a: `platforms` has `linux/arm64` twice: `linux/arm64/v8` is the same"],
    );
    check(
        of(["linux/amd64", "linux/amd64"]),
        &["a: `platforms` has `linux/amd64` twice"],
    );
}

#[test]
fn steps_are_checked() {
    let with = |step: crate::Step| one(Artifact::rootfs("a", "debian:12").step(step));
    check(
        with(Apt::install(Vec::<String>::new()).into()),
        &["a: step 1: `apt` names no package"],
    );
    check(
        with(Apt::install(["-oX=y"]).into()),
        &["a: step 1: `-oX=y` is not a package name"],
    );
    check(
        with(Apt::install(["zsh;reboot"]).into()),
        &["a: step 1: `zsh;reboot` is not a package name"],
    );
    check(
        with(Workdir::new("app").into()),
        &["a: step 1: `workdir` must be an absolute path, not `app`"],
    );
    check(
        with(Copy::new("a", "b").into()),
        &["a: step 1: `copy`: `to` must be an absolute path, not `b`"],
    );
    check(
        with(Run::command(" ").into()),
        &["a: step 1: `run` has no command"],
    );
    check(
        with(Copy::new("../x", "/").into()),
        &["a: step 1: `../x` points out of the context directory"],
    );
    check(
        with(Copy::new("{l1on}", "/").into()),
        &[
            "a: step 1: `{l1on}`: there is no `l1on`; there are `arch`, `artifact`, `os`, `platform`, `variant`",
        ],
    );
    check(
        with(Run::command("x").env("A", "{").into()),
        &["a: step 1: `{` has an unbalanced `{`; write `{{` for a literal one"],
    );
    check(
        with(
            Run::command("x")
                .secret("a b")
                .cache(Cache::directory("x"))
                .into(),
        ),
        &[
            "a: step 1: `a b` is not a valid secret id: it must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`, `:`",
            "a: step 1: `x` is not a cache: write `npm`, `pip`, or an absolute path",
        ],
    );
    check(
        with(When::equals("flavour", "x").into()),
        &[
            "a: step 1: `when.flavour`: there is no `flavour`; there are `arch`, `artifact`, `os`, `platform`, `variant`",
        ],
    );
    check(
        one(Artifact::rootfs("a", Base::from_line("../x.dockerfile"))),
        &["a: `../x.dockerfile` points out of the context directory"],
    );
    check(
        with(Run::command("x").env("A=B", "1").into()),
        &["a: step 1: `A=B` cannot be the name of an environment variable"],
    );
}

#[test]
fn what_is_neither_an_artifact_nor_an_image_is_refused() {
    let base = || Artifact::rootfs("base/debian", "debian:12").output("b/{arch}.tar");
    let on = |name: &str| {
        let artifact = Artifact::layer("x", name);
        Catalog::new().artifact(base()).artifact(artifact)
    };
    let from = |name: &str| {
        let artifact = Artifact::layer("x", "debian:12").step(Copy::new("/a", "/a").from(name));
        Catalog::new().artifact(base()).artifact(artifact)
    };
    let digest = format!("debian@sha256:{}", "0".repeat(64));
    for sound in ["base/debian", "debian:12", "localhost:5000/a:1", &digest] {
        check(on(sound), &[]);
        check(from(sound), &[]);
    }
    for odd in ["base/debiann", "localhost:5000/base/debian", "debian"] {
        let meant = match crate::nearest(odd, ["base/debian"]) {
            Some(found) => format!(" (did you mean `{found}`?)"),
            None => String::new(),
        };
        let tag = "and an image needs a tag or a digest";
        check(
            on(odd),
            &[&format!("x: `{odd}` is no artifact{meant}, {tag}")],
        );
        let copies = "which a step copies from, is no artifact";
        check(from(odd), &[&format!("x: `{odd}`, {copies}{meant}, {tag}")]);
    }
    check(on("scratch"), &[]);
}

#[test]
fn values_that_cannot_be_are_refused() {
    let with = |step: crate::Step| {
        one(Artifact::rootfs("a", "debian:12")
            .platforms(["linux/amd64"])
            .option("mirror", "none", ["none", "near"])
            .option("version", "1", [])
            .step(step))
    };
    let when = |name: &str, value: &str| When::equals(name, value).step(Run::command("true"));
    for (name, value) in [
        ("mirror", "n*"),
        ("mirror", "ne?r"),
        ("arch", "amd64"),
        ("platform", "linux/amd64"),
        ("platform", "*/amd64"),
        ("artifact", "a"),
        ("version", "whatever"),
    ] {
        check(with(when(name, value).into()), &[]);
    }
    let refused = |step: When, expected: &str| {
        check(with(step.into()), &[&format!("a: step 1: {expected}")]);
    };
    refused(
        when("mirror", "naer"),
        "`when.mirror = \"naer\"` can never be: `near`, `none`; did you mean `near`?",
    );
    refused(
        when("arch", "x86_64"),
        "`when.arch = \"x86_64\"` can never be: `amd64`",
    );
    refused(
        when("platform", "linux-amd64"),
        "`when.platform = \"linux-amd64\"` can never be: `linux/amd64`; did you mean `linux/amd64`?",
    );
    refused(
        When::differs("mirror", "far"),
        "`unless.mirror = \"far\"` can never be: `near`, `none`; did you mean `near`?",
    );
    // Below a condition that does not hold, a name is one all the same.
    refused(
        When::equals("mirror", "near").step(Workdir::new("/{mirrer}")),
        "`{mirrer}`: there is no `mirrer`; did you mean `mirror`? there are `arch`, `artifact`, `mirror`, `os`, `platform`, \
         `variant`, `version`",
    );
}

#[test]
fn texts_are_checked_with_what_they_are_filled_in_with() {
    let with = |value: &str, step: crate::Step| {
        one(Artifact::image("a", "debian:12")
            .option("x", value, [])
            .step(step))
    };
    let cases: [(crate::Step, &str, &str); 8] = [
        (
            Workdir::new("{x}").into(),
            "/a",
            "`workdir` must be an absolute path, not `odd value`",
        ),
        (
            crate::Volume::new(["{x}"]).into(),
            "/a",
            "the volume `odd value` is not an absolute path",
        ),
        (
            crate::Expose::new(["{x}"]).into(),
            "80",
            "`odd value` is not a port: write `8080` or `53/udp`",
        ),
        (
            crate::StopSignal::new("{x}").into(),
            "9",
            "`odd value` is not a signal: write `SIGQUIT` or `3`",
        ),
        (
            Apt::install(["{x}!"]).into(),
            "",
            "`odd` is not a package name",
        ),
        (
            Run::command("x").cache(Cache::directory("{x}")).into(),
            "/a",
            "`odd value` is not a cache: write `npm`, `pip`, or an absolute path",
        ),
        (
            crate::Healthcheck::none().interval("{x}").into(),
            "1s",
            "`odd value` is not a time: write `30s` or `1m30s`, at least `1ms`",
        ),
        (
            Run::command("echo {x}").into(),
            "",
            "`{x}` in a script: write `${{ x }}` for its value; a brace of the script's own goes into `env`",
        ),
    ];
    for (step, sound, expected) in cases {
        if !sound.is_empty() {
            check(with(sound, step.clone()), &[]);
        }
        let expected = expected.replace("`odd`", "`value!`");
        check(
            with("odd value", step),
            &[&format!("a: step 1: {expected}")],
        );
    }
    let user = crate::User::new("{x}");
    check(with("", user.into()), &["a: step 1: `user` is empty"]);
}

#[test]
fn names_are_taken_as_they_are_written() {
    let with = |step: crate::Step| one(Artifact::rootfs("a", "debian:12").step(step));
    check(
        with(crate::Env::new("{arch}", "1").into()),
        &[
            "a: step 1: `{arch}` cannot be the name of an environment variable; names are taken as they are written",
        ],
    );
    check(
        with(crate::Label::new("{arch}", "1").into()),
        &["a: step 1: `{arch}` cannot be the name of a label; names are taken as they are written"],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").axis("x", ["{arch}"])),
        &["a: `{arch}` is taken as it is written, and no placeholder can stand there"],
    );
}

#[test]
fn last_steps_overrule_nothing() {
    let steps: [(crate::Step, &str); 4] = [
        (crate::User::new("1").into(), "user"),
        (Workdir::new("/a").into(), "workdir"),
        (crate::Entrypoint::new(["a"]).into(), "entrypoint"),
        (
            When::equals("arch", "amd64")
                .step(crate::Cmd::new(["a"]))
                .into(),
            "cmd",
        ),
    ];
    for (step, key) in steps {
        let problem = format!("a: step 1: `{key}` in `finally` would overrule artifacts on top");
        let artifact = Artifact::image("a", "debian:12").finally(step.clone());
        check(one(artifact), &[&problem]);
        check(one(Artifact::image("a", "debian:12").step(step)), &[]);
    }
}

#[test]
fn options_are_the_catalogs() {
    let base = || {
        Artifact::rootfs("base", "debian:12")
            .option("mirror", "none", ["none", "near"])
            .output("b-{arch}.tar")
    };
    let on = |default| Artifact::layer("top", "base").option("mirror", default, ["none", "near"]);
    let both = |top| Catalog::new().artifact(base()).artifact(top);
    check(both(on("none")), &[]);
    let once = "an option is the catalog's, so say it once, at the top, or the same everywhere";
    let differs = format!("top: option `mirror` differs from that of `base`; {once}");
    check(both(on("near")), &[&differs]);
    check(
        both(Artifact::layer("top", "base").axis("mirror", ["near"])),
        &["base: `mirror` is an option, and an axis of `top`; call one of them something else"],
    );
    // What the catalog says is for all that use it, through other options, too.
    let user = |name: &str| Artifact::layer(name, "debian:12").step(Workdir::new("/{full}"));
    let catalog = || {
        Catalog::new()
            .option("version", "7", [])
            .option("full", "{version}.1", [])
            .option("other", "1", [])
            .artifact(user("a"))
            .artifact(Artifact::layer("b", "debian:12").step(When::equals("version", "7")))
            .artifact(Artifact::layer("c", "debian:12"))
    };
    let checked = catalog().check().unwrap();
    let has = |name: &str| {
        let artifact = checked.get(name).unwrap();
        artifact.options().keys().map(ToString::to_string).collect()
    };
    let has: [Vec<String>; 3] = ["a", "b", "c"].map(has);
    assert_eq!(has[0], ["full", "version"]);
    assert_eq!(has[1], ["version"]);
    assert!(has[2].is_empty());
    let set = crate::Request {
        artifacts: vec!["a".into()],
        set: vec![("version".into(), "8".into())],
        ..crate::Request::default()
    };
    let variants = checked.select(&set).unwrap();
    assert_eq!(variants[0].variables()["full"], "8.1");
    check(
        catalog().option("a.b", "1", []),
        &[
            "options: `a.b` is not a valid axis or option name: it must start with a letter or `_` and hold only letters, \
             digits, `_`, `-`",
        ],
    );
}

#[test]
fn axes_do_not_multiply_without_end() {
    let values: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let with = |axes: &[&str]| {
        let artifact = Artifact::rootfs("a", "debian:12").platforms(["linux/amd64"]);
        axes.iter().fold(artifact, |artifact, axis| {
            artifact.axis(axis, values.iter().map(String::as_str))
        })
    };
    check(
        one(with(&["w", "x", "y", "z"])),
        &[
            "a: it has 100000000 variants (1 platform(s), 100 values of `w`, 100 values of `x`, 100 values of `y`, 100 values of `z`), more than 100000; make several artifacts of it, or options of axes",
        ],
    );
    check(one(with(&["w", "x"])), &[]);
}
