//! What `lock` writes and prints, with a server of its own.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    process::Command,
    thread,
};

use tempfile::TempDir;

/// A server that has the file `a`, and nothing else. `meanwhile` is called before each answer.
fn server(meanwhile: impl Fn(&str) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let own = origin.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                stream.read_line(&mut head).unwrap();
            }
            meanwhile(&own);
            let answer = if head.starts_with("GET /a ") {
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\na"
            } else {
                "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            };
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    origin
}

fn lock_text(origin: &str, file: &str, digit: char) -> String {
    let digest = digit.to_string().repeat(64);
    format!(
        "version = 1\n\n[packages]\nepoch = \"2026-01-01T00:00:00Z\"\n\n[http.\"{origin}/{file}\"]\nchecksum = \"sha256:{digest}\"\n"
    )
}

/// A catalog that downloads these files.
fn write_catalog(directory: &TempDir, origin: &str, files: &[&str]) {
    let steps = files
        .iter()
        .map(|file| format!("{{ download = \"{origin}/{file}\", to = \"/{file}\" }}"));
    let steps = steps.collect::<Vec<_>>().join(", ");
    let catalog = format!(
        "[artifact.x]\nkind = \"rootfs\"\nbase = \"scratch\"\nplatforms = [\"linux/amd64\"]\nsteps = [{steps}]\n"
    );
    fs::write(directory.path().join("llbgen.toml"), catalog).unwrap();
}

/// The exit code, stdout, and the lock afterwards.
fn lock(directory: &TempDir) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_llbgen"))
        .arg("lock")
        .current_dir(directory.path())
        .env_clear()
        .output()
        .unwrap();
    let lock = fs::read_to_string(directory.path().join("llbgen.lock")).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), printed, lock)
}

/// The digest of `a`, as moves show it.
const A: &str = "sha256:ca978112ca1b";

#[test]
fn a_failure_prints_what_was_pinned_and_drops_nothing() {
    let directory = TempDir::new().unwrap();
    let origin = server(|_| {});
    write_catalog(&directory, &origin, &["a", "b"]);
    fs::write(
        directory.path().join("llbgen.lock"),
        lock_text(&origin, "old", '1'),
    )
    .unwrap();
    let (code, printed, lock) = lock(&directory);
    assert_ne!(code, 0);
    assert_eq!(printed, format!("{origin}/a: pinned to {A}\n"));
    assert!(lock.contains(A) && lock.contains("/old"), "{lock}");
}

#[test]
fn what_another_call_has_pinned_first_is_printed() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("llbgen.lock");
    let origin = server(move |origin| fs::write(&path, lock_text(origin, "a", '2')).unwrap());
    write_catalog(&directory, &origin, &["a"]);
    let (code, printed, lock) = lock(&directory);
    assert_eq!(code, 0);
    assert!(lock.contains(&"2".repeat(64)), "{lock}");
    assert!(
        printed.contains("/a: pinned to sha256:222222222222\n"),
        "{printed}"
    );
}

#[test]
fn a_mirror_is_asked_and_the_url_is_pinned() {
    let directory = TempDir::new().unwrap();
    write_catalog(&directory, "https://example.com", &["a"]);
    let origin = server(|_| {});
    let call = |command: &str, mirrors: &[&str]| {
        let mirrors = mirrors.iter().flat_map(|mirror| ["--mirror", mirror]);
        let output = Command::new(env!("CARGO_BIN_EXE_llbgen"))
            .arg(command)
            .args(mirrors)
            .current_dir(directory.path())
            .env_clear()
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said)
    };
    let near = format!("https://example.com/={origin}/");
    for command in ["lock", "update"] {
        let (code, said) = call(command, &[&near, "https://example.org/=http://far/"]);
        assert_eq!(code, 0, "{said}");
        let unused = "no download uses the mirror of `https://example.org/`";
        assert!(said.contains(unused), "{said}");
        assert!(!said.contains("`https://example.com/`"), "{said}");
        let lock = fs::read_to_string(directory.path().join("llbgen.lock")).unwrap();
        assert!(lock.contains("[http.\"https://example.com/a\"]"), "{lock}");
        assert!(lock.contains(A) && !lock.contains(&origin), "{lock}");
    }
    for command in ["lock", "update", "plan", "build"] {
        let (code, said) = call(command, &["https://example.com=http://near/"]);
        assert_eq!(code, 2, "{said}");
        assert!(
            said.contains("`--mirror`: `https://example.com` has no path"),
            "{said}"
        );
        let (code, said) = call(command, &["https://example.com/=http://me:secret@near/"]);
        assert_eq!(code, 2, "{said}");
        assert!(
            said.contains("a password in it") && !said.contains("secret"),
            "{said}"
        );
    }
}
