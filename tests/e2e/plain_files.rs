//! Plain files: a directory per platform, through all doors, and what is in its place already.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, as_emitted, clean, run},
    frontend::buildx,
    machine::llbgen,
    tree::Tree,
};
use serde_json::Value;

use crate::doors::on_each;

const CATALOG: &str = r#"[artifact.compile]
kind = "stage"
base = "scratch"
steps = [
    { file = "/out/bin/tool", content = "tool of ${{ arch }}\n", mode = "4755", owner = "33:34" },
    { file = "/out/share/README", content = "text\n", mode = "0440" },
    { symlink = "/out/bin/link", target = "tool" },
    { directory = "/out/empty", mode = "2750" },
    { file = "/other", content = "not delivered\n" },
]

[artifact.tools]
kind = "files"
base = "scratch"
steps = [{ copy = "/out/", from = "compile", to = "/" }]
"#;

/// A fifo cannot be among plain files.
const PIPE: &str = r#"
[artifact.pipe]
kind = "files"
base = "debian:bookworm"
platforms = ["linux/amd64"]
steps = [{ run = "mkfifo /pipe" }]
"#;

fn catalog(text: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), text).unwrap();
    home
}

fn build(bed: &Bed, home: &Path, arguments: &[&str]) -> Outcome {
    let address = bed.address();
    let always = ["--addr", &address, "build"];
    run(clean(llbgen(), home).args(always).args(arguments))
}

fn outputs(metadata: &Path) -> Vec<Value> {
    let metadata: Value = serde_json::from_slice(&fs::read(metadata).unwrap()).unwrap();
    metadata["outputs"].as_array().unwrap().clone()
}

/// Each path below a directory, with its mode and what it holds.
fn found(directory: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    add(directory, "", &mut all);
    all
}

fn add(directory: &Path, above: &str, all: &mut BTreeMap<String, String>) {
    let own = fs::metadata("/proc/self").unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{above}/{}", path.file_name().unwrap().to_str().unwrap());
        let stat = fs::symlink_metadata(&path).unwrap();
        assert_eq!((stat.uid(), stat.gid()), (own.uid(), own.gid()), "{name}");
        let what = if stat.is_dir() {
            add(&path, &name, all);
            format!("directory {:o}", stat.mode() & 0o7777)
        } else if stat.is_symlink() {
            format!("link to {}", fs::read_link(&path).unwrap().display())
        } else {
            let text = fs::read_to_string(&path).unwrap();
            format!("{:o} {}", stat.mode() & 0o7777, text.trim())
        };
        all.insert(name, what);
    }
}

fn expected(arch: &str) -> BTreeMap<String, String> {
    let tool = format!("755 tool of {arch}");
    let all = [
        ("/bin", "directory 755"),
        ("/bin/tool", tool.as_str()),
        ("/bin/link", "link to tool"),
        ("/empty", "directory 750"),
        ("/share", "directory 755"),
        ("/share/README", "640 text"),
    ];
    all.map(|(path, what)| (path.to_owned(), what.to_owned()))
        .into()
}

#[test]
fn a_directory_for_each_platform_belongs_to_who_builds_it() {
    let Some(bed) = Bed::shared() else { return };
    let home = catalog(CATALOG);
    let home = home.path();
    let made = build(bed, home, &["tools", "--metadata-file", "made.json"]).success();
    assert_eq!(made.text(), "out/tools/amd64\nout/tools/arm64\n");
    for arch in ["amd64", "arm64"] {
        assert_eq!(found(&home.join("out/tools").join(arch)), expected(arch));
    }
    let left_out =
        "belongs to you, so these are left out: set-user-ID or set-group-ID of 2 file(s)";
    assert_eq!(made.stderr.matches(left_out).count(), 2, "{}", made.stderr);
    let elsewhere = ["tools", "-o", "elsewhere", "--metadata-file", "again.json"];
    build(bed, home, &elsewhere).success();
    let outputs = ["made.json", "again.json"].map(|file| outputs(&home.join(file)));
    let digest = |of: usize, which: usize| outputs[of][which]["digest"].as_str().unwrap();
    assert!(digest(0, 0).starts_with("sha256:"));
    assert_eq!(
        [0, 1].map(|which| digest(0, which)),
        [0, 1].map(|which| digest(1, which))
    );
    assert_ne!(digest(0, 0), digest(0, 1));
    assert_eq!(outputs[0][0]["entries"], 6);
    let size = "tool of amd64\ntext\n".len();
    assert_eq!(outputs[0][0]["size"], size);
}

