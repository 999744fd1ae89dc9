//! The contexts of `--build-context` that replace a base.

use super::*;

#[test]
fn contexts_replace_bases_by_reference_stage_or_artifact() {
    let catalog = checked([
        rootfs().output("b-{arch}.tar"),
        Artifact::layer("tools", "base").step(Run::command("true")),
    ]);
    let with = |name: &str, artifact: &str| {
        let image = NamedContext::Image("debian:12".parse().unwrap());
        let inputs = Inputs {
            contexts: BTreeMap::from([(name.to_owned(), image)]),
            ..inputs(&[])
        };
        let variants = catalog
            .select(&Request {
                artifacts: vec![artifact.into()],
                ..Request::default()
            })
            .unwrap();
        catalog.check_contexts(&variants, &inputs)?;
        Ok::<_, crate::BaseError>(plan(&catalog, artifact, &inputs))
    };
    let replaced = |name: &str, artifact: &str| {
        let plan = with(name, artifact).unwrap();
        let image = plan.definition.vertices().next().unwrap().op_bytes();
        assert!(
            String::from_utf8_lossy(image).contains("docker.io/library/debian:12"),
            "{name} {artifact}"
        );
        plan
    };
    replaced("ubuntu:24.04", "base");
    replaced("docker.io/library/ubuntu:24.04", "tools");
    replaced("builder", "base");
    let plan = replaced("base", "tools");
    assert!(matches!(
        plan.base,
        ResolvedBase::Image {
            context: Some(_),
            ..
        }
    ));
    let error = with("ubuntu", "base").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no selected artifact has a base or an input `ubuntu`; did you mean `ubuntu:24.04`?"
    );
}

#[test]
fn a_rootfs_tar_is_unpacked_as_the_base() {
    let catalog = checked([rootfs().step(Run::command("true"))]);
    let tar = RootfsTar {
        local: "rootfs-x".into(),
        file_name: "a*.tar".into(),
        sha256: [7; 32],
        size: 3,
    };
    let context = NamedContext::Rootfs(BTreeMap::from([(
        "linux/arm64".parse().unwrap(),
        tar.clone(),
    )]));
    let inputs = Inputs {
        contexts: BTreeMap::from([("builder".to_owned(), context)]),
        ..inputs(&[])
    };
    let plan = plan(&catalog, "base", &inputs);
    assert_eq!(plan.locals[0].content, LocalContent::Rootfs(tar));
    let amd64 = catalog
        .select(&Request {
            artifacts: vec!["base".into()],
            ..Request::default()
        })
        .unwrap();
    let error = catalog.plan(&amd64[0], &inputs, Caching::Use).unwrap_err();
    assert_eq!(
        error.reason.to_string(),
        "the build context `builder` has no file for `linux/amd64`"
    );
}

