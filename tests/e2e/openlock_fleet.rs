//! The sandbox of openlock, built from Debian: a user without rights, and programs that need them. Its downloads are made
//! up, and come from a server of the tests.

use llbgen_tests::{
    bed::Bed,
    command::run,
    fleet::{self, Downloads},
    oci_archive::OciArchive,
};
use serde_json::json;

const NODE: &str = "https://nodejs.org/dist/v22.12.0/node-v22.12.0-linux-x64.tar.xz";
const UV: &str =
    "https://github.com/astral-sh/uv/releases/download/0.5.11/uv-x86_64-unknown-linux-gnu.tar.gz";

#[test]
fn a_sandbox_has_its_user_and_programs() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let fleet = fleet::copied("openlock", home.path());
    let program = "#!/bin/sh\n# made up\n";
    let corepack = "#!/bin/sh\nln -s corepack /usr/local/bin/yarn\n";
    let node = fleet::tar(&[
        ("node-v22.12.0-linux-x64/LICENSE", 0o644, "none\n"),
        ("node-v22.12.0-linux-x64/bin/node", 0o755, program),
        ("node-v22.12.0-linux-x64/bin/corepack", 0o755, corepack),
    ]);
    let uv = fleet::tar(&[
        ("uv-x86_64-unknown-linux-gnu/uv", 0o755, program),
        ("uv-x86_64-unknown-linux-gnu/uvx", 0o755, program),
    ]);
    let downloads = Downloads::serve([(NODE, node), (UV, uv)]);
    downloads.write_checksums(&fleet, &["node-v22.12.0-linux-x64.tar.xz"]);
    let arguments = [
        "build",
        "openlock-base",
        "--platform",
        "linux/amd64",
        "--image-compression",
        "uncompressed",
        "--build-context",
        "ubuntu:24.04=docker-image://debian:bookworm",
    ];
    run(&mut downloads.llbgen(bed, &fleet, &arguments)).success();
    let image = OciArchive::open(&fleet.join("out/openlock-base.oci.tar"));
    let config = &image.config("amd64")["config"];
    assert_eq!(config["User"], json!("sandbox"));
    assert_eq!(config["WorkingDir"], json!("/sandbox"));
    let env = config["Env"].as_array().unwrap();
    assert!(env.contains(&json!("HOME=/sandbox")), "{env:?}");
    let tree = image.tree("amd64");
    let is = |path: &str, expected: &str| {
        let node = tree.get(path).unwrap_or_else(|| panic!("no `{path}`"));
        let shown = format!("{node:?}");
        assert!(shown.starts_with(expected), "{path}: {shown}");
    };
    is("sandbox", "d0755 60000:60000");
    is("sandbox/repo", "d0755 60000:60000");
    is("usr/sbin/nft", "-0755 0:0");
    is("usr/local/bin/node", "-0755 0:0");
    is("usr/local/bin/uvx", "-0755 0:0");
    is("usr/local/bin/yarn", "l0777 0:0 corepack");
    assert!(tree.get("usr/local/LICENSE").is_none());
}
