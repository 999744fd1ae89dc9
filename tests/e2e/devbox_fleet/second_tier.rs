//! Languages and frameworks that Debian has, in the second tier of tests: each base with its runtime, in both
//! localisations.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use llbgen_tests::{
    bed::Bed,
    command::Running,
    fleet::{self, Downloads},
    machine,
    oci_archive::OciArchive,
};
use tempfile::TempDir;

use crate::oocana::{CERTIFICATES, LIMIT};

use super::{
    ARCHIVES, FLAGS, Image, LOCALISATIONS, OF_SYSTEMS, S6_OF_ARCHES, downloads, has_its_project,
    is, is_a_system, is_file, made_up,
};

/// The downloads of languages.
const OF_LANGUAGES: [&str; 4] = [
    "https://raw.githubusercontent.com/nvm-sh/nvm/v0.40.0/nvm.sh",
    "https://raw.githubusercontent.com/nvm-sh/nvm/v0.40.0/nvm-exec",
    "https://getcomposer.org/composer-stable.phar",
    "https://mirrors.aliyun.com/composer/composer.phar",
];

/// A copy of the fleet on the bed.
struct OnBed {
    bed: &'static Bed,
    downloads: Downloads,
    fleet: PathBuf,
    _home: TempDir,
}

impl OnBed {
    /// `None` without a daemon, and in the first tier.
    fn new() -> Option<Self> {
        if !machine::tests_all() {
            return None;
        }
        let bed = Bed::shared()?;
        let home = tempfile::tempdir().unwrap();
        let fleet = fleet::copied("devbox", home.path());
        let downloads = downloads(&[&OF_SYSTEMS[..], &OF_LANGUAGES].concat());
        downloads.write_checksums(&fleet, &ARCHIVES);
        Some(Self {
            bed,
            downloads,
            fleet,
            _home: home,
        })
    }

    fn build_on(&self, bed: &Bed, artifacts: &[&str], flags: &[&str]) {
        let more = ["--build-ca", CERTIFICATES, "--set", "compilers=debian"];
        let arguments = [&["build"], artifacts, flags, &more].concat();
        let mut command = self.downloads.llbgen(bed, &self.fleet, &arguments);
        Running::start(&mut command).wait_for(LIMIT).success();
    }

    /// Builds a base, which has a program, and its runtime, which has the files of a project.
    fn built(&self, image: &str, files: &str, program: &str) -> [Image<'_>; 2] {
        let [base, runtime] = [format!("base/{image}"), format!("runtime/{image}")];
        self.build_on(self.bed, &[&base, &runtime], &FLAGS);
        let [base, runtime] = [base, runtime].map(|name| Image::read(&self.fleet, &name));
        is_a_system(&base);
        has_its_project(&runtime, files);
        for tree in &base.trees {
            assert!(tree.get(program).is_some(), "{image}: {program}");
        }
        [base, runtime]
    }
}

/// What a tool is told in China, root and the user alike, and nowhere else.
fn has_its_mirror(image: &Image<'_>, tool: &str, file: &str) {
    let own = image.fleet.join("l10n/zh_CN").join(tool).join(file);
    let [english, chinese] = &image.trees;
    for (home, owner) in [("root", "-0644 0:0"), ("home/devbox", "-0644 1000:1000")] {
        let path = format!("{home}/{file}");
        is_file(chinese, &path, &own);
        is(chinese, &path, owner);
        assert!(english.get(&path).is_none(), "{path}");
    }
}

#[test]
fn c_and_cpp_have_their_compilers() {
    let Some(fleet) = OnBed::new() else { return };
    fleet.built("lang/c/gcc-12.2.0", "c", "usr/bin/gcc-12");
    fleet.built("lang/cpp/gcc-12.2.0", "cpp", "usr/bin/g++-12");
}

#[test]
fn python_has_its_index() {
    let Some(fleet) = OnBed::new() else { return };
    let image = "lang/python/3.11";
    let [base, _] = fleet.built(image, "python", "usr/bin/python3.11");
    has_its_mirror(&base, "pip", ".config/pip/pip.conf");
}

#[test]
fn php_has_its_repository() {
    let Some(fleet) = OnBed::new() else { return };
    let image = "lang/php/8.2";
    let [base, _] = fleet.built(image, "php", "usr/bin/php8.2");
    has_its_mirror(&base, "composer", ".config/composer/config.json");
}

#[test]
fn java_has_its_repository() {
    let Some(fleet) = OnBed::new() else { return };
    let image = "lang/java/openjdk17";
    let compiler = "usr/lib/jvm/java-17-openjdk-amd64/bin/javac";
    let [base, _] = fleet.built(image, "java", compiler);
    has_its_mirror(&base, "maven", ".m2/settings.xml");
}

#[test]
fn node_has_its_registry() {
    let Some(fleet) = OnBed::new() else { return };
    let image = "lang/node.js/18";
    let [base, _] = fleet.built(image, "node", "usr/local/bin/pnpm");
    has_its_mirror(&base, "npm", ".npmrc");
    let [_, chinese] = &base.trees;
    let own = fleet.fleet.join("l10n/zh_CN/npm/.npmrc");
    is_file(chinese, "etc/npmrc", &own);
}

