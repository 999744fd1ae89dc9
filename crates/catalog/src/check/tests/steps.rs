//! The problems of steps.

use super::*;
use crate::{Apk, Dnf, Download, Mount, Repository, Secret};

#[test]
fn steps_are_checked() {
    let with = |step: crate::Step| one(Artifact::rootfs("a", "debian:12").step(step));
    check(
        with(Apt::install(Vec::<String>::new()).into()),
        &["a: step 1: `apt` names no package"],
    );
    check(
        with(Download::new("https://u:secret@example.com/x", "/x").into()),
        &[
            "a: step 1: `download`: the address has a user or a password in it, which would stand in the graph; give the server's token with `--secret id=HTTP_AUTH_TOKEN_HOST,env=…`",
        ],
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
        &["a: step 1: `to` must be an absolute path, not `b`"],
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
fn commands_are_checked() {
    let with = |run: Run, expected: &str| {
        let artifact = Artifact::rootfs("a", "debian:12").step(run);
        check(one(artifact), &[&format!("a: step 1: {expected}")]);
    };
    let run = || Run::command("true");
    with(
        run().mount(Mount::of("debian:12", "/a").source("usr")),
        "`source` must be an absolute path, not `usr`",
    );
    with(
        run().mount(Mount::new("../a", "/a")),
        "`../a` points out of the context directory",
    );
    with(
        run()
            .mount(Mount::new("a", "/a"))
            .mount(Mount::new("b", "/a")),
        "`target`: two things would be mounted at `/a`",
    );
    with(
        run().tmpfs("/"),
        "`tmpfs`: nothing can be mounted over the whole tree, `/`",
    );
    with(
        run().secret(Secret::new("a").target("a")),
        "`target` must be an absolute path, not `a`",
    );
    with(
        run().secret(Secret::new("a").env("A=B")),
        "`A=B` cannot be the name of an environment variable",
    );
    with(
        run().secret(Secret::new("a").env("A").target("/a")),
        "the secret `a` is in a variable by `env` or in a file by `target`, not both",
    );
    with(
        run().cache(Cache::directory("/a").id("a b")),
        "`a b` is not a valid cache id: it must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`",
    );
    with(
        run().workdir("a"),
        "`workdir` must be an absolute path, not `a`",
    );
    with(run().user(""), "`user` is empty");
    with(run().shell([""]), "`shell` names no program");
    with(
        run().shell(Vec::<String>::new()),
        "`shell` names no program",
    );
    with(
        run().shell(["bash", "{arch}"]),
        "`shell`: `{arch}` is taken as it is written, and no placeholder can stand there",
    );
    with(
        Run::script("a.sh").workdir("/a"),
        "`run` has `files` and a `workdir`; it runs where its files are, so mount them elsewhere by `mounts`",
    );
    let missing = Artifact::rootfs("a", "debian:12").step(run().mount(Mount::of("debain", "/a")));
    check(
        one(missing),
        &["a: `debain`, which a step reads, is no artifact, and an image needs a tag or a digest"],
    );
}

#[test]
fn packages_and_their_repositories_are_checked() {
    let with = |step: crate::Step, expected: &str| {
        let artifact = Artifact::rootfs("a", "debian:12").step(step);
        check(one(artifact), &[&format!("a: step 1: {expected}")]);
    };
    let url = "https://example.com/a";
    let apt = |repository| Apt::install(["a"]).repository(repository).into();
    let apk = |repository| Apk::install(["a"]).repository(repository).into();
    let dnf = |repository| Dnf::install(["a"]).repository(repository).into();
    let suited = || Repository::new(url).suite("b").components(["main"]);
    with(Apk::install([" "]).into(), "`apk` names no package");
    with(Apk::install(["!a"]).into(), "`!a` is not a package name");
    with(
        Dnf::install(["a", "--nogpgcheck"]).into(),
        "`--nogpgcheck` is not a package name",
    );
    with(
        Dnf::install(["/a.rpm"]).into(),
        "`/a.rpm` is not a package name",
    );
    with(
        apt(Repository::new("file:///a")),
        "`repositories`: `file:///a` is not an http or https URL",
    );
    with(
        apt(Repository::new("https://u:p@example.com")),
        "`repositories`: the address has a user or a password in it, which would stand in the graph",
    );
    with(
        apt(Repository::new(url).suite("b")),
        "the repository `https://example.com/a` has no `components`, as `main`",
    );
    with(
        apt(Repository::new(url).suite("./").components(["main"])),
        "the repository `https://example.com/a`: the suite `./` ends in a slash, so it has no `components`",
    );
    with(
        apt(suited().suite("b\nc")),
        "`suite`: `b\nc` must be one word of letters, digits, `+`, `-`, `.`, `_`, `/`, `~`",
    );
    with(
        apt(suited().key("/usr/share/keyrings/a.gpg")),
        "`key`: `/usr/share/keyrings/a.gpg` is absolute; inputs are named relative to the context directory; it is an address, or a file of the context",
    );
    let twice = Apt::install(["a"])
        .repository(suited())
        .repository(suited());
    with(
        twice.into(),
        "`repositories` has `https://example.com/a` twice",
    );
    with(
        apk(suited().key("https://example.com/key")),
        "the key of `https://example.com/a` must have the name that its index is signed under, as `NAME.rsa.pub`, not `key`",
    );
    for (repository, key) in [
        (Repository::new(url).suite("b"), "suite"),
        (Repository::new(url).components(["b"]), "components"),
    ] {
        let expected = format!(
            "the repository `https://example.com/a` has `{key}`, which dnf does not know: all of its address goes into `url`"
        );
        with(dnf(repository), &expected);
    }
    // Texts with placeholders are checked with their values.
    let artifact = Artifact::rootfs("a", "debian:12")
        .option("x", "1.2", [])
        .step(Apk::install(["nginx={x} zsh~{x}"]))
        .step(Apt::install(["a"]).repository(suited().suite("v{x}")))
        .step(Dnf::install(["@tools perl(DBI) a-{x}.{arch}"]));
    check(one(artifact), &[]);
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
    // Below a condition that does not hold, nothing is looked at.
    let set = When::equals("mirror", "near").step(Workdir::new("/{mirrer}"));
    check(with(set.into()), &[]);
}
