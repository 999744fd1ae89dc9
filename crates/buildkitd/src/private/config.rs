//! The `buildkitd.toml` of the private daemon: the user's file, with our settings put over it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::ConfigFile;

/// The limits of the cache, beyond which its least recently used parts are dropped: half of the disk, and no more than
/// this many bytes (`DiskSpace` of `cmd/buildkitd/config/gcpolicy.go`). Every rule holds.
const CACHE_LIMITS: [&str; 2] = ["50%", "50GB"];

/// The keys of `[worker.oci]` that set garbage collection (`cmd/buildkitd/config/config.go`, `GCConfig`). Where the
/// user has one of them, the user's policy holds.
const GC_KEYS: [&str; 6] = [
    "gc",
    "gckeepstorage",
    "reservedSpace",
    "maxUsedSpace",
    "minFreeSpace",
    "gcpolicy",
];

/// Why the user's configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the buildkitd configuration `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file is no TOML.
    #[error("the buildkitd configuration `{}` is not valid", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The value of a key is not a table.
    #[error("`{key}` in the buildkitd configuration is not a table")]
    NotATable {
        /// The key.
        key: &'static str,
    },
    /// The result cannot be written as TOML.
    #[error("the buildkitd configuration cannot be written")]
    Write(#[source] Box<toml::ser::Error>),
}

/// Reads the user's configuration; a usual one that is missing is empty.
pub(super) fn load(file: &ConfigFile) -> Result<Table, ConfigError> {
    let (path, must_exist) = match file {
        ConfigFile::Explicit(path) => (path, true),
        ConfigFile::Usual(path) => (path, false),
    };
    match fs::read_to_string(path) {
        Ok(text) => text.parse().map_err(|source| ConfigError::Parse {
            path: path.clone(),
            source: Box::new(source),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => Ok(Table::new()),
        Err(source) => Err(ConfigError::Read {
            path: path.clone(),
            source,
        }),
    }
}

/// The text of the configuration.
///
/// Always ours: where it listens and keeps its state (`root`, `grpc`, `otel`), and the one worker (OCI): the containerd
/// worker would share its images with all users of that containerd. Ours unless the user says otherwise: garbage
/// collection. buildkitd's default keeps a fifth of the disk free and prunes after each solve, so that nothing stays
/// cached on a full disk.
pub(super) fn render(user: Table, otel_socket: &Path) -> Result<String, ConfigError> {
    let mut config = user;
    config.remove("root");
    config.remove("grpc");
    let otel = otel_socket.to_string_lossy().into_owned();
    config.insert(
        "otel".into(),
        Value::Table(Table::from_iter([("socketPath".into(), otel.into())])),
    );

    let worker = table(&mut config, "worker")?;
    worker.insert(
        "containerd".into(),
        Value::Table(Table::from_iter([("enabled".into(), false.into())])),
    );
    let oci = table(worker, "oci")?;
    oci.insert("enabled".into(), true.into());
    if !GC_KEYS.iter().any(|key| oci.contains_key(*key)) {
        oci.insert("gc".into(), true.into());
        let rules = CACHE_LIMITS.iter().map(|limit| rule(limit)).collect();
        oci.insert("gcpolicy".into(), Value::Array(rules));
    }
    toml::to_string(&config).map_err(|source| ConfigError::Write(Box::new(source)))
}

/// A rule of garbage collection for every kind of record.
fn rule(limit: &str) -> Value {
    let keys = [
        ("all".into(), true.into()),
        ("maxUsedSpace".into(), limit.into()),
    ];
    Value::Table(Table::from_iter(keys))
}

fn table<'a>(parent: &'a mut Table, key: &'static str) -> Result<&'a mut Table, ConfigError> {
    parent
        .entry(key)
        .or_insert_with(|| Value::Table(Table::new()))
        .as_table_mut()
        .ok_or(ConfigError::NotATable { key })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user: &str, expected: &str) {
        let text = render(user.parse().unwrap(), Path::new("/s/otel.sock")).unwrap();
        let expected: Table = expected.parse().unwrap();
        assert_eq!(
            text.parse::<Table>().unwrap(),
            expected,
            "from:\n{user}\ngot:\n{text}"
        );
    }

    #[test]
    fn ours_goes_over_the_users() {
        check(
            "",
            r#"
            otel.socketPath = "/s/otel.sock"
            worker.containerd.enabled = false
            worker.oci = { enabled = true, gc = true, gcpolicy = [
                { all = true, maxUsedSpace = "50%" }, { all = true, maxUsedSpace = "50GB" } ] }
            "#,
        );
        check(
            r#"
            root = "/var/lib/buildkit"
            debug = true
            grpc.address = ["tcp://0.0.0.0:1234"]
            otel.socketPath = "/run/buildkit/otel.sock"
            registry."docker.io".mirrors = ["mirror.example"]
            worker.containerd = { enabled = true, namespace = "x" }
            worker.oci = { enabled = false, max-parallelism = 4, gc = false }
            "#,
            r#"
            debug = true
            otel.socketPath = "/s/otel.sock"
            registry."docker.io".mirrors = ["mirror.example"]
            worker.containerd.enabled = false
            worker.oci = { enabled = true, max-parallelism = 4, gc = false }
            "#,
        );
    }

    #[test]
    fn only_an_explicit_file_must_exist() {
        let missing = PathBuf::from("/nonexistent/buildkitd.toml");
        assert!(
            load(&ConfigFile::Usual(missing.clone()))
                .unwrap()
                .is_empty()
        );
        let error = load(&ConfigFile::Explicit(missing)).unwrap_err();
        assert!(matches!(error, ConfigError::Read { .. }), "{error:?}");
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let error = render("worker = 1".parse().unwrap(), Path::new("/s")).unwrap_err();
        assert!(
            matches!(error, ConfigError::NotATable { key: "worker" }),
            "{error:?}"
        );
    }
}
