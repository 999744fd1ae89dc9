//! The devbox fleet, built from Debian: users, services, localisations and projects as they must be.
//!
//! Its downloads come from a server of the tests, with contents that are made up; their checksums in a copy of the fleet
//! are those of these contents. The compilers are Debian's (`--set compilers=debian`).

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::run,
    fleet::{self, Downloads},
    oci_archive::OciArchive,
    tree::Tree,
};
use serde_json::Value;

use crate::oocana::commands_run;

mod second_tier;

const S6: &str = "https://github.com/just-containers/s6-overlay/releases/download/v3.2.1.0/s6-overlay-noarch.tar.xz";
const S6_OF_ARCHES: [&str; 2] = [
    "https://github.com/just-containers/s6-overlay/releases/download/v3.2.1.0/s6-overlay-x86_64.tar.xz",
    "https://github.com/just-containers/s6-overlay/releases/download/v3.2.1.0/s6-overlay-aarch64.tar.xz",
];
const ARCHIVES: [&str; 3] = [
    "s6-overlay-noarch.tar.xz",
    "s6-overlay-x86_64.tar.xz",
    "s6-overlay-aarch64.tar.xz",
];

const LOCALISATIONS: [&str; 2] = ["en_US", "zh_CN"];

/// What is built for one platform, from Debian.
const FLAGS: [&str; 8] = [
    "--platform",
    "linux/amd64",
    "--image-compression",
    "uncompressed",
    "--build-context",
    "debian:12.6-slim=docker-image://debian:bookworm",
    "--build-context",
    "alpine:3.22=docker-image://debian:bookworm",
];

fn s6() -> Vec<u8> {
    fleet::tar(&[
        ("init", 0o755, "#!/bin/sh\n# made up\nexec \"$@\"\n"),
        ("etc/s6-overlay/s6-rc.d/user/type", 0o644, "bundle\n"),
    ])
}

/// The downloads of operating systems.
const OF_SYSTEMS: [&str; 4] = [
    "https://github.com/aptible/supercronic/releases/download/v0.2.34/supercronic-linux-amd64",
    "https://github.com/aptible/supercronic/releases/download/v0.2.34/supercronic-linux-arm64",
    "https://github.com/labring/devbox-sdk/releases/download/devbox-sdk-server-v0.1.0/devbox-sdk-server-linux-x86_64",
    "https://github.com/labring/devbox-sdk/releases/download/devbox-sdk-server-v0.1.0/devbox-sdk-server-linux-aarch64",
];

/// The file in the place of a download, or the one in an archive.
fn made_up(url: &str) -> String {
    format!("#!/bin/sh\n# in the place of {url}\n")
}

fn downloads(programs: &[&'static str]) -> Downloads {
    let archives = S6_OF_ARCHES.map(|url| {
        let file = ("command/s6-setuidgid", 0o755, &*made_up(url));
        (url, fleet::tar(&[file]))
    });
    let programs = programs.iter().map(|url| (*url, made_up(url).into_bytes()));
    Downloads::serve([(S6, s6())].into_iter().chain(archives).chain(programs))
}

/// An image that was built, read once.
struct Image<'a> {
    fleet: &'a Path,
    /// Its trees, by localisation.
    trees: [Tree; 2],
    configs: [Value; 2],
}

impl<'a> Image<'a> {
    fn read(fleet: &'a Path, name: &str) -> Self {
        let archive = |l10n| OciArchive::open(&fleet.join(format!("out/{name}-{l10n}.oci.tar")));
        let archives = LOCALISATIONS.map(archive);
        Self {
            fleet,
            trees: archives.each_ref().map(|archive| archive.tree("amd64")),
            configs: archives.each_ref().map(|archive| archive.config("amd64")),
        }
    }
}

/// What is at `path`: its type, mode, owner, and the target of a link.
fn shown(tree: &Tree, path: &str) -> String {
    let node = tree.get(path).unwrap_or_else(|| panic!("no `{path}`"));
    format!("{node:?}")
}

#[track_caller]
fn is(tree: &Tree, path: &str, expected: &str) {
    let shown = shown(tree, path);
    assert!(shown.starts_with(expected), "{path}: {shown}");
}

/// Whether a file of a tree is that file of the fleet.
#[track_caller]
fn is_file(tree: &Tree, path: &str, of_fleet: &Path) {
    let text = fs::read(of_fleet).unwrap();
    let node = tree.get(path).unwrap_or_else(|| panic!("no `{path}`"));
    assert!(node.has_content(&text), "{path}: {node:?}");
}

/// README in the language of the image, of the user, and none of the others.
fn has_its_project(image: &Image<'_>, files: &str) {
    let fleet = image.fleet;
    for (l10n, tree) in LOCALISATIONS.iter().zip(&image.trees) {
        let project = "home/devbox/project";
        is(tree, project, "d0770 1000:1000");
        is(tree, &format!("{project}/entrypoint.sh"), "-0755 1000:1000");
        let readme = format!("{project}/README.md");
        is(tree, &readme, "-0644 1000:1000");
        let own = fleet.join(format!("runtime/{files}/README.{l10n}.md"));
        is_file(tree, &readme, &own);
        let guide = format!("tooling/docs/README.s6-user-guide.{l10n}.md");
        let to = format!("{project}/README.s6-user-guide.md");
        is_file(tree, &to, &fleet.join(guide));
        let paths = tree.paths();
        let mut below = paths.iter().filter(|path| path.starts_with(project));
        assert!(below.all(|path| !path.contains("README.en") && !path.contains("README.zh")));
    }
}

