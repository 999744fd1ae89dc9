//! Equal ids have equal bytes: what no command has a part in is the same from every build, on every daemon.

use std::{collections::BTreeMap, fs, os::unix::fs::symlink, path::Path, thread, time::Duration};

use llbgen_tests::{bed::Bed, command::run, tree::Tree, web::WebServer};

use super::{build, repositories, tars, write};
use crate::doors::oldest;

/// What every artifact is made with: each step that runs no command, into directories that the base has and has not.
const STEPS: &str = r#"[
    { copy = "app.conf", to = "/etc/app.conf" },
    { copy = "tree/", to = "/srv/tree/" },
    { copy = "tree/**/*.txt", to = "/srv/matched/" },
    { copy = "/opt/tree/first", from = "inner", to = "/srv/linked" },
    { copy = "/opt/", from = "inner", to = "/usr/share/inner/" },
    { copy = "/usr/bin/awk", from = "debian:bookworm", to = "/usr/local/bin/" },
    { copy = "/etc/apt", from = "debian:bookworm", to = "/srv/apt/" },
    { download = "SERVER/file", to = "/var/lib/new/file", mode = "0400" },
    { download = "SERVER/bare.tar", to = "/var/lib/unpacked/", unpack = true },
    { git = "SERVER/repository.git#main", to = "/usr/src/repository/" },
    { tar = "inner", to = "/usr/share/inner.tar" },
    { workdir = "/srv/new/work" },
    { env = { WORD = "{artifact}" } },
    { label = { word = "{arch}" } },
]"#;

/// An artifact of every kind, and another on top of each, for both platforms.
fn catalog(server: &str) -> String {
    let kinds = ["rootfs", "layer", "image"].map(|kind| {
        let on_top = format!("{kind}-on-top");
        artifact(kind, kind, "debian:bookworm", STEPS) + &artifact(&on_top, kind, kind, ON_TOP)
    });
    let inner = artifact("inner", "rootfs", "scratch", INNER);
    (inner + &kinds.concat()).replace("SERVER", server.trim_end_matches('/'))
}

fn artifact(name: &str, kind: &str, base: &str, steps: &str) -> String {
    let own = if kind == "image" {
        "output = \"{artifact}.tar\"\nrepository = \"r.example/{artifact}\"\ntags = [\"1\"]"
    } else {
        "output = \"{artifact}-{arch}.tar\""
    };
    format!("[artifact.{name}]\nkind = \"{kind}\"\nbase = \"{base}\"\n{own}\nsteps = {steps}\n")
}

/// What others copy from.
const INNER: &str =
    r#"[{ copy = "tree/", to = "/opt/tree/" }, { workdir = "/opt/made/on/the/way" }]"#;

/// What is put into directories that the artifact below has made or changed.
const ON_TOP: &str = r#"[
    { copy = "app.conf", to = "/srv/new/work/" },
    { copy = "app.conf", to = "/etc/app/conf" },
]"#;

fn inputs(home: &Path) -> WebServer {
    write(home, "app.conf", "key = value\n");
    write(home, "tree/one.txt", "one\n");
    write(home, "tree/deep/two.txt", "two\n");
    write(home, "tree/deep/three", "x".repeat(70_000));
    symlink("one.txt", home.join("tree/first")).unwrap();
    let root = home.join("served");
    write(&root, "file", "downloaded\n");
    bare_tar(&root.join("bare.tar"));
    let server = WebServer::start(&root);
    repositories::with_submodule(&root, &server.url(""));
    write(home, "llbgen.toml", catalog(&server.url("")));
    server
}

/// A tar whose directories are not declared, and whose file is of another owner.
fn bare_tar(path: &Path) {
    let mut tar = tar::Builder::new(fs::File::create(path).unwrap());
    let mut header = tar::Header::new_ustar();
    header.set_size(5);
    header.set_mode(0o640);
    header.set_uid(12);
    header.set_gid(34);
    header.set_mtime(1_500_000_000);
    tar.append_data(&mut header, "a/b/file", &b"bytes"[..])
        .unwrap();
    tar.finish().unwrap();
}

