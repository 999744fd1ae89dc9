//! What a command has for itself: its shell, its user and directory, mounts, memory and secrets.

use buildkit_llb::{ExecContent, MountContent};

use super::{
    running::{BASE, execs, on},
    *,
};
use crate::{Mount, Network, Secret};

/// The command of an artifact with this step, on a base with an environment.
fn planned(run: Run, files: &[(&str, FileSet)]) -> (Plan, ExecContent) {
    let other = Artifact::rootfs("other", "scratch").step(Copy::new("data", "/"));
    let artifact = Artifact::rootfs("a", BASE)
        .step(Env::new("HOME", "/home/me"))
        .step(run);
    let inputs = Inputs {
        files: inputs(files).files,
        ..on(r#"{"Env": ["PATH=/usr/bin"], "User": "of-base", "WorkingDir": "/of-base"}"#)
    };
    let plan = plan(&checked([other, artifact]), "a", &inputs);
    let mut found = execs(&plan)
        .into_iter()
        .filter(|exec| exec.args[0] != crate::pack::PACKER);
    let exec = found.next().unwrap();
    assert_eq!(found.count(), 0);
    (plan, exec)
}

fn data() -> [(&'static str, FileSet); 1] {
    [(
        "data",
        set(&[("data/one", text_file("1")), ("data/two", text_file("2"))]),
    )]
}

fn mount<'a>(exec: &'a ExecContent, dest: &str) -> &'a MountContent {
    let mut mounts = exec.mounts.iter();
    mounts.find(|mount| mount.dest == dest).unwrap()
}

#[test]
fn a_shell_takes_the_script_as_its_last_argument() {
    let check = |words: &[&str], script: &str, network: Network, expected: &[&str]| {
        let run = Run::command(script).network(network);
        let run = if words.is_empty() {
            run
        } else {
            run.shell(words.iter().copied())
        };
        let (_, exec) = planned(run, &[]);
        let own = |argument: &String| {
            let own = crate::step::without_prelude(argument);
            let prelude = if own == argument { "" } else { "CA " };
            format!("{prelude}{own}")
        };
        let found: Vec<String> = exec.args.iter().map(own).collect();
        assert_eq!(found, expected);
        let mut ids = exec.mounts.iter().map(|mount| mount.id.as_str());
        assert_eq!(ids.any(|id| id == "llbgen-ca"), network == Network::Default);
    };
    let (any, none) = (Network::Default, Network::None);
    check(&[], "a", any, &["/bin/sh", "-ec", "CA a"]);
    check(&[], "a", none, &["/bin/sh", "-ec", "a"]);
    let bash = ["/bin/bash", "-euo", "pipefail", "-c"];
    check(
        &bash,
        "a",
        any,
        &["/bin/bash", "-euo", "pipefail", "-c", "CA a"],
    );
    check(
        &bash,
        "a",
        none,
        &["/bin/bash", "-euo", "pipefail", "-c", "a"],
    );
    // Another program reads no shell's words: a shell makes the certificates known, and it takes that shell's place.
    let python = ["python3", "-c"];
    let through = [
        "/bin/sh",
        "-ec",
        "CA exec \"$0\" \"$@\"",
        "python3",
        "-c",
        "print()",
    ];
    check(&python, "print()", any, &through);
    check(&python, "print()", none, &["python3", "-c", "print()"]);
}

#[test]
fn a_command_has_a_user_a_directory_and_variables_for_itself() {
    let run = Run::command("make")
        .user("{arch}:${GROUP:-staff}")
        .workdir("$HOME/src")
        .env("PATH", "/opt/bin:$PATH");
    let (plan, exec) = planned(run, &[]);
    assert_eq!((&*exec.user, &*exec.cwd), ("arm64:staff", "/home/me/src"));
    assert!(exec.env.contains(&"PATH=/opt/bin:/usr/bin".to_owned()));
    let config = &plan.config;
    assert_eq!(config.user.as_deref(), Some("of-base"));
    assert_eq!(config.workdir.as_deref(), Some("/of-base"));
    assert!(
        config
            .env
            .contains(&("PATH".to_owned(), "/usr/bin".to_owned()))
    );
}

