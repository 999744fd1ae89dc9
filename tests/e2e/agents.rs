//! `--ssh`: a step sees the keys of the user's agent and nothing more, by both ways to the daemon.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, fixture, run},
    machine,
    tree::Tree,
};

/// A real ssh-agent with one key, until it is dropped.
pub(crate) struct Agent {
    process: Child,
    pub(crate) socket: PathBuf,
    key: PathBuf,
}

impl Agent {
    pub(crate) fn start(home: &Path) -> Self {
        let socket = home.join("agent.sock");
        let process = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while !socket.exists() {
            assert!(started.elapsed() < Duration::from_secs(10), "no ssh-agent");
            std::thread::yield_now();
        }
        let key = home.join("id");
        let agent = Self {
            process,
            socket,
            key,
        };
        let generate = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"];
        let mut keygen = clean("ssh-keygen", home);
        run(keygen.args(generate).arg(&agent.key)).success();
        run(clean("ssh-add", home)
            .arg(&agent.key)
            .env("SSH_AUTH_SOCK", &agent.socket))
        .success();
        agent
    }

    /// The public key, in base64.
    fn public(&self) -> String {
        let text = fs::read_to_string(self.key.with_extension("pub")).unwrap();
        text.split_whitespace().nth(1).unwrap().to_owned()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _status = self.process.wait();
    }
}

/// What comes before the 32 bytes of an Ed25519 key in its DER form (RFC 8410).
const ED25519: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Checks with openssl that the step has a signature of its word by the key that it has.
fn verify_signature(home: &Path, tar: &Path) {
    let file = |name: &str| {
        let mut extract = clean("tar", home);
        extract.arg("-xOf").arg(tar).arg(name);
        run(&mut extract).success().stdout
    };
    let key = file("key.raw");
    let key = [&ED25519, &key[key.len() - 32..]].concat();
    fs::write(home.join("key.der"), key).unwrap();
    fs::write(home.join("signature"), file("signature")).unwrap();
    fs::write(home.join("word"), "llbgen").unwrap();
    let verify = ["pkeyutl", "-verify", "-pubin", "-rawin", "-keyform", "DER"];
    let files = ["-inkey", "key.der", "-sigfile", "signature", "-in", "word"];
    run(clean("openssl", home).args(verify).args(files)).success();
}

/// Makes the step another one, so that no daemon has its result.
fn nonce(home: &Path) {
    let mut nonce = [0; 16];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom").unwrap(), &mut nonce).unwrap();
    fs::write(home.join("nonce"), format!("{nonce:?}\n")).unwrap();
}

#[test]
fn a_step_sees_the_keys_of_the_agent() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let agent = Agent::start(home);
    nonce(home);
    let build = |flags: &[&str]| {
        let mut llbgen = fixture("agents", home);
        llbgen.args(["--addr", &bed.address(), "build", "asks"]);
        run(llbgen.args(flags).env("SSH_AUTH_SOCK", &agent.socket))
    };
    build(&[]).fails(2, &["needs the ssh agent `default`", "`--ssh default`"]);
    let key = format!("default={}", agent.key.display());
    build(&["--ssh", &key]).fails(2, &["is not a socket", "ssh-add"]);
    assert!(!home.join("out").exists());
    build(&["--ssh", "default"]).success();
    let tar = home.join("out/asks.tar");
    let has_key = |tar: &Path| {
        Tree::open(tar)
            .unwrap()
            .get("key")
            .unwrap()
            .has_content(agent.public().as_bytes())
    };
    assert!(has_key(&tar));
    verify_signature(home, &tar);
    // It has not forgotten its key.
    let listed = run(clean("ssh-add", home)
        .arg("-L")
        .env("SSH_AUTH_SOCK", &agent.socket));
    assert!(listed.success().text().contains(&agent.public()));
    // A socket that is named goes before the environment's.
    nonce(home);
    let socket = format!("default={}", agent.socket.display());
    run(fixture("agents", home).args([
        "--addr",
        &bed.address(),
        "build",
        "asks",
        "--ssh",
        &socket,
    ]))
    .success();
    assert!(has_key(&tar));

    nonce(home);
    let program = machine::beside_tests("fixture-llbgen");
    let emit = format!("{} emit asks", program.display());
    let emitted = run(clean("sh", home)
        .env("LLBGEN_FIXTURE", "agents")
        .args(["-c", &format!("{emit} >/dev/null")]))
    .success();
    let line = emitted.buildctl_line();
    assert!(line.contains("--ssh default"), "{line}");
    fs::remove_dir_all(home.join("out")).unwrap();
    run(clean("sh", home)
        .env("LLBGEN_FIXTURE", "agents")
        .env("BUILDKIT_HOST", bed.address())
        .env("SSH_AUTH_SOCK", &agent.socket)
        .args(["-c", &format!("{emit} | buildctl build {line}")]))
    .success();
    assert!(has_key(&home.join("asks.tar")));
}
