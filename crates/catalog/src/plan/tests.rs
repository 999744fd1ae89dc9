//! The content of plans, and that it depends on nothing but their inputs.

mod caches;
mod commands;
mod contexts;
mod files;
mod locations;
mod mirrors;
mod packages;
mod packing;
mod running;
mod titles;
mod unpinned;

use std::collections::BTreeMap;

use buildkit_llb::{Definition, OpContent, OpKind};

use super::{PlanProblem, check_outputs};
use crate::{
    Apt, Artifact, Base, BaseConfig, BaseError, Caching, Catalog, CheckedCatalog, ContextPath,
    Copy, Env, FileContent, FileSet, InputFile, Inputs, LayoutImage, LocalContent, NamedContext,
    Packer, PackerProgram, PackerSource, Plan, Read, Request, ResolvedBase, RootfsTar, Run, User,
    When, Workdir,
};

fn path(text: &str) -> ContextPath {
    text.parse().unwrap()
}

fn text_file(text: &str) -> InputFile {
    InputFile::from_bytes(false, text.as_bytes().to_vec())
}

fn script(text: &str) -> InputFile {
    InputFile::from_bytes(true, text.as_bytes().to_vec())
}

fn large_file(seed: u8) -> InputFile {
    InputFile {
        executable: true,
        kept: None,
        content: FileContent::Hashed {
            sha256: [seed; 32],
            size: 1 << 20,
        },
    }
}

fn inputs(files: &[(&str, FileSet)]) -> Inputs {
    Inputs {
        dockerfiles: BTreeMap::from([(
            path("base.dockerfile"),
            "FROM ubuntu:24.04 AS builder\n".to_owned(),
        )]),
        files: files
            .iter()
            .map(|(declared, set)| (path(declared).into(), set.clone()))
            .collect(),
        packer: packer("linux/amd64", 7),
        ..Inputs::default()
    }
}

fn packer(platform: &str, digit: u8) -> Packer {
    Packer {
        source: PackerSource::Inline(PackerProgram::from(&*Box::leak(
            vec![digit].into_boxed_slice(),
        ))),
        platform: platform.parse().unwrap(),
    }
}

fn set(files: &[(&str, InputFile)]) -> FileSet {
    files
        .iter()
        .map(|(name, file)| (path(name), file.clone()))
        .collect()
}

fn checked(artifacts: impl IntoIterator<Item = Artifact>) -> CheckedCatalog {
    artifacts
        .into_iter()
        .fold(Catalog::new(), Catalog::artifact)
        .check()
        .unwrap()
}

fn plan(catalog: &CheckedCatalog, name: &str, inputs: &Inputs) -> Plan {
    let request = Request {
        artifacts: vec![name.to_owned()],
        platforms: vec!["linux/arm64".parse().unwrap()],
        ..Request::default()
    };
    let variants = catalog.select(&request).unwrap();
    catalog.plan(&variants[0], inputs, Caching::Use).unwrap()
}

fn names(plan: &Plan) -> Vec<String> {
    let name = |vertex: &buildkit_llb::Entry| vertex.metadata().custom_name().map(str::to_owned);
    let names = plan.definition.vertices().filter_map(name);
    names.filter(|name| name != "the packer").collect()
}

fn rootfs() -> Artifact {
    Artifact::rootfs("base", Base::from_line("base.dockerfile"))
}

#[test]
fn a_plan_says_what_it_reads_and_writes() {
    let catalog = checked([rootfs()
        .step(Apt::install(["zsh"]))
        .step(Workdir::new("/app"))
        .output("{arch}.tar")]);
    let plan = plan(&catalog, "base", &inputs(&[]));
    assert_eq!(plan.output.as_str(), "arm64.tar");
    assert_eq!(plan.config.workdir.as_deref(), Some("/app"));
    assert_eq!(
        names(&plan),
        [
            "[base linux/arm64] apt install zsh",
            "[base linux/arm64] workdir /app"
        ]
    );
    assert_eq!((plan.vertices(), plan.execs()), (4, 1));
    let secret = Read::Secret {
        id: "llbgen-ca".parse().unwrap(),
        optional: true,
    };
    assert_eq!(plan.reads.iter().collect::<Vec<_>>(), [&secret]);
    let reference = "docker.io/library/ubuntu:24.04".to_owned();
    let from = Some("base.dockerfile:1".to_owned());
    assert_eq!(
        plan.base,
        ResolvedBase::Image {
            reference,
            digest: None,
            from,
            context: None
        }
    );
}

