//! A registry that answers as a test says.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The first lines of requests, with the login header and the body.
pub(crate) type Asked = Arc<Mutex<Vec<String>>>;

/// The answer that never comes.
pub(crate) const SILENT: &str = "SILENT";

/// Serves `answer` for every request. `HOST` in it stands for the registry's address, `ENDLESS` at its end for bytes
/// without end, `DRIPPING` for a byte now and then. An empty answer ends the connection.
pub(crate) async fn serve(
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (String, Asked) {
    served(usize::MAX, answer).await
}

/// The same for one request. After it, nobody listens there.
pub(crate) async fn gone(
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (String, Asked) {
    served(1, answer).await
}

async fn served(
    requests: usize,
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (asked, own) = (Asked::default(), host.clone());
    let all = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut left = requests;
        while left > 0 {
            let (mut stream, _) = listener.accept().await.unwrap();
            // A client may open a connection and not need it.
            let Ok(request) = request(&mut stream).await else {
                continue;
            };
            left -= 1;
            all.lock().unwrap().push(request.clone());
            let answer = answer(&request).replace("HOST", &own);
            // Others need not wait for one that takes long.
            tokio::spawn(send(stream, answer));
        }
    });
    (host, asked)
}

async fn send(mut stream: TcpStream, answer: String) {
    let mut rest: &[u8] = &[];
    let mut pause = Duration::ZERO;
    let mut sent = answer.as_str();
    if answer == SILENT {
        (sent, pause) = ("", Duration::from_mins(1));
        rest = b" ";
    } else if let Some(before) = answer.strip_suffix("ENDLESS") {
        (sent, rest) = (before, &[b' '; 8 << 10]);
    } else if let Some(before) = answer.strip_suffix("DRIPPING") {
        (sent, rest) = (before, b" ");
        pause = Duration::from_millis(50);
    }
    // The client may have closed the connection.
    let mut written = stream.write_all(sent.as_bytes()).await;
    while !rest.is_empty() && written.is_ok() {
        tokio::time::sleep(pause).await;
        written = stream.write_all(rest).await;
    }
}

async fn request(stream: &mut TcpStream) -> io::Result<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await?);
    }
    let text = String::from_utf8(text).unwrap();
    let line = text.lines().next().unwrap().replace(" HTTP/1.1", "");
    let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let length = header("content-length: ").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body = String::from_utf8(body).unwrap();
    let login = header("authorization: ").unwrap_or_default();
    let words = [line.as_str(), login, &body];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    Ok(words.join(" "))
}

pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}")
}

pub(crate) fn wants(challenge: &str) -> String {
    format!(
        "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\nwww-authenticate: {challenge}\r\ncontent-length: 0\r\n\r\n"
    )
}
