//! Questions to a registry that answers as a test says.

use std::sync::Arc;

use buildkit_llb::ContentDigest;

mod patience;

use super::{answer::refused, *};
use crate::{
    fake::{ok, serve, wants},
    remote_image::RemoteImage,
    trouble::Trouble,
};

const INDEX: &str =
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

async fn session(host: &str, login: Option<(&str, &str)>) -> Arc<Session> {
    patient_session(host, login, Patience::new(Some(0), None)).await
}

async fn patient_session(
    host: &str,
    login: Option<(&str, &str)>,
    patience: Patience,
) -> Arc<Session> {
    let login = login.map(|(username, secret)| Credentials {
        username: username.to_owned(),
        secret: secret.to_owned(),
    });
    let session = Session::new(
        Clients::new(&patience).unwrap(),
        patience,
        format!("http://{host}"),
    );
    session.with_login(async { Ok(login) }).await.unwrap();
    Arc::new(session)
}

async fn image(host: &str, login: Option<(&str, &str)>) -> RemoteImage {
    let image = format!("{host}/a/b:1").parse().unwrap();
    RemoteImage::new(session(host, login).await, image)
}

#[tokio::test]
async fn a_registry_gets_the_login_that_it_asks_for() {
    let check = async |challenge: &'static str, login: Option<(&str, &str)>, expected: &[&str]| {
        let (host, asked) = serve(move |request: &str| match request {
            token if token.contains(" /token") => ok(r#"{"token":"T"}"#),
            known if known.ends_with(" Bearer T") || known.contains(" Basic ") => ok(INDEX),
            _ => wants(challenge),
        })
        .await;
        let image = image(&host, login).await;
        image.index().await.unwrap();
        // Not asked for twice.
        image.index().await.unwrap();
        assert_eq!(*asked.lock().unwrap(), expected);
    };
    let token = "GET /token?scope=repository%3Aa%2Fb%3Apull&service=s&client_id=llbgen";
    let bearer = r#"Bearer realm="http://HOST/token",service="s""#;
    let (asked, known) = (
        "GET /v2/a/b/manifests/1",
        "GET /v2/a/b/manifests/1 Bearer T",
    );
    check(bearer, None, &[asked, token, known, known]).await;
    let login = format!("{token} Basic dTpw");
    check(bearer, Some(("u", "p")), &[asked, &login, known, known]).await;
    let basic = "GET /v2/a/b/manifests/1 Basic dTpw";
    check(
        "Basic realm=\"x\"",
        Some(("u", "p")),
        &[asked, basic, basic],
    )
    .await;
    let refresh = "POST /token scope=repository%3Aa%2Fb%3Apull&service=s&client_id=llbgen\
         &grant_type=refresh_token&refresh_token=I";
    check(bearer, Some(("", "I")), &[asked, refresh, known, known]).await;
    // Neither part is said.
    check(bearer, Some(("", "")), &[asked, token, known, known]).await;
}

#[tokio::test]
async fn an_identity_token_is_never_left_out() {
    let check = async |challenge: &'static str, expected: &str, requests: usize| {
        let (host, asked) = serve(move |request: &str| match request {
            token if token.contains(" /token") => {
                "HTTP/1.1 401 No\r\nconnection: close\r\n\r\n".to_owned()
            }
            _ => wants(challenge),
        })
        .await;
        let problem = image(&host, Some(("", "I"))).await.index().await;
        assert_eq!(problem.unwrap_err().to_string(), expected);
        assert_eq!(asked.lock().unwrap().len(), requests);
    };
    check(
        r#"Bearer realm="http://HOST/token""#,
        "the registry answered 401",
        2,
    )
    .await;
    check(
        "Basic",
        "its login is an identity token, and it takes a user name and a password; `docker login` writes them down",
        1,
    )
    .await;
}

#[tokio::test]
async fn answers_are_read_up_to_what_they_may_have() {
    let check = async |answer: fn(&str) -> String, expected: &str| {
        let (host, _asked) = serve(answer).await;
        let problem = image(&host, None).await.index().await.unwrap_err();
        assert_eq!(problem.to_string(), expected);
    };
    check(
        |_| ok("ENDLESS"),
        "the answer makes no sense: it has more than 8388608 bytes, the most that is read",
    )
    .await;
    check(
        |request| match request {
            token if token.contains("/token") => ok("ENDLESS"),
            _ => wants("Bearer realm=\"http://HOST/token\""),
        },
        "the answer makes no sense: it has more than 1048576 bytes, the most that is read",
    )
    .await;
    check(
        |request| match request {
            token if token.contains("/token") => ok("{\"token\":[\"hunter2\"]}"),
            _ => wants("Bearer realm=\"http://HOST/token\""),
        },
        "the answer makes no sense: there is no token in what the registry's login says",
    )
    .await;
    let long = format!("the registry answered 500: {}…", "x".repeat(200));
    check(
        |_| {
            let body = "x".repeat(1 << 20);
            format!("HTTP/1.1 500 No\r\nconnection: close\r\n\r\n{body}ENDLESS")
        },
        &long,
    )
    .await;
}

