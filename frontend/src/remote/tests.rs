//! Addresses: which are fetched, and as what.

use buildkit_llb::SourceContent;

use super::*;

fn identifier(text: &str) -> String {
    let remote = Remote::read(text).unwrap().unwrap();
    SourceContent::of(&remote.state()).unwrap().identifier
}

#[test]
fn repositories_and_downloads_are_told_apart() {
    let check = |text: &str, expected: &str| assert_eq!(identifier(text), expected, "{text}");
    check("https://a.example/x.git", "git://a.example/x.git");
    check(
        "http://a.example:8000/x.git#main",
        "git://a.example:8000/x.git#main",
    );
    check(
        "https://a.example/x.git#main:app/",
        "git://a.example/x.git#main:app",
    );
    check("https://a.example/x.git#:app", "git://a.example/x.git#:app");
    check("git://a.example/x#v1", "git://a.example/x#v1");
    check("github.com/a/x", "git://github.com/a/x");
    check(
        "https://a.example/x.git?branch=main&subdir=app",
        "git://a.example/x.git#refs/heads/main:app",
    );
    check(
        "https://a.example/x.git?tag=v1&submodules=false",
        "git://a.example/x.git#refs/tags/v1",
    );
    check("https://a.example/x.tar?y", "https://a.example/x.tar?y");
    check("http://buildkit-session/x", "http://buildkit-session/x");
    for text in [".", "/x", "x.git", "docker-image://x", "local:x", "input:x"] {
        assert_eq!(Remote::read(text), None, "{text}");
    }
}

#[test]
fn what_cannot_be_fetched_says_why() {
    let check = |text: &str, expected: &str| {
        let error = Remote::read(text).unwrap().unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    };
    check("git@a.example:x.git", "git over ssh");
    check("ssh://a.example/x.git", "git over ssh");
    check("https://me:secret@a.example/x.git", "a user or a password");
    check("https://token@a.example/x.tar", "a user or a password");
    check(
        "https://a.example/x.git?brunch=b",
        "`brunch`; did you mean `branch`?; there are `ref`",
    );
    check(
        "https://a.example/x.git?mtime=now",
        "`mtime` cannot be `now`",
    );
    check(
        "https://a.example/x.git?submodules=2",
        "`submodules` cannot be `2`",
    );
    check("https://a.example/x.git?ref=b#a", "it says `a` and `b`");
    let error = Remote::read("https://me:secret@a.example/x.git").unwrap();
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn stdin_is_no_address_of_the_user() {
    let remote = Remote::read("http://buildkit-session/x1y2")
        .unwrap()
        .unwrap();
    assert_eq!(remote.shown(), "the tar on stdin");
    assert!(remote.is_download());
}

#[test]
fn tars_are_known_by_their_first_bytes() {
    let mut header = vec![0_u8; HEADER];
    header[..4].copy_from_slice(b"name");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    assert!(is_tar(&header));
    header[0] += 1;
    assert!(!is_tar(&header));
    assert!(!is_tar(&[0; HEADER]));
    assert!(is_tar(b"\x1f\x8b\x08rest"));
    assert!(!is_tar(b"[artifact.a]\n"));
    assert!(!is_tar(b""));
}
