//! Lines as Go prints them.

use std::time::Duration;

use super::super::*;

fn check(progress: &Progress, expected: &str) {
    assert_eq!(progress.to_json_line(), format!("{expected}\n"));
}

fn at(nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_nanos(nanos)
}

fn vertex(vertex: Vertex) -> Progress {
    Progress {
        vertexes: vec![vertex],
        ..Progress::default()
    }
}

#[test]
fn nothing_is_an_empty_object() {
    check(&Progress::default(), "{}");
}

#[test]
fn a_vertex_leaves_out_what_is_empty() {
    check(&vertex(Vertex::default()), r#"{"vertexes":[{}]}"#);
    check(
        &vertex(Vertex {
            digest: String::from("sha256:a").into(),
            inputs: vec![String::from("sha256:b").into()],
            name: "apt".into(),
            started: Some(at(0)),
            completed: Some(at(120_000_000)),
            cached: true,
            error: "exit code: 1".into(),
            progress_group: Some(ProgressGroup {
                id: "g".into(),
                name: "base".into(),
                weak: true,
            }),
        }),
        concat!(
            r#"{"vertexes":[{"digest":"sha256:a","inputs":["sha256:b"],"name":"apt","#,
            r#""started":"2023-11-14T22:13:20Z","completed":"2023-11-14T22:13:20.12Z","cached":true,"#,
            r#""error":"exit code: 1","progressGroup":{"id":"g","name":"base","weak":true}}]}"#
        ),
    );
}

#[test]
fn strings_are_escaped_as_in_go() {
    let name = "a<b>&\u{2028}\u{2029}\"\\\n\t\u{1}\u{7f}é".to_owned();
    check(
        &vertex(Vertex {
            name,
            ..Vertex::default()
        }),
        concat!(
            r#"{"vertexes":[{"name":"a\u003cb\u003e\u0026\u2028\u2029\"\\\n\t\u0001"#,
            "\u{7f}é",
            r#""}]}"#
        ),
    );
}

#[test]
fn a_status_always_has_its_id_current_and_timestamp() {
    let status = VertexStatus {
        id: String::new(),
        vertex: VertexDigest::default(),
        name: String::new(),
        total: 0,
        current: 0,
        timestamp: SystemTime::UNIX_EPOCH,
        started: None,
        completed: None,
    };
    let full = VertexStatus {
        id: "sending tarball".into(),
        vertex: String::from("sha256:a").into(),
        name: "n".into(),
        total: 7,
        current: 3,
        timestamp: at(123_456_789),
        started: Some(at(1)),
        completed: Some(at(1000)),
    };
    check(
        &Progress {
            statuses: vec![status, full],
            ..Progress::default()
        },
        concat!(
            r#"{"statuses":[{"id":"","current":0,"timestamp":"1970-01-01T00:00:00Z"},"#,
            r#"{"id":"sending tarball","vertex":"sha256:a","name":"n","total":7,"current":3,"#,
            r#""timestamp":"2023-11-14T22:13:20.123456789Z","started":"2023-11-14T22:13:20.000000001Z","#,
            r#""completed":"2023-11-14T22:13:20.000001Z"}]}"#
        ),
    );
}

#[test]
fn log_bytes_are_base64_and_null_when_absent() {
    let log = |data: &[u8]| VertexLog {
        vertex: String::from("sha256:a").into(),
        stream: 2,
        data: data.into(),
        timestamp: at(0),
    };
    check(
        &Progress {
            logs: vec![log(b"\xff\n"), log(b"")],
            ..Progress::default()
        },
        concat!(
            r#"{"logs":[{"vertex":"sha256:a","stream":2,"data":"/wo=","timestamp":"2023-11-14T22:13:20Z"},"#,
            r#"{"vertex":"sha256:a","stream":2,"data":null,"timestamp":"2023-11-14T22:13:20Z"}]}"#
        ),
    );
}

#[test]
fn a_warning_carries_its_source() {
    let warning = VertexWarning {
        vertex: String::from("sha256:a").into(),
        level: 1,
        short: b"s".into(),
        detail: vec![b"d".into()],
        url: "https://example/?a&b".into(),
        source_info: Some(SourceInfo {
            filename: "Dockerfile".into(),
            data: b"FROM".into(),
            language: "L".into(),
        }),
        range: vec![SourceRange {
            start: SourcePosition {
                line: 1,
                character: 0,
            },
            end: SourcePosition {
                line: 1,
                character: 4,
            },
        }],
    };
    check(
        &Progress {
            warnings: vec![warning],
            ..Progress::default()
        },
        concat!(
            r#"{"warnings":[{"vertex":"sha256:a","level":1,"short":"cw==","detail":["ZA=="],"#,
            r#""url":"https://example/?a\u0026b","#,
            r#""sourceInfo":{"filename":"Dockerfile","data":"RlJPTQ==","language":"L"},"#,
            r#""range":[{"start":{"line":1},"end":{"line":1,"character":4}}]}]}"#
        ),
    );
}
