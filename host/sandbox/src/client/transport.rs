//! The stream below the protocol: a socket, which also carries descriptors, or any other stream.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll, ready};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::{AsyncRead, AsyncWrite, Interest};
use tokio::net::UnixStream;

/// A stream to an agent.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send {
    /// True if descriptors can be sent with bytes.
    const CARRIES_FILES: bool;

    /// Sends some of `bytes`, and `file` with the first of them. Returns how many bytes were sent.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        file: Option<BorrowedFd<'_>>,
    ) -> Poll<io::Result<usize>>;
}

impl Transport for UnixStream {
    const CARRIES_FILES: bool = true;

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        file: Option<BorrowedFd<'_>>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_write_ready(cx))?;
            let sent = match file {
                Some(file) => self.try_io(Interest::WRITABLE, || send_with(self, bytes, file)),
                None => self.try_write(bytes),
            };
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return Poll::Ready(other),
            }
        }
    }
}

/// Sends bytes, and a descriptor with them.
fn send_with(stream: &UnixStream, bytes: &[u8], file: BorrowedFd<'_>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let files = [file];
    control.push(SendAncillaryMessage::ScmRights(&files));
    Ok(sendmsg(stream, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?)
}
