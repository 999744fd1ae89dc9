//! A connection over the standard input and output of a program.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

use super::ConnectError;
use crate::address::{Address, Through};

/// The number of bytes that are kept of a program's standard error, to be shown if the connection fails.
const MAX_STDERR: u64 = 4096;

/// The program and its pipes. Dropping it ends the program.
pub(super) struct Program {
    stdin: ChildStdin,
    stdout: ChildStdout,
    said: Said,
    _child: Child,
}

/// The standard error of a program, once it is closed.
pub(super) type Said = watch::Receiver<Option<String>>;

impl Program {
    /// The program's standard error, when it has ended.
    pub(super) fn said(&self) -> Said {
        self.said.clone()
    }
}

/// Starts the program that leads to the daemon.
pub(super) fn start(address: &Address, through: &Through) -> Result<Program, ConnectError> {
    let (program, arguments) = through.command();
    let started = Command::new(program)
        .args(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A ctrl-C in the terminal is for this process, which ends the build first, and then the connection.
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let failed = |source| ConnectError::Program {
        address: address.clone(),
        program,
        source,
    };
    let mut child = started.map_err(failed)?;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(failed(io::Error::other("it has no pipes")));
    };
    let (sender, said) = watch::channel(None);
    tokio::spawn(listen(stderr, sender));
    Ok(Program {
        stdin,
        stdout,
        said,
        _child: child,
    })
}

async fn listen(stderr: ChildStderr, sender: watch::Sender<Option<String>>) {
    let mut text = Vec::new();
    let mut stderr = stderr.take(MAX_STDERR);
    // After an error of reading, the bytes before it count.
    let _read = stderr.read_to_end(&mut text).await;
    sender.send_replace(Some(String::from_utf8_lossy(&text).trim().to_owned()));
    // The pipe stays open, so that a program which writes more is not killed by it.
    let _drained = tokio::io::copy(&mut stderr.into_inner(), &mut tokio::io::sink()).await;
}

impl AsyncRead for Program {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buf)
    }
}

impl AsyncWrite for Program {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(ready!(Pin::new(&mut self.stdin).poll_write(cx, buf)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(cx)
    }
}
