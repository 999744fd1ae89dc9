//! Which entry answers for which host.

use super::*;

async fn check(json: &str, host: &str, expected: Option<(&str, &str)>) {
    let config = DockerConfig::parse(Path::new("config.json"), json.as_bytes()).unwrap();
    let found = config.credentials(host).await.unwrap();
    let found = found
        .as_ref()
        .map(|found| (found.username.as_str(), found.secret.as_str()));
    assert_eq!(found, expected, "{host} in {json}");
}

#[tokio::test]
async fn entries_answer_for_their_host() {
    // "u:p:q" in base64; a password may hold colons.
    let json = r#"{"auths":{"registry.example":{"auth":"dTpwOnE="}},"HttpHeaders":{"x":"y"}}"#;
    check(json, "registry.example", Some(("u", "p:q"))).await;
    check(json, "other.example", None).await;
    check(json, "registry.example:5000", None).await;
    check("{}", "registry.example", None).await;
}

#[tokio::test]
async fn docker_hub_has_many_names() {
    let json = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"}}}"#;
    for host in ["registry-1.docker.io", "docker.io", "index.docker.io"] {
        check(json, host, Some(("u", "p"))).await;
    }
    check(json, "hub.docker.com", None).await;
}

#[tokio::test]
async fn old_files_have_urls() {
    let json = r#"{"auths":{"https://registry.example/v1/":{"auth":"dTpw"}}}"#;
    check(json, "registry.example", Some(("u", "p"))).await;
}

#[tokio::test]
async fn identity_tokens_have_no_user() {
    let json = r#"{"auths":{"registry.example":{"auth":"dTpw","identitytoken":"t"}}}"#;
    check(json, "registry.example", Some(("", "t"))).await;
    let plain = r#"{"auths":{"registry.example":{"username":"u","password":"p"}}}"#;
    check(plain, "registry.example", Some(("u", "p"))).await;
}

#[test]
fn broken_files_are_named() {
    let parse = |json: &str| {
        DockerConfig::parse(Path::new("dir/config.json"), json.as_bytes()).unwrap_err()
    };
    assert!(matches!(parse("{"), DockerConfigError::Parse { .. }));
    for auth in ["not base64!", "dXNlcg=="] {
        let error = parse(&format!(
            r#"{{"auths":{{"r.example":{{"auth":"{auth}"}}}}}}"#
        ))
        .to_string();
        assert_eq!(
            error,
            "Docker configuration `dir/config.json` has an invalid `auth` for `r.example`"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let config = DockerConfig::load_file(&dir.path().join("config.json")).unwrap();
    assert_eq!(config, DockerConfig::default());
    assert!(matches!(
        DockerConfig::load_file(dir.path()),
        Err(DockerConfigError::Read { .. })
    ));
}

#[test]
fn debug_text_has_no_secret() {
    let json = r#"{"auths":{"registry.example":{"auth":"dXNlcjpodW50ZXIy"}}}"#;
    let config = DockerConfig::parse(Path::new("config.json"), json.as_bytes()).unwrap();
    let text = format!("{config:?}");
    assert!(
        text.contains("registry.example") && !text.contains("hunter2") && !text.contains("user"),
        "{text}"
    );
}
