//! The fleet as a reader of the catalog would check it: what there is, what it needs, what it is called, what is shared.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Output},
};

use llbgen::catalog::{
    Artifact, BaseConfig, Caching, Catalog, CatalogFile, CheckedCatalog, Epoch, GitValues,
    ImagePin, Inputs, Lock, Pinned, Plan, Request,
};

fn fleet() -> CheckedCatalog {
    devbox::catalog().check().unwrap()
}

fn request(artifacts: &[&str]) -> Request {
    Request {
        artifacts: artifacts.iter().map(|name| (*name).to_owned()).collect(),
        ..Request::default()
    }
}

/// The plans of everything, with nothing or with all pinned.
fn plans(lock: &Lock) -> Vec<Plan> {
    let fleet = fleet();
    let inputs = Inputs {
        lock: lock.clone(),
        ..Inputs::default()
    };
    let variants = fleet.select(&request(&["all"])).unwrap();
    let plan = |variant| fleet.plan(variant, &inputs, Caching::Use).unwrap();
    variants.iter().map(plan).collect()
}

/// A lock that pins everything to digests that are made up.
fn lock() -> Lock {
    let mut lock = Lock::default();
    let digest = |number: usize| format!("sha256:{number:064x}").parse().unwrap();
    let references: BTreeSet<Pinned> = plans(&lock)
        .into_iter()
        .flat_map(|plan| plan.references)
        .map(|reference| reference.source)
        .collect();
    lock.set_epoch(Epoch::from_seconds(0).unwrap());
    lock.begin_cache_namespace("devbox".parse().unwrap());
    let mut digests: BTreeMap<String, usize> = BTreeMap::new();
    for pinned in references {
        let next = digests.len();
        let number = *digests.entry(pinned.name()).or_insert(next);
        match pinned {
            Pinned::Image {
                reference,
                platform,
            } => {
                let config = BaseConfig::from_json(br#"{"config": {"Env": ["PATH=/bin"]}}"#);
                let pin = ImagePin::new(digest(number), [(platform, config.unwrap())]);
                lock.set_image(&reference, pin);
            }
            Pinned::Http(url) => lock.set_http(&url, digest(number)),
            Pinned::Git(_) => unreachable!("the fleet has no git sources"),
        }
    }
    lock
}

/// A call of the fleet's own llbgen, in a directory that has its lock.
fn call(context: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_devbox"))
        .args(arguments)
        .current_dir(context)
        .env_clear()
        .output()
        .unwrap()
}

fn context() -> tempfile::TempDir {
    let context = tempfile::tempdir().unwrap();
    fs::write(context.path().join("llbgen.lock"), lock().to_text()).unwrap();
    context
}

#[test]
fn the_catalogue_has_53_images_and_52_edges() {
    let fleet = fleet();
    let mut listing = String::new();
    let mut edges = 0;
    for artifact in fleet.artifacts() {
        let needs: Vec<String> = fleet
            .dependencies(artifact)
            .iter()
            .map(|needed| needed.name().to_string())
            .collect();
        edges += needs.len();
        _ = writeln!(listing, "{} ← {}", artifact.name(), needs.join(", "));
    }
    assert_eq!((fleet.artifacts().count(), edges), (53, 52));
    insta::assert_snapshot!(listing);
}

/// The fleet as `tests/fleets/devbox/llbgen.toml` says it.
fn fleet_in_a_file() -> CheckedCatalog {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fleets/devbox/llbgen.toml");
    let text = fs::read_to_string(path).unwrap();
    let file = CatalogFile::parse("llbgen.toml", &text).unwrap();
    Catalog::new().with_file(file).unwrap().check().unwrap()
}

/// What each artifact is called, needs and is published as; a stage is none of the fleet's images.
fn outline(fleet: &CheckedCatalog) -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let delivered = |artifact: &&Artifact| artifact.kind().is_delivered();
    let artifacts = fleet.artifacts().filter(delivered);
    let outlines = artifacts.map(|artifact| {
        let needs = fleet.dependencies(artifact).into_iter();
        let needs = needs.filter(|needed| needed.kind().is_delivered());
        let needs = needs.map(|needed| needed.name().to_string()).collect();
        let mut names = BTreeSet::new();
        for variant in fleet.variants(artifact) {
            let found = fleet.image_names(&variant, &GitValues::default()).unwrap();
            names.extend(found.references());
            names.extend(found.of_platform());
        }
        (artifact.name().to_string(), (needs, names))
    });
    outlines.collect()
}

