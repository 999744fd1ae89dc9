//! One `llbgen.toml` with every step and every key of them, built by the command and through buildx.

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
use serde_json::{Value, json};

use crate::{agents::Agent, oocana::config};

const CATALOG: &str = include_str!("every_step.toml");

/// Writes down what it was given.
const SCRIPT: &str = r#"#!/bin/sh
set -eu
mkdir /run-step
cd /run-step
echo "$WORD" > env
cat "$OLDPWD"/data/one.txt "$OLDPWD"/data/two.txt > files
wc -c < /run/secrets/token > secret
[ -S "$SSH_AUTH_SOCK" ] && echo agent > ssh
tail -n +3 /proc/net/dev | tr -d ' ' | cut -d: -f1 > network
echo "$npm_config_cache $PIP_CACHE_DIR" > caches
touch "$npm_config_cache/npm" "$PIP_CACHE_DIR/pip"
echo kept > /var/kept/mark
"#;

/// A repository of apt with one package, which has one file. It is signed with a key that nobody has any more, so it
/// stays as it is.
const REPOSITORY: [(&str, &[u8]); 3] = [
    ("InRelease", include_bytes!("repository/InRelease")),
    ("Packages", include_bytes!("repository/Packages")),
    ("greeting.deb", include_bytes!("repository/greeting.deb")),
];

const KEY: &str = include_str!("repository/key.asc");

const PROGRAM: &str = "#!/bin/sh\n";

