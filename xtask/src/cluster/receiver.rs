//! Receiver of the jobs' webhooks: counts those of each job, and refuses some at first.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::ensure;

/// One of this many events is refused at first, so that it is retried.
const REFUSED: usize = 10;
/// Maximum size of a webhook.
const LARGEST: u64 = 4 << 20;

/// The webhooks of one path, which is one job's.
#[derive(Default)]
struct Heard {
    events: BTreeSet<String>,
    requests: usize,
    taken: usize,
}

/// Listens until the process ends.
pub(super) struct Receiver {
    address: SocketAddr,
    heard: Arc<Mutex<BTreeMap<usize, Heard>>>,
}

impl Receiver {
    pub(super) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let receiver = Self { address: listener.local_addr()?, heard: Arc::default() };
        let heard = Arc::clone(&receiver.heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heard = Arc::clone(&heard);
                // A sender that is killed in the middle of a request is what this is about.
                std::thread::spawn(move || drop(answer(stream, &heard)));
            }
        });
        Ok(receiver)
    }

    /// The webhook URL of a job.
    pub(super) fn url(&self, number: usize) -> String {
        format!("http://{}/{number}", self.address)
    }

    /// Waits until all of `jobs` were told of, and says how that went.
    ///
    /// # Errors
    /// One was not told of, or under more names than one.
    pub(super) fn check(&self, ids: &BTreeMap<usize, String>, deadline: Instant) -> anyhow::Result<String> {
        let is_told = |number: &usize| lock(&self.heard).get(number).is_some_and(|heard| heard.taken > 0);
        while Instant::now() < deadline && !ids.keys().all(is_told) {
            std::thread::sleep(Duration::from_millis(100));
        }
        let heard = lock(&self.heard);
        let untold = ids.keys().filter(|number| heard.get(number).is_none_or(|heard| heard.taken == 0)).count();
        let expected = |id: &String| BTreeSet::from([format!("evt_{id}")]);
        let misnamed =
            ids.iter().filter(|(number, id)| heard.get(number).is_some_and(|heard| heard.events != expected(id)));
        let misnamed = misnamed.count();
        let requests: usize = heard.values().map(|heard| heard.requests).sum();
        let again: usize = heard.values().map(|heard| heard.taken.saturating_sub(1)).sum();
        let said = format!(
            "webhooks: {} told in {requests} requests, {again} of them again after a success; untold = {untold}, \
             under another id = {misnamed}",
            ids.len() - untold
        );
        ensure!(untold == 0 && misnamed == 0, "{said}");
        Ok(said)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One request: the path is the job's number, the header names the event.
fn answer(mut stream: TcpStream, heard: &Mutex<BTreeMap<usize, Heard>>) -> anyhow::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?).take(LARGEST);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let number: usize = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').parse()?;
    let (mut event, mut length) = (String::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("webhook-id") => event = value.to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse()?,
            Some(_) => {}
            None => break,
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    let is_taken = {
        let mut heard = lock(heard);
        let heard = heard.entry(number).or_default();
        heard.requests += 1;
        heard.events.insert(event);
        let is_taken = heard.requests > 1 || !number.is_multiple_of(REFUSED);
        heard.taken += usize::from(is_taken);
        is_taken
    };
    let status = if is_taken { "200 OK" } else { "503 Service Unavailable" };
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
    Ok(())
}