#[test]
fn an_intact_directory_is_not_built_again_and_a_changed_one_is() {
    let Some(bed) = Bed::shared() else { return };
    let home = catalog(CATALOG);
    let home = home.path();
    let only = ["tools", "--platform", "linux/amd64"];
    build(bed, home, &only).success();
    let directory = home.join("out/tools/amd64");
    let nobody = |more: &[&str]| {
        let always = ["--addr", "unix:///nobody", "build"];
        run(clean(llbgen(), home).args(always).args(only).args(more))
    };
    nobody(&[]).success();
    nobody(&["--verify"]).success();
    // A copy has other inodes, and the same files.
    run(clean("cp", home).args(["-a", "out", "copy"])).success();
    nobody(&["-o", "copy"]).success();

    let changed = |reason: &str, change: &dyn Fn()| {
        change();
        let plan = run(clean(llbgen(), home).arg("plan").args(only)).success();
        assert!(plan.text().contains(reason), "{reason}: {}", plan.text());
        build(bed, home, &only).success();
        assert_eq!(found(&directory), expected("amd64"), "{reason}");
    };
    changed("bytes, and had", &|| {
        fs::write(directory.join("bin/more"), "more").unwrap();
    });
    changed("its content changed", &|| {
        fs::set_permissions(
            directory.join("bin/tool"),
            fs::Permissions::from_mode(0o700),
        )
        .unwrap();
    });
    changed("its content changed", &|| {
        fs::remove_dir(directory.join("empty")).unwrap();
    });
    changed("is gone", &|| fs::remove_dir_all(&directory).unwrap());
    // Nothing is left of what was replaced.
    assert_eq!(fs::read_dir(home.join("out/tools")).unwrap().count(), 1);
}

#[test]
fn what_llbgen_has_not_written_stays() {
    let Some(bed) = Bed::shared() else { return };
    let home = catalog(CATALOG);
    let home = home.path();
    let only = ["tools", "--platform", "linux/amd64"];
    let place = home.join("out/tools/amd64");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("precious"), "mine").unwrap();
    let words = ["`out/tools/amd64` is not empty", "`-o DIR`"];
    build(bed, home, &only).fails(1, &words);
    let local = ["-o", "type=local,dest=out/tools/{arch}"];
    build(bed, home, &[&only[..], &local].concat()).fails(1, &words[..1]);
    assert_eq!(fs::read_to_string(place.join("precious")).unwrap(), "mine");
    fs::remove_file(place.join("precious")).unwrap();
    // An empty directory is as good as none.
    build(bed, home, &only).success();
    assert_eq!(found(&place), expected("amd64"));

    fs::remove_dir_all(home.join("out")).unwrap();
    fs::create_dir_all(home.join("out/tools")).unwrap();
    fs::write(&place, "mine").unwrap();
    build(bed, home, &only).fails(1, &["cannot write `out/tools/amd64`"]);
    assert_eq!(fs::read_to_string(&place).unwrap(), "mine");

    fs::remove_file(&place).unwrap();
    fs::create_dir(home.join("elsewhere")).unwrap();
    symlink("../../elsewhere", &place).unwrap();
    build(bed, home, &only).fails(1, &["behind a link"]);
    assert_eq!(fs::read_dir(home.join("elsewhere")).unwrap().count(), 0);
}

