//! 53 images: the tooling, 26 bases, and on each of them a runtime.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::LazyLock,
};

use catalog::{Artifact, Catalog, GitValues, Plan, Request};

use crate::{Fleet, commands, sources};

const DEBIAN: &str = "base/os/debian/12.6";
const ALL: usize = 4 * 52 + 2;

fn fleet() -> &'static Fleet {
    static FLEET: LazyLock<Fleet> = LazyLock::new(|| Fleet::new("devbox"));
    &FLEET
}

/// The plans of all variants.
fn plans() -> &'static [Plan] {
    static PLANS: LazyLock<Vec<Plan>> = LazyLock::new(|| fleet().plans(&["all"], |disk| disk));
    &PLANS
}

/// Lines in the order of the alphabet: the order of a catalog means nothing.
fn sorted(lines: &str) -> String {
    let lines: BTreeSet<&str> = lines.lines().collect();
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

/// The images: the stage that has programs of others is none of them.
fn images(fleet: &Fleet) -> impl Iterator<Item = &Artifact> {
    let artifacts = fleet.catalog.artifacts();
    artifacts.filter(|artifact| artifact.kind().is_delivered())
}

fn names<'a>(artifacts: impl IntoIterator<Item = &'a Artifact>) -> Vec<String> {
    let images = artifacts.into_iter();
    let images = images.filter(|artifact| artifact.kind().is_delivered());
    images.map(|image| image.name().to_string()).collect()
}

fn of<'a>(plans: &'a [Plan], artifact: &str, platform: &str, l10n: &str) -> &'a Plan {
    let mut plans = plans.iter();
    let plan = plans.find(|plan| {
        plan.variant.artifact.as_str() == artifact
            && plan.variant.platform.to_string() == platform
            && plan.variant.values.values().any(|value| value == l10n)
    });
    plan.unwrap_or_else(|| panic!("{artifact} {platform} {l10n}"))
}

#[test]
fn the_catalogue_has_53_images_and_52_edges() {
    let fleet = fleet();
    let mut listing = String::new();
    let mut edges = 0;
    for image in images(fleet) {
        let needs = names(fleet.catalog.dependencies(image));
        edges += needs.len();
        _ = writeln!(listing, "{} ← {}", image.name(), needs.join(", "));
    }
    assert_eq!((images(fleet).count(), edges), (53, 52));
    insta::assert_snapshot!(sorted(&listing));
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
    for image in images(fleet) {
        let needed = names(fleet.catalog.with_dependencies([image]));
        _ = writeln!(needs, "{}: {}", image.name(), needed.join(" "));
    }
    for directory in ["base/os", "runtime/lang/node.js", "runtime/fw", "all"] {
        let targets = fleet.catalog.select_artifacts(&[directory.to_owned()]);
        let targets = targets.unwrap();
        let full = names(fleet.catalog.with_dependencies(targets.iter().copied()));
        _ = writeln!(
            needs,
            "{directory}: {} quick, {} full",
            targets.len(),
            full.len()
        );
    }
    insta::assert_snapshot!(sorted(&needs));
}

