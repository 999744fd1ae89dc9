//! Which image is meant, what is read of it, and what is wrong with layouts.

use std::{fs, os::unix::fs::symlink, path::Path};

use serde_json::{Value, json};

use super::*;

const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A layout in a directory of its own.
struct Made {
    dir: tempfile::TempDir,
}

impl Made {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("blobs/sha256")).unwrap();
        let header = r#"{"imageLayoutVersion":"1.0.0"}"#;
        fs::write(dir.path().join(HEADER), header).unwrap();
        Self { dir }
    }

    fn blob(&self, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        fs::write(self.path(&digest.to_string()), bytes).unwrap();
        json!({"digest": digest.to_string(), "size": bytes.len()})
    }

    fn path(&self, digest: &str) -> PathBuf {
        let blobs = self.dir.path().join("blobs");
        blobs.join(digest.replace(':', "/"))
    }

    fn json(&self, value: &Value) -> Value {
        self.blob(value.to_string().as_bytes())
    }

    fn manifest(&self, platform: &str) -> Value {
        let (os, arch) = platform.split_once('/').unwrap();
        let config = json!({
            "os": os, "architecture": arch,
            "config": {"Env": [format!("ARCH={arch}")]},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:aa"]},
        });
        let config = self.json(&config);
        let layer = self.blob(format!("layer of {platform}").as_bytes());
        self.json(&json!({"schemaVersion": 2, "config": config, "layers": [layer]}))
    }

    /// An entry with its platform.
    fn entry(&self, platform: &str) -> Value {
        let (os, arch) = platform.split_once('/').unwrap();
        let mut entry = self.manifest(platform);
        entry["platform"] = json!({"os": os, "architecture": arch});
        entry
    }

    fn index(&self, entries: &[Value]) -> Value {
        self.json(&json!({"schemaVersion": 2, "manifests": entries}))
    }

    fn both(&self) -> Value {
        let attestation = self.blob(b"{}");
        let mut attestation = attestation;
        attestation["platform"] = json!({"os": "unknown", "architecture": "unknown"});
        self.index(&[
            self.entry("linux/amd64"),
            attestation,
            self.entry("linux/arm64"),
        ])
    }

    fn finish(&self, images: &[(&str, Value)]) {
        let manifests: Vec<Value> = images
            .iter()
            .map(|(tag, image)| {
                let mut image = image.clone();
                if !tag.is_empty() {
                    image["annotations"] = json!({REF_NAME: tag});
                }
                image
            })
            .collect();
        self.top(&json!({"schemaVersion": 2, "manifests": manifests}).to_string());
    }

    fn top(&self, text: &str) {
        fs::write(self.dir.path().join(INDEX), text).unwrap();
    }

    fn read(&self, suffix: &str, platforms: &[&str]) -> Result<Layout, LayoutError> {
        let given = format!("{}{suffix}", self.dir.path().display());
        let platforms = platforms.iter().map(|name| name.parse().unwrap()).collect();
        read("base", &given.parse().unwrap(), &platforms)
    }

    fn refused(&self, suffix: &str) -> LayoutProblem {
        self.read(suffix, &["linux/amd64"]).unwrap_err().problem
    }
}

fn digest_of(image: &Value) -> String {
    image["digest"].as_str().unwrap().to_owned()
}

fn shown<'a>(platforms: impl IntoIterator<Item = &'a Platform>) -> Vec<String> {
    platforms.into_iter().map(ToString::to_string).collect()
}

