//! Everything of a server but its address: for one client on a pipe.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use optimus_core::job::Policy;
use optimus_plugin::CompileListener;
use optimus_server::api::{self, ApiLimits, ApiState, Parts};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinError;

use super::plugins::Plugins;
use super::queue::QueueHandle;
use super::webhooks::Hooks;
use super::{Serving, machine};
use crate::cli::{Mcp, QueueArgs, WebhookArgs};
use crate::engine::{self, Engine};

/// A server without an address. What it judged is forgotten when it ends; problems are those of the state directory.
pub struct Local {
    serving: Serving,
    state: ApiState,
    /// Where jobs wait: no other process may have the queue of the state directory.
    _queue: TempDir,
}

impl Local {
    /// Returns before the plugins are loaded: a job waits for the one that it needs.
    ///
    /// # Errors
    /// Whatever cannot be opened, with advice.
    pub async fn start(args: &Mcp) -> anyhow::Result<Self> {
        let state = engine::state_dir(args.engine.state.as_deref())?;
        let place = tempfile::tempdir().context("no directory can be made for the queue")?;
        let queue = QueueHandle::open(&QueueArgs::embedded(), || Ok(place.path().join("queue.redb"))).await?;
        let engine = Arc::new(Engine::begin(&args.engine, CompileListener::default())?);
        let serving = Serving::new(Some(&engine), &queue);
        let plugins = Plugins::of(Some(Arc::clone(&engine.catalogue)));
        let hooks = Hooks::new(&WebhookArgs::default(), &queue, place.path())?;
        let stores = queue.stores_to_read(&state);
        let parts = serving.parts(&queue, &engine.book, plugins, (&hooks, &stores), ApiLimits::default());
        let policy = Policy { machine_bytes: machine::memory_bytes(), ..engine.policy.clone() };
        let state = ApiState::new(Parts { policy, ..parts });
        serving.work(&engine, &queue, &stores, &BTreeSet::new(), 0);
        serving.keep_ready(engine);
        Ok(Self { serving, state, _queue: place })
    }

    /// Serves MCP until `reader` ends.
    ///
    /// # Errors
    /// The task that serves has panicked.
    pub async fn mcp<R, W>(&self, reader: R, writer: W) -> Result<(), JoinError>
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        api::serve_mcp(&self.state, reader, writer).await
    }

    /// Waits for a background task that ends although the server should run, and returns its name.
    pub async fn failed(&self) -> &'static str {
        self.serving.failed().await
    }

    /// Ends the jobs that run: whether all background tasks ran until then.
    pub async fn stop(self) -> bool {
        self.serving.stop().await
    }
}