/// The user, the services, and what is set for all.
fn is_a_system(image: &Image<'_>) {
    let fleet = image.fleet;
    for tree in &image.trees {
        is(tree, "home/devbox", "d0770 1000:1000");
        is(tree, "home/devbox/.ssh", "d0700 1000:1000");
        is(tree, "etc/sudoers.d/devbox", "-0440 0:0");
        let sudo = tree.get("etc/sudoers.d/devbox").unwrap();
        assert!(sudo.has_content(b"devbox ALL=(ALL) NOPASSWD: ALL\n"));
        is(tree, "init", "-0755 0:0");
        for service in [
            "startup",
            "sshd",
            "sshd-log",
            "sshd-log-prepare",
            "crond",
            "sdk-server",
        ] {
            let service = format!("etc/s6-overlay/s6-rc.d/{service}");
            is(tree, &service, "d0700 0:0");
            is(tree, &format!("{service}/type"), "-0600 0:0");
        }
        is(tree, "etc/s6-overlay/s6-rc.d/sshd/run", "-0700 0:0");
        is(
            tree,
            "etc/s6-overlay/s6-rc.d/user/contents.d/sshd-pipeline",
            "-0600 0:0",
        );
        is(
            tree,
            "etc/s6-overlay-hook/pre-rc-init.d/pre-rc-init.sh",
            "-0755 0:0",
        );
        is(tree, "usr/sbin/supercronic", "-0755 0:0");
        is(tree, "usr/sbin/devbox-sdk-server", "-0755 0:0");
        is(
            tree,
            "usr/share/devbox/docs/README.s6-user-guide.zh_CN.md",
            "-0755 0:0",
        );
        is(tree, "var/log/btmp", "-0660 0:");
        is(tree, "usr/lib/locale/locale-archive", "-0644 0:0");
        // Random data.
        let paths = tree.paths();
        assert!(
            paths
                .iter()
                .all(|path| !path.starts_with("etc/ssh/ssh_host_"))
        );
    }
    let [english, chinese] = &image.trees;
    let sources = "etc/apt/sources.list.d/debian.sources";
    is_file(
        chinese,
        sources,
        &fleet.join("l10n/zh_CN/apt/debian.sources"),
    );
    is(
        chinese,
        "etc/localtime",
        "l0777 0:0 /usr/share/zoneinfo/Asia/Shanghai",
    );
    assert!(chinese.get("etc/apt/sources.list").is_none());
    assert!(english.get(sources).is_none() && english.get("etc/apt/sources.list").is_some());
    let local = english.get("etc/localtime").map(|node| format!("{node:?}"));
    assert!(local.is_none_or(|local| !local.contains("Shanghai")));
    for (l10n, config) in LOCALISATIONS.iter().zip(&image.configs) {
        let config = &config["config"];
        assert_eq!(config["Entrypoint"], serde_json::json!(["/init"]));
        let env = config["Env"].as_array().unwrap();
        let own = format!("L10N={l10n}");
        for expected in [
            own.as_str(),
            "ARCH=amd64",
            "DEFAULT_DEVBOX_USER=devbox",
            "PROJECT_DIR=/home/devbox/project",
            "S6_STAGE2_HOOK=/etc/s6-overlay-hook/pre-rc-init.d/pre-rc-init.sh",
            "S6_KILL_GRACETIME=500",
            "LANG=en_US.UTF-8",
            "LC_ALL=en_US.UTF-8",
        ] {
            assert!(
                env.iter().any(|value| value == expected),
                "{expected}: {env:?}"
            );
        }
    }
}

#[test]
fn an_operating_system_has_its_user_services_and_localisations() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let fleet = fleet::copied("devbox", home.path());
    let downloads = downloads(&OF_SYSTEMS);
    downloads.write_checksums(&fleet, &ARCHIVES);
    let build = |artifacts: &[&str], more: &[&str]| {
        let arguments = [&["build"], artifacts, &FLAGS[..], more].concat();
        downloads.llbgen(bed, &fleet, &arguments)
    };
    // One wrong byte is another file.
    let mut wrong = s6();
    *wrong.last_mut().unwrap() = 1;
    downloads.replace(S6, &wrong);
    let system = "base/os/debian/12.6";
    run(&mut build(&[system], &[])).fails(1, &["the step expects `sha256:", " came"]);
    downloads.replace(S6, &s6());

    let both = [system, "runtime/os/debian/12.6"];
    let said = run(&mut build(&both, &["--progress", "rawjson"])).success();
    let packages: Vec<String> = commands_run(&said.stderr)
        .into_iter()
        .filter(|name| name.contains("] apt install"))
        .collect();
    assert_eq!(
        packages.len(),
        1,
        "once for both localisations: {packages:?}"
    );
    is_a_system(&Image::read(&fleet, system));
    let runtime = Image::read(&fleet, "runtime/os/debian/12.6");
    is_a_system(&runtime);
    has_its_project(&runtime, "os");
}
