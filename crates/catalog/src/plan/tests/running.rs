//! The settings of steps and of their commands: the environment, the user, the directory, the shell.

use buildkit_llb::{ExecContent, FileChange, OpContent};

use super::*;
use crate::{
    Cmd, Entrypoint, Expose, ImageConfig, ImagePin, Label, Lock, Network, StepError, Volume,
};

pub(super) const BASE: &str = "debian:12";

/// Inputs whose lock has the base with this config.
pub(super) fn on(config: &str) -> Inputs {
    let config = format!("{{\"config\": {config}}}");
    let config = BaseConfig::from_json(config.as_bytes()).unwrap();
    let digest = format!("sha256:{}", "1".repeat(64)).parse().unwrap();
    let platforms = [("linux/arm64".parse().unwrap(), config)];
    let mut lock = Lock::default();
    lock.set_image(&BASE.parse().unwrap(), ImagePin::new(digest, platforms));
    Inputs {
        lock,
        ..inputs(&[])
    }
}

fn config(artifact: Artifact, inputs: &Inputs) -> ImageConfig {
    let name = artifact.name().to_string();
    plan(&checked([artifact]), &name, inputs).config
}

/// The commands of a plan, without the packer's.
pub(super) fn execs(plan: &Plan) -> Vec<ExecContent> {
    let execs = plan
        .definition
        .vertices()
        .filter_map(|vertex| match vertex.content() {
            OpContent::Exec(exec) => Some(exec),
            _ => None,
        });
    execs.collect()
}

