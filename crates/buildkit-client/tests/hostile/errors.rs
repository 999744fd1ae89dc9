//! Errors that daemons send, and the errors that are made of them.

use buildkit_client::{
    Address, BuildFailure, CancellationToken, Code, ConnectError, ConnectOptions, Daemon, Solve,
    SolveError,
};
use buildkit_proto::google::protobuf::Any;
use buildkit_proto::google::rpc;
use buildkit_proto::moby::buildkit::v1::{SolveResponse, StatusResponse, Vertex};
use prost::Message as _;
use tonic::Status;
use tonic::transport::server::TcpIncoming;

use crate::fake::{Callback, News, start, start_with};

async fn failure(status: Status) -> BuildFailure {
    let fake = start(async |_: Callback| Err(status)).await;
    let result = fake
        .daemon
        .solve(
            Solve::definition(Vec::new()),
            |_| {},
            &CancellationToken::new(),
        )
        .await;
    match result {
        Err(SolveError::Build(failure)) => *failure,
        other => panic!("{other:?}"),
    }
}

fn detail(kind: &str, json: &str) -> Any {
    Any {
        type_url: format!("github.com/moby/buildkit/{kind}+json"),
        value: json.into(),
    }
}

#[tokio::test]
async fn details_name_the_step() {
    let details = vec![
        // Stack traces make the headers larger than most HTTP/2 libraries take by default.
        detail(
            "stack.Stack",
            &format!(r#"{{"frames":[{{"Name":"{}"}}]}}"#, "x".repeat(200_000)),
        ),
        detail("errdefs.Vertex", r#"{"digest":"sha256:abc"}"#),
        detail("gatewayapi.ExitMessage", r#"{"Code":127}"#),
        detail(
            "errdefs.Solve",
            r#"{"inputIDs":[""],"Op":{"Exec":{}},"Subject":null}"#,
        ),
        detail(
            "errdefs.Source",
            r#"{"info":{"filename":"llbgen.toml","data":"YQ=="},"ranges":[{"start":{"line":3},"end":{"line":4,"character":2}}]}"#,
        ),
        detail("errdefs.Vertex", "not json"),
    ];
    let message = "process \"/bin/sh\" did not complete successfully: exit code: 127".to_owned();
    let status = rpc::Status {
        code: 2,
        message: message.clone(),
        details,
    };
    let failure = failure(Status::with_details(
        Code::Unknown,
        message.clone(),
        status.encode_to_vec().into(),
    ))
    .await;
    assert_eq!(failure.message, message);
    assert_eq!(
        failure.vertex.as_ref().map(ToString::to_string).as_deref(),
        Some("sha256:abc")
    );
    assert_eq!(failure.exit_code, Some(127));
    let source = &failure.sources[0];
    assert_eq!(
        (source.filename.as_str(), source.data.as_slice()),
        ("llbgen.toml", b"a".as_slice())
    );
    assert_eq!(
        (source.ranges[0].start.line, source.ranges[0].end.character),
        (3, 2)
    );
}

#[tokio::test]
async fn transient_failures_are_told_apart() {
    let inconsistent = "failed to solve: inconsistent graph state in edge apt-get update";
    for (status, transient) in [
        (Status::unavailable("shutting down"), true),
        (Status::internal(inconsistent), true),
        (Status::unknown("exit code: 1"), false),
        (Status::not_found("no such image"), false),
        (Status::resource_exhausted("message too large"), false),
    ] {
        let failure = failure(status).await;
        assert_eq!(failure.is_transient(), transient, "{failure:?}");
    }
}

/// A step whose own text speaks of it is not a transient failure.
#[tokio::test]
async fn an_exit_code_is_final() {
    let details = vec![detail("gatewayapi.ExitMessage", r#"{"Code":1}"#)];
    let status = rpc::Status {
        code: 2,
        message: String::new(),
        details,
    };
    let message = "process \"echo inconsistent graph state; false\" did not complete successfully: exit code: 1";
    let failure = failure(Status::with_details(
        Code::Unknown,
        message,
        status.encode_to_vec().into(),
    ))
    .await;
    assert!(!failure.is_transient(), "{failure:?}");
}

/// News that came before a failure are handed on, also when the failure is known first.
#[tokio::test]
async fn news_are_drained() {
    let vertex = |name: &str| Vertex {
        name: name.into(),
        ..Vertex::default()
    };
    let batch = |name: &str| {
        Ok(StatusResponse {
            vertexes: vec![vertex(name)],
            ..StatusResponse::default()
        })
    };
    let news: News = vec![batch("one"), batch("two")];
    let fake = start_with(news, async |_: Callback| Err(Status::unknown("failed"))).await;
    let mut names = Vec::new();
    let on_progress = |progress: buildkit_client::Progress| {
        names.extend(progress.vertexes.into_iter().map(|vertex| vertex.name));
    };
    let result = fake
        .daemon
        .solve(
            Solve::definition(Vec::new()),
            on_progress,
            &CancellationToken::new(),
        )
        .await;
    assert!(matches!(result, Err(SolveError::Build(_))), "{result:?}");
    assert_eq!(names, ["one", "two"]);
}

#[tokio::test]
async fn a_broken_status_stream_ends_the_build() {
    let news: News = vec![Err(Status::internal("no more news"))];
    let fake = start_with(news, async |_: Callback| std::future::pending().await).await;
    let result = fake
        .daemon
        .solve(
            Solve::definition(Vec::new()),
            |_| {},
            &CancellationToken::new(),
        )
        .await;
    let Err(SolveError::Build(failure)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(failure.message, "no more news");

    let news: News = vec![Err(Status::internal("no more news"))];
    let fake = start_with(news, async |_: Callback| Ok(SolveResponse::default())).await;
    fake.daemon
        .solve(
            Solve::definition(Vec::new()),
            |_| {},
            &CancellationToken::new(),
        )
        .await
        .unwrap();
}

/// Another gRPC server, such as a containerd.
#[tokio::test]
async fn a_server_without_the_control_service_is_no_buildkitd() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tonic::transport::Server::builder().add_routes(tonic::service::Routes::default());
    let serving = tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let address = Address::Tcp {
        host: "127.0.0.1".into(),
        port,
    };
    let result = Daemon::connect(ConnectOptions::new(address)).await;
    assert!(
        matches!(result, Err(ConnectError::NotBuildkit { .. })),
        "{result:?}"
    );
    serving.abort();
}