#[test]
fn wrong_targets_and_values_are_refused() {
    let fleet = fleet();
    let mut refused = String::new();
    for arguments in [
        &["list", "runtimes/lang/go/1.23.0"][..],
        &["list", "base/languages/go"],
        &["list", ""],
        &["list", "runtime/lang/cobol/60"],
        &["id", "runtime/lang/go/1.23.0", "--set", "release="],
        &["id", "runtime/lang/go/1.23.0", "--set", "l10n=fr_FR"],
    ] {
        let output = fleet.call(arguments);
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
    let request = Request {
        artifacts: vec!["runtime/lang/node.js/22".to_owned(), "tooling".to_owned()],
        ..Request::default()
    };
    let mut tags = BTreeSet::new();
    for variant in fleet.catalog.select(&request).unwrap() {
        let names = fleet.catalog.image_names(&variant, &GitValues::default());
        let names = names.unwrap();
        tags.extend(names.references().into_iter().map(|name| (name, "index")));
        let of_platform = names.of_platform().into_iter();
        tags.extend(of_platform.map(|name| (name, "platform")));
    }
    let lines = tags
        .into_iter()
        .map(|(name, what)| format!("{what} {name}"));
    let lines: Vec<String> = lines.collect();
    assert_eq!(lines.len(), 4 + 2 + 2 + 1);
    insta::assert_snapshot!(lines.join("\n"));
}

/// Every artifact has the files that it reads, and an id without a daemon.
#[test]
fn every_image_has_its_files() {
    let fleet = fleet();
    assert_eq!(plans().len(), ALL);
    let without: Vec<String> = plans()
        .iter()
        .filter(|plan| plan.id.is_none())
        .map(|plan| plan.variant.to_string())
        .collect();
    assert_eq!(without, Vec::<String>::new());
    // Each template is some runtime's, and each file of a runtime is said once.
    let read: BTreeSet<String> = plans()
        .iter()
        .flat_map(|plan| plan.reads.iter().map(ToString::to_string))
        .collect();
    for entry in std::fs::read_dir(fleet.directory.join("runtime")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = format!("runtime/{name}");
        assert!(read.iter().any(|read| read.starts_with(&path)), "{path}");
    }
}

#[test]
fn every_command_that_needs_no_daemon_works_on_it() {
    let fleet = fleet();
    let run = |arguments: &[&str]| {
        let output = fleet.call(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}\n{stderr}");
        String::from_utf8(output.stdout).unwrap()
    };
    // An image is one thing for all platforms; the tooling has one localisation, the others two.
    assert_eq!(run(&["id", "all"]).lines().count(), 1 + 1 + 52 * 2);
    assert_eq!(run(&["plan", "all"]).lines().count(), 1 + 2 + 52 * 4);
    // With the stage.
    assert_eq!(run(&["list"]).lines().count(), 1 + 53 + 1);
    run(&["lock", "--check"]);
    for name in ["tooling", DEBIAN, "runtime/fw/sandbox/fastgpt"] {
        let shown = run(&["show", name]);
        assert!(shown.starts_with(name), "{shown}");
    }
}

/// The localisations share every expensive step but those of PHP and of the RPM systems.
#[test]
fn localisations_share_their_expensive_steps() {
    let fleet = fleet();
    let is_expensive = |title: &String| {
        let mut beginnings = ["apt ", "dnf ", "run "].iter();
        beginnings.any(|beginning| title.starts_with(beginning))
    };
    let mut unshared = BTreeSet::new();
    for name in names(images(fleet)) {
        if name == "tooling" {
            continue;
        }
        let [english, chinese] =
            ["en_US", "zh_CN"].map(|l10n| commands(of(plans(), &name, "linux/amd64", l10n)));
        let alone = english
            .iter()
            .filter(|(digest, title)| is_expensive(title) && !chinese.contains_key(*digest));
        if alone.count() > 0 {
            unshared.insert(name.split_once('/').unwrap().1.to_owned());
        }
    }
    let expected = [
        "lang/php/7.4",
        "lang/php/8.2",
        "os/anolis/23.4",
        "os/kylin/v10-sp3",
    ];
    assert_eq!(unshared, expected.map(str::to_owned).into());

    // Both sandboxes have the same Python, built once.
    let python = |artifact: &str| {
        let commands = commands(of(plans(), artifact, "linux/amd64", "en_US"));
        let mut builds = commands.into_iter();
        let build = builds.find(|(_, title)| title.contains("--enable-optimizations"));
        build.unwrap().0
    };
    assert_eq!(
        python("runtime/fw/sandbox/v1"),
        python("runtime/fw/sandbox/fastgpt")
    );
}

/// The steps that only China has: none of them is in the other localisation.
#[test]
fn what_a_localisation_sets_comes_last() {
    let fleet = fleet();
    let mut settings = String::new();
    for image in images(fleet) {
        let name = image.name().as_str();
        if !name.starts_with("runtime/") {
            continue;
        }
        let steps = |l10n: &str| {
            let plan = of(plans(), name, "linux/arm64", l10n);
            let titles: BTreeSet<String> = commands(plan).into_values().collect();
            let env: Vec<String> = plan
                .config
                .env
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            titles.into_iter().chain(env).collect::<BTreeSet<String>>()
        };
        let (english, chinese) = (steps("en_US"), steps("zh_CN"));
        let own: Vec<&str> = chinese.difference(&english).map(String::as_str).collect();
        _ = writeln!(settings, "{name}: {}", own.join("; "));
    }
    insta::assert_snapshot!(sorted(&settings));
}

/// An image in the place of an operating system: nothing of that is built.
#[test]
fn an_override_takes_the_place_of_what_it_names() {
    let fleet = fleet();
    let name = "runtime/lang/go/1.23.0";
    let digest = format!("sha256:{}", "9".repeat(64));
    let other = format!("registry.example.com/debian-12.6:x@{digest}");
    let context = format!("{DEBIAN}=docker-image://{other}");
    let given = context.parse().unwrap();
    let replaced = fleet.plans(&[name], |disk| with_context(disk, given));
    for plan in &replaced {
        let sources = sources(plan);
        let images: BTreeSet<&str> = sources
            .values()
            .filter_map(|source| source.identifier.strip_prefix("docker-image://"))
            .collect();
        assert_eq!(images, BTreeSet::from([other.as_str()]), "{}", plan.variant);
        let commands = commands(plan);
        let of_system = commands.values().any(|title| title.contains("s6-overlay"));
        assert!(!of_system, "{commands:?}");
        assert!(commands.values().any(|title| title.contains("go build")));
    }
    let own = of(plans(), name, "linux/amd64", "en_US");
    let all = sources(own).into_iter();
    assert!(
        all.map(|(_, source)| source.identifier)
            .any(|name| name.contains("s6-overlay"))
    );
}

fn with_context(disk: engine::Disk, context: engine::BuildContext) -> engine::Disk {
    engine::Disk {
        build_contexts: vec![context],
        ..disk
    }
}

/// Downloads have no platform: what is the same for both is one vertex. All of them have a checksum.
#[test]
fn platforms_share_what_they_download() {
    let mut vertices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for plan in plans() {
        for (digest, source) in sources(plan) {
            if source.identifier.starts_with("https://") {
                assert!(source.http_checksum().is_some(), "{}", source.identifier);
                vertices
                    .entry(source.identifier)
                    .or_default()
                    .insert(digest);
            }
        }
    }
    for (url, digests) in &vertices {
        assert_eq!(digests.len(), 1, "{url}");
    }
    let noarch = vertices
        .keys()
        .filter(|url| url.ends_with("s6-overlay-noarch.tar.xz"));
    assert_eq!(noarch.count(), 1);
}

/// One program is taken out of the other image, and nothing else.
#[test]
fn a_program_of_another_image_is_all_that_is_taken_from_it() {
    let plan = of(plans(), "base/fw/sandbox/v1", "linux/amd64", "en_US");
    let graph = serde_json::to_value(&plan.definition).unwrap();
    let gateway = sources(plan);
    let mut gateway = gateway
        .iter()
        .filter(|(_, source)| source.identifier.contains("codex-gateway"));
    let (digest, _) = gateway.next().unwrap();
    assert!(gateway.next().is_none());
    let vertices = graph["vertices"].as_array().unwrap();
    let reads = |vertex: &&serde_json::Value| {
        let inputs = vertex["op"]["inputs"].as_array();
        inputs.is_some_and(|inputs| inputs.iter().any(|input| input["digest"] == *digest))
    };
    let readers: Vec<_> = vertices.iter().filter(reads).collect();
    let [reader] = readers[..] else {
        panic!("{readers:?}");
    };
    let exec = &reader["op"]["exec"];
    let copied = serde_json::json!([
        "/packer",
        "copy",
        "/from",
        "codex-gateway",
        "/tree",
        "/usr/local/bin/"
    ]);
    assert_eq!(exec["meta"]["args"], copied);
    let mounts = exec["mounts"].as_array().unwrap();
    let mut from = mounts
        .iter()
        .filter(|mount| mount["dest"] == "/from/codex-gateway");
    assert_eq!(
        from.next().unwrap()["selector"],
        "/usr/local/bin/codex-gateway"
    );
}

/// Projects that are compiled are so when their image is made, by their user.
#[test]
fn projects_are_built() {
    for (name, command) in [
        ("runtime/lang/go/1.22.5", "go build -o hello_world main.go"),
        (
            "runtime/lang/rust/1.81.0",
            "cargo build --release --locked --bin hello_world",
        ),
        ("runtime/fw/nest.js/v11", "npm install && npm run build"),
    ] {
        for plan in plans() {
            if plan.variant.artifact.as_str() != name {
                continue;
            }
            let graph = serde_json::to_value(&plan.definition).unwrap();
            let vertices = graph["vertices"].as_array().unwrap();
            let built: Vec<String> = vertices
                .iter()
                .map(ToString::to_string)
                .filter(|vertex| vertex.contains(&format!("] run {command}")))
                .collect();
            assert_eq!(built.len(), 1, "{}", plan.variant);
            assert!(built[0].contains("\"user\":\"devbox\""), "{}", built[0]);
        }
    }
}
