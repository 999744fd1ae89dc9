//! Rights in a repository, at a registry that answers as a test says.

use super::*;
use crate::{
    access::RegistryAccess,
    fake::{ok, serve},
};

async fn image(host: &str) -> RemoteImage {
    let image = format!("{host}/team/app").parse().unwrap();
    RemoteImage::of(&image, &RegistryAccess::default())
        .await
        .unwrap()
}

fn refusal(status: u16) -> String {
    format!("HTTP/1.1 {status} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
}

#[tokio::test]
async fn an_upload_is_begun_and_cancelled() {
    let (host, asked) = serve(|request: &str| match request {
        post if post.starts_with("POST") => "HTTP/1.1 202 Accepted\r\nconnection: close\r\n\
             location: http://HOST/v2/team/app/blobs/uploads/1?_state=x\r\ncontent-length: 0\r\n\r\n"
            .to_owned(),
        _ => "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned(),
    })
    .await;
    let (right, upload) = image(&host).await.may_be_pushed().await.unwrap();
    assert!(matches!(right, Right::Given));
    assert_eq!(upload, Some(BegunUpload::Cancelled));
    assert_eq!(
        *asked.lock().unwrap(),
        [
            "POST /v2/team/app/blobs/uploads/",
            "DELETE /v2/team/app/blobs/uploads/1?_state=x"
        ]
    );
}

#[tokio::test]
async fn no_login_is_taken_to_the_server_of_an_upload_elsewhere() {
    let (host, asked) = serve(|_| {
        "HTTP/1.1 202 Accepted\r\nconnection: close\r\nlocation: http://x.invalid/v2/team/app/blobs/uploads/1\r\n\
         content-length: 0\r\n\r\n"
            .to_owned()
    })
    .await;
    let (_, upload) = image(&host).await.may_be_pushed().await.unwrap();
    assert_eq!(upload, Some(BegunUpload::Left));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_by_its_status() {
    let check = async |status: u16, expected: &str| {
        let (host, _asked) = serve(move |_| refusal(status)).await;
        let image = image(&host).await;
        let reading = image.may_be_read().await;
        let pushing = image.may_be_pushed().await.map(|(right, _)| right);
        for answer in [reading, pushing] {
            let found = match answer {
                Ok(Right::Given) => "given",
                Ok(Right::Empty) => "empty",
                Ok(Right::NotLoggedIn(_)) => "not logged in",
                Ok(Right::Refused(_)) => "refused",
                Err(_) => "no answer",
            };
            assert_eq!(found, expected, "{status}");
        }
    };
    check(401, "not logged in").await;
    check(403, "refused").await;
    check(404, "empty").await;
    check(503, "no answer").await;
    let (host, _asked) = serve(|_| ok(r#"{"name":"team/app","tags":[]}"#)).await;
    let reading = image(&host).await.may_be_read().await.unwrap();
    assert!(matches!(reading, Right::Given));
}