#[test]
fn the_fleet_in_a_file_has_the_same_images() {
    let (in_rust, in_a_file) = (outline(&fleet()), outline(&fleet_in_a_file()));
    assert_eq!(in_a_file.len(), 53);
    let of = |outline: &BTreeMap<String, _>| outline.keys().cloned().collect::<Vec<_>>();
    assert_eq!(of(&in_a_file), of(&in_rust));
    for (name, outline) in in_a_file {
        assert_eq!(outline, in_rust[&name], "{name}");
    }
}

#[test]
fn one_name_of_two_kinds_is_refused() {
    let node = |name: &str| {
        Artifact::image(name, "debian:12")
            .repository("ghcr.io/x/node-20")
            .tag("latest")
    };
    let error = Catalog::new()
        .artifact(node("base/lang/node/20"))
        .artifact(node("base/fw/node/20"))
        .check()
        .unwrap_err();
    let expected = "`ghcr.io/x/node-20:latest` is pushed by";
    assert!(error.to_string().contains(expected), "{error}");
}

/// What `quick` builds is the target, what `full` builds is the target with what it needs.
#[test]
fn what_every_target_needs() {
    let fleet = fleet();
    let mut needs = String::new();
    for artifact in fleet.artifacts() {
        let needed: Vec<String> = fleet
            .with_dependencies([artifact])
            .iter()
            .map(|needed| needed.name().to_string())
            .collect();
        _ = writeln!(needs, "{}: {}", artifact.name(), needed.join(" "));
    }
    for directory in ["base/os", "runtime/lang/node.js", "runtime/fw", "all"] {
        let targets = fleet.select_artifacts(&[directory.to_owned()]).unwrap();
        let full = fleet.with_dependencies(targets.iter().copied());
        _ = writeln!(
            needs,
            "{directory}: {} quick, {} full",
            targets.len(),
            full.len()
        );
    }
    insta::assert_snapshot!(needs);
}

