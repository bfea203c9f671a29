//! One exchange: a request with what follows it, and the frames of its answer.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use optimus_agent::protocol::{self, CHUNK, Kind};
use tokio::time::timeout;
use tokio_util::io::poll_read_buf;

use super::error::{protocol_error, send_error, stream_error};
use super::outgoing::Outgoing;
use super::replies::{Answer, Replies};
use super::{AgentClient, Transport};
use crate::SandboxError;

impl<S: Transport> AgentClient<S> {
    /// Sends a request and waits for its answer, at most for `limit`.
    pub(super) async fn exchange<T>(
        &mut self,
        request: Outgoing,
        limit: Duration,
        replies: &mut impl Replies<T>,
    ) -> Result<T, SandboxError> {
        match timeout(limit, self.send_and_receive(request, replies)).await {
            Ok(result) => result,
            Err(_) => Err(SandboxError::Lost(format!("the agent did not answer within {} s", limit.as_secs()))),
        }
    }

    /// Sends and receives at the same time, so that neither side waits for the other to read first.
    async fn send_and_receive<T>(
        &mut self,
        mut request: Outgoing,
        replies: &mut impl Replies<T>,
    ) -> Result<T, SandboxError> {
        loop {
            while let Some((kind, payload)) = self.next_frame()? {
                if let Answer::Complete(value) = replies.accept(kind, &payload)? {
                    self.unsent.extend_from_slice(&request.frames);
                    return Ok(value);
                }
            }
            // Sends what can be sent; ready once something has arrived.
            poll_fn(|cx| {
                self.poll_send(cx, &mut request)?;
                ready!(replies.poll_ready(cx));
                self.poll_receive(cx)
            })
            .await?;
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, request: &mut Outgoing) -> Result<(), SandboxError> {
        loop {
            let is_first = self.unsent.is_empty();
            let buffer = if is_first {
                request.fill();
                request.poll_feeds(cx);
                &mut request.frames
            } else {
                &mut self.unsent
            };
            if buffer.is_empty() {
                // The rest is flushed while the answer is awaited.
                return match Pin::new(&mut self.stream).poll_flush(cx) {
                    Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(stream_error(&error)),
                    _ => Ok(()),
                };
            }
            let file = request.file.as_ref().filter(|_| is_first).map(OwnedFd::as_fd);
            match self.stream.poll_send(cx, buffer, file) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(sent)) => {
                    drop(buffer.split_to(sent));
                    if is_first {
                        request.file = None;
                    }
                }
                // What the agent sent last may say why it ended.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                    self.unsent.clear();
                    request.frames.clear();
                    request.body.clear();
                    request.feeds.clear();
                    return Ok(());
                }
                Poll::Ready(Err(error)) => return Err(send_error(error)),
            }
        }
    }

    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SandboxError>> {
        self.inbox.reserve(CHUNK);
        Poll::Ready(match ready!(poll_read_buf(Pin::new(&mut self.stream), cx, &mut self.inbox)) {
            Ok(0) => Err(SandboxError::Lost("the agent ended".to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(stream_error(&error)),
        })
    }

    fn next_frame(&mut self) -> Result<Option<(Kind, Bytes)>, SandboxError> {
        let (kind, length, used) = match protocol::parse(&self.inbox).map_err(|garbled| protocol_error(&garbled))? {
            Some((kind, payload, used)) => (kind, payload.len(), used),
            None => return Ok(None),
        };
        let frame = self.inbox.split_to(used).freeze();
        Ok(Some((kind, frame.slice(used - length..))))
    }
}
