//! Every operation that crate `buildkit-llb` can express, solved by a real daemon: what comes out, file by file.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    machine,
    tree::Tree,
    web::WebServer,
};
use serde_json::Value;

use crate::built::buildctl;

mod dump;

/// A bare repository as a plain web server can show it; `$0` is where.
const REPOSITORY: &str = "set -e
git init --quiet --initial-branch=main work
mkdir work/dir && echo 'from git' >work/dir/file && ln -s dir/file work/link
git -C work add .
git -C work -c user.name=Test -c user.email=test@example.com commit --quiet --message=first
git clone --quiet --bare work \"$0\"
git -C \"$0\" update-server-info";

const PAGE: &[u8] = b"from the web\n";
const HOSTNAME: &[u8] = b"from the layout\n";
const INPUT: &[u8] = b"from the context\n";

/// The example of crate `buildkit-llb`, built from this workspace as it is now.
fn example() -> &'static Path {
    static EXAMPLE: LazyLock<PathBuf> = LazyLock::new(|| {
        let program = machine::beside_tests("examples/every_operation");
        let mut cargo = machine::cargo();
        cargo
            .args(["build", "--quiet", "--package", "buildkit-llb"])
            .args(["--example", "every_operation"])
            .current_dir(machine::workspace());
        if program
            .ancestors()
            .any(|dir| dir.ends_with("release/examples"))
        {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "it does not build");
        program
    });
    &EXAMPLE
}

/// What the sample fetches, and from where.
struct Sources {
    web: WebServer,
    layout: PathBuf,
    manifest: String,
    layer: String,
    /// The image's configuration, which is in the registry too.
    config: String,
    repository: String,
}

impl Sources {
    fn new(bed: &Bed, home: &Path) -> Self {
        let site = home.join("site");
        fs::create_dir(&site).unwrap();
        fs::write(site.join("page"), PAGE).unwrap();
        run(clean("sh", home).args(["-c", REPOSITORY, "site/repository.git"])).success();

        let layout = layout(bed, home);
        let index = json(&layout.join("index.json"));
        let manifest = digest(&index["manifests"][0]);
        let image = json(&blob(&layout, &manifest));
        let repository = format!("{}/test/every-operation", bed.description().registry);
        run(clean("skopeo", home)
            .args(["copy", "--preserve-digests", "--dest-tls-verify=false"])
            .arg(format!("oci:{}", layout.display()))
            .arg(format!("docker://{repository}:latest")))
        .success();
        Self {
            web: WebServer::start(&site),
            manifest,
            layer: digest(&image["layers"][0]),
            config: digest(&image["config"]),
            layout,
            repository,
        }
    }

    /// The graph that uses all of them.
    fn graph(&self, home: &Path) -> Vec<u8> {
        let image_blob = format!("{}@{}", self.repository, self.config);
        run(clean(example(), home)
            .args(["--git", &self.web.url("repository.git")])
            .args(["--http", &self.web.url("page")])
            .args(["--image-blob", &image_blob])
            .args(["--oci-layout", &self.manifest])
            .args(["--oci-layout-blob", &self.layer]))
        .success()
        .stdout
    }
}

/// An OCI layout with an image that has nothing but `/etc/hostname`.
fn layout(bed: &Bed, home: &Path) -> PathBuf {
    let dir = home.join("image");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("hostname"), HOSTNAME).unwrap();
    fs::write(
        dir.join("Dockerfile"),
        "FROM scratch\nCOPY --chmod=0644 hostname /etc/\n",
    )
    .unwrap();
    run(buildctl(bed, home)
        .args(["build", "--frontend", "dockerfile.v0"])
        .args(["--local", "context=image", "--local", "dockerfile=image"])
        .args(["--output", "type=oci,tar=false,dest=layout"]))
    .success();
    home.join("layout")
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn digest(descriptor: &Value) -> String {
    descriptor["digest"].as_str().unwrap().to_owned()
}

fn blob(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replace(':', "/"))
}

