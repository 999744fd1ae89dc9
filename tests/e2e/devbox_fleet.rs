//! The devbox fleet, built from Debian: users, services, localisations and projects as they must be.
//!
//! Its downloads come from a server of the tests, with contents that are made up; their checksums in a copy of the fleet
//! are those of these contents. The compilers are Debian's (`--set compilers=debian`).

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Running, run},
    fleet::{self, Downloads},
    machine,
    oci_archive::OciArchive,
    tree::Tree,
};

use crate::oocana::{CERTIFICATES, LIMIT, commands_run};

const S6: &str = "https://github.com/just-containers/s6-overlay/releases/download/v3.2.1.0/s6-overlay-noarch.tar.xz";
const S6_OF_ARCH: &str = "https://github.com/just-containers/s6-overlay/releases/download/v3.2.1.0/s6-overlay-x86_64.tar.xz";
const ARCHIVES: [&str; 2] = ["s6-overlay-noarch.tar.xz", "s6-overlay-x86_64.tar.xz"];

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
const OF_SYSTEMS: [&str; 2] = [
    "https://github.com/aptible/supercronic/releases/download/v0.2.34/supercronic-linux-amd64",
    "https://github.com/labring/devbox-sdk/releases/download/devbox-sdk-server-v0.1.0/devbox-sdk-server-linux-x86_64",
];

/// The downloads of languages.
const OF_LANGUAGES: [&str; 4] = [
    "https://raw.githubusercontent.com/nvm-sh/nvm/v0.40.0/nvm.sh",
    "https://raw.githubusercontent.com/nvm-sh/nvm/v0.40.0/nvm-exec",
    "https://getcomposer.org/composer-stable.phar",
    "https://mirrors.aliyun.com/composer/composer.phar",
];

