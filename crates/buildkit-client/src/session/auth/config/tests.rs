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

/// Docker reads a file that is wrong for one registry for all others.
#[tokio::test]
async fn an_entry_matters_to_its_registry_alone() {
    for auth in ["not base64!", "dXNlcg=="] {
        let json = format!(
            r#"{{"auths":{{"r.example":{{"auth":"{auth}"}},"good.example":{{"auth":"dTpw"}}}}}}"#
        );
        check(&json, "good.example", Some(("u", "p"))).await;
        check(&json, "other.example", None).await;
        let path = Path::new("dir/config.json");
        let config = DockerConfig::parse(path, json.as_bytes()).unwrap();
        let error = config.credentials("r.example").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "Docker configuration `dir/config.json` has an invalid `auth` for `r.example`"
        );
    }
}

#[tokio::test]
async fn what_is_null_or_empty_is_not_there() {
    for json in [
        "",
        "\n",
        "null",
        r#"{"auths":null,"credsStore":null,"credHelpers":null}"#,
        r#"{"auths":{"r.example":null},"credsStore":"","credHelpers":{"r.example":null}}"#,
        r#"{"auths":{"r.example":{}}}"#,
        r#"{"auths":{"r.example":{"auth":null,"username":null,"identitytoken":null}}}"#,
    ] {
        check(json, "r.example", None).await;
    }
    let no_helper = r#"{"auths":{"r.example":{"auth":"dTpw"}},"credsStore":"llbgen-test-none","credHelpers":{"r.example":""}}"#;
    check(no_helper, "r.example", Some(("u", "p"))).await;
}

#[test]
fn broken_files_are_named() {
    let parsed = DockerConfig::parse(Path::new("dir/config.json"), b"{");
    assert!(matches!(parsed, Err(DockerConfigError::Parse { .. })));
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
