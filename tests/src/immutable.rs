//! A registry whose tags are immutable: it stands in front of another one, and takes no manifest under a tag that is there.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// A running front on a free loopback port. Dropping it stops it.
#[derive(Debug)]
pub struct ImmutableTags {
    address: SocketAddr,
    puts: Arc<Mutex<Vec<String>>>,
    is_stopping: Arc<AtomicBool>,
    accepts: Option<JoinHandle<()>>,
}

impl ImmutableTags {
    /// Stands in front of the registry at `upstream`, `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When no port can be bound.
    pub fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound port has a number");
        let is_stopping = Arc::new(AtomicBool::new(false));
        let puts = Arc::default();
        let front = (upstream.to_owned(), Arc::clone(&puts));
        let stop = Arc::clone(&is_stopping);
        let accepts = thread::spawn(move || {
            let connections = listener.incoming().map_while(Result::ok);
            for connection in connections.take_while(|_| !stop.load(Ordering::Acquire)) {
                let (upstream, puts) = front.clone();
                // A client that hangs up breaks only its own request, and says so itself.
                thread::spawn(move || answer(connection, &upstream, &puts));
            }
        });
        Self {
            address,
            puts,
            is_stopping,
            accepts: Some(accepts),
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The tags that it was asked to move, in order, since it was asked last.
    pub fn puts(&self) -> Vec<String> {
        std::mem::take(&mut self.puts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for ImmutableTags {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        // The connection has the thread look at the flag; when there is no thread, nobody takes it.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepts.take().map(JoinHandle::join);
    }
}

/// One request per connection.
fn answer(client: TcpStream, upstream: &str, puts: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut head = request.clone();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim_end().is_empty() {
            break;
        }
        if !line.to_lowercase().starts_with("connection:") {
            head.push_str(&line);
        }
    }
    head.push_str("Connection: close\r\n\r\n");
    if let Some((path, tag)) = moved_tag(&request) {
        puts.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(tag.to_owned());
        if is_there(upstream, path)? {
            return refuse(client, reader, tag);
        }
    }
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(head.as_bytes())?;
    let mut answers = server.try_clone()?;
    let mut back = client.try_clone()?;
    let answering = thread::spawn(move || {
        let copied = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
        copied
    });
    // Ends when the client has its answer and hangs up, or the connection is shut down behind it.
    let _ = io::copy(&mut reader, &mut server);
    let _ = answering.join();
    Ok(())
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

fn refuse(mut client: TcpStream, mut reader: impl Read, tag: &str) -> io::Result<()> {
    let body = format!(
        r#"{{"errors":[{{"code":"TAG_INVALID","message":"The tag '{tag}' is immutable."}}]}}"#
    );
    write!(
        client,
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )?;
    client.shutdown(Shutdown::Write)?;
    // Bytes that nobody reads would reset the connection before the answer is read.
    io::copy(&mut reader, &mut io::sink()).map(drop)
}