fn downloads(programs: &[&'static str]) -> Downloads {
    let made_up = |url| {
        (
            url,
            format!("#!/bin/sh\n# in the place of {url}\n").into_bytes(),
        )
    };
    let of_arch = fleet::tar(&[("command/s6-setuidgid", 0o755, "#!/bin/sh\n")]);
    let archives = [(S6, s6()), (S6_OF_ARCH, of_arch)];
    let programs = programs.iter().copied().map(made_up);
    Downloads::serve(archives.into_iter().chain(programs))
}

/// The trees of an image, by localisation.
fn trees(fleet: &Path, image: &str) -> [Tree; 2] {
    LOCALISATIONS.map(|l10n| archive(fleet, image, l10n).tree("amd64"))
}

fn archive(fleet: &Path, image: &str, l10n: &str) -> OciArchive {
    OciArchive::open(&fleet.join(format!("out/{image}-{l10n}.oci.tar")))
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
fn has_its_project(fleet: &Path, image: &str, files: &str) {
    for (l10n, tree) in LOCALISATIONS.iter().zip(trees(fleet, image)) {
        let project = "home/devbox/project";
        is(&tree, project, "d0770 1000:1000");
        is(
            &tree,
            &format!("{project}/entrypoint.sh"),
            "-0755 1000:1000",
        );
        let readme = format!("{project}/README.md");
        is(&tree, &readme, "-0644 1000:1000");
        let own = fleet.join(format!("runtime/{files}/README.{l10n}.md"));
        is_file(&tree, &readme, &own);
        let guide = format!("tooling/docs/README.s6-user-guide.{l10n}.md");
        let to = format!("{project}/README.s6-user-guide.md");
        is_file(&tree, &to, &fleet.join(guide));
        let paths = tree.paths();
        let mut below = paths.iter().filter(|path| path.starts_with(project));
        assert!(below.all(|path| !path.contains("README.en") && !path.contains("README.zh")));
    }
}

/// The user, the services, and what is set for all.
fn is_a_system(fleet: &Path, image: &str) {
    let trees = trees(fleet, image);
    for tree in &trees {
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
    let [english, chinese] = trees;
    let sources = "etc/apt/sources.list.d/debian.sources";
    is_file(
        &chinese,
        sources,
        &fleet.join("l10n/zh_CN/apt/debian.sources"),
    );
    is(
        &chinese,
        "etc/localtime",
        "l0777 0:0 /usr/share/zoneinfo/Asia/Shanghai",
    );
    assert!(chinese.get("etc/apt/sources.list").is_none());
    assert!(english.get(sources).is_none() && english.get("etc/apt/sources.list").is_some());
    let local = english.get("etc/localtime").map(|node| format!("{node:?}"));
    assert!(local.is_none_or(|local| !local.contains("Shanghai")));
    for l10n in LOCALISATIONS {
        let config = &archive(fleet, image, l10n).config("amd64")["config"];
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
    is_a_system(&fleet, system);
    is_a_system(&fleet, "runtime/os/debian/12.6");
    has_its_project(&fleet, "runtime/os/debian/12.6", "os");
}

/// Eight bases and their runtimes, with what a localisation gives them, in the second tier.
#[test]
fn languages_and_frameworks_of_debian_have_their_settings() {
    if !machine::tests_all() {
        return;
    }
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let fleet = fleet::copied("devbox", home.path());
    let downloads = downloads(&[&OF_SYSTEMS[..], &OF_LANGUAGES].concat());
    downloads.write_checksums(&fleet, &ARCHIVES);
    let runtimes = [
        ("os/debian/12.6", "os"),
        ("lang/c/gcc-12.2.0", "c"),
        ("lang/cpp/gcc-12.2.0", "cpp"),
        ("lang/python/3.11", "python"),
        ("lang/php/8.2", "php"),
        ("lang/java/openjdk17", "java"),
        ("lang/node.js/18", "node"),
        ("fw/nginx/1.22.1", "nginx"),
    ];
    let names: Vec<String> = runtimes
        .iter()
        .flat_map(|(path, _)| [format!("base/{path}"), format!("runtime/{path}")])
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let more = ["--build-ca", CERTIFICATES, "--set", "compilers=debian"];
    let arguments = [&["build"], &names[..], &FLAGS, &more].concat();
    let mut command = downloads.llbgen(bed, &fleet, &arguments);
    Running::start(&mut command).wait_for(LIMIT).success();
    for (path, files) in runtimes {
        is_a_system(&fleet, &format!("base/{path}"));
        has_its_project(&fleet, &format!("runtime/{path}"), files);
    }
    for (path, program) in [
        ("lang/c/gcc-12.2.0", "usr/bin/gcc-12"),
        ("lang/cpp/gcc-12.2.0", "usr/bin/g++-12"),
        ("lang/python/3.11", "usr/bin/python3.11"),
        ("lang/php/8.2", "usr/bin/php8.2"),
        (
            "lang/java/openjdk17",
            "usr/lib/jvm/java-17-openjdk-amd64/bin/javac",
        ),
        ("lang/node.js/18", "usr/local/bin/pnpm"),
        ("fw/nginx/1.22.1", "usr/sbin/nginx"),
    ] {
        for tree in trees(&fleet, &format!("base/{path}")) {
            assert!(tree.get(program).is_some(), "{path}: {program}");
        }
    }
    for (path, tool, file) in [
        ("lang/python/3.11", "pip", ".config/pip/pip.conf"),
        ("lang/java/openjdk17", "maven", ".m2/settings.xml"),
        ("lang/php/8.2", "composer", ".config/composer/config.json"),
        ("lang/node.js/18", "npm", ".npmrc"),
    ] {
        let own = fleet.join("l10n/zh_CN").join(tool).join(file);
        let [english, chinese] = trees(&fleet, &format!("base/{path}"));
        for (home, owner) in [("root", "-0644 0:0"), ("home/devbox", "-0644 1000:1000")] {
            let path = format!("{home}/{file}");
            is_file(&chinese, &path, &own);
            is(&chinese, &path, owner);
            assert!(english.get(&path).is_none(), "{path}");
        }
    }
    let [_, chinese] = trees(&fleet, "base/lang/node.js/18");
    is_file(&chinese, "etc/npmrc", &fleet.join("l10n/zh_CN/npm/.npmrc"));
    let nginx = &trees(&fleet, "runtime/fw/nginx/1.22.1")[0];
    is_file(
        nginx,
        "etc/nginx/nginx.conf",
        &fleet.join("runtime/nginx.conf"),
    );
    is(nginx, "tmp/nginx-devbox/scgi", "d1777 0:0");

    // For lazy pulls, every layer of a runtime has a table of contents, those of its base among them.
    let stargz = ["--output", "stargz", "--force-compression"];
    let mut lazy = FLAGS;
    lazy[3] = "estargz";
    let arguments = [&["build", "runtime/os/debian/12.6"], &lazy[..], &stargz].concat();
    run(&mut downloads.llbgen(bed, &fleet, &arguments)).success();
    for l10n in LOCALISATIONS {
        let tables = |output: &str| {
            let path = format!("{output}/runtime/os/debian/12.6-{l10n}.oci.tar");
            let manifest = OciArchive::open(&fleet.join(path)).manifest("amd64");
            let layers = manifest["layers"].as_array().unwrap().clone();
            let has_table = |layer: &serde_json::Value| {
                let table = &layer["annotations"]["containerd.io/snapshot/stargz/toc.digest"];
                let media_type = layer["mediaType"].as_str().unwrap();
                table.is_string() && media_type == "application/vnd.oci.image.layer.v1.tar+gzip"
            };
            layers.iter().map(has_table).collect::<Vec<bool>>()
        };
        assert!(tables("stargz").into_iter().all(|has_one| has_one));
        assert!(!tables("out").into_iter().any(|has_one| has_one));
    }

    // Nothing random is in an image: built again on a daemon that has nothing, it is the same.
    let once = trees(&fleet, "runtime/os/debian/12.6");
    fs::remove_dir_all(fleet.join("out")).unwrap();
    let arguments = [&["build", "runtime/os/debian/12.6"], &FLAGS[..]].concat();
    let other = bed.private();
    run(&mut downloads.llbgen(&other, &fleet, &arguments)).success();
    let again = trees(&fleet, "runtime/os/debian/12.6");
    for (once, again) in once.iter().zip(&again) {
        assert_eq!(once.differences(again), std::collections::BTreeMap::new());
    }
}
