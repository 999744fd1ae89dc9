//! Services of a session besides files.

use std::sync::{Arc, Mutex};

use buildkit_client::{
    Asked, CancellationToken, DockerConfig, Logins, RefusedHosts, SecretSource, SecretValue,
    Secrets, Solve, Token, TokenProblem, TokenSeed, TokenSource,
};
use buildkit_proto::health::HealthCheckRequest;
use buildkit_proto::health::health_client::HealthClient;
use buildkit_proto::moby::buildkit::secrets::v1::GetSecretRequest;
use buildkit_proto::moby::buildkit::secrets::v1::secrets_client::SecretsClient;
use buildkit_proto::moby::buildkit::v1::SolveResponse;
use buildkit_proto::moby::filesync::v1::auth_client::AuthClient;
use buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, FetchTokenRequest, GetTokenAuthorityRequest, VerifyTokenAuthorityRequest,
};
use buildkit_proto::moby::sshforward::v1::CheckAgentRequest;
use buildkit_proto::moby::sshforward::v1::ssh_client::SshClient;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use ring::signature::{ED25519, UnparsedPublicKey};
use tonic::Code;
use tonic::transport::Channel;

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
    let json = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},"victim.example":{"auth":"dTpw"}},
        "credHelpers":{"broken.example":"llbgen-test-none","helper.example":"llbgen-test-none"}}"#;
    std::fs::write(&path, json).unwrap();
    let fake = start(async |callback: Callback| {
        let mut auth = AuthClient::new(callback.channel);
        let mut ask =
            async |host: &str| auth.credentials(CredentialsRequest { host: host.into() }).await;
        let hub = ask("registry-1.docker.io").await.unwrap().into_inner();
        assert_eq!((hub.username.as_str(), hub.secret.as_str()), ("u", "p"));
        let broken = ask("broken.example").await.unwrap_err();
        let expected = "credentials for `broken.example`: cannot run credential helper `docker-credential-llbgen-test-none`";
        assert_eq!(broken.message(), expected);
        // Hosts that the solve does not name, however they are written; no helper is run for them.
        for host in [
            "victim.example",
            "victim.example",
            "helper.example",
            "VICTIM.example",
            "victim.example/",
            "nobody.example",
            "",
        ] {
            let refused = ask(host).await.unwrap().into_inner();
            assert_eq!((refused.username, refused.secret), (String::new(), String::new()));
        }
        Ok(SolveResponse::default())
    })
    .await;
    let config = DockerConfig::load_file(&path).unwrap();
    let refused = RefusedHosts::default();
    let logins = Logins::new(config, ["docker.io", "broken.example"]);
    let solve = Solve::definition(Vec::new()).with_auth(logins.with_refused(refused.clone()));
    fake.daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(refused.take(), ["victim.example", "helper.example"]);
}

#[tokio::test]
async fn a_session_has_no_secrets_but_its_own() {
    let fake = start(async |callback: Callback| {
        let mut secrets = SecretsClient::new(callback.channel.clone());
        let mut ask = async |id: &str| {
            let request = GetSecretRequest {
                id: id.into(),
                ..GetSecretRequest::default()
            };
            secrets.get_secret(request).await
        };
        assert_eq!(ask("own").await.unwrap().into_inner().data, b"s");
        for id in [
            "other",
            "",
            "own.example",
            "OWN",
            "GIT_AUTH_TOKEN",
            "../own",
        ] {
            assert_eq!(ask(id).await.unwrap_err().code(), Code::NotFound, "{id}");
        }
        let agent = CheckAgentRequest { id: "work".into() };
        let agent = SshClient::new(callback.channel).check_agent(agent).await;
        assert_eq!(agent.unwrap_err().code(), Code::NotFound);
        Ok(SolveResponse::default())
    })
    .await;
    let value = SecretValue::try_new(b"s".to_vec()).unwrap();
    let secrets = Secrets::default().with("own", SecretSource::Value(value));
    let solve = Solve::definition(Vec::new()).with_secrets(secrets);
    fake.daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await
        .unwrap();
}

/// Tokens for every registry but those that are named `basic`.
#[derive(Debug)]
struct Tokens(Arc<Mutex<Vec<String>>>);