#[test]
fn the_tag_or_the_digest_says_which_image_is_meant() {
    let made = Made::new();
    let (one, other) = (made.both(), made.manifest("linux/amd64"));
    let check = |suffix: &str, expected: Result<&Value, &[&str]>| {
        let read = made.read(suffix, &["linux/amd64"]);
        match (read, expected) {
            (Ok(read), Ok(image)) => {
                assert_eq!(read.image.digest.to_string(), digest_of(image), "{suffix}");
                let hex = &read.image.digest.as_str()["sha256:".len()..];
                assert_eq!(read.store.id(), format!("layout-{}", &hex[..12]));
            }
            (Err(error), Err(expected)) => match error.problem {
                LayoutProblem::NoTag { valid, .. } | LayoutProblem::NoDigest { valid, .. } => {
                    assert_eq!(valid, expected, "{suffix}");
                }
                problem => panic!("{suffix}: {problem}"),
            },
            (read, _) => panic!("{suffix}: {read:?}"),
        }
    };
    made.finish(&[("latest", one.clone()), ("v1", other.clone())]);
    let (first, second) = (digest_of(&one), digest_of(&other));
    check("", Ok(&one));
    check(":latest", Ok(&one));
    check(":v1", Ok(&other));
    check(":v2", Err(&["latest", "v1"]));
    check(&format!("@{second}"), Ok(&other));
    check(&format!(":latest@{second}"), Ok(&other));
    let nowhere = format!("sha256:{}", "0".repeat(64));
    check(&format!("@{nowhere}"), Err(&[&first, &second]));

    made.finish(&[("v1", one.clone())]);
    check("", Ok(&one));
    check(":latest", Err(&["v1"]));
    // The digest of what no tag names.
    check(&format!("@{second}"), Ok(&other));
    made.finish(&[("", one.clone())]);
    check("", Ok(&one));
    made.finish(&[("", one.clone()), ("", other)]);
    check("", Err(&[]));
    made.finish(&[]);
    check("", Err(&[]));
}

#[test]
fn configs_of_the_wanted_platforms_are_read_and_only_their_blobs_are_on_offer() {
    let made = Made::new();
    made.finish(&[("latest", made.both())]);
    let layer = |platform: &str| -> BlobDigest {
        let digest = Digest::of(format!("layer of {platform}").as_bytes());
        digest.to_string().parse().unwrap()
    };
    let read = made.read("", &["linux/arm64"]).unwrap();
    assert_eq!(shown(&read.image.platforms), ["linux/amd64", "linux/arm64"]);
    assert_eq!(shown(read.image.configs.keys()), ["linux/arm64"]);
    let config = &read.image.configs[&"linux/arm64".parse().unwrap()];
    assert_eq!(
        config.image_config().env,
        [("ARCH".to_owned(), "arm64".to_owned())]
    );
    assert_eq!(config.diff_ids(), ["sha256:aa"]);
    let offered = |read: &Layout, platform: &str| read.store.size(&layer(platform));
    assert_eq!(offered(&read, "linux/arm64"), Some(20));
    assert_eq!(offered(&read, "linux/amd64"), None);
    let index: BlobDigest = read.image.digest.to_string().parse().unwrap();
    assert!(read.store.size(&index).is_some());

    let both = made.read("", &["linux/amd64", "linux/arm64"]).unwrap();
    assert_eq!(both.image.configs.len(), 2);
    let neither = made.read("", &["linux/riscv64"]).unwrap();
    assert!(neither.image.configs.is_empty());
    assert_eq!(neither.image.platforms.len(), 2);

    // Entries that do not say what they are for, and images without an index: the config does.
    made.finish(&[("latest", made.index(&[made.manifest("linux/arm64")]))]);
    let read = made.read("", &["linux/arm64"]).unwrap();
    assert_eq!(shown(read.image.configs.keys()), ["linux/arm64"]);
    made.finish(&[("latest", made.manifest("linux/amd64"))]);
    let read = made.read("", &["linux/arm64"]).unwrap();
    assert_eq!(shown(&read.image.platforms), ["linux/amd64"]);
}

#[test]
fn a_platform_that_was_not_copied_is_not_there() {
    let made = Made::new();
    let (amd64, arm64) = (made.entry("linux/amd64"), made.entry("linux/arm64"));
    made.finish(&[("latest", made.index(&[amd64, arm64.clone()]))]);
    fs::remove_file(made.path(&digest_of(&arm64))).unwrap();
    let read = made.read("", &["linux/amd64", "linux/arm64"]).unwrap();
    assert_eq!(shown(&read.image.platforms), ["linux/amd64"]);
}

