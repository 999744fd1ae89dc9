//! Tokens for the daemon, from a registry that answers as a test says.

use buildkit_client::Credentials;

use super::*;
use crate::fake::{ok, serve, wants};

const BEARER: &str = r#"Bearer realm="http://HOST/token",service="s""#;

async fn gives_tokens(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Option<bool> {
    let (host, _asked) = serve(answer).await;
    let (source, _seed) = Sessions::default().token_source(&[]);
    source.gives_tokens(&host).await.ok()
}

#[tokio::test]
async fn the_registry_says_whether_it_has_tokens() {
    assert_eq!(gives_tokens(|_| wants(BEARER)).await, Some(true));
    assert_eq!(gives_tokens(|_| wants("Basic")).await, Some(false));
    assert_eq!(gives_tokens(|_| ok("{}")).await, Some(false));
    let busy = |_: &str| "HTTP/1.1 503 No\r\nconnection: close\r\n\r\n".to_owned();
    assert_eq!(gives_tokens(busy).await, None);
    let (source, _seed) = Sessions::default().token_source(&[]);
    // Nobody listens there.
    assert!(!source.gives_tokens("127.0.0.1:1").await.unwrap());
}

#[tokio::test]
async fn a_registry_is_asked_once_by_all_sessions() {
    let (host, asked) = serve(|request: &str| match request {
        token if token.contains(" /token") => ok(r#"{"token":"T"}"#),
        _ => wants(BEARER),
    })
    .await;
    let tokens = Sessions::default();
    let login = Credentials {
        username: "u".to_owned(),
        secret: "p".to_owned(),
    };
    for _ in 0..2 {
        let (source, _seed) = tokens.clone().token_source(&[]);
        assert!(source.gives_tokens(&host).await.unwrap());
        let asked = Asked {
            host: &host,
            scopes: &["repository:a/b:pull".to_owned()],
            login: &login,
        };
        let token = source.token(asked).await.unwrap();
        assert_eq!(token.secret, "T");
    }
    let token = "GET /token?scope=repository%3Aa%2Fb%3Apull&service=s&client_id=llbgen Basic dTpw";
    assert_eq!(*asked.lock().unwrap(), ["GET /v2/", token, token]);
}
