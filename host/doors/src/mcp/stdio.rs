//! One client on a pipe: a message a line.

use std::collections::HashSet;
use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, ClientNotification, JsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::service::serve_directly;
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::Handler;
use crate::engine::Admitted;
use crate::shared::Shared;

/// Serves MCP to one caller: reads messages until `reader` ends, and answers all of them before it returns. A handshake is
/// answered, and is not required.
///
/// # Errors
/// The task that serves has panicked.
pub async fn serve<R, W>(shared: Shared, caller: Admitted, reader: R, writer: W) -> Result<(), tokio::task::JoinError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let handler = Handler { shared, caller: Some(caller) };
    let pipe = Pipe { inner: AsyncRwTransport::new(reader, writer), open: Arc::default(), has_ended: false };
    serve_directly(handler, pipe, None).waiting().await.map(drop)
}

/// Holds the end of the input back until every request has its answer: `rmcp` waits for them for 5 s only.
struct Pipe<R: AsyncRead, W: AsyncWrite> {
    inner: AsyncRwTransport<RoleServer, R, W>,
    /// Requests without an answer.
    open: Arc<watch::Sender<HashSet<RequestId>>>,
    has_ended: bool,
}

impl<R, W> Pipe<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    fn note(&self, message: &ClientJsonRpcMessage) {
        match message {
            JsonRpcMessage::Request(request) => {
                self.open.send_if_modified(|open| open.insert(request.id.clone()));
            }
            JsonRpcMessage::Notification(notification) => {
                // A request that is cancelled gets no answer.
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.open.send_if_modified(|open| open.remove(id));
                }
            }
            _ => {}
        }
    }
}

impl<R, W> Transport<RoleServer> for Pipe<R, W>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = std::io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let answered = match &message {
            JsonRpcMessage::Response(response) => Some(response.id.clone()),
            JsonRpcMessage::Error(error) => error.id.clone(),
            _ => None,
        };
        let (open, sending) = (Arc::clone(&self.open), self.inner.send(message));
        async move {
            let sent = sending.await;
            if let Some(id) = answered {
                open.send_if_modified(|open| open.remove(&id));
            }
            sent
        }
    }

    /// May be dropped while it waits, and called again.
    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        if !self.has_ended {
            if let Some(message) = self.inner.receive().await {
                self.note(&message);
                return Some(message);
            }
            self.has_ended = true;
        }
        let mut open = self.open.subscribe();
        // The sender is this pipe's own.
        let _ = open.wait_for(HashSet::is_empty).await;
        None
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
