//! A way to a daemon that can be cut.

use std::{
    io,
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// A socket that leads to another one. Dropping it stops it.
#[derive(Debug)]
pub struct Way {
    socket: PathBuf,
    open: Arc<Mutex<Vec<UnixStream>>>,
    is_stopping: Arc<AtomicBool>,
    accepts: Option<JoinHandle<()>>,
}

impl Way {
    /// Leads from a new socket to the one of a daemon.
    ///
    /// # Panics
    /// When the socket cannot be made.
    pub fn to(daemon: &Path, socket: &Path) -> Self {
        let listener = UnixListener::bind(socket).expect("a socket can be made");
        let is_stopping = Arc::new(AtomicBool::new(false));
        let open = Arc::<Mutex<Vec<UnixStream>>>::default();
        let (stop, all, daemon) = (
            Arc::clone(&is_stopping),
            Arc::clone(&open),
            daemon.to_owned(),
        );
        let accepts = thread::spawn(move || {
            let connections = listener.incoming().map_while(Result::ok);
            for connection in connections.take_while(|_| !stop.load(Ordering::Acquire)) {
                let Ok(server) = UnixStream::connect(&daemon) else {
                    continue;
                };
                let ends = [connection.try_clone(), server.try_clone()];
                all.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(ends.into_iter().flatten());
                joined(connection, server);
            }
        });
        Self {
            socket: socket.to_owned(),
            open,
            is_stopping,
            accepts: Some(accepts),
        }
    }

    /// As `--addr` takes it.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Cuts all connections; new ones can be opened.
    pub fn cut(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for end in open.drain(..) {
            // It may have ended by itself.
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        // The connection has the thread look at the flag; when there is no thread, nobody takes it.
        let _ = UnixStream::connect(&self.socket);
        self.cut();
        let _ = self.accepts.take().map(JoinHandle::join);
    }
}

/// Copies both ways, each on a thread of its own.
fn joined(one: UnixStream, other: UnixStream) {
    let (Ok(mut from_one), Ok(mut from_other)) = (one.try_clone(), other.try_clone()) else {
        return;
    };
    let (mut to_one, mut to_other) = (one, other);
    thread::spawn(move || {
        let _ = io::copy(&mut from_one, &mut to_other);
        let _ = to_other.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let _ = io::copy(&mut from_other, &mut to_one);
        let _ = to_one.shutdown(Shutdown::Both);
    });
}
