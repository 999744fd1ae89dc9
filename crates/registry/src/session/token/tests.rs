//! Requests to a token server that answers as a test says.

use super::*;
use crate::{
    client::Clients,
    fake::{ok, serve},
};

fn no(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} No\r\nconnection: close\r\n\r\n{body}")
}

fn login(username: &str, secret: &str) -> Credentials {
    Credentials {
        username: username.to_owned(),
        secret: secret.to_owned(),
    }
}

async fn fetched(host: &str, login: &Credentials) -> Result<Token, RemoteProblem> {
    let server = TokenServer {
        realm: format!("http://{host}/token?x=1"),
        service: Some("s".to_owned()),
    };
    let scopes = ["a:b:pull".to_owned(), "c:d:push".to_owned()];
    let patience = Patience::default();
    let clients = Clients::new(&patience)?;
    let asking = (&clients.confined, &patience);
    let fetched = fetch(asking, &server, &scopes, Some(login)).await;
    fetched.map_err(|failed| failed.problem)
}

const GET: &str = "GET /token?x=1&scope=a%3Ab%3Apull&scope=c%3Ad%3Apush&service=s&client_id=llbgen Basic dTpwJg==";
const POST: &str = "POST /token?x=1 scope=a%3Ab%3Apull+c%3Ad%3Apush&service=s&client_id=llbgen&grant_type=password\
     &username=u&password=p%26";

#[tokio::test]
async fn a_password_is_posted_where_it_cannot_be_got() {
    let check = async |status: u16, is_posted: bool| {
        let (host, asked) = serve(move |request: &str| match request {
            get if get.starts_with("GET") => no(status, ""),
            _ => ok(r#"{"access_token":"T"}"#),
        })
        .await;
        let token = fetched(&host, &login("u", "p&")).await;
        assert_eq!(token.is_ok(), is_posted, "{status}");
        let expected = if is_posted { &[GET, POST][..] } else { &[GET] };
        assert_eq!(*asked.lock().unwrap(), expected);
    };
    for status in [401, 404, 405] {
        check(status, true).await;
    }
    for status in [400, 403, 500] {
        check(status, false).await;
    }
}

#[tokio::test]
async fn refusals_are_quoted_without_the_secret() {
    let check = async |login: Credentials, expected: &str| {
        let (host, _asked) = serve(|request: &str| match request {
            get if get.starts_with("GET") => no(401, "hunter2 is wrong"),
            _ => no(405, "no POST with hunter2"),
        })
        .await;
        let problem = fetched(&host, &login).await.unwrap_err();
        assert_eq!(problem.to_string(), expected);
    };
    check(
        login("u", "hunter2"),
        "the registry answered 401: … is wrong",
    )
    .await;
    check(
        login("", "hunter2"),
        "the registry answered 405: no POST with …",
    )
    .await;
}

#[tokio::test]
async fn a_login_is_not_taken_to_another_server() {
    let (other, asked_of_other) = serve(|_| ok(r#"{"token":"T"}"#)).await;
    for login in [login("u", "p"), login("", "i")] {
        let location = format!("http://{other}/token");
        let (host, asked) = serve(move |_| {
            format!("HTTP/1.1 307 There\r\nconnection: close\r\nlocation: {location}\r\n\r\n")
        })
        .await;
        let problem = fetched(&host, &login).await.unwrap_err().to_string();
        assert!(
            problem.ends_with("a login is not taken to another server"),
            "{problem}"
        );
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
    assert!(asked_of_other.lock().unwrap().is_empty());
}

#[test]
fn the_lifetime_of_a_token_is_read() {
    let check = |body: &str, expected: Option<(&str, Option<u64>, Option<i64>)>| {
        let found = token(body.as_bytes()).ok();
        let expected = expected.map(|(secret, seconds, issued_at)| Token {
            secret: secret.to_owned(),
            expires_in: seconds.map(Duration::from_secs),
            issued_at,
        });
        assert!(found == expected, "{body}");
    };
    check(r#"{"token":"T"}"#, Some(("T", None, None)));
    check(
        r#"{"access_token":"T","expires_in":300,"issued_at":"1970-01-01T00:01:00Z"}"#,
        Some(("T", Some(300), Some(60))),
    );
    check(r#"{"token":"T","issued_at":null}"#, Some(("T", None, None)));
    check(r#"{"token":""}"#, None);
    check(r#"{"token":"T","issued_at":"yesterday"}"#, None);
    check("[]", None);
}
