//! A registry that answers as a test says.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The first lines of requests, with the login header and the body.
pub(crate) type Asked = Arc<Mutex<Vec<String>>>;

/// Serves `answer` for every request. `HOST` in it stands for the registry's address, `ENDLESS` for bytes without end.
pub(crate) async fn serve(
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (asked, own) = (Asked::default(), host.clone());
    let all = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = request(&mut stream).await;
            all.lock().unwrap().push(request.clone());
            let answer = answer(&request).replace("HOST", &own);
            let (sent, is_endless) = match answer.strip_suffix("ENDLESS") {
                Some(sent) => (sent.to_owned(), true),
                None => (answer, false),
            };
            // The client may have closed the connection.
            let mut written = stream.write_all(sent.as_bytes()).await;
            while is_endless && written.is_ok() {
                written = stream.write_all(&[b' '; 8 << 10]).await;
            }
        }
    });
    (host, asked)
}

async fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.unwrap());
    }
    let text = String::from_utf8(text).unwrap();
    let line = text.lines().next().unwrap().replace(" HTTP/1.1", "");
    let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let length = header("content-length: ").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let body = String::from_utf8(body).unwrap();
    let login = header("authorization: ").unwrap_or_default();
    let words = [line.as_str(), login, &body];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}")
}

pub(crate) fn wants(challenge: &str) -> String {
    format!(
        "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\nwww-authenticate: {challenge}\r\ncontent-length: 0\r\n\r\n"
    )
}
