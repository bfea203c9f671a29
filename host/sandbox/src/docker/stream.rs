//! A container's attached streams as one stream: what we write is its stdin, what we read its stdout. The daemon wraps
//! each piece of output; what comes on stderr is nobody's business but a log's.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bollard::container::{AttachContainerResults, LogOutput};
use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::client::Transport;

/// Attached streams.
pub(super) struct Attached {
    streams: AttachContainerResults,
    /// What has come and was not taken.
    piece: Bytes,
}

impl Attached {
    pub(super) fn new(streams: AttachContainerResults) -> Self {
        Self { streams, piece: Bytes::new() }
    }
}

impl AsyncRead for Attached {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.piece.is_empty() {
            match ready!(self.streams.output.as_mut().poll_next(cx)) {
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                Some(Ok(LogOutput::StdOut { message })) => self.piece = message,
                Some(Ok(LogOutput::StdErr { message })) => {
                    tracing::warn!(said = %String::from_utf8_lossy(&message), "an agent complained");
                }
                Some(Ok(LogOutput::StdIn { .. } | LogOutput::Console { .. })) => {}
            }
        }
        let length = self.piece.len().min(buffer.remaining());
        buffer.put_slice(&self.piece[..length]);
        self.piece.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Attached {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.streams.input.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.streams.input.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.streams.input.as_mut().poll_shutdown(cx)
    }
}

impl Transport for Attached {
    const CARRIES_FILES: bool = false;

    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8], _: Option<BorrowedFd<'_>>) -> Poll<io::Result<usize>> {
        Pin::new(self).poll_write(cx, bytes)
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached").finish_non_exhaustive()
    }
}