#[test]
fn what_is_no_layout_is_refused() {
    let made = Made::new();
    made.finish(&[("latest", made.both())]);
    assert!(made.read("", &["linux/amd64"]).is_ok());
    assert!(matches!(made.refused("/none"), LayoutProblem::Open(_)));
    assert!(matches!(
        made.refused("/index.json"),
        LayoutProblem::Open(_)
    ));
    let header = made.dir.path().join(HEADER);
    fs::write(&header, r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    assert!(matches!(made.refused(""), LayoutProblem::Version { .. }));
    fs::write(&header, "{}").unwrap();
    assert!(matches!(made.refused(""), LayoutProblem::Json { .. }));
    fs::remove_file(&header).unwrap();
    let error = made.read("", &["linux/amd64"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}`, the build context `base`, is not an OCI layout",
            made.dir.path().display()
        )
    );
    assert_eq!(error.problem.to_string(), "`oci-layout` cannot be used");
}

#[test]
fn broken_and_hostile_layouts_are_refused() {
    let check = |change: &dyn Fn(&Made), is_expected: fn(&LayoutProblem) -> bool| {
        let made = Made::new();
        made.finish(&[("latest", made.both())]);
        change(&made);
        let problem = made.refused("");
        assert!(is_expected(&problem), "{problem:?}");
    };
    let layer = |made: &Made| made.path(&Digest::of(b"layer of linux/amd64").to_string());
    let wrong_size: fn(&LayoutProblem) -> bool = |problem| {
        matches!(
            problem,
            LayoutProblem::Blob {
                source: buildkit_client::BlobError::Size { .. },
                ..
            }
        )
    };
    let link: fn(&LayoutProblem) -> bool = |problem| {
        matches!(
            problem,
            LayoutProblem::Blob {
                source: buildkit_client::BlobError::Link,
                ..
            }
        )
    };
    let json: fn(&LayoutProblem) -> bool = |problem| matches!(problem, LayoutProblem::Json { .. });
    let relink = |path: &Path| {
        let beside = path.with_extension("real");
        fs::rename(path, &beside).unwrap();
        symlink(&beside, path).unwrap();
    };

    check(&|made| made.top("[]"), json);
    check(&|made| made.top(""), json);
    // A digest that is a path.
    let outside = r#"{"manifests":[{"digest":"sha256:../../../etc/passwd","size":1}]}"#;
    check(&|made| made.top(outside), json);
    let negative = format!(
        r#"{{"manifests":[{{"digest":"sha256:{}","size":-1}}]}}"#,
        "a".repeat(64)
    );
    check(&|made| made.top(&negative), json);
    check(&|made| made.top(&" ".repeat(5 << 20)), |problem| {
        matches!(problem, LayoutProblem::TooLarge { .. })
    });
    check(&|made| relink(&made.dir.path().join(INDEX)), |problem| {
        matches!(
            problem,
            LayoutProblem::File {
                source: buildkit_client::BlobError::Link,
                ..
            }
        )
    });
    check(
        &|made| fs::remove_file(layer(made)).unwrap(),
        |problem| matches!(problem, LayoutProblem::Blob { source, .. } if source.is_missing()),
    );
    check(
        &|made| fs::write(layer(made), "longer than it says").unwrap(),
        |problem| matches!(problem, LayoutProblem::Blob { .. }),
    );
    check(&|made| fs::write(layer(made), "x").unwrap(), wrong_size);
    check(&|made| relink(&layer(made)), link);
    check(&|made| relink(&made.dir.path().join("blobs/sha256")), link);
    // A manifest of the right length and other bytes.
    check(
        &|made| {
            let path = made.path(&digest_of(&made.manifest("linux/amd64")));
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace("schemaVersion", "schemaversion")).unwrap();
        },
        |problem| matches!(problem, LayoutProblem::Content { .. }),
    );
    check(
        &|made| made.finish(&[("latest", made.index(&[made.both()]))]),
        |problem| matches!(problem, LayoutProblem::Nested { .. }),
    );
    check(
        &|made| made.finish(&[("latest", made.json(&json!({"schemaVersion": 2})))]),
        |problem| matches!(problem, LayoutProblem::NotAnImage { .. }),
    );
    check(
        &|made| {
            let config = made.blob(b"{}");
            let both = json!({"manifests": [], "config": config, "layers": []});
            made.finish(&[("latest", made.json(&both))]);
        },
        |problem| matches!(problem, LayoutProblem::NotAnImage { .. }),
    );
    check(
        &|made| {
            let config = made.blob(b"{}");
            let manifest = json!({"config": config, "layers": []});
            made.finish(&[("latest", made.json(&manifest))]);
        },
        |problem| matches!(problem, LayoutProblem::NoPlatform { .. }),
    );
}