/// Everything that is written, by name, and the digests of what is pushed, by repository.
fn built(bed: &Bed, home: &Path, name: &str) -> BTreeMap<String, String> {
    let out = home.join(name);
    let arguments = ["all", "--no-cache", "-o", name];
    run(&mut build(bed, home, &arguments)).success();
    let mut found = tars(&out);
    let registry = format!("{}/laws-{name}", bed.description().registry);
    let push = [
        "image",
        "image-on-top",
        "--push",
        "--registry",
        &registry,
        "--no-skip",
    ];
    let pushed = run(&mut build(bed, home, &push)).success();
    let pushed = pushed.text().lines().filter_map(|line| {
        let (reference, digest) = line.split_once('@')?;
        Some((reference.rsplit('/').next()?.to_owned(), digest.to_owned()))
    });
    found.extend(pushed);
    found
}

#[test]
fn equal_ids_have_equal_bytes() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let _server = inputs(home);
    let first = built(bed, home, "first");
    assert_eq!(first.len(), 14, "{first:#?}");
    check_tree(home);
    fs::remove_dir_all(home.join("first")).unwrap();
    // Times in tars are whole seconds.
    thread::sleep(Duration::from_millis(1100));
    let again = built(bed, home, "again");
    assert_eq!(first, again);
    fs::remove_dir_all(home.join("again")).unwrap();
    // On a second daemon, which has built nothing that the first one has.
    let elsewhere = built(&bed.private(), home, "elsewhere");
    assert_eq!(first, elsewhere);
    fs::remove_dir_all(home.join("elsewhere")).unwrap();

    let arguments = ["rootfs*", "layer*", "inner", "-o", "oldest"];
    run(&mut build(oldest(bed), home, &arguments)).success();
    let mut expected = first;
    expected.retain(|name, _| !name.starts_with("image"));
    assert_eq!(expected, tars(&home.join("oldest")));
}

/// The tree is what was meant, too: nothing is equal because it is not there.
fn check_tree(home: &Path) {
    for arch in ["amd64", "arm64"] {
        let tree = Tree::open(&home.join(format!("first/rootfs-{arch}.tar"))).unwrap();
        let shown = |path: &str| format!("{:?}", tree.get(path));
        for (path, start) in [
            ("etc/app.conf", "Some(-0644 0:0 "),
            ("srv/tree/deep/three", "Some(-0644 0:0 "),
            ("srv/tree/first", "Some(l0777 0:0 one.txt)"),
            ("srv/matched/deep/two.txt", "Some(-0644 0:0 "),
            ("srv/linked", "Some(-0644 0:0 "),
            ("usr/share/inner/tree/one.txt", "Some(-0644 0:0 "),
            ("usr/share/inner/made/on/the/way", "Some(d0755 0:0 )"),
            ("usr/local/bin/awk", "Some(-0755 0:0 "),
            ("srv/apt/sources.list.d", "Some(d0755 0:0 )"),
            ("var/lib/new", "Some(d0755 0:0 )"),
            ("var/lib/new/file", "Some(-0400 0:0 "),
            ("var/lib/unpacked/a/b", "Some(d0755 0:0 )"),
            ("var/lib/unpacked/a/b/file", "Some(-0640 12:34 "),
            ("usr/src/repository/vendor/part/inside", "Some(-0644 0:0 "),
            ("usr/share/inner.tar", "Some(-0644 0:0 "),
            ("srv/new/work", "Some(d0755 0:0 )"),
        ] {
            assert!(shown(path).starts_with(start), "{path}: {}", shown(path));
        }
        let git = tree
            .paths()
            .into_iter()
            .filter(|path| path.ends_with("/.git"));
        assert_eq!(git.collect::<Vec<_>>(), Vec::<&str>::new());
    }
}
