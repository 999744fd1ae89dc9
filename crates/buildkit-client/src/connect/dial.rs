//! The raw connection: a socket, TLS on top if wanted, and a record of the way in which it ended.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::ServerName;

use super::program::{self, Said};
use super::{ConnectError, Target, Tls, diagnose};
use crate::address::Address;
use crate::tls::TlsError;

/// A connection to a daemon that remembers the reason of its end.
///
/// HTTP/2 libraries reduce every broken connection to the same words; the reasons (an alert, bytes that are not
/// HTTP/2, a silent close) are only seen here.
pub(super) struct Stream {
    io: Box<dyn Io>,
    trace: Trace,
    said: Option<Said>,
}

/// A stream of bytes in both directions.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// The observations of a [`Stream`].
#[derive(Debug, Clone, Default)]
pub(super) struct Trace(Arc<watch::Sender<Seen>>);

#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The first bytes that arrived, enough to tell protocols apart.
    pub(super) head: Vec<u8>,
    /// The end of reading, once it came.
    pub(super) fault: Option<Fault>,
}

/// The way in which reading from a connection ended.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// The peer closed it.
    Closed,
    /// TLS broke.
    Tls(rustls::Error),
    /// The system reported an error.
    Io,
}

/// The first bytes that are kept: `HTTP/1.` and an HTTP/2 frame header both fit.
const HEAD: usize = 9;

/// Dials the address, and speaks TLS if the target wants it.
pub(super) async fn dial(target: &Target) -> Result<Stream, ConnectError> {
    let (io, said) = match &target.options.address {
        Address::Through(through) => {
            let program = program::start(&target.options.address, through)?;
            let said = program.said();
            (Box::new(program) as Box<dyn Io>, Some(said))
        }
        address => (dial_plain(address).await?, None),
    };
    let io = match &target.tls {
        None => io,
        Some(tls) => handshake(tls, io, &target.options.address).await?,
    };
    Ok(Stream {
        io,
        trace: Trace::default(),
        said,
    })
}

/// The socket alone.
pub(super) async fn dial_plain(address: &Address) -> Result<Box<dyn Io>, ConnectError> {
    match address {
        Address::Unix(path) => dial_unix(address, path).await,
        Address::Tcp { host, port } => dial_tcp(address, host, *port).await,
        Address::Through(through) => Ok(Box::new(program::start(address, through)?)),
    }
}

async fn dial_unix(address: &Address, path: &Path) -> Result<Box<dyn Io>, ConnectError> {
    match UnixStream::connect(path).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ConnectError::NoSocket {
            address: address.clone(),
        }),
        Err(error) => Err(dial_error(address, error)),
    }
}

async fn dial_tcp(address: &Address, host: &str, port: u16) -> Result<Box<dyn Io>, ConnectError> {
    let resolved = lookup_host((host, port)).await;
    let candidates = resolved.map_err(|source| ConnectError::Resolve {
        address: address.clone(),
        source,
    })?;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for candidate in candidates {
        match TcpStream::connect(candidate).await {
            Ok(stream) => {
                // Requests are small and wait for their answers.
                stream
                    .set_nodelay(true)
                    .map_err(|error| dial_error(address, error))?;
                return Ok(Box::new(stream));
            }
            Err(error) => last = error,
        }
    }
    Err(dial_error(address, last))
}

fn dial_error(address: &Address, source: io::Error) -> ConnectError {
    let address = address.clone();
    match source.kind() {
        io::ErrorKind::PermissionDenied => ConnectError::Permission { address },
        io::ErrorKind::ConnectionRefused => ConnectError::Refused { address },
        _ => ConnectError::Dial { address, source },
    }
}

async fn handshake(
    tls: &Tls,
    io: Box<dyn Io>,
    address: &Address,
) -> Result<Box<dyn Io>, ConnectError> {
    let name =
        ServerName::try_from(tls.server_name.clone()).map_err(|_invalid| TlsError::ServerName {
            name: tls.server_name.clone(),
        })?;
    match tls.connector.connect(name, io).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(diagnose::handshake(tls, address, error)),
    }
}

impl Stream {
    pub(super) fn trace(&self) -> Trace {
        self.trace.clone()
    }

    /// The message of the program that the connection goes through, if there is one.
    pub(super) fn said(&self) -> Option<Said> {
        self.said.clone()
    }
}

impl Trace {
    /// The observations at the end of reading, or at `limit`.
    pub(super) async fn seen(&self, limit: Duration) -> Seen {
        let mut receiver = self.0.subscribe();
        let _in_time = timeout(limit, receiver.wait_for(|seen| seen.fault.is_some())).await;
        self.0.borrow().clone()
    }

    fn record(&self, result: Result<&[u8], &io::Error>) {
        self.0.send_if_modified(|seen| match result {
            Ok([]) => seen.end(Fault::Closed),
            Ok(bytes) => {
                let missing = HEAD.saturating_sub(seen.head.len());
                seen.head.extend(bytes.iter().take(missing));
                false
            }
            Err(error) => seen.end(Fault::of(error)),
        });
    }
}

impl Seen {
    /// The first fault is the reason; those after it are its consequences.
    fn end(&mut self, fault: Fault) -> bool {
        let is_first = self.fault.is_none();
        self.fault.get_or_insert(fault);
        is_first
    }
}

impl Fault {
    fn of(error: &io::Error) -> Self {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            Some(tls) => Self::Tls(tls.clone()),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Self::Closed,
            None => Self::Io,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        match &result {
            Ok(()) if buf.capacity() == before => {}
            Ok(()) => self.trace.record(Ok(&buf.filled()[before..])),
            Err(error) => self.trace.record(Err(error)),
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
