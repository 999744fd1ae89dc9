//! Layers: what is in them, and when they are another.

mod doors;
mod law;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, fixture, run},
};

use crate::umoci::{Facts, facts};

/// The test artifacts, built once for both platforms; the directory that they were built in.
fn built(bed: &Bed) -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let home = bed.description().scratch.join("layers");
        fs::create_dir(&home).unwrap();
        run(fixture("layers", &home).args(["--addr", &bed.address(), "build", "all"])).success();
        home
    })
}

/// The tar of one of them.
fn tar(bed: &Bed, arch: &str, artifact: &str) -> PathBuf {
    built(bed).join(format!("out/{arch}-{artifact}.tar"))
}

/// Another directory, in which the same steps are the same: with the lock, whose time is in their environment.
fn elsewhere(bed: &Bed) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let lock = "llbgen.lock";
    fs::copy(built(bed).join(lock), home.path().join(lock)).unwrap();
    home
}

fn names(facts: &Facts) -> Vec<String> {
    facts.keys().map(ToString::to_string).collect()
}

#[test]
fn deletions_are_whiteouts_and_nothing_else_is_touched() {
    let Some(bed) = Bed::shared() else { return };
    let names = names(&facts(&tar(bed, "amd64", "edits")));
    let has = |name: &str| names.iter().any(|found| found == name);
    for name in [
        "t/.wh.gone",
        "t/again/.wh.deep",
        "t/again/.wh.stays",
        "t/again/last",
        "t/attrs/able",
        "t/attrs/dir",
        "t/attrs/last",
        "t/attrs/linked",
        "t/dir",
        "t/file/dir/x",
        "t/links/.wh.e",
        "t/links/a",
        "t/links/d",
        "t/link",
        "t/links/f",
        "t/pipe",
        "t/timed",
        "t/turns/.wh.x",
        "t/turns/deep/.wh.x",
        "t/turns/y",
        "usr/share/perl5/Debconf/Client/.wh.ConfModule.pm",
    ] {
        assert!(has(name), "no {name} in {names:#?}");
    }
    for name in [
        "t/temporary",
        "t/.wh.temporary",
        "t/kept/b",
        "t/.wh.dir",
        "t/.wh.turns",
        "t/attrs/kept",
        "bin",
        "usr/bin",
    ] {
        assert!(!has(name), "{name} in {names:#?}");
    }
    assert!(names.len() < 60, "{names:#?}");
}

/// What was set is in the layer, and what was removed is written without it.
#[test]
fn attributes_are_those_of_the_last_command() {
    let Some(bed) = Bed::shared() else { return };
    for arch in llbgen_tests::image::ARCHITECTURES {
        let layer = facts(&tar(bed, arch, "edits"));
        for (name, attributes) in [
            ("able", &["security.capability"][..]),
            ("capable", &[]),
            ("changed", &["user.a"]),
            ("dir", &["user.d"]),
            ("dropped", &[]),
            ("last", &["user.linked"]),
            ("new", &["user.c"]),
        ] {
            let path = format!("t/attrs/{name}");
            let entry = layer.values().find(|entry| entry.path.to_string() == path);
            let found: Vec<_> = entry.unwrap().xattrs.keys().collect();
            assert_eq!(
                found,
                attributes
                    .iter()
                    .map(|name| name.as_bytes())
                    .collect::<Vec<_>>(),
                "{arch} {name}"
            );
        }
    }
}

/// A layer is compressed as a whole tree is: the same tar, and another file.
#[test]
fn a_compressed_layer_is_the_same_tar() {
    let Some(bed) = Bed::shared() else { return };
    let home = elsewhere(bed);
    let plain = fs::read(tar(bed, "amd64", "edits")).unwrap();
    for (how, ending, program) in [("gzip", "gz", "gzip"), ("zstd:3", "zst", "zstd")] {
        run(fixture("layers", home.path())
            .args(["--addr", &bed.address(), "build", "edits"])
            .args(["--platform", "linux/amd64", "--tar-compression", how]))
        .success();
        let file = home.path().join(format!("out/amd64-edits.tar.{ending}"));
        let unpacked = run(clean(program, home.path()).arg("-dc").arg(&file)).success();
        assert!(unpacked.stdout == plain, "{how}");
        assert!(fs::metadata(&file).unwrap().len() < plain.len() as u64);
    }
}

/// BuildKit's names for trees by content leave times out, and the packer writes them.
#[test]
fn another_time_is_another_layer() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    for time in [1_600_000_000, 1_700_000_000] {
        fs::write(home.path().join("declared"), time.to_string()).unwrap();
        run(fixture("images", home.path()).args(["--addr", &bed.address(), "build", "dated"]))
            .success();
        let dated: Vec<_> = facts(&home.path().join("out/dated.tar"))
            .into_iter()
            .map(|(path, entry)| (path.to_string(), entry.mtime))
            .collect();
        assert_eq!(dated, [("dated".to_owned(), time)]);
    }
}
