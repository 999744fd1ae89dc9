//! What the daemon's errors become.

use buildkit_client::{Code, SourcePosition, SourceRange};
use catalog::{Caching, Catalog, CatalogFile, ContextPath, FileSet, InputFile, Inputs, Request};

use super::*;

/// A plan whose last vertex comes from a line of `llbgen.toml` and one of a script.
fn plan() -> Plan {
    let text = "[artifact.x]\nkind = \"rootfs\"\nbase = \"debian:12\"\n\
                steps = [{ run = \"./a.sh\", files = [\"a.sh\"] }]\n";
    let file = CatalogFile::parse("llbgen.toml", text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap();
    let catalog = catalog.check().unwrap();
    let request = Request {
        artifacts: vec!["x".to_owned()],
        ..Request::default()
    };
    let variants = catalog.select(&request).unwrap();
    let path: ContextPath = "a.sh".parse().unwrap();
    let script = InputFile::from_bytes(true, b"exit 1\n".to_vec());
    let inputs = Inputs {
        files: [(path.clone().into(), FileSet::from([(path, script)]))].into(),
        ..Inputs::default()
    };
    catalog.plan(&variants[0], &inputs, Caching::Use).unwrap()
}

#[test]
fn places_are_in_the_order_of_the_graph() {
    let plan = plan();
    let source = |filename: &str, line: i32| FailureSource {
        filename: filename.to_owned(),
        data: Vec::new(),
        ranges: vec![SourceRange {
            start: SourcePosition { line, character: 0 },
            end: SourcePosition::default(),
        }],
    };
    let check = |sources: [(&str, i32); 3]| {
        let failure = BuildFailure {
            code: Code::Unknown,
            message: "exit code: 1".to_owned(),
            vertex: Some(plan.definition.head().unwrap().to_string().into()),
            exit_code: Some(1),
            sources: sources.map(|(name, line)| source(name, line)).into(),
        };
        let variant = Arc::new(plan.variant.clone());
        let reason = FailureReason::Solve(SolveError::Build(Box::new(failure)));
        let failed = failed(std::slice::from_ref(&plan), variant, reason);
        let names = failed.sources().iter().map(|source| &*source.filename);
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["llbgen.toml", "a.sh", "elsewhere"]
        );
        assert_eq!(failed.step.as_deref(), Some("run ./a.sh"));
    };
    check([("a.sh", 1), ("llbgen.toml", 4), ("elsewhere", 1)]);
    check([("elsewhere", 1), ("llbgen.toml", 4), ("a.sh", 1)]);
}

/// The daemon fetches layers when a step needs them, and then names the step.
#[test]
fn a_layer_that_breaks_off_names_its_image() {
    let plan = plan();
    let check = |message: &str, exit_code: Option<u32>, expected: Option<&str>| {
        let failure = BuildFailure {
            code: Code::Unknown,
            message: message.to_owned(),
            vertex: Some(plan.definition.head().unwrap().to_string().into()),
            exit_code,
            sources: Vec::new(),
        };
        let variant = Arc::new(plan.variant.clone());
        let reason = FailureReason::Solve(SolveError::Build(Box::new(failure)));
        let failed = failed(std::slice::from_ref(&plan), variant, reason);
        let FailureReason::Source(source) = &failed.reason else {
            assert_eq!(expected, None, "{message}");
            return;
        };
        assert_eq!(Some(&*source.to_string()), expected, "{message}");
        assert!(failed.reason.is_transient());
    };
    let told = Some("`docker.io/library/debian:12` cannot be fetched for the moment");
    for message in [
        "failed to copy: httpReadSeeker: failed open: read: connection reset by peer",
        "failed to copy: unexpected EOF",
        "failed commit on ref \"layer-sha256:1\": \"layer-sha256:1\" failed size validation: 5 != 9: failed precondition",
        "short read: expected 9 bytes but got 5: unexpected EOF",
    ] {
        check(message, None, told);
        check(message, Some(1), None);
    }
    check("unexpected EOF", None, None);
}