#[test]
fn texts_take_what_the_base_and_earlier_steps_set() {
    let artifact = Artifact::image("a", BASE)
        .option("version", "7", [])
        .step(Env::new("PATH", "/opt/app-{version}/bin:$PATH"))
        .step(Env::new("HOME_OF", "$HOME"))
        .step(Workdir::new("$HOME_OF/app-{version}"))
        .step(User::new("${APP_USER:-app{version}}"))
        .step(Volume::new(["/data/{version}"]))
        .step(Expose::new(["${PORT}"]))
        .step(Label::new("version", "{version} of $HOME for 5$$"))
        .step(Entrypoint::new(["/opt/app-{version}/f", "$PATH"]))
        .step(Cmd::new(["--{version}"]));
    let base = on(r#"{"Env": ["PATH=/usr/bin", "HOME=/root", "PORT=80"]}"#);
    let config = config(artifact, &base);
    let env = |name: &str| {
        let found = config.env.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(env("PATH"), Some("/opt/app-7/bin:/usr/bin"));
    assert_eq!(config.workdir.as_deref(), Some("/root/app-7"));
    assert_eq!(config.user.as_deref(), Some("app7"));
    assert_eq!(config.volumes.iter().collect::<Vec<_>>(), ["/data/7"]);
    assert_eq!(config.exposed_ports.iter().collect::<Vec<_>>(), ["80/tcp"]);
    assert_eq!(config.labels["version"], "7 of /root for 5$");
    assert_eq!(config.entrypoint, ["/opt/app-7/f", "$PATH"]);
    assert_eq!(config.cmd, ["--7"]);
}

#[test]
fn a_step_does_not_see_its_own_keys() {
    let text = r#"
        [artifact.a]
        kind = "image"
        base = "scratch"
        steps = [
            { env = { A = "1" } },
            { env = { A = "2", B = "$A" } },
            { env = { PATH = "/opt/bin:$PATH" } },
        ]
    "#;
    let file = crate::CatalogFile::parse(crate::CATALOG_FILE, text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap();
    let mut catalog = catalog.check().unwrap();
    let artifact = catalog.artifacts.values_mut().next().unwrap();
    artifact.steps.push(Copy::new("conf", "/").into());
    let inputs = inputs(&[("conf", set(&[("conf", text_file(""))]))]);
    let pairs = plan(&catalog, "a", &inputs).config.env;
    let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let path = "PATH=/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(pairs, ["A=2", "B=1", path]);
}

#[test]
fn what_nothing_sets_is_an_error_once_the_base_is_known() {
    let catalog = checked([Artifact::image("a", BASE)
        .step(Workdir::new("$APP/x"))
        .step(Volume::new(["$APP"]))
        .step(Env::new("A", "$APP"))]);
    let variants = catalog.select(&Request {
        artifacts: vec!["a".into()],
        platforms: vec!["linux/arm64".parse().unwrap()],
        ..Request::default()
    });
    let variant = &variants.unwrap()[0];
    // Without the lock, the plan finds the references to pin, and is not for building.
    let unpinned = catalog.plan(variant, &inputs(&[]), Caching::Use).unwrap();
    assert_eq!(unpinned.id, None);
    assert_eq!(unpinned.references.len(), 1);
    let known = catalog.plan(variant, &on("{}"), Caching::Use).unwrap_err();
    let PlanProblem::Step { source, .. } = *known.reason else {
        panic!("{known:?}")
    };
    assert!(matches!(*source, StepError::Template(_)));
    assert_eq!(
        source.to_string(),
        "`$APP` is set neither by `debian:12` nor by an earlier step; `$$` writes a dollar"
    );
    let odd = on(r#"{"Env": ["APP=x"]}"#);
    let odd = catalog.plan(variant, &odd, Caching::Use).unwrap_err();
    let PlanProblem::Step { source, .. } = *odd.reason else {
        panic!("{odd:?}")
    };
    assert_eq!(
        source.to_string(),
        "`workdir` must be an absolute path, not `x/x`"
    );
}

#[test]
fn only_the_cmd_of_the_base_goes_with_a_new_entrypoint() {
    let base = on(r#"{"Cmd": ["bash"], "Entrypoint": ["/init"]}"#);
    let image = || Artifact::image("a", BASE).step(Run::command("true"));
    let cmd = || Cmd::new(["--serve"]);
    let entrypoint = || Entrypoint::new(["/bin/app"]);
    let check = |artifact: Artifact, expected: (&[&str], &[&str])| {
        let config = config(artifact, &base);
        assert_eq!(config.entrypoint, expected.0);
        assert_eq!(config.cmd, expected.1);
    };
    check(image(), (&["/init"], &["bash"]));
    check(image().step(entrypoint()), (&["/bin/app"], &[]));
    check(image().step(cmd()), (&["/init"], &["--serve"]));
    let both: (&[&str], &[&str]) = (&["/bin/app"], &["--serve"]);
    check(image().step(cmd()).step(entrypoint()), both);
    check(image().step(entrypoint()).step(cmd()), both);
    // The settings of an artifact below are those of the base.
    let catalog = checked([
        image().step(cmd()),
        Artifact::image("b", "a").step(entrypoint()),
    ]);
    let on_top = plan(&catalog, "b", &base).config;
    assert_eq!((on_top.entrypoint.len(), on_top.cmd.len()), (1, 0));
}

#[test]
fn last_steps_run_as_the_artifact_that_has_them() {
    let last = |name: &str| Run::command(&format!("echo {name}")).network(Network::None);
    let catalog = checked([
        Artifact::rootfs("base", BASE)
            .step(User::new("below"))
            .step(Workdir::new("/below"))
            .finally(last("of-base"))
            .finally(Env::new("LAST", "$TOP")),
        Artifact::rootfs("plain", "base").finally(last("of-plain")),
        Artifact::image("top", "plain")
            .step(User::new("top"))
            .step(Workdir::new("/top"))
            .step(Env::new("TOP", "1"))
            .finally(last("of-top")),
    ]);
    let plan = plan(&catalog, "top", &on("{}"));
    let found: Vec<(String, String, String, bool)> = execs(&plan)
        .into_iter()
        .filter(|exec| exec.args[0] != crate::pack::PACKER)
        .map(|exec| {
            let sees_all = exec.env.iter().any(|value| value == "TOP=1");
            let script = exec.args.last().unwrap().clone();
            (script, exec.user.clone(), exec.cwd.clone(), sees_all)
        })
        .collect();
    let expected = [
        ("echo of-base", "below", "/below", true),
        ("echo of-plain", "below", "/below", true),
        ("echo of-top", "top", "/top", true),
    ];
    let expected = expected.map(|(script, user, cwd, sees_all)| {
        (script.to_owned(), user.to_owned(), cwd.to_owned(), sees_all)
    });
    assert_eq!(found, expected);
    assert_eq!(plan.config.user.as_deref(), Some("top"));
    assert_eq!(plan.config.workdir.as_deref(), Some("/top"));
    let last = ("LAST".to_owned(), "1".to_owned());
    assert!(plan.config.env.contains(&last));
}

#[test]
fn a_script_begins_on_the_first_line_of_its_shell() {
    let plan_of = |command: &str| {
        let artifact = Artifact::rootfs("a", BASE).step(Run::command(command));
        plan(&checked([artifact]), "a", &on("{}"))
    };
    for script in ["no-such-program", "# A comment\nfalse", "\nfalse", "(true)"] {
        let plan = plan_of(script);
        let exec = &execs(&plan)[0];
        let shell = exec.args.last().unwrap();
        let (prelude, own) = shell.split_at(shell.len() - script.len());
        assert_eq!(own, script);
        assert!(prelude.contains("llbgen-ca") && !prelude.contains('\n'));
    }
}

#[test]
fn a_script_with_a_program_is_run_by_it() {
    let script = "#!/bin/bash\necho ${{ arch }}\n";
    let run = |network| {
        let run = Run::command(script).network(network);
        let artifact = Artifact::rootfs("a", BASE).step(run);
        plan(&checked([artifact]), "a", &on("{}"))
    };
    for network in [Network::Default, Network::None] {
        let plan = run(network);
        let exec = &execs(&plan)[0];
        let last = exec.args.last().unwrap();
        assert!(last.ends_with("/run/llbgen/script"), "{last}");
        let is_shell = exec.args[0] == "/bin/sh";
        assert_eq!(is_shell, network == Network::Default);
        assert!(
            exec.mounts
                .iter()
                .any(|mount| mount.dest == "/run/llbgen/script")
        );
        let made = plan.definition.vertices().find_map(|vertex| {
            let OpContent::File(actions) = vertex.content() else {
                return None;
            };
            match &actions[0].change {
                FileChange::Mkfile { data, mode, .. } => Some((data.clone(), *mode)),
                _ => None,
            }
        });
        let text = b"#!/bin/bash\necho arm64\n".to_vec();
        assert_eq!(made, Some((text, 0o755)));
    }
}

#[test]
fn what_cannot_be_carried_out_is_told_with_its_place() {
    let text = "[artifact.a]\nkind = \"image\"\nbase = \"scratch\"\nsteps = [\n  { env = { A = \"$B\" } },\n]\n";
    let file = crate::CatalogFile::parse(crate::CATALOG_FILE, text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap();
    let catalog = catalog.check().unwrap();
    let request = Request {
        artifacts: vec!["a".into()],
        ..Request::default()
    };
    let variants = catalog.select(&request).unwrap();
    let error = catalog.plan(&variants[0], &inputs(&[]), Caching::Use);
    assert_eq!(
        error.unwrap_err().reason.to_string(),
        "step 1 (`env A=$B`) of artifact `a`, `llbgen.toml` line 5, column 18, cannot be carried out"
    );
}
