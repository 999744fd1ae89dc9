//! A server that stands in front of a registry, and answers some requests itself.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A client that has not hung up by then is not waited for.
const SILENCE: Duration = Duration::from_mins(2);

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// The registry answers it.
    Through,
    /// This answer: a status with further lines of a header, and a body.
    Answer(String, String),
    /// The connection is reset.
    Reset,
    /// No answer at all.
    Silence,
}

/// A running front on a free loopback port. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Front {
    address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    accepts: Option<JoinHandle<()>>,
}

impl Front {
    /// Stands in front of the registry at `upstream`, `127.0.0.1:PORT`. `judge` has the first line of each request.
    ///
    /// # Panics
    /// When no port can be bound.
    pub(crate) fn start(
        upstream: &str,
        judge: impl Fn(&str) -> io::Result<Verdict> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound port has a number");
        let is_stopping = Arc::new(AtomicBool::new(false));
        let front = (upstream.to_owned(), Arc::new(judge));
        let stop = Arc::clone(&is_stopping);
        let accepts = thread::spawn(move || {
            let connections = listener.incoming().map_while(Result::ok);
            for connection in connections.take_while(|_| !stop.load(Ordering::Acquire)) {
                let (upstream, judge) = front.clone();
                // A client that hangs up breaks only its own request, and says so itself.
                thread::spawn(move || answer(connection, &upstream, &*judge));
            }
        });
        Self {
            address,
            is_stopping,
            accepts: Some(accepts),
        }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        // The connection has the thread look at the flag; when there is no thread, nobody takes it.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepts.take().map(JoinHandle::join);
    }
}

/// One request per connection.
fn answer(
    client: TcpStream,
    upstream: &str,
    judge: &dyn Fn(&str) -> io::Result<Verdict>,
) -> io::Result<()> {
    client.set_read_timeout(Some(SILENCE))?;
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
    match judge(request.trim_end())? {
        Verdict::Through => pass_on(client, reader, &head, upstream),
        Verdict::Answer(status, body) => refuse(client, reader, &status, &body),
        // Whoever hangs up with unread bytes resets the connection.
        Verdict::Reset => Ok(()),
        Verdict::Silence => io::copy(&mut reader, &mut io::sink()).map(drop),
    }
}

fn pass_on(client: TcpStream, mut reader: impl Read, head: &str, upstream: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(head.as_bytes())?;
    let mut answers = server.try_clone()?;
    let mut back = client;
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

fn refuse(
    mut client: TcpStream,
    mut reader: impl Read,
    status: &str,
    body: &str,
) -> io::Result<()> {
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    client.shutdown(Shutdown::Write)?;
    // Bytes that nobody reads would reset the connection before the answer is read.
    io::copy(&mut reader, &mut io::sink()).map(drop)
}