#[test]
fn nginx_has_its_directories() {
    let Some(fleet) = OnBed::new() else { return };
    let [_, runtime] = fleet.built("fw/nginx/1.22.1", "nginx", "usr/sbin/nginx");
    let nginx = &runtime.trees[0];
    let own = fleet.fleet.join("runtime/nginx.conf");
    is_file(nginx, "etc/nginx/nginx.conf", &own);
    is(nginx, "tmp/nginx-devbox/scgi", "d1777 0:0");
}

/// For each layer of an image, whether it has a table of contents for lazy pulls.
fn tables(fleet: &Path, output: &str, image: &str, l10n: &str) -> Vec<bool> {
    let path = format!("{output}/{image}-{l10n}.oci.tar");
    let manifest = OciArchive::open(&fleet.join(path)).manifest("amd64");
    let layers = manifest["layers"].as_array().unwrap();
    let has_table = |layer: &serde_json::Value| {
        let table = &layer["annotations"]["containerd.io/snapshot/stargz/toc.digest"];
        let media_type = layer["mediaType"].as_str().unwrap();
        table.is_string() && media_type == "application/vnd.oci.image.layer.v1.tar+gzip"
    };
    layers.iter().map(has_table).collect()
}

/// For lazy pulls every layer of a runtime has a table of contents, those of its base among them.
#[test]
fn a_runtime_can_be_pulled_lazily() {
    let Some(fleet) = OnBed::new() else { return };
    let runtime = "runtime/os/debian/12.6";
    let mut lazy = FLAGS.to_vec();
    lazy[3] = "estargz";
    lazy.extend(["--output", "stargz", "--force-compression"]);
    // First without: a daemon that has a layer in a form takes it unless another is forced.
    fleet.build_on(fleet.bed, &[runtime], &FLAGS);
    fleet.build_on(fleet.bed, &[runtime], &lazy);
    for l10n in LOCALISATIONS {
        let stargz = tables(&fleet.fleet, "stargz", runtime, l10n);
        let plain = tables(&fleet.fleet, "out", runtime, l10n);
        assert!(stargz.len() > 1 && stargz.len() == plain.len());
        assert!(stargz.into_iter().all(|has_one| has_one));
        assert!(!plain.into_iter().any(|has_one| has_one));
    }
}

/// Nothing random is in an image: built again on a daemon that has nothing, it is the same.
#[test]
fn two_daemons_build_equal_images() {
    let Some(fleet) = OnBed::new() else { return };
    let runtime = "runtime/os/debian/12.6";
    fleet.build_on(fleet.bed, &[runtime], &FLAGS);
    let once = Image::read(&fleet.fleet, runtime).trees;
    std::fs::remove_dir_all(fleet.fleet.join("out")).unwrap();
    fleet.build_on(&fleet.bed.private(), &[runtime], &FLAGS);
    for (once, again) in once.iter().zip(&Image::read(&fleet.fleet, runtime).trees) {
        assert_eq!(once.differences(again), BTreeMap::new());
    }
}

/// The other platform, emulated: its own downloads, packages and variables.
#[test]
fn arm64_has_its_own_programs() {
    let Some(fleet) = OnBed::new() else { return };
    let images = ["os/debian/12.6", "fw/nginx/1.22.1"];
    let mut flags = FLAGS.to_vec();
    flags[1] = "linux/arm64";
    let [system, nginx] = images.map(|image| ["base", "runtime"].map(|of| format!("{of}/{image}")));
    let names: Vec<&str> = system.iter().chain(&nginx).map(String::as_str).collect();
    fleet.build_on(fleet.bed, &names, &flags);
    for name in names {
        for l10n in LOCALISATIONS {
            let path = format!("out/{name}-{l10n}.oci.tar");
            let archive = OciArchive::open(&fleet.fleet.join(path));
            let config = archive.config("arm64");
            assert_eq!(config["architecture"], "arm64", "{name}");
            let env = config["config"]["Env"].as_array().unwrap();
            assert!(env.iter().any(|value| value == "ARCH=arm64"), "{env:?}");
            let tree = archive.tree("arm64");
            for (path, url) in [
                ("usr/sbin/supercronic", OF_SYSTEMS[1]),
                ("usr/sbin/devbox-sdk-server", OF_SYSTEMS[3]),
                ("command/s6-setuidgid", S6_OF_ARCHES[1]),
            ] {
                let node = tree.get(path).unwrap();
                assert!(node.has_content(made_up(url).as_bytes()), "{name}: {path}");
            }
            is(&tree, "home/devbox", "d0770 1000:1000");
            let loader = tree
                .get("usr/lib/ld-linux-aarch64.so.1")
                .or(tree.get("lib/ld-linux-aarch64.so.1"));
            assert!(loader.is_some(), "{name}");
            let has_nginx = tree.get("usr/sbin/nginx").is_some();
            assert_eq!(has_nginx, name.contains("nginx"), "{name}");
        }
    }
}
