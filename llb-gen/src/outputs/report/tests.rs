//! Failures of a build, and the exit codes and texts that the command makes of them.

use buildkit_client::{
    BuildFailure as DaemonFailure, Code, FailureSource, SourcePosition, SourceRange,
};
use catalog::{Artifact, Catalog, Request};

use engine::{Form, WrittenOutput};

use super::*;

/// A pipe whose reader has gone.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

fn daemon_says(message: &str) -> SolveError {
    SolveError::Build(Box::new(DaemonFailure {
        code: Code::Unknown,
        message: message.to_owned(),
        vertex: None,
        exit_code: None,
        sources: Vec::new(),
    }))
}

fn source(trouble: Trouble) -> FailureReason {
    FailureReason::Source(Box::new(SourceFailure {
        reference: "example.com/a:1".to_owned(),
        kind: SourceKind::Image,
        trouble,
        status: None,
        sources: Vec::new(),
        error: Some(daemon_says("the daemon's words")),
    }))
}

fn failure(reason: FailureReason) -> VariantFailure {
    let tools = Artifact::rootfs("tools", "debian:12").axis("l10n", ["en_US", "zh_CN"]);
    let catalog = Catalog::new().artifact(tools.output("{arch}-{l10n}.tar"));
    let request = Request {
        artifacts: vec!["tools".into()],
        platforms: vec!["linux/amd64".parse().unwrap()],
        ..Request::default()
    };
    let mut variants = catalog.check().unwrap().select(&request).unwrap();
    VariantFailure {
        variant: Arc::new(variants.remove(0)),
        step: None,
        reason,
    }
}

fn output() -> Output {
    Output {
        artifact: "tools".to_owned(),
        platform: "linux/arm64".to_owned(),
        values: std::collections::BTreeMap::default(),
        id: None,
        form: Form::Tar {
            file: WrittenOutput {
                path: Some("out/tools.tar".into()),
                digest: "sha256:0".to_owned(),
                size: 1,
            },
            entries: 1,
            vertex: "sha256:1".to_owned(),
        },
        up_to_date: false,
    }
}

fn texts(failure: &Failure) -> Vec<String> {
    failure.errors.iter().map(ToString::to_string).collect()
}

#[test]
fn a_failing_write_does_not_hide_what_failed_before() {
    let directory = tempfile::tempdir().unwrap();
    let metadata = MetadataFile::begin(&directory.path().join("gone/m.json")).unwrap();
    std::fs::remove_dir_all(directory.path().join("gone")).unwrap();
    let built = Err(BuildFailure {
        outputs: vec![output()],
        failures: vec![Arc::new(failure(source(Trouble::Unreachable)))],
        ..BuildFailure::default()
    });
    let failed = report(built, Some(metadata), None, &mut Closed).unwrap_err();
    assert_eq!(failed.exit, Exit::Unreachable);
    let texts = texts(&failed);
    assert_eq!(
        texts[..2],
        [
            "artifact `tools` for `linux/amd64 l10n=en_US` failed",
            "cannot write the results to stdout"
        ]
    );
    assert!(texts[2].starts_with("cannot write `"), "{texts:?}");
    assert!(failed.hint.unwrap().contains("`example.com/a:1`"));
}

#[test]
fn a_failing_write_fails_a_build_that_did_not() {
    let failed = report(Ok(vec![output()]), None, None, &mut Closed).unwrap_err();
    assert_eq!(failed.exit, Exit::Failed);
    assert_eq!(texts(&failed), ["cannot write the results to stdout"]);
}

#[test]
fn what_was_written_is_printed_when_something_failed() {
    let mut stdout = Vec::new();
    let built = Err(BuildFailure {
        outputs: vec![output()],
        failures: vec![Arc::new(failure(FailureReason::NoTar))],
        ..BuildFailure::default()
    });
    report(built, None, None, &mut stdout).unwrap_err();
    assert_eq!(stdout, b"out/tools.tar\n");
}

#[test]
fn what_was_told_already_is_told_short() {
    let shown = |is_told: bool| {
        let reason = FailureReason::Solve(SolveError::Build(Box::new(DaemonFailure {
            code: Code::Unknown,
            message: "exit code: 1".to_owned(),
            vertex: None,
            exit_code: Some(1),
            sources: vec![FailureSource {
                filename: "llbgen.toml".to_owned(),
                data: b"one\ntwo\n".to_vec(),
                ranges: vec![SourceRange {
                    start: SourcePosition {
                        line: 2,
                        character: 0,
                    },
                    end: SourcePosition {
                        line: 2,
                        character: 0,
                    },
                }],
            }],
        })));
        let built = Err(BuildFailure {
            outputs: vec![],
            failures: vec![Arc::new(failure(reason))],
            is_told,
            ..BuildFailure::default()
        });
        let failed = report(built, None, None, &mut Vec::new()).unwrap_err();
        anstream::adapter::strip_str(&failed.render()).to_string()
    };
    let short =
        "error: artifact `tools` for `linux/amd64 l10n=en_US` failed\n  caused by: exit code: 1\n";
    assert_eq!(shown(true), short);
    let long = shown(false);
    assert!(
        long.starts_with(short) && long.contains("llbgen.toml:2"),
        "{long}"
    );
}

#[test]
fn exit_codes_follow_from_the_reasons() {
    let check = |reasons: Vec<FailureReason>, exit: Exit| {
        let built = Err(BuildFailure {
            outputs: vec![],
            failures: reasons.into_iter().map(failure).map(Arc::new).collect(),
            ..BuildFailure::default()
        });
        let failed = report(built, None, None, &mut Vec::new()).unwrap_err();
        assert_eq!(failed.exit, exit, "{:?}", texts(&failed));
    };
    let step = || FailureReason::Solve(daemon_says("exit code: 1"));
    check(vec![step()], Exit::Failed);
    check(vec![source(Trouble::Unreachable)], Exit::Unreachable);
    check(vec![source(Trouble::Transient)], Exit::Transient);
    check(vec![source(Trouble::Missing)], Exit::Failed);
    check(vec![source(Trouble::Transient), step()], Exit::Failed);
    let name = "context".to_owned();
    check(vec![FailureReason::NoRoot { name }], Exit::Bug);
}

/// A registry that wants a login says nothing of what it has: the pin is not the reason.
#[test]
fn a_pinned_base_that_needs_a_login_has_no_hint_at_its_pin() {
    let hint = |said: &str| {
        let reason = FailureReason::Source(Box::new(SourceFailure {
            reference: format!("example.com/a:1@sha256:{}", "1".repeat(64)),
            kind: SourceKind::Image,
            trouble: Trouble::Missing,
            status: None,
            sources: Vec::new(),
            error: Some(daemon_says(said)),
        }));
        hint_for(&failure(reason)).unwrap()
    };
    let login =
        hint("unexpected status from HEAD request to https://example.com/: 401 Unauthorized");
    assert!(
        login.contains("docker login") && !login.contains("llbgen update"),
        "{login}"
    );
    let gone = hint("example.com/a@sha256:1: not found");
    assert!(gone.contains("`llbgen update example.com/a:1`"), "{gone}");
}
