//! The session's stream of byte messages as a connection that HTTP/2 can run on.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::PollSender;
use tonic::Streaming;

use crate::rpc::BytesMessage;

/// Messages that wait for the connection to take them. Small, so that a slow connection slows the senders down.
const QUEUE: usize = 8;

/// The largest message that is written at once.
const MAX_WRITE: usize = 256 << 10;

/// Byte messages both ways.
pub(super) struct Tunnel {
    incoming: Streaming<BytesMessage>,
    unread: Bytes,
    outgoing: PollSender<BytesMessage>,
}

/// The two ends of the way out: one for the [`Tunnel`], one for the call that carries it.
pub(super) fn outgoing() -> (
    mpsc::Sender<BytesMessage>,
    impl Stream<Item = BytesMessage> + Send + 'static,
) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (sender, ReceiverStream::new(receiver))
}

impl Tunnel {
    pub(super) fn new(
        incoming: Streaming<BytesMessage>,
        outgoing: mpsc::Sender<BytesMessage>,
    ) -> Self {
        Self {
            incoming,
            unread: Bytes::new(),
            outgoing: PollSender::new(outgoing),
        }
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.unread.is_empty() {
            match ready!(Pin::new(&mut self.incoming).poll_next(cx)) {
                Some(Ok(message)) => self.unread = message.data,
                Some(Err(status)) => return Poll::Ready(Err(io::Error::other(status))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = self.unread.len().min(buf.remaining());
        buf.put_slice(&self.unread[..length]);
        self.unread.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    /// HTTP/2 writes frame headers and payloads as separate slices; each would become a message of its own.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.outgoing.poll_reserve(cx)).map_err(|_closed| io::ErrorKind::BrokenPipe)?;
        let mut data = BytesMut::new();
        for slice in slices {
            let room = MAX_WRITE - data.len();
            data.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        let length = data.len();
        let sent = self.outgoing.send_item(BytesMessage {
            data: data.freeze(),
        });
        Poll::Ready(
            sent.map(|()| length)
                .map_err(|_closed| io::ErrorKind::BrokenPipe.into()),
        )
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.close();
        Poll::Ready(Ok(()))
    }
}
