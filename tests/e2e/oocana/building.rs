//! The fleet is built once, for all tests that look at it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use llbgen_tests::{
    bed::Bed,
    command::{Running, clean, llbgen, run},
    context::{PROGRAMS, programs},
    image::ARCHITECTURES,
    oci_archive::OciArchive,
    progress,
    shared::{Shared, Using},
    tree::Tree,
};
use serde_json::Value;

/// Everything, built once on a daemon that had nothing, for some platforms.
pub(crate) struct Built {
    pub(crate) bed: Bed,
    pub(crate) home: PathBuf,
    pub(crate) architectures: &'static [&'static str],
    pub(crate) rawjson: String,
}

/// After that it hangs: apt, npm and pip under emulation take minutes.
pub(crate) const LIMIT: Duration = Duration::from_mins(20);

/// The certificates of the machine: whoever is between it and the registries of npm and pip may have some of their own.
pub(crate) const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(crate) fn built(shared: &Bed) -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| Built::new(shared, shared.private(), "oocana", &ARCHITECTURES))
}

/// The same by the oldest BuildKit, for this machine's own platform: to emulate the other takes minutes. For the tests of
/// `doors::built`.
pub(crate) fn built_by_the_oldest(shared: &Bed) -> Using<Built> {
    static BUILT: Shared<Built> = Shared::of(3);
    let own = usize::from(cfg!(target_arch = "aarch64"));
    let all: &[&str] = &ARCHITECTURES;
    let own = &all[own..=own];
    BUILT.get(|| Built::new(shared, shared.oldest(), "oldest", own))
}

fn platforms(architectures: &[&str]) -> String {
    let platforms = architectures.iter().map(|arch| format!("linux/{arch}"));
    platforms.collect::<Vec<_>>().join(",")
}

pub(super) fn with_programs(bed: &Bed, home: &Path, arguments: &[&str]) -> Command {
    let mut command = llbgen(home);
    command.args(["--addr", &bed.address()]).args(arguments);
    command.args(PROGRAMS);
    command
}

impl Drop for Built {
    fn drop(&mut self) {
        // What cannot be removed now goes with the bed that the directory is in.
        let _ = fs::remove_dir_all(&self.home);
    }
}

impl Built {
    fn new(
        shared: &Bed,
        bed: Bed,
        directory: &str,
        architectures: &'static [&'static str],
    ) -> Self {
        let home = shared.description().scratch.join(directory);
        fs::create_dir(&home).unwrap();
        programs(&home);
        let platforms = platforms(architectures);
        let all = ["build", "all", "--build-ca", CERTIFICATES];
        let mut command = with_programs(&bed, &home, &all);
        command.args(["--platform", &platforms]);
        command.args(["--progress", "rawjson", "--metadata-file", "metadata.json"]);
        let said = Running::start(&mut command).wait_for(LIMIT).success();
        Self {
            bed,
            home,
            architectures,
            rawjson: said.stderr,
        }
    }

    /// As `--platform` takes them.
    pub(crate) fn platforms(&self) -> String {
        platforms(self.architectures)
    }

    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.home.join("out").join(name)
    }

    /// How many steps whose names have `text` were carried out.
    pub(super) fn executed(rawjson: &str, text: &str) -> usize {
        let vertices = progress::vertices(rawjson).unwrap();
        let named = vertices
            .values()
            .filter(|vertex| vertex.name.contains(text));
        named.map(|vertex| vertex.executions.len()).sum()
    }

    /// Has the daemon forget what one test alone had it make: what has such a description, and is not in use.
    pub(super) fn forget(&self, description: &str) {
        let filter = format!("description~={description:?}");
        let mut prune = clean("buildctl", &self.home);
        prune.args(["--addr", &self.bed.address(), "prune", "--filter", &filter]);
        run(&mut prune).success();
    }

    /// The archive of an image.
    pub(crate) fn archive(&self, image: &str) -> OciArchive {
        OciArchive::open(&self.out(&format!("{image}.oci.tar")))
    }

    pub(super) fn config(&self, image: &str, arch: &str) -> Value {
        self.archive(image).config(arch)
    }

    pub(super) fn image(&self, image: &str, arch: &str) -> Tree {
        self.archive(image).tree(arch)
    }
}
