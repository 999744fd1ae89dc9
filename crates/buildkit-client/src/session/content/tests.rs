//! Requests for content of a layout that are answered, and requests that are refused.

use std::fs;
use std::path::Path;

use futures_util::TryStreamExt;
use tonic::Code;

use super::*;

const OFFERED: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// A blob in the layout that is not part of the image.
const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const SIZE: u64 = 2 * PIECE + 5;

fn blob(layout: &Path, digest: &str) -> std::path::PathBuf {
    layout.join("blobs").join(digest.replace(':', "/"))
}

fn bytes() -> Vec<u8> {
    (0..=250).cycle().take(length(SIZE)).collect()
}

fn length(size: u64) -> usize {
    size.try_into().unwrap()
}

fn layout() -> tempfile::TempDir {
    let layout = tempfile::tempdir().unwrap();
    fs::create_dir_all(layout.path().join("blobs/sha256")).unwrap();
    fs::write(blob(layout.path(), OFFERED), bytes()).unwrap();
    fs::write(blob(layout.path(), OTHER), "other").unwrap();
    layout
}

fn content(layout: &Path) -> (Arc<Content>, tokio::sync::mpsc::Receiver<ServiceError>) {
    let (reporter, reports) = Reporter::new();
    let sizes = [(OFFERED.parse().unwrap(), SIZE)];
    let store = ContentStore::new("store", LayoutDir::open(layout).unwrap(), sizes);
    let content = Content::new(vec![store], reporter, TaskTracker::new());
    (Arc::new(content), reports)
}

fn asked<T>(store: Option<&str>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(store) = store {
        let store = store.parse().unwrap();
        request.metadata_mut().insert(headers::STORE_ID, store);
    }
    request
}

async fn info(content: &Arc<Content>, store: Option<&str>, digest: &str) -> Result<i64, Code> {
    let digest = digest.to_owned();
    let answer = Arc::clone(content)
        .info(asked(store, InfoRequest { digest }))
        .await;
    let answer = answer.map_err(|status| status.code())?;
    Ok(answer.into_inner().info.unwrap().size)
}

async fn read(
    content: &Arc<Content>,
    digest: &str,
    offset: i64,
    size: i64,
) -> Result<Vec<ReadResponse>, Code> {
    let request = ReadRequest {
        digest: digest.to_owned(),
        offset,
        size,
    };
    let answer = Arc::clone(content).read(asked(Some("oci:store"), request));
    let pieces = answer.await.map_err(|status| status.code())?.into_inner();
    pieces
        .try_collect()
        .await
        .map_err(|status: Status| status.code())
}

#[tokio::test]
async fn only_blobs_of_the_image_are_known() {
    let layout = layout();
    let (content, mut reports) = content(layout.path());
    let cases = [
        (Some("oci:store"), OFFERED, Ok(SIZE.cast_signed())),
        (Some("oci:store"), OTHER, Err(Code::NotFound)),
        (Some("oci:other"), OFFERED, Err(Code::NotFound)),
        (Some("store"), OFFERED, Err(Code::NotFound)),
        (Some("oci:"), OFFERED, Err(Code::NotFound)),
        (Some(""), OFFERED, Err(Code::NotFound)),
        (None, OFFERED, Err(Code::InvalidArgument)),
        (Some("oci:store"), "", Err(Code::InvalidArgument)),
        (Some("oci:store"), "index.json", Err(Code::InvalidArgument)),
        (
            Some("oci:store"),
            "sha256:../../index.json",
            Err(Code::InvalidArgument),
        ),
        (
            Some("oci:store"),
            "sha256:/etc/passwd",
            Err(Code::InvalidArgument),
        ),
        (
            Some("oci:store"),
            "../sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            Err(Code::InvalidArgument),
        ),
    ];
    for (store, digest, expected) in cases {
        assert_eq!(
            info(&content, store, digest).await,
            expected,
            "{store:?} {digest}"
        );
    }
    assert_eq!(read(&content, OTHER, 0, 0).await, Err(Code::NotFound));
    assert!(
        reports.try_recv().is_err(),
        "what is not offered is no failure here"
    );
}

