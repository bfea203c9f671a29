//! What is sent: a request and the bytes that follow it, in frames.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use optimus_agent::protocol::{self, CHUNK, Kind, Request};

use crate::{Feed, SandboxError};

/// A request, and the bytes that follow it, cut into frames as they are sent.
pub(super) struct Outgoing {
    pub(super) frames: BytesMut,
    pub(super) body: Bytes,
    /// A descriptor that is sent with the first byte.
    pub(super) file: Option<OwnedFd>,
    /// Live inputs that are sent while the answer is awaited, each in frames of its kind.
    pub(super) feeds: Vec<(Kind, Arc<Feed>)>,
}

impl Outgoing {
    /// A request followed by `body`.
    pub(super) fn new(request: &Request, body: Bytes) -> Result<Self, SandboxError> {
        let mut frames = Vec::new();
        protocol::push_message(&mut frames, request).map_err(|_| {
            let source = io::Error::from(io::ErrorKind::ArgumentListTooLong);
            SandboxError::SetUp { stage: "send the request".to_owned(), source }
        })?;
        let mut outgoing = Self { frames: BytesMut::from(&frames[..]), body, file: None, feeds: Vec::new() };
        // A small body goes with the request.
        outgoing.fill();
        Ok(outgoing)
    }

    /// Cuts the next piece of the body into a frame, if there is room for it.
    pub(super) fn fill(&mut self) {
        if self.frames.len() < CHUNK && !self.body.is_empty() {
            let chunk = self.body.split_to(self.body.len().min(CHUNK));
            self.push(Kind::Data, &chunk);
        }
    }

    fn push(&mut self, kind: Kind, chunk: &[u8]) {
        let mut frame = Vec::with_capacity(chunk.len() + 8);
        protocol::push(&mut frame, kind, chunk);
        self.frames.extend_from_slice(&frame);
    }

    /// Frames what has arrived from live inputs, in turn; an empty frame is the end of one.
    pub(super) fn poll_feeds(&mut self, cx: &mut Context<'_>) {
        let mut feeds = std::mem::take(&mut self.feeds);
        feeds.retain(|(kind, feed)| {
            while self.frames.len() < CHUNK && self.body.is_empty() {
                match feed.poll_next(cx) {
                    Poll::Pending => break,
                    Poll::Ready(None) => {
                        self.push(*kind, &[]);
                        return false;
                    }
                    Poll::Ready(Some(piece)) => piece.chunks(CHUNK).for_each(|chunk| self.push(*kind, chunk)),
                }
            }
            true
        });
        self.feeds = feeds;
    }
}