#[test]
fn short_text_is_in_the_graph_and_the_rest_is_named_by_content() {
    let catalog = checked([rootfs().step(Run::script("install.sh").files(["data"]))]);
    let with = |seed: u8, text: &str| {
        let data = set(&[
            ("data/big", large_file(seed)),
            ("data/small", text_file("s")),
        ]);
        plan(
            &catalog,
            "base",
            &inputs(&[
                ("install.sh", set(&[("install.sh", script(text))])),
                ("data", data),
            ]),
        )
    };
    let first = with(1, "a");
    let [local] = &first.locals[..] else {
        panic!("{:?}", first.locals)
    };
    assert_eq!(local.name, "context");
    let LocalContent::Files(files) = &local.content else {
        panic!("{local:?}")
    };
    assert_eq!(
        files.keys().map(ContextPath::as_str).collect::<Vec<_>>(),
        ["data/big", "data/small"]
    );
    assert_eq!(first.definition, with(1, "a").definition);
    assert_ne!(first.definition, with(2, "a").definition);
    assert_ne!(first.definition, with(1, "b").definition);
}

/// The packer bundles many files that others send; a build by llbgen has the bundles from the client. One command puts
/// them into the tree.
#[test]
fn many_files_travel_as_bundles() {
    let catalog = checked([rootfs().step(Copy::new("data", "/etc/data"))]);
    let plan = |count: u32, text: &str| {
        let path = |number| format!("data/{number}");
        let files: FileSet = (0..count)
            .map(|number| (path(number).parse().unwrap(), text_file(text)))
            .collect();
        plan(&catalog, "base", &inputs(&[("data", files)]))
    };
    let commands = |graph: &Definition| -> Vec<String> {
        let execs = graph
            .vertices()
            .filter_map(|vertex| match vertex.content() {
                OpContent::Exec(exec) => Some(exec.args[1].clone()),
                _ => None,
            });
        execs.collect()
    };
    let sources = |graph: &Definition| -> Vec<String> {
        let sources = graph.vertices().filter_map(|vertex| {
            let source = vertex.source_identifier()?;
            source.strip_prefix("local://").map(str::to_owned)
        });
        sources.collect()
    };
    let few = plan(256, "a");
    assert_eq!(commands(few.to_emit()), ["copy"]);
    assert_eq!(commands(few.to_solve()), ["copy", "rootfs"]);
    let many = plan(257, "a");
    for graph in [many.to_emit(), many.to_return(), &many.definition] {
        assert_eq!(commands(graph), ["bundle", "unbundle"]);
        assert_eq!(sources(graph), ["context"]);
    }
    assert_eq!(commands(many.to_solve()), ["unbundle", "rootfs"]);
    let bundles = many.locals[0].bundles.as_ref().unwrap();
    assert_eq!(sources(many.to_solve()), [&*bundles.name]);
    // By the name, the daemon finds the files that it was sent before. By the digest, the graph has their content.
    let other = plan(257, "b");
    assert_eq!(other.locals[0].bundles.as_ref(), Some(bundles));
    assert_ne!(other.to_solve().head(), many.to_solve().head());
}

#[test]
fn what_does_not_depend_on_the_platform_is_shared() {
    let catalog = checked([rootfs().step(Copy::new("conf", "/etc/conf"))]);
    let inputs = inputs(&[(
        "conf",
        set(&[("conf/a", text_file("a")), ("conf/b", large_file(1))]),
    )]);
    let variants = catalog
        .select(&Request {
            artifacts: vec!["base".into()],
            ..Request::default()
        })
        .unwrap();
    let plans: Vec<Plan> = variants
        .iter()
        .map(|variant| catalog.plan(variant, &inputs, Caching::Use).unwrap())
        .collect();
    let digests = |plan: &Plan, kind| {
        let vertices = plan
            .definition
            .vertices()
            .filter(|vertex| vertex.kind() == kind);
        vertices
            .map(buildkit_llb::Entry::digest)
            .collect::<Vec<_>>()
    };
    // The local source and the op that arranges the files; the copy onto the base depends on the base's platform.
    let arranged = |plan: &Plan| digests(plan, OpKind::File)[0];
    assert_eq!(arranged(&plans[0]), arranged(&plans[1]));
    assert_ne!(plans[0].definition.head(), plans[1].definition.head());
}

