//! What is served on a session besides files.

use buildkit_client::{CancellationToken, DockerConfig, Solve};
use buildkit_proto::health::HealthCheckRequest;
use buildkit_proto::health::health_client::HealthClient;
use buildkit_proto::moby::buildkit::secrets::v1::GetSecretRequest;
use buildkit_proto::moby::buildkit::secrets::v1::secrets_client::SecretsClient;
use buildkit_proto::moby::buildkit::v1::SolveResponse;
use buildkit_proto::moby::filesync::v1::auth_client::AuthClient;
use buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, FetchTokenRequest, GetTokenAuthorityRequest,
};
use buildkit_proto::moby::sshforward::v1::CheckAgentRequest;
use buildkit_proto::moby::sshforward::v1::ssh_client::SshClient;
use tonic::Code;

use crate::fake::{Callback, start};

#[tokio::test]
async fn services_answer_as_daemons_expect() {
    let fake = start(async |callback: Callback| {
        let health = HealthClient::new(callback.channel.clone())
            .check(HealthCheckRequest::default())
            .await
            .unwrap();
        assert_eq!(health.into_inner().status, 1);

        let mut auth = AuthClient::new(callback.channel.clone());
        let host = || "registry.example".to_owned();
        let anonymous = auth
            .credentials(CredentialsRequest { host: host() })
            .await
            .unwrap()
            .into_inner();
        assert_eq!(
            (anonymous.username.as_str(), anonymous.secret.as_str()),
            ("", "")
        );
        let token = auth
            .fetch_token(FetchTokenRequest {
                host: host(),
                ..FetchTokenRequest::default()
            })
            .await;
        assert_eq!(token.unwrap_err().code(), Code::Unimplemented);
        let authority = auth
            .get_token_authority(GetTokenAuthorityRequest {
                host: host(),
                salt: vec![],
            })
            .await;
        assert_eq!(authority.unwrap_err().code(), Code::Unimplemented);

        let request = GetSecretRequest {
            id: "none".into(),
            ..GetSecretRequest::default()
        };
        let secret = SecretsClient::new(callback.channel.clone())
            .get_secret(request)
            .await;
        assert_eq!(secret.unwrap_err().code(), Code::NotFound);

        let agent = SshClient::new(callback.channel)
            .check_agent(CheckAgentRequest::default())
            .await;
        assert_eq!(agent.unwrap_err().code(), Code::NotFound);
        Ok(SolveResponse::default())
    })
    .await;
    fake.daemon
        .solve(
            Solve::definition(Vec::new()),
            |_| {},
            &CancellationToken::new(),
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn credentials_come_from_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.json");
    std::fs::write(&path, r#"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"}},"credHelpers":{"broken.example":"llbgen-test-none"}}"#).unwrap();
    let fake = start(async |callback: Callback| {
        let mut auth = AuthClient::new(callback.channel);
        let mut ask = async |host: &str| auth.credentials(CredentialsRequest { host: host.into() }).await;
        let hub = ask("registry-1.docker.io").await.unwrap().into_inner();
        assert_eq!((hub.username.as_str(), hub.secret.as_str()), ("u", "p"));
        let broken = ask("broken.example").await.unwrap_err();
        let expected = "credentials for `broken.example`: cannot run credential helper `docker-credential-llbgen-test-none`";
        assert_eq!(broken.message(), expected);
        Ok(SolveResponse::default())
    })
    .await;
    let solve = Solve::definition(Vec::new()).with_auth(DockerConfig::load_file(&path).unwrap());
    fake.daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await
        .unwrap();
}
