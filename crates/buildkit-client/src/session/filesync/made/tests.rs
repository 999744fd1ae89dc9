use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use super::*;
use crate::session::filesync::declared::{DeclaredFiles, LocalDir, MakeFile};

/// The file `1` of a letter, the file `data`, and another letter.
#[derive(Debug)]
struct Sandwich(Vec<u8>);

impl MakeFile for Sandwich {
    fn parts(&self, identity: &[u8; 32]) -> Box<dyn Iterator<Item = MadePart> + '_> {
        assert_eq!(identity, &[7; 32]);
        let parts = [
            MadePart::Bytes(b"<".to_vec()),
            MadePart::File {
                path: "deep/data".parse().unwrap(),
                sha256: Sha256::digest(&self.0).into(),
                size: self.0.len() as u64,
            },
            MadePart::Bytes(b">".to_vec()),
        ];
        Box::new(parts.into_iter())
    }
}

fn made(content: &[u8]) -> MadeDir {
    let file = MadeFile {
        size: content.len() as u64 + 2,
        identity: [7; 32],
    };
    MadeDir {
        name: "made".parse().unwrap(),
        files: [("1".parse().unwrap(), file)].into(),
        maker: Arc::new(Sandwich(content.to_vec())),
    }
}

fn sent(made: &MadeDir, root: &std::path::Path, path: &str) -> Result<Vec<Bytes>, String> {
    let dir = LocalDir::new("made", root, DeclaredFiles::Made(made.clone()));
    let tree = Tree::open(&dir).unwrap();
    let mut pieces = Vec::new();
    let sent = send(made, &tree, path.as_bytes(), |piece| {
        pieces.push(piece);
        Ok(())
    });
    match sent {
        Ok(()) => Ok(pieces),
        Err(Stopped::Failed(error)) => Err(error.to_string()),
        Err(Stopped::Unwanted) => unreachable!("every piece is taken"),
    }
}

#[test]
fn files_are_announced_with_their_sizes_and_a_time_of_their_own() {
    let mut stats = Vec::new();
    let walked = walk(&made(b"x"), |stat| {
        stats.push((
            String::from_utf8(stat.path).unwrap(),
            stat.size,
            stat.mod_time,
        ));
        Ok(())
    });
    assert!(walked.is_ok());
    let time = time_of_content(&[7; 32]);
    assert_eq!(
        stats,
        [("made".to_owned(), 0, 0), ("made/1".to_owned(), 3, time)]
    );
}

#[test]
fn parts_become_large_pieces() {
    for length in [0, 1, PIECE - 2, PIECE - 1, PIECE, 3 * PIECE] {
        let content: Vec<u8> = (0..length).map(|at| (at % 251).to_le_bytes()[0]).collect();
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("deep")).unwrap();
        fs::write(root.path().join("deep/data"), &content).unwrap();
        let pieces = sent(&made(&content), root.path(), "made/1").unwrap();
        let (last, full) = pieces.split_last().unwrap();
        assert!(full.iter().all(|piece| piece.len() == PIECE));
        assert!(!last.is_empty());
        assert_eq!(pieces.concat(), [b"<", &*content, b">"].concat());
    }
}

#[test]
fn what_changed_is_not_sent_to_its_end() {
    let check = |prepare: &dyn Fn(&std::path::Path), expected: &str| {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("deep")).unwrap();
        prepare(&root.path().join("deep/data"));
        let error = sent(&made(b"content"), root.path(), "made/1").unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    check(&|_| {}, "deep/data");
    check(&|path| fs::write(path, b"CONTENT").unwrap(), "content");
    check(&|path| fs::write(path, b"longer content").unwrap(), "size");
    check(&|path| fs::create_dir(path).unwrap(), "kind");
    check(&|path| symlink("/etc/passwd", path).unwrap(), "deep/data");
    let root = tempfile::tempdir().unwrap();
    assert!(sent(&made(b""), root.path(), "made/2").is_err());
    assert!(sent(&made(b""), root.path(), "deep/data").is_err());
}