/// Solves a graph with buildctl.
fn solve(bed: &Bed, home: &Path, layout: &Path, graph: &[u8]) -> Tree {
    fs::create_dir(home.join("context")).unwrap();
    fs::write(home.join("context/input"), INPUT).unwrap();
    fs::write(home.join("context/other"), "is not included").unwrap();
    fs::write(home.join("token"), "a secret").unwrap();
    fs::write(home.join("graph.llb"), graph).unwrap();
    run(buildctl(bed, home)
        .args(["build", "--local", "context=context"])
        .arg(format!("--oci-layout=layout={}", layout.display()))
        .args(["--secret", "id=token,src=token"])
        .args(["--output", "type=tar,dest=solved.tar"])
        .stdin(File::open(home.join("graph.llb")).unwrap()))
    .success();
    Tree::open(&home.join("solved.tar")).unwrap()
}

/// What must come of the sample, but for what it copies from the base image.
fn expected(sources: &Sources) -> Tree {
    let blob = |digest| fs::read(blob(&sources.layout, digest)).unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    for (path, mode) in [
        ("commands", 0o755),
        // The mode of a new directory is that of its new parents.
        ("files", 0o750),
        ("files/etc", 0o755),
        ("files/sub", 0o750),
        ("git", 0o755),
        ("git/dir", 0o755),
        ("http", 0o755),
        ("image-blob", 0o755),
        ("oci-layout", 0o755),
        ("oci-layout-blob", 0o755),
    ] {
        entry(&mut tar, tar::EntryType::Directory, path, mode, (0, 0), b"");
    }
    for (path, mode, owner, content) in [
        ("commands/copy", 0o644, (0, 0), INPUT),
        ("files/input", 0o640, (0, 0), INPUT),
        ("files/sub/prepared", 0o644, (0, 0), b"by an action\n"),
        ("files/text", 0o600, (1000, 1000), b"text\n"),
        ("git/dir/file", 0o644, (0, 0), b"from git\n"),
        ("http/page", 0o600, (1, 1), PAGE),
        ("image-blob/blob", 0o600, (0, 0), &blob(&sources.config)),
        ("nested", 0o644, (0, 0), b"from a nested build\n"),
        ("oci-layout/hostname", 0o644, (0, 0), HOSTNAME),
        ("oci-layout-blob/blob", 0o600, (0, 0), &blob(&sources.layer)),
    ] {
        entry(
            &mut tar,
            tar::EntryType::Regular,
            path,
            mode,
            owner,
            content,
        );
    }
    for (path, target) in [("files/link", "text"), ("git/link", "dir/file")] {
        let mut header = header(tar::EntryType::Symlink, 0o777, (0, 0));
        tar.append_link(&mut header, path, target).unwrap();
    }
    Tree::read(tar.into_inner().unwrap().as_slice()).unwrap()
}

fn entry(
    tar: &mut tar::Builder<Vec<u8>>,
    kind: tar::EntryType,
    path: &str,
    mode: u32,
    owner: (u64, u64),
    content: &[u8],
) {
    let mut header = header(kind, mode, owner);
    header.set_size(content.len() as u64);
    tar.append_data(&mut header, path, content).unwrap();
}

fn header(kind: tar::EntryType, mode: u32, owner: (u64, u64)) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(owner.0);
    header.set_gid(owner.1);
    header.set_size(0);
    header
}

/// The base image of this machine's platform, as `scripts/dev/bases` made it.
fn base() -> Tree {
    let arch = match env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "amd64",
    };
    let bases = PathBuf::from(env::var_os("LLBGEN_TEST_BASES").unwrap());
    Tree::open(&bases.join(format!("{arch}-debian.tar"))).unwrap()
}

#[test]
fn a_daemon_solves_every_operation() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let sources = Sources::new(bed, home.path());
    let graph = sources.graph(home.path());
    let solved = solve(bed, home.path(), &sources.layout, &graph);
    let mut differences = solved.differences(&expected(&sources));
    let base = base();
    let copied = base
        .paths()
        .into_iter()
        .filter(|path| path.starts_with("etc/host"));
    for path in copied {
        let copy = format!("files/{path}");
        assert_eq!(solved.get(&copy), base.get(path), "{copy}");
        differences.remove(&copy);
    }
    assert!(solved.get("files/etc/hostname").is_some());
    assert_eq!(differences, BTreeMap::new());
}
