//! Base images for the test bed: OCI layouts around the trees that `scripts/dev/bases` made, pushed with skopeo.

use std::{
    fmt::Write,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// An image of one layer per platform.
#[derive(Debug, Clone, Copy)]
pub struct FixtureImage {
    /// Which tree it holds: `debian` or `server-base`.
    pub tree: &'static str,
    /// `repository:tag` names in the registry.
    pub names: &'static [&'static str],
    /// Its environment.
    pub env: &'static [&'static str],
    /// Its command.
    pub cmd: &'static [&'static str],
}

/// The images that stand in for those that FROM lines name.
pub const IMAGES: [FixtureImage; 2] = [
    FixtureImage {
        tree: "debian",
        names: &["library/debian:bookworm", "library/ubuntu:latest"],
        env: &["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        cmd: &["bash"],
    },
    FixtureImage {
        tree: "server-base",
        names: &["oomol/server-base:v0.6.0"],
        env: &[
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "LANG=C.UTF-8",
        ],
        cmd: &["zsh"],
    },
];

/// The platforms that every fixture image has.
pub const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

impl FixtureImage {
    /// Pushes the image under all its names, by way of a layout in `dir`.
    ///
    /// # Panics
    /// When a tree is missing or the registry refuses.
    pub fn push(&self, bases: &Path, dir: &Path, registry: &str) {
        let layout = Layout::new(dir.join(self.tree));
        let manifests: Vec<Value> = thread::scope(|scope| {
            let making =
                ARCHITECTURES.map(|arch| scope.spawn(|| self.manifest(&layout, bases, arch)));
            making
                .map(|made| made.join().expect("an image can be made"))
                .into()
        });
        layout.finish(&manifests);
        for name in self.names {
            let (from, to) = (
                format!("oci:{}:image", layout.dir.display()),
                format!("docker://{registry}/{name}"),
            );
            let copy = Command::new("skopeo")
                .args([
                    "copy",
                    "--quiet",
                    "--all",
                    "--preserve-digests",
                    "--dest-tls-verify=false",
                    &from,
                    &to,
                ])
                .output()
                .expect("skopeo can be started");
            assert!(
                copy.status.success(),
                "skopeo copy {from} {to}: {}",
                String::from_utf8_lossy(&copy.stderr)
            );
        }
        // The registry has it all.
        fs::remove_dir_all(layout.dir).expect("a layout can be removed");
    }

    fn manifest(&self, layout: &Layout, bases: &Path, arch: &str) -> Value {
        let (layer, diff_id) = layout.layer(&bases.join(format!("{arch}-{}.tar", self.tree)));
        let config = layout.json(
            "application/vnd.oci.image.config.v1+json",
            &json!({
                "architecture": arch, "os": "linux", "created": "2025-01-01T00:00:00Z",
                "config": {"Env": self.env, "Cmd": self.cmd},
                "rootfs": {"type": "layers", "diff_ids": [diff_id]},
                "history": [{"created": "2025-01-01T00:00:00Z", "created_by": "mmdebstrap"}],
            }),
        );
        let mut manifest = layout.json(
            "application/vnd.oci.image.manifest.v1+json",
            &json!({
                "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": config, "layers": [layer],
            }),
        );
        manifest["platform"] = json!({"architecture": arch, "os": "linux"});
        manifest
    }
}

/// An OCI image layout that is being written.
#[derive(Debug)]
struct Layout {
    dir: PathBuf,
}

impl Layout {
    fn new(dir: PathBuf) -> Self {
        fs::create_dir_all(dir.join("blobs/sha256")).expect("the layout can be made");
        fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)
            .expect("the layout can be written");
        Self { dir }
    }

    fn blob(&self, digest: &str) -> PathBuf {
        self.dir.join("blobs/sha256").join(digest)
    }

    fn json(&self, media_type: &str, value: &Value) -> Value {
        let bytes = serde_json::to_vec(value).expect("JSON values can be written");
        let digest = hex(&Sha256::digest(&bytes));
        fs::write(self.blob(&digest), &bytes).expect("a blob can be written");
        json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
    }

    /// A layer, and its digest as a plain tar, which stands in the file beside it. It is compressed as in any registry:
    /// every daemon of the tests keeps one.
    fn layer(&self, tar: &Path) -> (Value, Value) {
        let sum = fs::read_to_string(tar.with_extension("tar.sha256"))
            .expect("scripts/dev/bases made the tree");
        let diff_id = sum.split(' ').next().expect("a line of sha256sum");
        let to = self.blob(diff_id);
        let file = File::create(&to).expect("the layout can be written");
        let mut gzip = GzEncoder::new(file, Compression::fast());
        let mut tar = File::open(tar).expect("the tree is there");
        io::copy(&mut tar, &mut gzip).expect("a layer can be written");
        gzip.finish().expect("a layer can be written");
        let bytes = fs::read(&to).expect("a layer can be read");
        let digest = hex(&Sha256::digest(&bytes));
        fs::rename(to, self.blob(&digest)).expect("a layer can be named");
        let layer = json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": format!("sha256:{digest}"), "size": bytes.len(),
        });
        (layer, format!("sha256:{diff_id}").into())
    }

    fn finish(&self, manifests: &[Value]) {
        let media_type = "application/vnd.oci.image.index.v1+json";
        let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests});
        let mut index = self.json(media_type, &index);
        index["annotations"] = json!({"org.opencontainers.image.ref.name": "image"});
        let top = json!({"schemaVersion": 2, "manifests": [index]});
        fs::write(self.dir.join("index.json"), top.to_string()).expect("the layout can be written");
    }
}

/// Bytes as the digits that digests are written in.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}
