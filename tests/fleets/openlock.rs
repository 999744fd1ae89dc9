//! One base image that is named by its content, and what is made on it.

use std::collections::BTreeSet;

use catalog::Plan;

use crate::{Fleet, commands, sources};

const BASE: &str = "openlock-base";

/// The tag of the base image: the first digits of its id.
fn tag(fleet: &Fleet) -> String {
    let output = fleet.call(&["id", BASE]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().nth(1).unwrap();
    let image = line.rsplit("  ").next().unwrap();
    let tag = image.strip_prefix("ghcr.io/vessux/openlock-base:").unwrap();
    assert!(tag.len() == 12 && tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
    tag.to_owned()
}

/// A comment is no content; a package, an option and the digest of the base are.
#[test]
fn the_tag_is_that_of_the_content() {
    let own = tag(&Fleet::new("openlock"));
    let changed = |words: &[(&str, &str)]| tag(&Fleet::changed("openlock", words));
    let comment = ("{ apt = ", "# A comment.\n    { apt = ");
    assert_eq!(changed(&[comment]), own);
    let package = ("nftables python3", "nftables jq python3");
    let option = ("uid = \"60000\"", "uid = \"60001\"");
    let base = ("base = \"ubuntu:24.04\"", "base = \"ubuntu:22.04\"");
    let tags = [package, option, base].map(|words| changed(&[words]));
    let mut all: BTreeSet<&str> = tags.iter().map(String::as_str).collect();
    all.insert(&own);
    assert_eq!(all.len(), 4);

    let moved = Fleet::new("openlock");
    let mut lock = moved.lock();
    let ubuntu = "ubuntu:24.04".parse().unwrap();
    let digest = format!("sha256:{}", "7".repeat(64)).parse().unwrap();
    let config = catalog::BaseConfig::from_json(br#"{"config": {"Env": ["PATH=/bin"]}}"#).unwrap();
    let platforms = ["linux/amd64", "linux/arm64"];
    let configs = platforms.map(|platform| (platform.parse().unwrap(), config.clone()));
    lock.set_image(&ubuntu, catalog::ImagePin::new(digest, configs));
    moved.pin(&lock);
    assert_ne!(tag(&moved), own);
}

/// The user, its directory, and what a harness has besides its base.
#[test]
fn a_harness_stands_on_the_whole_base() {
    let fleet = Fleet::new("openlock");
    let plans = fleet.plans(&["all"], |disk| disk);
    assert_eq!(plans.len(), 2 * 4);
    let of = |artifact: &str| -> &Plan {
        let mut plans = plans.iter();
        let is_it = |plan: &&Plan| {
            plan.variant.artifact.as_str() == artifact
                && plan.variant.platform.to_string() == "linux/arm64"
        };
        plans.find(is_it).unwrap()
    };
    let base = of(BASE);
    let config = serde_json::to_value(&base.config).unwrap();
    insta::assert_json_snapshot!("config", config);
    let below: BTreeSet<String> = commands(base).into_keys().collect();
    for harness in ["claude-code", "opencode", "pi"] {
        let plan = of(&format!("sandbox/{harness}"));
        let all: BTreeSet<String> = commands(plan).into_keys().collect();
        assert!(all.is_superset(&below), "{harness}");
        let titles = commands(plan).into_values().collect::<Vec<_>>().join("\n");
        assert!(titles.contains("npm install -g"), "{titles}");
        assert_eq!(
            serde_json::to_value(&plan.config).unwrap()["user"],
            "60000",
            "{harness}"
        );
        assert!(
            sources(plan)
                .keys()
                .all(|digest| sources(base).contains_key(digest))
        );
    }
}

/// The images of the base as `llbgen id` prints them, while a file beside the catalog, named by `file-tags`, has this
/// text.
fn images(words: &[(&str, &str)], text: &str) -> Vec<String> {
    let repository = "repository = \"ghcr.io/vessux/openlock-base\"";
    let file_tags = format!("{repository}\nfile-tags = [\"base.Containerfile\"]");
    let words = [&[(repository, file_tags.as_str())], words].concat();
    let fleet = Fleet::changed("openlock", &words);
    std::fs::write(fleet.directory.join("base.Containerfile"), text).unwrap();
    let output = fleet.call(&["id", BASE, "--format", "json"]);
    assert!(output.status.success(), "{output:?}");
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let images = rows[0]["images"].as_array().unwrap();
    let names = images.iter().map(|name| name.as_str().unwrap().to_owned());
    names.collect()
}

/// A team that finds its image by the hash of a Dockerfile keeps that tag beside the one of the content: the first
/// digits of the sha256 of the text, comments and all, and of nothing else.
#[test]
fn a_tag_of_the_text_is_kept_beside_that_of_the_content() {
    const TEXT: &str = "FROM ubuntu:24.04\nRUN true\n";
    let found = images(&[], TEXT);
    let [content, of_text] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(of_text, "ghcr.io/vessux/openlock-base:b3c7872a5fb1");
    assert_ne!(content, of_text);

    let commented = images(&[], &format!("# A comment.\n{TEXT}"));
    assert_eq!(&commented[0], content);
    assert_eq!(commented[1], "ghcr.io/vessux/openlock-base:3d9557970b22");

    let package = images(&[("nftables python3", "nftables jq python3")], TEXT);
    assert_ne!(&package[0], content);
    assert_eq!(&package[1], of_text);
}
