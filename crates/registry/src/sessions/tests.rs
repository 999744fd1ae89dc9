//! The sessions of one call, as registries see them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{remote_image::RemoteImage, session::AT_ONCE};

/// The number of questions at a registry now, and the highest number so far.
#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
    connections: AtomicUsize,
}

/// A slow registry without any image.
async fn slow_registry() -> (String, Arc<Load>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let load = Arc::new(Load::default());
    let counted = Arc::clone(&load);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counted.connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(answers(stream, Arc::clone(&counted)));
        }
    });
    (host, load)
}

async fn answers(mut stream: TcpStream, load: Arc<Load>) {
    let mut request = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        request.push(byte);
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        request.clear();
        let now = load.now.fetch_add(1, Ordering::SeqCst) + 1;
        load.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(30)).await;
        load.now.fetch_sub(1, Ordering::SeqCst);
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    }
}

#[tokio::test]
async fn questions_go_side_by_side_up_to_a_limit_for_each_host() {
    let (first, second) = (slow_registry().await, slow_registry().await);
    let access = RegistryAccess::default();
    let asking = (0..4 * AT_ONCE).flat_map(|number| {
        [&first.0, &second.0].map(|host| {
            let (image, access) = (format!("{host}/a{number}:1"), access.clone());
            async move {
                let image = RemoteImage::of(&image.parse().unwrap(), &access).await;
                image.unwrap().digest().await.unwrap_err();
            }
        })
    });
    join_all(asking).await;
    for (_, load) in [first, second] {
        assert_eq!(load.most.load(Ordering::SeqCst), AT_ONCE);
        // They are kept for the next question.
        assert!(load.connections.load(Ordering::SeqCst) <= AT_ONCE);
    }
}