#[test]
fn an_image_of_a_layout_is_the_base_with_its_config() {
    let catalog = checked([
        rootfs().step(Run::command("true")),
        Artifact::rootfs("copies", Base::from("scratch"))
            .step(Copy::new("/etc/", "/etc/").from("tools:1")),
    ]);
    let config = br#"{"config":{"Env":["A=b"],"WorkingDir":"/w","User":"u"},
        "rootfs":{"diff_ids":["sha256:aa"]},"history":[{"created_by":"x"}]}"#;
    let image = |digit: &str| LayoutImage {
        configs: BTreeMap::from([(
            "linux/arm64".parse().unwrap(),
            BaseConfig::from_json(config).unwrap(),
        )]),
        platforms: ["linux/arm64", "linux/riscv64"]
            .map(|name| name.parse().unwrap())
            .into(),
        ..LayoutImage::new(format!("sha256:{}", digit.repeat(64)).parse().unwrap())
    };
    let with = |name: &str, digit: &str| Inputs {
        contexts: BTreeMap::from([(name.to_owned(), NamedContext::Layout(image(digit)))]),
        ..inputs(&[])
    };
    let plan_of = |name: &str, digit: &str| plan(&catalog, "base", &with(name, digit));
    let based = plan_of("builder", "1");
    assert_eq!(based.stores, ["layout-111111111111".to_owned()].into());
    assert!(based.locals.is_empty() && based.references.is_empty() && based.id.is_some());
    assert_eq!(
        based.base,
        ResolvedBase::OciLayout {
            digest: format!("sha256:{}", "1".repeat(64)),
            context: "builder".to_owned(),
        }
    );
    assert_eq!(based.config.workdir.as_deref(), Some("/w"));
    assert!(based.oci.image.contains(r#""diff_ids":["sha256:aa"]"#));
    let source = based
        .definition
        .vertices()
        .find_map(buildkit_llb::Entry::source_identifier);
    let identifier = format!("oci-layout://llbgen/layout@sha256:{}", "1".repeat(64));
    assert_eq!(source, Some(identifier));
    // The graph has neither the name nor the place of the context.
    let digests = |plan: &Plan| (plan.definition.to_bytes(), plan.id);
    assert_eq!(digests(&based), digests(&plan_of("ubuntu:24.04", "1")));
    assert_ne!(digests(&based), digests(&plan_of("builder", "2")));

    let copies = plan(&catalog, "copies", &with("tools:1", "1"));
    assert_eq!(copies.stores, based.stores);
    assert!(copies.unpinned.is_empty());

    let everything = catalog
        .select(&Request {
            artifacts: vec!["base".into()],
            ..Request::default()
        })
        .unwrap();
    let failed = catalog.plan(&everything[0], &with("builder", "1"), Caching::Use);
    let PlanProblem::Base(BaseError::NoImageFor {
        platform, valid, ..
    }) = *failed.unwrap_err().reason
    else {
        panic!("another error")
    };
    assert_eq!(platform, "linux/amd64");
    assert_eq!(valid, ["linux/arm64", "linux/riscv64"]);
}

#[test]
fn a_tree_that_lacks_a_platform_says_which_it_has() {
    let copy = Copy::new("a", "/a").context("given");
    let catalog = checked([Artifact::rootfs("base", "debian:12").step(copy)]);
    let tree = crate::GivenTree {
        definition: plan(&catalog, "base", &inputs(&[])).to_return().clone(),
        config: None,
        files: BTreeMap::from([(path("a").into(), set(&[("a", text_file("x"))]))]),
    };
    let trees = crate::GivenTrees {
        all: None,
        platforms: BTreeMap::from([("linux/arm64".parse().unwrap(), tree)]),
    };
    let context = NamedContext::Tree(Box::new(trees));
    let inputs = Inputs {
        contexts: BTreeMap::from([("given".to_owned(), context)]),
        ..inputs(&[])
    };
    plan(&catalog, "base", &inputs);
    let everything = catalog.select(&Request {
        artifacts: vec!["base".into()],
        ..Request::default()
    });
    let error = catalog.plan(&everything.unwrap()[0], &inputs, Caching::Use);
    let PlanProblem::Step { source, .. } = *error.unwrap_err().reason else {
        panic!("another error")
    };
    assert_eq!(
        source.to_string(),
        "the build context `given` has no tree for `linux/amd64`; it has one for `linux/arm64`"
    );
}

#[test]
fn two_contexts_for_one_base_are_refused() {
    let catalog = checked([rootfs()]);
    let image = || NamedContext::Image("debian:12".parse().unwrap());
    let names = ["builder", "ubuntu:24.04"];
    let contexts = names
        .iter()
        .map(|name| (name.to_string(), image()))
        .collect();
    let inputs = Inputs {
        contexts,
        ..inputs(&[])
    };
    let variants = catalog
        .select(&Request {
            artifacts: vec!["base".into()],
            ..Request::default()
        })
        .unwrap();
    let error = catalog.check_contexts(&variants, &inputs).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the build contexts `builder` and `ubuntu:24.04` both replace the base of `base`"
    );
}

/// Each value of an axis has a base of its own, and a context for it; two for one base are still too many.
#[test]
fn each_variant_has_its_context() {
    let image = |name: &str| NamedContext::Image(name.parse().unwrap());
    let artifact = Artifact::rootfs("a", "{of}")
        .axis("of", ["debian:12", "alpine:3"])
        .output("{of|slug}-{arch}.tar")
        .step(Run::command("true"));
    let catalog = checked([artifact]);
    let request = Request {
        artifacts: vec!["a".into()],
        platforms: vec!["linux/arm64".parse().unwrap()],
        ..Request::default()
    };
    let variants = catalog.select(&request).unwrap();
    let given = |names: &[(&str, &str)]| Inputs {
        contexts: names
            .iter()
            .map(|(name, of)| ((*name).to_owned(), image(of)))
            .collect(),
        ..inputs(&[])
    };
    let both = given(&[("debian:12", "one:1"), ("alpine:3", "two:2")]);
    catalog.check_contexts(&variants, &both).unwrap();
    let bases: Vec<String> = variants
        .iter()
        .map(|variant| {
            let plan = catalog.plan(variant, &both, Caching::Use).unwrap();
            let source = plan.definition.vertices().next().unwrap().op_bytes();
            let source = String::from_utf8_lossy(source).into_owned();
            let stands = |name: &&str| source.contains(&format!("docker.io/library/{name}"));
            let names = ["one:1", "two:2", "debian:12", "alpine:3"];
            let found: Vec<&str> = names.into_iter().filter(|name| stands(name)).collect();
            format!("{} {}", variant.values_as_text()["of"], found.join(","))
        })
        .collect();
    assert_eq!(bases, ["debian:12 one:1", "alpine:3 two:2"]);

    let twice = given(&[
        ("debian:12", "one:1"),
        ("docker.io/library/debian:12", "two:2"),
    ]);
    let error = catalog.check_contexts(&variants, &twice).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the build contexts `debian:12` and `docker.io/library/debian:12` both replace the base of `a`"
    );
}