#[tokio::test]
async fn what_is_called_by_another_digest_is_refused() {
    let (host, _asked) = serve(|_| ok(INDEX)).await;
    let image = image(&host, None).await;
    let (bytes, digest) = image.bytes().await.unwrap();
    assert_eq!(bytes, INDEX.as_bytes());
    assert_eq!(image.bytes_at(&digest).await.unwrap(), bytes);
    let other: ContentDigest = format!("sha256:{}", "1".repeat(64)).parse().unwrap();
    let problem = image.bytes_at(&other).await.unwrap_err();
    let expected = format!("the answer makes no sense: it is called `{other}`, and is `{digest}`");
    assert_eq!(problem.to_string(), expected);
}

#[test]
fn a_registry_that_says_no_is_quoted() {
    let check = |code: u16, body: &str, expected: &str, trouble: Option<Trouble>| {
        let problem = refused(code, body);
        assert_eq!(problem.to_string(), expected);
        assert_eq!(problem.trouble(), trouble, "{body}");
    };
    check(
        400,
        r#"{"errors":[{"code":"TAG_INVALID","message":"it is immutable"},{"code":"X"}]}"#,
        "the registry answered 400: TAG_INVALID: it is immutable; X: ",
        Some(Trouble::Refused),
    );
    check(
        412,
        " no \n",
        "the registry answered 412: no",
        Some(Trouble::Refused),
    );
    check(409, "", "the registry answered 409", Some(Trouble::Refused));
    check(
        400,
        r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#,
        "the registry answered 400: NAME_UNKNOWN: ",
        Some(Trouble::Missing),
    );
    check(
        429,
        r#"{"errors":[{"code":"DENIED"}]}"#,
        "the registry answered 429: DENIED: ",
        Some(Trouble::Transient),
    );
    check(404, "", "the registry answered 404", Some(Trouble::Missing));
}

#[tokio::test]
async fn questions_of_one_session_reuse_its_challenge_and_its_login() {
    let check = async |challenge: &'static str, expected: &[&str]| {
        let (host, asked) = serve(move |request: &str| match request {
            token if token.contains(" /token") => ok(r#"{"token":"T"}"#),
            known if known.ends_with(" Bearer T") || known.contains(" Basic ") => ok(INDEX),
            _ => wants(challenge),
        })
        .await;
        let session = session(&host, Some(("u", "p"))).await;
        for name in ["a:1", "a:2", "b:1"] {
            let image = format!("{host}/{name}").parse().unwrap();
            let image = RemoteImage::new(Arc::clone(&session), image);
            image.index().await.unwrap();
        }
        assert_eq!(*asked.lock().unwrap(), expected);
    };
    check(
        "Basic",
        &[
            "GET /v2/a/manifests/1",
            "GET /v2/a/manifests/1 Basic dTpw",
            "GET /v2/a/manifests/2 Basic dTpw",
            "GET /v2/b/manifests/1 Basic dTpw",
        ],
    )
    .await;
    check(
        r#"Bearer realm="http://HOST/token""#,
        &[
            "GET /v2/a/manifests/1",
            "GET /token?scope=repository%3Aa%3Apull&client_id=llbgen Basic dTpw",
            "GET /v2/a/manifests/1 Bearer T",
            "GET /v2/a/manifests/2 Bearer T",
            "GET /token?scope=repository%3Ab%3Apull&client_id=llbgen Basic dTpw",
            "GET /v2/b/manifests/1 Bearer T",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_token_that_has_ended_is_fetched_again() {
    let (host, asked) = serve(|request: &str| match request {
        token if token.contains(" /token") => ok(r#"{"token":"T"}"#),
        ended if ended.ends_with("/2 Bearer T") => wants(r#"Bearer realm="http://HOST/token""#),
        known if known.ends_with(" Bearer T") => ok(INDEX),
        _ => wants(r#"Bearer realm="http://HOST/token""#),
    })
    .await;
    let session = session(&host, None).await;
    let asking = async |tag: &str| {
        let image = format!("{host}/a:{tag}").parse().unwrap();
        let image = RemoteImage::new(Arc::clone(&session), image);
        image.index().await.is_ok()
    };
    assert!(asking("1").await);
    assert!(!asking("2").await);
    let tokens = asked
        .lock()
        .unwrap()
        .iter()
        .filter(|one| one.contains("/token"))
        .count();
    assert_eq!(tokens, 2);
}

#[tokio::test]
async fn a_login_that_is_refused_is_not_tried_twice_for_one_question() {
    let (host, asked) = serve(|request: &str| match request {
        token if token.contains(" /token") => {
            "HTTP/1.1 403 No\r\nconnection: close\r\n\r\n".to_owned()
        }
        _ => wants(r#"Bearer realm="http://HOST/token""#),
    })
    .await;
    let image = image(&host, None).await;
    for tokens in [1, 2] {
        let problem = image.index().await.unwrap_err();
        assert_eq!(problem.to_string(), "the registry answered 403");
        let asked = asked.lock().unwrap();
        let found = asked.iter().filter(|one| one.contains("/token")).count();
        assert_eq!(found, tokens);
    }
}