/// Without it, the next build would take the directory for somebody else's.
#[test]
fn a_directory_has_its_record_from_the_beginning() {
    let Some(bed) = Bed::shared() else { return };
    let home = catalog(CATALOG);
    let home = home.path();
    let only = ["tools", "--platform", "linux/amd64"];
    let records = home.join("out/.llbgen/tools");
    let place = home.join("out/tools/amd64");
    fs::create_dir_all(records.parent().unwrap()).unwrap();
    fs::write(&records, "in the way").unwrap();
    build(bed, home, &only).fails(1, &["out/.llbgen/tools"]);
    assert!(!place.exists());
    fs::remove_file(&records).unwrap();
    build(bed, home, &only).success();

    // The earlier output stays when the next one gets no record.
    let text = CATALOG.replace("text\\n", "other\\n");
    assert_ne!(text, CATALOG);
    fs::write(home.join("llbgen.toml"), text).unwrap();
    let graph = records.join("amd64.llb");
    fs::remove_file(&graph).unwrap();
    fs::create_dir(&graph).unwrap();
    build(bed, home, &only).fails(1, &["cannot write `out/.llbgen/tools/amd64.llb`"]);
    assert_eq!(found(&place), expected("amd64"));
}

#[test]
fn what_is_no_plain_file_is_named() {
    let Some(bed) = Bed::shared() else { return };
    let home = catalog(PIPE);
    let words = ["`/pipe` is a pipe, and plain files are"];
    build(bed, home.path(), &["pipe"]).fails(1, &words);
    assert!(!home.path().join("out").exists());
}

/// A directory at a place of one's own, and the same files as a tar, which keeps owners.
#[test]
fn exporters_of_buildctl_by_their_names() {
    let Some(bed) = Bed::shared() else { return };
    let home = catalog(CATALOG);
    let home = home.path();
    let local = ["tools", "-o", "type=local,dest=bin/{arch}"];
    assert_eq!(
        build(bed, home, &local).success().text(),
        "bin/amd64\nbin/arm64\n"
    );
    assert_eq!(found(&home.join("bin/arm64")), expected("arm64"));
    let only = ["tools", "--platform", "linux/amd64"];
    build(
        bed,
        home,
        &[&only[..], &["-o", "type=tar,dest=tools.tar"]].concat(),
    )
    .success();
    let tree = Tree::open(&home.join("tools.tar")).unwrap();
    let tool = format!("{:?}", tree.get("bin/tool").unwrap());
    assert!(tool.starts_with("-4755 33:34"), "{tool}");
    let streamed = build(bed, home, &[&only[..], &["-o", "-"]].concat()).success();
    assert_eq!(streamed.stdout, fs::read(home.join("tools.tar")).unwrap());
    let oci = [&only[..], &["-o", "type=oci,dest=x"]].concat();
    build(bed, home, &oci).fails(2, &["is of the kind files", "`-o type=local,dest=DIR`"]);
}

#[test]
fn every_door_gives_the_same_files() {
    on_each(|shared, bed| {
        let home = catalog(CATALOG);
        let home = home.path();
        // BuildKit's exporter keeps all bits of a mode, and gives its owner no more rights than there were.
        let mut theirs = expected("amd64");
        theirs.insert("/bin/tool".to_owned(), "4755 tool of amd64".to_owned());
        theirs.insert("/empty".to_owned(), "directory 2750".to_owned());
        theirs.insert("/share/README".to_owned(), "440 text".to_owned());

        let emit = ["emit", "tools", "--platform", "linux/amd64"];
        let emitted = run(clean(llbgen(), home).args(emit)).success();
        let directory = home.join("emitted");
        run(&mut as_emitted(&emitted, &bed.address(), &directory)).success();
        assert_eq!(found(&directory.join("tools/amd64")), theirs);

        let mut command = buildx(shared, bed, home);
        let only = ["--platform", "linux/amd64", "--target", "tools"];
        command
            .args(only)
            .args(["--output", "type=local,dest=buildx"]);
        run(command.arg(".")).success();
        assert_eq!(found(&home.join("buildx")), theirs);

        build(bed, home, &["tools", "--platform", "linux/amd64"]).success();
        assert_eq!(found(&home.join("out/tools/amd64")), expected("amd64"));
    });
}
