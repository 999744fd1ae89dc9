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

#[test]
fn the_place_of_a_login_is_told_without_asking_a_helper() {
    let json = r#"{"auths":{"r.example":{"auth":"dTpw"}},"credHelpers":{"h.example":"none"}}"#;
    let config = DockerConfig::parse(Path::new("config.json"), json.as_bytes()).unwrap();
    let check = |host: &str, expected: LoginPlace| {
        assert_eq!(config.login_place(host).unwrap(), expected, "{host}");
    };
    check("r.example", LoginPlace::File("config.json".into()));
    let helper = "docker-credential-none".to_owned();
    check("h.example", LoginPlace::Helper(helper));
    check("other.example", LoginPlace::Nowhere);
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

/// A file with an error for one registry works for all others, whatever the error.
#[tokio::test]
async fn an_entry_matters_to_its_registry_alone() {
    let bad = [
        r#"{"auth":"hunter2!"}"#,
        r#"{"auth":"dXNlcg=="}"#,
        r#"{"auth":["hunter2"]}"#,
        r#""hunter2""#,
        "[\"hunter2\"]",
        "true",
        r#"{"identitytoken":{"hunter2":1}}"#,
    ];
    for bad in bad {
        check_bad(&format!(
            r#"{{"auths":{{"r.example":{bad},"good.example":{{"auth":"dTpw"}}}}}}"#
        ))
        .await;
    }
    for bad in [r#"["hunter2"]"#, "1", r#"{"hunter2":"x"}"#] {
        check_bad(&format!(
            r#"{{"auths":{{"good.example":{{"auth":"dTpw"}}}},"credHelpers":{{"r.example":{bad}}}}}"#
        ))
        .await;
    }
}

/// A configuration that is bad for `r.example` alone.
async fn check_bad(json: &str) {
    check(json, "good.example", Some(("u", "p"))).await;
    check(json, "other.example", None).await;
    let config = DockerConfig::parse(Path::new("dir/config.json"), json.as_bytes()).unwrap();
    let error = config.credentials("r.example").await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(
        told.starts_with("Docker configuration `dir/config.json` has an invalid `")
            && told.contains("` for `r.example`; `docker login r.example` writes it anew"),
        "{told}"
    );
    assert!(!told.contains("hunter2"), "{told}");
}

#[tokio::test]
async fn lines_in_an_auth_are_passed_over() {
    let json = r#"{"auths":{"r.example":{"auth":"dT\npw\r\n"}}}"#;
    check(json, "r.example", Some(("u", "p"))).await;
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
    for json in ["{", r#"{"auths":"hunter2"}"#, r#"["hunter2"]"#] {
        let parsed = DockerConfig::parse(Path::new("dir/config.json"), json.as_bytes());
        let error = parsed.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(
            told.contains("`dir/config.json` is not valid at line 1, column "),
            "{told}"
        );
        assert!(!told.contains("hunter2"), "{told}");
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