#[test]
fn files_are_mounted_without_being_in_the_tree() {
    let run = Run::command("make")
        .mount(Mount::new("data/one", "/one"))
        .mount(Mount::new("data", "$HOME/data").readwrite())
        .mount(Mount::new("data/*", "/globbed"))
        .mount(Mount::of("other", "/other"))
        .mount(Mount::of(BASE, "/debian").source("/usr/{arch}/"));
    let all = data()[0].1.clone();
    let one = set(&[("data/one", text_file("1"))]);
    let files = [("data", all.clone()), ("data/one", one), ("data/*", all)];
    let (plan, exec) = planned(run, &files);
    let check = |dest: &str, selector: &str, readonly: bool| {
        let found = mount(&exec, dest);
        assert_eq!(
            (&*found.selector, found.readonly),
            (selector, readonly),
            "{dest}"
        );
        assert!(found.kind == "bind" && found.input.is_some(), "{dest}");
    };
    check("/one", "/data/one", true);
    check("/home/me/data", "/data", false);
    check("/globbed", "/data", true);
    check("/other", "", true);
    check("/debian", "/usr/arm64", true);
    assert!(plan.reads.contains(&Read::Tree("other".to_owned())));
    // The tree goes on without what the command changes in its mounts.
    let vertices = plan.definition.vertices();
    let made = vertices.filter(|vertex| vertex.kind() == OpKind::Exec);
    let own = made.filter(|vertex| match vertex.content() {
        OpContent::Exec(exec) => exec.args[0] == "/bin/sh",
        _ => false,
    });
    let own: Vec<_> = own.collect();
    let root = mount(&exec, "/").input;
    assert_eq!(own[0].primary_input(), root);
}

#[test]
fn the_file_of_a_command_is_one_of_its_files() {
    let run = |text: &str| {
        let text =
            format!("[artifact.a]\nkind = \"rootfs\"\nbase = \"debian:12\"\nsteps = [{text}]");
        let file = crate::CatalogFile::parse(crate::CATALOG_FILE, &text).unwrap();
        let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
        let files = set(&[("bin/a.sh", script("exit"))]);
        let inputs = inputs(&[("bin/a.sh", files.clone()), ("bin", files)]);
        let plan = plan(&catalog, "a", &inputs);
        let exec = execs(&plan)
            .into_iter()
            .find(|exec| exec.args[0] == "/bin/sh");
        exec.unwrap()
    };
    for text in [
        "{ run = { script = \"bin/a.sh\" } }",
        "{ run = { script = \"bin/a.sh\" }, files = \"bin/a.sh\" }",
        "{ run = { script = \"bin/a.sh\" }, files = [\"bin\"] }",
    ] {
        let exec = run(text);
        assert!(
            exec.args.last().unwrap().ends_with("'./bin/a.sh'"),
            "{text}"
        );
        assert_eq!(exec.cwd, "/run/llbgen/files", "{text}");
        assert!(mount(&exec, "/run/llbgen/files").readonly, "{text}");
    }
}

#[test]
fn secrets_are_files_or_variables() {
    let run = Run::command("make")
        .tmpfs("$HOME/tmp")
        .secret("one")
        .secret(Secret::new("two").target("$HOME/.netrc").optional())
        .secret(Secret::new("three").env("TOKEN"))
        .secret(Secret::new("four").env("MORE").optional());
    let (plan, exec) = planned(run, &[]);
    assert_eq!(mount(&exec, "/home/me/tmp").kind, "tmpfs");
    let check = |dest: &str, expected: (&str, bool)| {
        let found = mount(&exec, dest);
        assert_eq!((&*found.id, found.optional), expected, "{dest}");
    };
    check("/run/secrets/one", ("one", false));
    check("/home/me/.netrc", ("two", true));
    let variables = exec.secret_env.iter();
    let variables: Vec<(&str, &str, bool)> = variables
        .map(|secret| (&*secret.name, &*secret.id, secret.optional))
        .collect();
    assert_eq!(
        variables,
        [("TOKEN", "three", false), ("MORE", "four", true)]
    );
    for (id, optional) in [
        ("one", false),
        ("two", true),
        ("three", false),
        ("four", true),
    ] {
        let id = id.parse().unwrap();
        assert!(plan.reads.contains(&Read::Secret { id, optional }));
    }
}