#[test]
fn wrong_targets_and_values_are_refused() {
    let context = context();
    let mut refused = String::new();
    for arguments in [
        &["list", "runtimes/lang/go/1.23.0"][..],
        &["list", "base/languages/go"],
        &["list", ""],
        &["list", "runtime/lang/cobol/60"],
        &["id", "runtime/lang/go/1.23.0", "--set", "release="],
        &["id", "runtime/lang/go/1.23.0", "--set", "l10n=fr_FR"],
    ] {
        let output = call(context.path(), arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        // The list of all artifacts is long and tested elsewhere.
        let shown = text.lines().filter(|line| !line.starts_with("hint:"));
        _ = writeln!(
            refused,
            "$ llbgen {}\n{}\n{}",
            arguments.join(" "),
            output.status,
            shown.collect::<Vec<_>>().join("\n")
        );
        assert!(!output.status.success());
    }
    insta::assert_snapshot!(refused);
}

#[test]
fn tags_are_per_localisation_and_per_platform() {
    let fleet = fleet();
    let mut tags = BTreeSet::new();
    for variant in fleet
        .select(&request(&["runtime/lang/node.js/22", "tooling"]))
        .unwrap()
    {
        let names = fleet.image_names(&variant, &GitValues::default()).unwrap();
        tags.extend(names.references().into_iter().map(|name| (name, "index")));
        tags.extend(
            names
                .of_platform()
                .into_iter()
                .map(|name| (name, "platform")),
        );
    }
    let lines: Vec<String> = tags
        .into_iter()
        .map(|(name, what)| format!("{what} {name}"))
        .collect();
    assert_eq!(lines.len(), 4 + 2 + 2 + 1);
    insta::assert_snapshot!(lines.join("\n"));
}

/// The commands of a plan's graph, by digest, each with its title.
fn commands(plan: &Plan) -> BTreeMap<String, String> {
    let execs = plan
        .definition
        .vertices()
        .filter(|vertex| vertex.kind().as_str() == "exec");
    let title = |name: &str| name.split_once("] ").map(|(_, title)| title.to_owned());
    execs
        .map(|vertex| {
            let name = vertex.metadata().custom_name().and_then(title);
            (vertex.digest().to_string(), name.unwrap_or_default())
        })
        .collect()
}

/// The localisations share every expensive step but those of PHP and of the RPM systems.
#[test]
fn localisations_share_their_expensive_steps() {
    let plans = plans(&lock());
    let of = |artifact: &str, l10n: &str| {
        let plan = plans.iter().find(|plan| {
            plan.variant.artifact.as_str() == artifact
                && plan.variant.platform.to_string() == "linux/amd64"
                && plan.variant.values.values().any(|value| value == l10n)
        });
        commands(plan.unwrap())
    };
    let is_expensive = |title: &String| {
        let is_of_packer = title.starts_with("copy ") || title.starts_with("download ");
        let mut words = ["apt", "npm", "python-build", "install", "curl"].iter();
        !is_of_packer && words.any(|word| title.contains(word))
    };
    let mut unshared = BTreeSet::new();
    for artifact in fleet().artifacts() {
        let name = artifact.name().as_str();
        if name == "tooling" {
            continue;
        }
        let (english, chinese) = (of(name, "en_US"), of(name, "zh_CN"));
        let alone = english
            .iter()
            .filter(|(digest, title)| is_expensive(title) && !chinese.contains_key(*digest));
        if alone.count() > 0 {
            unshared.insert(name.to_owned());
        }
    }
    let php = ["base/lang/php/7.4", "base/lang/php/8.2"];
    let runtimes = php.map(|name| name.replace("base", "runtime"));
    let expected: BTreeSet<String> = php.map(str::to_owned).into_iter().chain(runtimes).collect();
    assert_eq!(unshared, expected);

    let python = |artifact: &str| {
        let commands = of(artifact, "en_US");
        let build = commands
            .into_iter()
            .find(|(_, title)| title.contains("python-build"));
        build.unwrap().0
    };
    assert_eq!(
        python("runtime/fw/sandbox/v1"),
        python("runtime/fw/sandbox/fastgpt")
    );
}

#[test]
fn every_command_that_needs_no_daemon_works_on_it() {
    let context = context();
    let run = |arguments: &[&str]| {
        let output = call(context.path(), arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}\n{stderr}");
        String::from_utf8(output.stdout).unwrap()
    };
    // An image is one thing for all platforms; the tooling has one localisation, the others two.
    assert_eq!(run(&["id"]).lines().count(), 1 + 1 + 52 * 2);
    assert_eq!(run(&["plan"]).lines().count(), 1 + 2 + 52 * 4);
    assert_eq!(run(&["list"]).lines().count(), 1 + 53);
    for artifact in fleet().artifacts() {
        let name = artifact.name().as_str();
        let shown = run(&["show", name]);
        assert!(shown.starts_with(name), "{shown}");
        let one = ["--platform", "linux/arm64", "--set", "l10n=zh_CN"];
        let choice = if name == "tooling" { &one[..2] } else { &one };
        let arguments = [&["emit", name, "--format", "json"], choice].concat();
        let graph = run(&arguments);
        assert!(graph.contains(&format!("[{name} linux/arm64")), "{name}");
    }
    run(&["lock", "--check"]);
    let ids = run(&["id", "runtime/lang/node.js/22"]);
    for line in ids.lines().skip(1) {
        let image = line.rsplit("  ").next().unwrap();
        let tag = image.strip_prefix("ghcr.io/labring/devbox-runtime-images/node.js-22:");
        let tag = tag.unwrap();
        assert!(tag.len() == 12 && tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
