//! What a copy takes and how it lands: names are never a problem, links stay, and nothing of llbgen's own goes with `.`.

use std::{fs, os::unix::fs::symlink, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    frontend,
    machine::llbgen,
    tree::Tree,
};

use super::{build, write};

const CATALOG: &str = r#"
[artifact.merged]
kind = "layer"
base = "debian:bookworm"
platforms = ["linux/amd64"]
output = "merged.tar"
steps = [{ copy = "rootfs/", to = "/" }]

[artifact.tree]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
output = "tree.tar"
steps = [{ copy = "rootfs/", to = "/" }]

[artifact.from-tree]
kind = "layer"
base = "debian:bookworm"
platforms = ["linux/amd64"]
output = "from-tree.tar"
steps = [{ copy = "/", from = "tree", to = "/" }]

[artifact.links]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
output = "links.tar"
steps = [
  { copy = "/usr/bin/aw[k]", from = "debian:bookworm", to = "/pattern/" },
  { copy = "/usr/lib/../bin/awk", from = "debian:bookworm", to = "/above/" },
]

[artifact.names]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
output = "names.tar"
steps = [{ copy = "names/", to = "/names/" }]

[artifact.overlay]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
output = "overlay.tar"
steps = [{ copy = "overlay/", to = "/" }]
"#;

/// Names that a protocol could stumble over, each of a short text and of one that is too long for the graph.
const NAMES: [&str; 6] = [
    "line\nfeed",
    "tab\there",
    "blank at the end ",
    "[brackets]*?",
    "back\\slash",
    "plain",
];

fn built(bed: &Bed, home: &Path) {
    write(home, "llbgen.toml", CATALOG);
    write(home, "rootfs/bin/foo.sh", "#!/bin/sh\n");
    for name in NAMES {
        write(home, &format!("names/short/{name}"), "x".repeat(10));
        write(home, &format!("names/long/{name}"), "x".repeat(70_000));
    }
    for (link, target) in [
        ("etc/localtime", "/usr/share/zoneinfo/UTC"),
        ("etc/wants/app.service", "/usr/lib/systemd/app.service"),
        ("etc/up", "../../../../up"),
    ] {
        let link = home.join("overlay").join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(target, link).unwrap();
    }
    run(&mut build(bed, home, &["all"])).success();
}

#[test]
fn what_is_copied_lands_as_it_is() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    built(bed, home);
    let tree = |name: &str| Tree::open(&home.join(format!("out/{name}.tar"))).unwrap();
    // `/bin` is a link of the base, and stays one.
    for layer in ["merged", "from-tree"] {
        let layer = tree(layer);
        assert!(layer.get("usr/bin/foo.sh").is_some(), "{layer:?}");
        assert!(layer.get("bin").is_none(), "{layer:?}");
    }
    // A link that is named is followed, wherever in its tree it leads, by a pattern and through `..`, too.
    for path in ["pattern/awk", "above/awk"] {
        let node = format!("{:?}", tree("links").get(path));
        assert!(node.starts_with("Some(-0755 0:0"), "{path}: {node}");
    }
    let names = tree("names");
    for name in NAMES {
        for (directory, size) in [("short", 10), ("long", 70_000)] {
            let node = names.get(&format!("names/{directory}/{name}"));
            let has_it = node.is_some_and(|node| node.has_content("x".repeat(size).as_bytes()));
            assert!(has_it, "{directory} {name:?}: {names:?}");
        }
    }
    let overlay = tree("overlay");
    let link = |path: &str| format!("{:?}", overlay.get(path).unwrap());
    assert_eq!(link("etc/localtime"), "l0777 0:0 /usr/share/zoneinfo/UTC");
    assert_eq!(
        link("etc/wants/app.service"),
        "l0777 0:0 /usr/lib/systemd/app.service"
    );
    assert_eq!(link("etc/up"), "l0777 0:0 ../../../../up");
}

/// With outputs, records, lock and repository beside the files, a second build has nothing to do.
#[test]
fn everything_is_never_our_own() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let patterns = [
        ("one", "."),
        ("two", "*"),
        ("three", "**"),
        ("four", "**/*.[jt]*"),
    ];
    let artifacts = patterns.map(|(name, pattern)| {
        format!(
            "[artifact.{name}]\nkind = \"rootfs\"\nbase = \"scratch\"\nplatforms = [\"linux/amd64\"]\n\
             steps = [{{ copy = \"{pattern}\", to = \"/app/\" }},\n\
             {{ copy = \"/etc/debian_version\", from = \"debian:bookworm\", to = \"/\" }}]\n"
        )
    });
    write(home, "llbgen.toml", artifacts.concat());
    write(home, "src/main.js", "main\n");
    run(clean("git", home).args(["init", "-q"])).success();
    run(&mut build(bed, home, &["all"])).success();
    assert!(home.join("llbgen.lock").exists() && home.join(".git").exists());

    let read = |name: &str| fs::read(home.join(format!("out/{name}/amd64.tar"))).unwrap();
    let first = patterns.map(|(name, _)| read(name));
    for (tar, (_, pattern)) in first.iter().zip(patterns) {
        let tree = Tree::read(tar.as_slice()).unwrap();
        let mut paths = tree.paths();
        paths.retain(|path| path.starts_with("app/"));
        let expected = ["app/llbgen.toml", "app/src", "app/src/main.js"];
        assert!(paths.iter().eq(&expected), "{pattern}: {paths:?}");
    }
    let mut plan = clean(llbgen(), home);
    let plan = run(plan.args(["--addr", &bed.address(), "plan", "all"])).success();
    let rows: Vec<&str> = plan.text().lines().skip(1).collect();
    assert_eq!(rows.len(), patterns.len(), "{rows:?}");
    let is_done = |row: &&str| row.contains("up to date");
    assert!(rows.iter().all(is_done), "{rows:#?}");
    run(&mut build(bed, home, &["all", "--no-skip"])).success();
    assert!(first == patterns.map(|(name, _)| read(name)));
    // The frontend knows outputs by their records, too, though no pattern but its own asks for them.
    let mut buildx = frontend::buildx(bed, bed, home);
    buildx.args(["--target", "four", "--platform", "linux/amd64"]);
    let outcome = run(buildx.args(["--output", "type=tar,dest=-", "."])).success();
    let tree = Tree::read(outcome.stdout.as_slice()).unwrap();
    let paths = tree.paths();
    let own = paths.iter().filter(|path| path.starts_with("app/"));
    assert!(
        own.eq(&["app/llbgen.toml", "app/src", "app/src/main.js"]),
        "{paths:?}"
    );
}

/// A directory is one source and one step, however many files it has.
#[test]
fn graphs_do_not_grow_with_files() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    write(
        home,
        "llbgen.toml",
        "[artifact.many]\nkind = \"rootfs\"\nbase = \"scratch\"\nplatforms = [\"linux/amd64\"]\n\
         steps = [{ copy = \"many/\", to = \"/many/\" }]\n",
    );
    let size = || {
        let mut emit = clean(llbgen(), home);
        run(emit.args(["emit", "many"])).success().stdout.len()
    };
    // Not UTF-8, and so no text that is data in the graph.
    let file = |number: u32| {
        write(
            home,
            &format!("many/file-{number}"),
            [&[255; 200][..], &number.to_le_bytes()].concat(),
        );
    };
    file(0);
    let one = size();
    (1..2500).for_each(file);
    let many = size();
    assert!(
        many < one + 8192,
        "{one} bytes with one file, {many} with 2500"
    );
}
