//! A server in this process, and clients that keep their connections.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::figures::{self, Figure};
use crate::cli::Bench;
use crate::engine::Engine;
use crate::serving::Serving;

pub(super) struct Server {
    serving: Serving,
    client: Client,
}

impl Server {
    pub(super) async fn start(args: &Bench, scratch: &Path) -> anyhow::Result<Self> {
        let serving = Serving::start(&args.serve(&scratch.join("state"))).await?;
        let address = serving.address().context("the server does not listen")?;
        let client = Client::new(&format!("http://{address}"));
        Ok(Self { serving, client })
    }

    pub(super) fn engine(&self) -> anyhow::Result<&Engine> {
        self.serving.engine().context("the server does not judge")
    }

    pub(super) fn address(&self) -> anyhow::Result<std::net::SocketAddr> {
        self.serving.address().context("the server does not listen")
    }

    pub(super) async fn stop(self) {
        self.serving.stop().await;
    }

    /// Posts a job and waits for its report; how long that took.
    pub(super) async fn judge(&self, job: &Value) -> anyhow::Result<Duration> {
        let (client, body) = (self.client.clone(), serde_json::to_vec(job)?);
        tokio::task::spawn_blocking(move || client.judge(&body)).await?
    }

    /// As many jobs as `clients` get judged, one after another each; the rate of every tenth of the time.
    pub(super) async fn flood(&self, job: &Value, clients: usize, seconds: Duration) -> anyhow::Result<Figure> {
        let (done, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let body: Arc<[u8]> = serde_json::to_vec(job)?.into();
        let work = |_| {
            let (client, body) = (self.client.fresh(), Arc::clone(&body));
            let (done, stop) = (Arc::clone(&done), Arc::clone(&stop));
            tokio::task::spawn_blocking(move || {
                while !stop.load(Ordering::Relaxed) {
                    client.judge(&body)?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            })
        };
        let clients: Vec<_> = (0..clients).map(work).collect();
        let mut slices = Vec::new();
        for _ in 0..10 {
            let (start, before) = (Instant::now(), done.load(Ordering::Relaxed));
            tokio::time::sleep(seconds / 10).await;
            let count = done.load(Ordering::Relaxed) - before;
            #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 jobs")]
            slices.push(count as f64 / start.elapsed().as_secs_f64());
        }
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.await??;
        }
        Ok(figures::rate(slices))
    }
}

#[derive(Clone)]
struct Client {
    url: String,
    agent: ureq::Agent,
}

impl Client {
    fn new(base: &str) -> Self {
        let url = format!("{base}/v1/jobs?wait=60s");
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(120))).build();
        Self { url, agent: config.into() }
    }

    /// The same server over a separate connection.
    fn fresh(&self) -> Self {
        let config = self.agent.config().clone();
        Self { url: self.url.clone(), agent: config.into() }
    }

    fn judge(&self, body: &[u8]) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let mut answer = request.send(body).context("the server did not answer")?;
        let answer: Value = answer.body_mut().with_config().limit(64 << 20).read_json()?;
        let took = start.elapsed();
        let verdict = answer["report"]["verdict"].as_str();
        ensure!(verdict == Some("accepted"), "a job of the bench was not accepted: {answer:.500}");
        Ok(took)
    }
}
