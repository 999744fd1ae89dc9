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

/// The status with which a client is asked to log in, and how.
const LOGIN: &str = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"tests\"";

/// A running server on a free loopback port. Dropping it stops it.
#[derive(Debug)]
pub struct WebServer {
    address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    accepts: Option<JoinHandle<()>>,
}

impl WebServer {
    /// Serves the files below `root`. Whatever has `?status=N` behind it is answered with that status.
    ///
    /// # Panics
    /// When no port can be bound.
    pub fn start(root: &Path) -> Self {
        Self::serve(root, None)
    }

    /// Serves the files below `root` to whoever says this in the header `Authorization`.
    ///
    /// # Panics
    /// When no port can be bound.
    pub fn start_private(root: &Path, authorization: &str) -> Self {
        Self::serve(root, Some(authorization.to_owned()))
    }

    fn serve(root: &Path, authorization: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound port has a number");
        let is_stopping = Arc::new(AtomicBool::new(false));
        let (root, stop) = (root.to_owned(), Arc::clone(&is_stopping));
        let authorization = authorization.map(Arc::<str>::from);
        let accepts = thread::spawn(move || {
            let connections = listener.incoming().map_while(Result::ok);
            for connection in connections.take_while(|_| !stop.load(Ordering::Acquire)) {
                let (root, authorization) = (root.clone(), authorization.clone());
                // A client that hangs up breaks only its own request, and says so itself.
                thread::spawn(move || answer(&connection, &root, authorization.as_deref()));
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
fn answer(connection: &TcpStream, root: &Path, authorization: Option<&str>) -> io::Result<()> {
    connection.set_read_timeout(Some(SILENCE))?;
    let mut lines = BufReader::new(connection).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut is_let_in = authorization.is_none();
    // A response before the end of the headers would reset the connection.
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        is_let_in |= name.eq_ignore_ascii_case("authorization") && Some(value) == authorization;
    }
    let mut words = request.split(' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    let file = file(root, target).and_then(|path| fs::read(path).ok());
    let (status, body) = match (target.split_once("?status="), file) {
        _ if !is_let_in => (LOGIN, Vec::new()),
        (Some((_, status)), _) => (status, b"no file\n".to_vec()),
        (None, None) => ("404 Not Found", b"no file\n".to_vec()),
        (None, Some(body)) => ("200 OK", body),
    };
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
