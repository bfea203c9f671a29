//! The effect of many idle clients on an active one: its latency among them, compared with its latency alone.

use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::figures::{Figures, Series};
use super::http::Server;
use super::programs::Program;

const SILENT: usize = 5_000;
const HALF_HEADS: usize = 100;
const UPLOADS: usize = 64;
/// The server closes a connection without a request after 10 s: the crowd is measured while all of it is there.
const MOST: Duration = Duration::from_secs(8);

/// Clients that hold connections.
struct Crowd {
    _held: Vec<TcpStream>,
    leaving: Arc<AtomicBool>,
    uploads: Option<std::thread::JoinHandle<()>>,
}

/// One client's jobs, alone and within the crowd.
pub(super) async fn measure(
    program: &Program,
    server: &Server,
    seconds: Duration,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let address = server.address()?;
    let seconds = seconds.min(MOST);
    figures.put("alone_ms".to_owned(), jobs(program, server, seconds).await?.milliseconds());
    let crowd = tokio::task::spawn_blocking(move || Crowd::gather(address)).await??;
    let among = jobs(program, server, seconds).await;
    tokio::task::spawn_blocking(move || drop(crowd)).await?;
    figures.put("crowded_ms".to_owned(), among?.milliseconds());
    Ok(())
}

async fn jobs(program: &Program, server: &Server, seconds: Duration) -> anyhow::Result<Series> {
    let (mut series, end) = (Series::default(), Instant::now() + seconds);
    while Instant::now() < end || series.is_empty() {
        series.add(server.judge(&program.job(1)).await?);
    }
    Ok(series)
}

impl Crowd {
    fn gather(address: SocketAddr) -> anyhow::Result<Self> {
        // Both ends of each connection are in this process.
        let (need, may) = (2 * (SILENT + HALF_HEADS + UPLOADS) as u64 + 500, optimus_sandbox::raise_open_files());
        ensure!(may >= need, "the crowd needs {need} open files, and this process may have {may}");
        let says = |text: &str| -> anyhow::Result<TcpStream> {
            let mut tcp = TcpStream::connect(address).context("the server takes no connection")?;
            tcp.write_all(text.as_bytes())?;
            Ok(tcp)
        };
        let mut held = (0..SILENT).map(|_| says("")).collect::<anyhow::Result<Vec<_>>>()?;
        for _ in 0..HALF_HEADS {
            held.push(says("POST /v1/jobs HTTP/1.1\r\nhost: x\r\nx-a: ")?);
        }
        let begins = "POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 67108864\r\n\r\n{";
        let mut slow = (0..UPLOADS).map(|_| says(begins)).collect::<anyhow::Result<Vec<_>>>()?;
        let leaving = Arc::new(AtomicBool::new(false));
        let left = Arc::clone(&leaving);
        let upload = move || {
            while !left.load(Ordering::Relaxed) {
                slow.retain_mut(|tcp| match tcp.write_all(b" ") {
                    Err(error) => error.kind() == ErrorKind::WouldBlock,
                    Ok(()) => true,
                });
                std::thread::sleep(Duration::from_millis(100));
            }
        };
        Ok(Self { _held: held, leaving, uploads: Some(std::thread::spawn(upload)) })
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.leaving.store(true, Ordering::Relaxed);
        if self.uploads.take().is_some_and(|uploads| uploads.join().is_err()) {
            tracing::warn!("the slow uploads broke off");
        }
    }
}
