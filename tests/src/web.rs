//! A web server that shows a directory: what it takes to fetch a file, and to clone a git repository over HTTP.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Component, Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A client that says nothing for so long has gone; the daemon's do not pause at all.
const SILENCE: Duration = Duration::from_secs(30);

/// A running server on a free loopback port. Dropping it stops it.
#[derive(Debug)]
pub struct WebServer {
    address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    accepts: Option<JoinHandle<()>>,
}

impl WebServer {
    /// Serves the files below `root`.
    ///
    /// # Panics
    /// When no port can be bound.
    pub fn start(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound port has a number");
        let is_stopping = Arc::new(AtomicBool::new(false));
        let (root, stop) = (root.to_owned(), Arc::clone(&is_stopping));
        let accepts = thread::spawn(move || {
            let connections = listener.incoming().map_while(Result::ok);
            for connection in connections.take_while(|_| !stop.load(Ordering::Acquire)) {
                let root = root.clone();
                // A client that hangs up breaks only its own request, and says so itself.
                thread::spawn(move || answer(&connection, &root));
            }
        });
        Self {
            address,
            is_stopping,
            accepts: Some(accepts),
        }
    }

    /// The address of the file at `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        // The connection has the thread look at the flag; when there is no thread, nobody takes it.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepts.take().map(JoinHandle::join);
    }
}

/// One request per connection.
fn answer(connection: &TcpStream, root: &Path) -> io::Result<()> {
    connection.set_read_timeout(Some(SILENCE))?;
    let mut lines = BufReader::new(connection).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // A response before the end of the headers would reset the connection.
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let mut words = request.split(' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    let file = file(root, target).and_then(|path| fs::read(path).ok());
    let (status, body) = file.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let mut connection = connection;
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if method == Some("GET") {
        connection.write_all(&body)?;
    }
    connection.flush()
}

/// The file that a request's target names, which is never outside of `root`. What follows a `?` is for servers that
/// know more.
fn file(root: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split('?').next()?.trim_start_matches('/');
    let is_below = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    is_below.then(|| root.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_of_the_root_is_shown() {
        let check = |target, expected: Option<&str>| {
            let file = file(Path::new("/root"), target);
            assert_eq!(file, expected.map(PathBuf::from), "{target}");
        };
        check("/page", Some("/root/page"));
        check(
            "/a/info/refs?service=git-upload-pack",
            Some("/root/a/info/refs"),
        );
        check("//etc/passwd", Some("/root/etc/passwd"));
        check("/../secret", None);
        check("/a/../../secret", None);
    }
}
