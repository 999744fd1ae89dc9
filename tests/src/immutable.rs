//! A registry whose tags are immutable: it stands in front of another one, and takes no manifest under a tag that is there.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::front::{Front, Verdict};

/// A running registry with immutable tags. Dropping it stops it.
#[derive(Debug)]
pub struct ImmutableTags {
    front: Front,
    puts: Arc<Mutex<Vec<String>>>,
}

impl ImmutableTags {
    /// Stands in front of the registry at `upstream`, `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When no port can be bound.
    pub fn start(upstream: &str) -> Self {
        let puts = Arc::<Mutex<Vec<String>>>::default();
        let judge = {
            let (upstream, puts) = (upstream.to_owned(), Arc::clone(&puts));
            move |request: &str| {
                let Some((path, tag)) = moved_tag(request) else {
                    return Ok(Verdict::Through);
                };
                locked(&puts).push(tag.to_owned());
                let is_there = is_there(&upstream, path)?;
                Ok(if is_there {
                    refusal(tag)
                } else {
                    Verdict::Through
                })
            }
        };
        let front = Front::start(upstream, judge);
        Self { front, puts }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.front.address()
    }

    /// The tags that it was asked to move, in order, since it was asked last.
    pub fn puts(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.puts))
    }
}

fn locked(puts: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    puts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refusal(tag: &str) -> Verdict {
    let status = "400 Bad Request\r\nContent-Type: application/json".to_owned();
    let body = format!(
        r#"{{"errors":[{{"code":"TAG_INVALID","message":"The tag '{tag}' is immutable."}}]}}"#
    );
    Verdict::Answer(status, body)
}

/// The path and the tag of a request that would have a tag name a manifest.
fn moved_tag(request: &str) -> Option<(&str, &str)> {
    let path = request.strip_prefix("PUT ")?.split(' ').next()?;
    let (_, reference) = path.rsplit_once("/manifests/")?;
    (!reference.contains(':')).then_some((path, reference))
}

fn is_there(upstream: &str, path: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect(upstream)?;
    // HTTP/1.0, whose answers are one piece that ends with the connection.
    write!(
        stream,
        "HEAD {path} HTTP/1.0\r\nHost: {upstream}\r\nAccept: */*\r\n\
         Accept: application/vnd.oci.image.index.v1+json\r\n\
         Accept: application/vnd.oci.image.manifest.v1+json\r\n\r\n"
    )?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    Ok(status.contains(" 200 "))
}