#[tokio::test]
async fn reads_stay_within_the_blob_and_come_in_pieces() {
    let layout = layout();
    let (content, _reports) = content(layout.path());
    let all = bytes();
    let cases: [(i64, i64, &[u8]); 9] = [
        (0, 0, &all),
        (-7, -7, &all),
        (0, i64::MAX, &all),
        (i64::MIN, i64::MAX, &all),
        (3, 4, &all[3..7]),
        (1, PIECE.cast_signed(), &all[1..=length(PIECE)]),
        (SIZE.cast_signed() - 1, i64::MAX, &all[length(SIZE) - 1..]),
        (SIZE.cast_signed(), 0, &[]),
        (5, -1, &all[5..]),
    ];
    for (offset, size, expected) in cases {
        let pieces = read(&content, OFFERED, offset, size).await.unwrap();
        let mut at = offset.max(0);
        let mut data = Vec::new();
        for piece in pieces {
            assert_eq!(piece.offset, at);
            assert!(piece.data.len() as u64 <= PIECE && !piece.data.is_empty());
            at += i64::try_from(piece.data.len()).unwrap();
            data.extend(piece.data);
        }
        assert!(data == expected, "{offset} {size}");
    }
    for offset in [SIZE.cast_signed() + 1, i64::MAX] {
        assert_eq!(
            read(&content, OFFERED, offset, 1).await,
            Err(Code::OutOfRange)
        );
    }
}

#[tokio::test]
async fn a_blob_that_changed_is_reported() {
    let layout = layout();
    for change in ["gone", "longer", "link"] {
        let (content, mut reports) = content(layout.path());
        let path = blob(layout.path(), OFFERED);
        fs::remove_file(&path).unwrap();
        match change {
            "gone" => {}
            "longer" => fs::write(&path, vec![0; length(SIZE) + 1]).unwrap(),
            _ => {
                let other = layout.path().join("other");
                fs::write(&other, bytes()).unwrap();
                fs::remove_file(&path).ok();
                std::os::unix::fs::symlink(other, &path).unwrap();
            }
        }
        let failed = Err(Code::FailedPrecondition);
        assert_eq!(
            read(&content, OFFERED, 0, 1).await,
            failed.clone(),
            "{change}"
        );
        assert_eq!(
            info(&content, Some("oci:store"), OFFERED).await,
            Err(Code::FailedPrecondition)
        );
        assert_eq!(
            reports.try_recv().unwrap().to_string(),
            format!("blob `{OFFERED}` of an OCI layout could not be sent")
        );
        fs::remove_file(&path).ok();
        fs::write(&path, bytes()).unwrap();
    }
}

#[tokio::test]
async fn a_blob_that_shrinks_while_it_is_read_is_reported() {
    let layout = layout();
    let (content, mut reports) = content(layout.path());
    let request = ReadRequest {
        digest: OFFERED.to_owned(),
        offset: 0,
        size: 0,
    };
    let answer = Arc::clone(&content)
        .read(asked(Some("oci:store"), request))
        .await
        .unwrap();
    let file = fs::File::options()
        .write(true)
        .open(blob(layout.path(), OFFERED))
        .unwrap();
    file.set_len(PIECE + 1).unwrap();
    let read: Result<Vec<_>, Status> = answer.into_inner().try_collect().await;
    assert_eq!(read.unwrap_err().code(), Code::FailedPrecondition);
    assert!(matches!(
        reports.try_recv(),
        Ok(ServiceError::Content { .. })
    ));
}

#[test]
fn nothing_is_written_or_listed() {
    for (method, code) in [
        ("Write", Code::PermissionDenied),
        ("Update", Code::PermissionDenied),
        ("Delete", Code::PermissionDenied),
        ("Abort", Code::PermissionDenied),
        ("List", Code::Unimplemented),
        ("Status", Code::Unimplemented),
        ("ListStatuses", Code::Unimplemented),
        ("", Code::Unimplemented),
    ] {
        assert_eq!(
            refusal(&format!("{SERVICE}/{method}")).code(),
            code,
            "{method}"
        );
    }
}