/// What the steps read: beside the catalog, in a directory of its own, and on a server.
fn inputs(home: &Path) -> WebServer {
    let write = |path: &str, text: &str| {
        let path = home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("base.dockerfile", "FROM debian:bookworm\n");
    write("script.sh", SCRIPT);
    fs::set_permissions(home.join("script.sh"), PermissionsExt::from_mode(0o755)).unwrap();
    write("data/one.txt", "one\n");
    write("data/two.txt", "two\n");
    write("versions.json", r#"{ "tool": "1.2" }"#);
    write("given/versions.json", r#"{ "tool": "3.4" }"#);
    write("given/file", "given\n");
    write("token", "s3cr3t");
    write("key.asc", KEY);
    fs::create_dir_all(home.join("served/repository")).unwrap();
    for (name, bytes) in REPOSITORY {
        fs::write(home.join("served/repository").join(name), bytes).unwrap();
    }
    write("served/file", "file\n");
    write("served/program", PROGRAM);
    write("served/archive/inside", "inside\n");
    write("served/work/hello", "hello\n");
    let root = home.join("served");
    let mut tar = clean("tar", &root);
    run(tar.args(["-czf", "archive.tar.gz", "archive"])).success();
    let git = |arguments: &[&str]| {
        let mut command = clean("git", &root);
        command.args(["-c", "user.name=x", "-c", "user.email=x@example.com"]);
        run(command.args(arguments)).success();
    };
    git(&["init", "-q", "work"]);
    git(&["-C", "work", "add", "."]);
    git(&["-C", "work", "commit", "-qm", "one"]);
    git(&["-C", "work", "tag", "v1"]);
    git(&["clone", "-q", "--bare", "work", "repository.git"]);
    git(&["-C", "repository.git", "update-server-info"]);
    let server = WebServer::start(&root);
    let checksum = archive::Digest::of(PROGRAM.as_bytes()).to_string();
    let catalog = CATALOG
        .replace("SERVER", server.url("").trim_end_matches('/'))
        .replace("CHECKSUM", &checksum);
    write("llbgen.toml", &catalog);
    server
}

#[test]
fn every_step_does_what_it_says_through_both_doors() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let server = inputs(home);
    let agent = Agent::start(home);
    let flags = [
        ["--build-arg", "word=other"],
        ["--secret", "id=token,src=token"],
        ["--ssh", "default"],
        ["--build-context", "given=given"],
    ];
    let mut direct = clean(llbgen(), home);
    direct
        .env("SSH_AUTH_SOCK", &agent.socket)
        .args(["--addr", &bed.address(), "build", "every", "below"])
        .args(flags.as_flattened());
    run(&mut direct).success();
    let mut door = buildx(bed, bed, home);
    door.env("SSH_AUTH_SOCK", &agent.socket)
        .args(["--target", "every", "--platform", "linux/amd64"])
        .args(["--output", "type=oci,dest=door.tar"])
        .args(flags.as_flattened())
        .arg(".");
    run(&mut door).success();

    let archives = [home.join("out/every.tar"), home.join("door.tar")];
    let [ours, theirs] = archives.map(|archive| looked_at(home, &archive));
    check_tree(&ours.0, &fs::read(home.join("out/below.tar")).unwrap());
    check_repository(&ours.0, &server);
    check_config(&ours.1);
    assert_eq!(ours.0.differences(&theirs.0).len(), 0);
    assert_eq!(ours.1, theirs.1);
}

fn looked_at(home: &Path, archive: &Path) -> (Tree, Value) {
    let tree = OciArchive::open(archive).tree("amd64");
    let image = format!("oci-archive:{}", archive.display());
    (tree, config(home, &image, "amd64"))
}

/// The repository of packages stays in the tree, and so does its key.
fn check_repository(tree: &Tree, server: &WebServer) {
    let url = server.url("repository");
    let (_, address) = url.split_once("://").unwrap();
    let name = address.replace([':', '/'], "-");
    let key = format!("etc/apt/keyrings/{name}.asc");
    let source = format!("Types: deb\nURIs: {url}\nSuites: ./\nSigned-By: /{key}\n");
    for (path, text) in [
        (key, KEY),
        (format!("etc/apt/sources.list.d/{name}.sources"), &source),
    ] {
        let node = tree.get(&path).unwrap_or_else(|| panic!("no `{path}`"));
        assert!(node.has_content(text.as_bytes()), "{path}: {node:?}");
    }
}

fn check_tree(tree: &Tree, below: &[u8]) {
    let has = |path: &str, bytes: &[u8]| {
        let node = tree.get(path).unwrap_or_else(|| panic!("no `{path}`"));
        assert!(node.has_content(bytes), "{path}: {node:?}");
    };
    let is = |path: &str, kind: &str| {
        let node = format!("{:?}", tree.get(path));
        assert!(node.starts_with(&format!("Some({kind} ")), "{path}: {node}");
    };
    is("usr/bin/hello", "-0755 0:0");
    has("usr/share/llbgen-greeting/text", b"hello\n");
    has("run-step/env", b"other\n");
    has("run-step/files", b"one\ntwo\n");
    has("run-step/secret", b"6\n");
    has("run-step/ssh", b"agent\n");
    has("run-step/network", b"lo\n");
    let caches = b"/var/cache/llbgen/npm /var/cache/llbgen/pip\n";
    has("run-step/caches", caches);
    has("run-step/kept", b"kept\n");
    assert!(tree.get("var/kept/mark").is_none(), "a cache is no part");
    has("run-step/marks", b"id\n");
    has("run-step/perl", b"perl\n");
    has("var/tmp/own", b"daemon /var/tmp bash tmpfs 6 6\n");
    has("var/tmp/mounted", b"one\none\n");
    assert!(tree.get("mnt/data/new").is_none(), "a mount is no part");
    has("copied/one.txt", b"one\n");
    has("copied/two.txt", b"two\n");
    has("from-artifact", b"one\n");
    is("from-image", "-0644 0:0");
    has("from-context", b"given\n");
    has("downloaded/file", b"file\n");
    is("downloaded/file", "-0644 0:0");
    has("downloaded/runs", PROGRAM.as_bytes());
    is("downloaded/runs", "-0755 0:0");
    has("unpacked/archive/inside", b"inside\n");
    has("git/hello", b"hello\n");
    has("below.tar", below);
    is("work/here", "d0755 0:0");
    has(
        "var/tmp/as",
        b"daemon /work/here the other /opt/bin:/usr/bin:/bin\n",
    );
    assert!(tree.get("not-this").is_none());
    has("when", b"one\n");
    // Last steps come after all others, those of what is below first.
    has("order", b"every\nground\nlast\n");
}

fn check_config(image: &Value) {
    let expected = json!({
        "Env": ["PATH=/opt/bin:/usr/bin:/bin", "HERE=/var/tmp", "WORD=the other"],
        "WorkingDir": "/work/here",
        "User": "daemon",
        "Entrypoint": ["cat", "-n"],
        "Cmd": ["/order"],
        "Labels": { "text": "other", "json": "1.2", "given": "3.4", "tag": "bookworm" },
        "ExposedPorts": { "8080/tcp": {}, "53/udp": {} },
    });
    assert_eq!(image["config"], expected);
}
