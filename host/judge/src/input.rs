//! The stdin of a program that clients talk to.

use std::convert::Infallible;
use std::future::pending;

use bytes::Bytes;
use optimus_sandbox::Feed;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;

/// What clients send, in order; it is closed where the program's stdin ends. The sender bounds it.
pub type Input = UnboundedReceiver<Bytes>;

/// Input that a job's only test takes.
pub(super) struct LiveInput(Mutex<Input>);

impl LiveInput {
    pub(super) fn new(input: Input) -> Self {
        Self(Mutex::new(input))
    }

    /// Writes what clients send to `feed` while something runs.
    pub(super) async fn feed_while<T>(&self, feed: &Feed, running: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            done = running => done,
            never = self.pass_on(feed) => match never {},
        }
    }

    async fn pass_on(&self, feed: &Feed) -> Infallible {
        let mut input = self.0.lock().await;
        while let Some(bytes) = input.recv().await {
            feed.write(&bytes);
        }
        feed.close();
        pending().await
    }
}
