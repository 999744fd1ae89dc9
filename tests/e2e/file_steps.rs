//! The steps that put files into a tree: modes, owners, what is replaced and what is left out, through both doors.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    frontend::buildx,
    machine::llbgen,
    oci_archive::OciArchive,
    tree::Tree,
    web::WebServer,
};

const CATALOG: &str = include_str!("file_steps.toml");

/// The files of the context directory, with their modes.
const FILES: [(&str, u32); 7] = [
    ("one", 0o644),
    ("two", 0o755),
    ("data/a", 0o600),
    ("data/setuid", 0o4750),
    ("data/object.o", 0o644),
    ("data/node_modules/x/i.js", 0o644),
    ("secret", 0o600),
];

fn inputs(home: &Path) -> WebServer {
    let write = |path: &str, mode: u32| {
        let path = home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "text\n").unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    };
    for (path, mode) in FILES {
        write(path, mode);
    }
    write("served/file", 0o644);
    write("served/dir/tool", 0o4755);
    let served = home.join("served");
    for compression in ["-cJf a.tar.xz", "--zstd -cf a.tar.zst", "-cjf a.tar.bz2"] {
        let mut tar = clean("tar", &served);
        run(tar.args(compression.split(' ')).arg("dir")).success();
    }
    run(clean("zip", &served).args(["-qr", "a.zip", "dir"])).success();
    crate::locking::sources(&served);
    let downloads = WebServer::start(&served);
    let catalog = CATALOG.replace("SERVER", downloads.url("").trim_end_matches('/'));
    fs::write(home.join("llbgen.toml"), catalog).unwrap();
    downloads
}

#[test]
fn files_get_the_modes_and_owners_that_steps_say() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let _server = inputs(home);
    let mut direct = clean(llbgen(), home);
    direct.args(["--addr", &bed.address(), "build", "files", "inner"]);
    run(&mut direct).success();
    let tree = OciArchive::open(&home.join("out/files.tar")).tree("amd64");
    check(&tree);
    let inner = fs::read(home.join("out/inner.tar")).unwrap();
    assert!(tree.get("inner.tar").unwrap().has_content(&inner));
}

#[test]
fn buildx_gives_the_same_modes_and_owners() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let _server = inputs(home);
    let mut door = buildx(bed, bed, home);
    door.args(["--target", "files", "--platform", "linux/amd64"])
        .args(["--output", "type=oci,dest=door.tar", "."]);
    run(&mut door).success();
    check(&OciArchive::open(&home.join("door.tar")).tree("amd64"));
}

/// The paths of the image, as `type mode owner target`.
const EXPECTED: [(&str, &str); 51] = [
    ("etc/motd", "-0644 0:0 "),
    ("bin", "l0777 0:0 usr/bin"),
    ("usr/bin/as-user", "-4755 33:33 "),
    ("opt/deep", "d0755 0:0 "),
    ("opt/deep/as-user", "-4755 33:33 "),
    ("etc/os-release", "-0600 33:1 "),
    ("usr/lib/os-release", "-0644 0:0 "),
    ("tmp", "d1777 0:0 "),
    ("etc", "d0755 0:0 "),
    ("var/spool", "d0755 0:0 "),
    ("var/spool/app", "d1777 33:1 "),
    ("srv", "d1777 33:1 "),
    ("etc/debian_version", "l0777 0:0 /nowhere"),
    ("new", "d0755 0:0 "),
    ("new/link", "l0777 0:0 /nowhere"),
    ("gone", "d0755 0:0 "),
    ("stays", "-0644 0:0 "),
    ("copied", "d0755 0:0 "),
    ("copied/one", "-0440 33:33 "),
    ("copied/two", "-0440 33:33 "),
    ("kept", "d0755 0:0 "),
    ("kept/a", "-0600 0:0 "),
    ("kept/setuid", "-4750 0:0 "),
    ("kept/object.o", "-0644 0:0 "),
    ("all/data/a", "-0644 0:0 "),
    ("all/data/setuid", "-0755 0:0 "),
    ("owned", "d0755 33:33 "),
    ("owned/a", "-0644 33:33 "),
    ("closed", "d0700 33:33 "),
    ("closed/a", "-0600 33:33 "),
    ("closed/setuid", "-0700 33:33 "),
    ("closed/node_modules/x", "d0700 33:33 "),
    ("closed/node_modules/x/i.js", "-0600 33:33 "),
    ("inner", "d0755 33:33 "),
    ("inner/tool", "-4755 33:33 "),
    ("inner/link", "l0777 33:33 tool"),
    ("inner/empty", "d2775 33:33 "),
    ("tamed", "-0744 0:0 "),
    ("xz", "d0755 0:0 "),
    ("xz/dir", "d0755 33:33 "),
    ("xz/dir/tool", "-4755 33:33 "),
    ("zst/dir/tool", "-4755 0:0 "),
    ("bz2/dir/tool", "-4755 0:0 "),
    ("zip/dir", "d0755 0:33 "),
    ("zip/dir/tool", "-4755 0:33 "),
    ("new/file", "-0700 33:33 "),
    ("git", "d0755 33:33 "),
    ("inner.tar", "-0644 7:7 "),
    ("all", "d0755 0:0 "),
    ("all/data", "d0755 0:0 "),
    ("closed/object.o", "-0600 33:33 "),
];

const ABSENT: [&str; 11] = [
    "owned/node_modules",
    "owned/setuid",
    "gone/a",
    "gone/b",
    "gone/to-stays",
    "away",
    "kept/node_modules",
    "all/data/object.o",
    "all/secret",
    "all/one",
    "inner/e",
];

fn check(tree: &Tree) {
    for (path, expected) in EXPECTED {
        let node = tree.get(path).unwrap_or_else(|| panic!("no `{path}`"));
        let node = format!("{node:?}");
        assert!(node.starts_with(expected), "{path}: {node}");
    }
    for path in ABSENT {
        assert!(tree.get(path).is_none(), "{path}");
    }
    let has = |path: &str, bytes: &[u8]| {
        let node = tree.get(path).unwrap();
        assert!(node.has_content(bytes), "{path}: {node:?}");
    };
    has("etc/motd", b"on amd64, $HOME\n");
    has("etc/os-release", b"replaced\n");
    for archive in ["xz", "zst", "bz2", "zip"] {
        has(&format!("{archive}/dir/tool"), b"text\n");
    }
}