impl TokenSource for Tokens {
    fn gives_tokens<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<bool, TokenProblem>> {
        self.0.lock().unwrap().push(host.to_owned());
        async move { Ok(!host.starts_with("basic")) }.boxed()
    }

    fn token<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Result<Token, TokenProblem>> {
        let secret = format!("token of {} for {:?}", asked.login.username, asked.scopes);
        let token = Token {
            secret,
            expires_in: None,
            issued_at: None,
        };
        async { Ok(token) }.boxed()
    }
}

/// Asks for a token as a daemon does that would like to have the password: it names a server of its own.
async fn fetch(auth: &mut AuthClient<Channel>, host: &str) -> Result<String, Code> {
    let request = FetchTokenRequest {
        client_id: "buildkit-client".into(),
        host: host.into(),
        realm: "https://evil.example/token".into(),
        service: "evil".into(),
        scopes: vec![
            "repository:a:pull,delete".into(),
            "registry:catalog:*".into(),
        ],
    };
    match auth.fetch_token(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            assert_eq!((answer.expires_in, answer.issued_at), (60, 0));
            Ok(answer.token)
        }
        Err(status) => Err(status.code()),
    }
}

#[tokio::test]
async fn a_registry_with_tokens_gives_its_password_to_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.json");
    let json = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},"victim.example":{"auth":"dTpw"},
        "basic.example":{"auth":"dTpw"}}}"#;
    std::fs::write(&path, json).unwrap();
    let fake = start(async |callback: Callback| {
        let mut auth = AuthClient::new(callback.channel);
        for (host, token, password) in [
            (
                "registry-1.docker.io",
                Ok("token of u for [\"repository:a:pull\"]".to_owned()),
                Err(Code::PermissionDenied),
            ),
            (
                "basic.example",
                Err(Code::Unimplemented),
                Ok("p".to_owned()),
            ),
            // A login that the solve does not name, and a registry that is named without a login.
            (
                "victim.example",
                Err(Code::Unimplemented),
                Ok(String::new()),
            ),
            (
                "public.example",
                Err(Code::Unimplemented),
                Ok(String::new()),
            ),
        ] {
            assert_eq!(fetch(&mut auth, host).await, token, "{host}");
            let request = CredentialsRequest { host: host.into() };
            let found = auth.credentials(request).await;
            let found = found.map(|answer| answer.into_inner().secret);
            assert_eq!(found.map_err(|status| status.code()), password, "{host}");
            assert_eq!(authority(&mut auth, host).await, token.map(drop), "{host}");
        }
        Ok(SolveResponse::default())
    })
    .await;
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let source = Arc::new(Tokens(Arc::clone(&asked)));
    let config = DockerConfig::load_file(&path).unwrap();
    let logins = Logins::new(config, ["docker.io", "basic.example", "public.example"]);
    let logins = logins.with_tokens(source, TokenSeed::default());
    fake.daemon
        .solve(
            Solve::definition(Vec::new()).with_auth(logins),
            |_| {},
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    // Nothing is sent to registries that the solve does not name, or that have no login.
    let asked = asked.lock().unwrap().clone();
    assert!(asked.contains(&"registry-1.docker.io".to_owned()));
    assert!(
        !asked
            .iter()
            .any(|host| host == "victim.example" || host == "public.example")
    );
}

/// Has the session prove that it has the key that it names.
async fn authority(auth: &mut AuthClient<Channel>, host: &str) -> Result<(), Code> {
    let (host, salt) = (host.to_owned(), vec![1; 32]);
    let request = GetTokenAuthorityRequest {
        host: host.clone(),
        salt: salt.clone(),
    };
    let key = auth.get_token_authority(request).await;
    let key = key.map_err(|status| status.code())?.into_inner().public_key;
    let payload = vec![2; 32];
    let request = VerifyTokenAuthorityRequest {
        host,
        salt,
        payload: payload.clone(),
    };
    let signed = auth.verify_token_authority(request).await;
    let signed = signed.map_err(|status| status.code())?.into_inner().signed;
    let (signature, behind) = signed.split_at(64);
    assert_eq!(behind, payload);
    let key = UnparsedPublicKey::new(&ED25519, key);
    key.verify(&payload, signature).unwrap();
    Ok(())
}
