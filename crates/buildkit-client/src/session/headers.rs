//! The headers of the session protocol: those that open a session, and those of the calls inside it.
//!
//! BuildKit: `session/session.go`, `session/filesync/filesync.go`.

use tonic::Status;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};

const SESSION_ID: &str = "x-docker-expose-session-uuid";
const SESSION_NAME: &str = "x-docker-expose-session-name";
const SESSION_SHARED_KEY: &str = "x-docker-expose-session-sharedkey";
const SESSION_METHOD: &str = "x-docker-expose-session-grpc-method";

/// The directory that a sync call asks for.
pub(super) const DIR_NAME: &str = "dir-name";
/// Patterns: only matching files are sent.
pub(super) const INCLUDE_PATTERNS: &str = "include-patterns";
/// Patterns: matching files are not sent.
pub(super) const EXCLUDE_PATTERNS: &str = "exclude-patterns";
/// Paths whose symlinks are resolved, and which are then included.
pub(super) const FOLLOW_PATHS: &str = "followpaths";
/// The header which says that the values of the header `<key>` are percent-encoded.
const ENCODED_SUFFIX: &str = "-encoded";
/// The number of the exporter that sends, counted in its solve.
pub(super) const EXPORTER_ID: &str = "buildkit-attachable-exporter-id";
/// The prefix of the keys in an exporter's description of its archive.
pub(super) const EXPORTER_METADATA_PREFIX: &str = "exporter-md-";

/// The store whose content a call is about (`GRPCHeaderID` in BuildKit's `session/content/attachable.go`).
pub(super) const STORE_ID: &str = "buildkit-attachable-store-id";
/// The prefix of the id of an OCI layout in its value (`source/containerimage/ocilayout.go`).
pub(super) const OCI_STORE: &str = "oci:";

/// The ssh agent that a call asks (`KeySSHID` in BuildKit's `session/sshforward/ssh.go`).
pub(super) const SSH_ID: &str = "buildkit.ssh.id";

/// The name that old daemons show for a session.
const NAME: &str = "llbgen";

/// The headers that open the session `id`, on which `methods` can be called.
pub(super) fn of_session(
    id: &str,
    shared_key: &str,
    methods: &[&str],
) -> Result<MetadataMap, Status> {
    let mut headers = MetadataMap::new();
    headers.insert(SESSION_ID, ascii(id)?);
    headers.insert(SESSION_NAME, ascii(NAME)?);
    // With a key, the daemon shares a directory's copy between sessions that give the same one.
    headers.insert(SESSION_SHARED_KEY, ascii(shared_key)?);
    for method in methods {
        headers.append(SESSION_METHOD, ascii(method)?);
    }
    Ok(headers)
}

fn ascii(value: &str) -> Result<MetadataValue<Ascii>, Status> {
    value
        .parse()
        .map_err(|_invalid| Status::internal("a session header is not ASCII"))
}

/// The values of a header of a sync call, decoded if the header for its encoding says so.
///
/// Mirrors `decodeOpts` in BuildKit's `session/filesync/filesync.go`.
pub(super) fn values(metadata: &MetadataMap, key: &'static str) -> Vec<Vec<u8>> {
    let twin = metadata.get(format!("{key}{ENCODED_SUFFIX}").as_str());
    let encoded = twin.is_some_and(|twin| is_true(twin.as_bytes()));
    let values = metadata.get_all(key).iter().map(MetadataValue::as_bytes);
    if encoded {
        values.map(query_unescape).collect()
    } else {
        values.map(<[u8]>::to_vec).collect()
    }
}

/// The texts that Go's `strconv.ParseBool` takes for true.
fn is_true(value: &[u8]) -> bool {
    matches!(value, b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True")
}

/// Go's `url.QueryUnescape`, which gives an empty string for what it cannot decode.
fn query_unescape(value: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value.iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => match (
                rest.next().copied().and_then(hex),
                rest.next().copied().and_then(hex),
            ) {
                (Some(high), Some(low)) => decoded.push(high << 4 | low),
                _ => return Vec::new(),
            },
            _ => decoded.push(byte),
        }
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|digit| digit.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)], expected: &[&str]) {
        let mut metadata = MetadataMap::new();
        for (key, value) in headers {
            metadata.append(*key, value.parse().unwrap());
        }
        let expected: Vec<_> = expected
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect();
        assert_eq!(values(&metadata, INCLUDE_PATTERNS), expected, "{headers:?}");
    }

    #[test]
    fn plain_values_stay_as_they_are() {
        check(&[], &[]);
        check(
            &[(INCLUDE_PATTERNS, "a%20b+c"), (INCLUDE_PATTERNS, "d")],
            &["a%20b+c", "d"],
        );
        check(&[("exclude-patterns", "a")], &[]);
        check(
            &[
                (INCLUDE_PATTERNS, "a%20b"),
                ("include-patterns-encoded", "0"),
            ],
            &["a%20b"],
        );
        check(
            &[
                (INCLUDE_PATTERNS, "a%20b"),
                ("exclude-patterns-encoded", "1"),
            ],
            &["a%20b"],
        );
    }

    #[test]
    fn a_twin_says_that_values_are_encoded() {
        let twin = ("include-patterns-encoded", "1");
        check(
            &[
                (INCLUDE_PATTERNS, "a%20b+c%2F%c3%A9"),
                (INCLUDE_PATTERNS, "d"),
                twin,
            ],
            &["a b c/é", "d"],
        );
        check(
            &[
                (INCLUDE_PATTERNS, "%4"),
                (INCLUDE_PATTERNS, "%zz"),
                (INCLUDE_PATTERNS, "x%"),
                twin,
            ],
            &["", "", ""],
        );
    }

    #[test]
    fn a_session_names_every_method() {
        let headers = of_session("id", "key", &["/a/B", "/c/D"]).unwrap();
        let methods: Vec<_> = headers.get_all(SESSION_METHOD).iter().collect();
        assert_eq!(methods, ["/a/B", "/c/D"]);
        assert_eq!(headers.get(SESSION_ID).unwrap(), "id");
        assert_eq!(headers.get(SESSION_SHARED_KEY).unwrap(), "key");
    }
}