#[test]
fn a_base_artifact_brings_its_steps_and_reads() {
    let catalog = checked([
        rootfs().step(Apt::install(["zsh"])).output("b-{arch}.tar"),
        Artifact::layer("tools", "base")
            .step(Run::command("true"))
            .step(Env::new("A", "{artifact}")),
    ]);
    let below = plan(&catalog, "base", &inputs(&[]));
    let plan = plan(&catalog, "tools", &inputs(&[]));
    assert_eq!(
        names(&plan),
        [
            "[base linux/arm64] apt install zsh",
            "[tools linux/arm64] run true",
            "[tools linux/arm64] pack layer"
        ]
    );
    assert!(
        plan.definition
            .vertices()
            .any(|vertex| Some(vertex.digest()) == below.definition.head())
    );
    assert_eq!(plan.config.env, [("A".to_owned(), "tools".to_owned())]);
    assert_eq!(
        plan.base,
        ResolvedBase::Artifact {
            name: "base".parse().unwrap()
        }
    );
}

#[test]
fn conditions_and_users_hold_for_what_follows() {
    let zh = When::equals("l10n", "zh").step(Run::command("echo zh").env("L10N", "{l10n}"));
    let catalog = checked([rootfs()
        .axis("l10n", ["en", "zh"])
        .step(User::new("app"))
        .step(zh)
        .output("{arch}-{l10n}.tar")]);
    let variants = catalog
        .select(&Request {
            artifacts: vec!["base".into()],
            ..Request::default()
        })
        .unwrap();
    let execs: Vec<usize> = variants
        .iter()
        .map(|variant| {
            catalog
                .plan(variant, &inputs(&[]), Caching::Use)
                .unwrap()
                .execs()
        })
        .collect();
    assert_eq!(execs, [0, 1, 0, 1]);
}

#[test]
fn failures_name_artifact_platform_and_step() {
    let catalog = checked([rootfs()
        .step(Workdir::new("/a"))
        .step(Run::script("bin/{arch}.sh"))]);
    let variants = catalog
        .select(&Request {
            artifacts: vec!["base".into()],
            ..Request::default()
        })
        .unwrap();
    let with = |file: InputFile| {
        let inputs = inputs(&[("bin/amd64.sh", set(&[("bin/amd64.sh", file)]))]);
        catalog.plan(&variants[0], &inputs, Caching::Use)
    };
    let error = with(text_file("")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "artifact `base` cannot be planned for `linux/amd64`"
    );
    let PlanProblem::Step { source, .. } = *error.reason else {
        panic!("{error:?}")
    };
    assert_eq!(
        source.to_string(),
        "`bin/amd64.sh` is not executable; `chmod +x` it"
    );
    assert!(with(script("")).is_ok());
}

#[test]
fn an_options_value_cannot_make_two_outputs_one() {
    let catalog = checked([
        rootfs()
            .option("flavor", "a", [])
            .platforms(["linux/amd64"])
            .output("{flavor}.tar"),
        Artifact::rootfs("other", "debian:12")
            .platforms(["linux/amd64"])
            .output("b.tar"),
    ]);
    let with = |flavor: &str| {
        let request = Request {
            artifacts: vec!["all".into()],
            set: vec![("flavor".into(), flavor.into())],
            ..Request::default()
        };
        let variants = catalog.select(&request).unwrap();
        let plan = |variant| catalog.plan(variant, &inputs(&[]), Caching::Use).unwrap();
        let plans: Vec<Plan> = variants.iter().map(plan).collect();
        check_outputs(&plans).map_err(|error| error.to_string())
    };
    assert_eq!(with("c"), Ok(()));
    let clash = |path: &str| {
        format!("`{path}` would be written by `base linux/amd64` and by `other linux/amd64`")
    };
    assert_eq!(with("b"), Err(clash("b.tar")));
    assert_eq!(with("b.tar/x"), Err(clash("b.tar")));
}

#[test]
fn what_is_sent_has_the_mode_that_was_declared() {
    let catalog = checked([rootfs().step(Copy::new("bin", "/usr/bin"))]);
    let with = |executable: bool| {
        let file = InputFile {
            executable,
            ..large_file(1)
        };
        plan(
            &catalog,
            "base",
            &inputs(&[("bin", set(&[("bin/tool", file)]))]),
        )
        .definition
    };
    // The command sets the mode; the sent file says which one.
    assert_ne!(with(true).head(), with(false).head());
}
