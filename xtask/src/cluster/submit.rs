//! The clients: they submit until a job is accepted, and poll until it has a report.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::processes::Cluster;
use super::receiver::Receiver;

const CLIENTS: usize = 4;

fn agent(patience: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(patience)).http_status_as_error(false);
    config.build().into()
}

/// The source prints a unique number, so that a report can only be that job's.
fn job(language: &str, number: usize, receiver: &Receiver) -> Value {
    // The same few programs again and again: what is tried here is not a compiler.
    let n = number % 8;
    let source = match language {
        "c" => {
            format!("#include <stdio.h>\nint main(void) {{ int x; scanf(\"%d\", &x); printf(\"{n} %d\\n\", x); }}\n")
        }
        "python" => format!("print({n}, input())\n"),
        _ => format!("read -r x; echo \"{n} $x\"\n"),
    };
    let test = json!({"stdin": format!("{number}\n"), "expect": format!("{n} {number}\n")});
    json!({"language": language, "source": source, "tests": [test], "webhook": {"url": receiver.url(number)}})
}

/// Short programs, in each of the languages in turn.
pub(super) fn submit(
    cluster: &Cluster,
    languages: &[String],
    jobs: usize,
    receiver: &Receiver,
    deadline: Instant,
) -> anyhow::Result<BTreeMap<usize, String>> {
    let job = |number: usize| job(&languages[number % languages.len()], number, receiver);
    let ids = post_all(cluster, jobs, deadline, job)?;
    cluster.all_submitted();
    Ok(ids)
}

/// Programs that take their time, so that there is something to scale for.
pub(super) fn slow(
    cluster: &Cluster,
    language: &str,
    jobs: usize,
    deadline: Instant,
) -> anyhow::Result<BTreeMap<usize, String>> {
    post_all(cluster, jobs, deadline, |number| {
        let source = format!("sleep 0.5; echo {number}\n");
        json!({"language": language, "source": source, "tests": [{"expect": format!("{number}\n")}]})
    })
}

/// Ids by number. A client that gets no answer sends the same again, under the same key.
fn post_all(
    cluster: &Cluster,
    jobs: usize,
    deadline: Instant,
    job: impl Fn(usize) -> Value + Sync,
) -> anyhow::Result<BTreeMap<usize, String>> {
    // The next wave's first job is another one than this wave's.
    let wave = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let (next, ids) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || -> anyhow::Result<()> {
        let agent = agent(Duration::from_secs(20));
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= jobs {
                return Ok(());
            }
            let job = job(number);
            let mut turn = number;
            let id = loop {
                ensure!(Instant::now() < deadline, "job {number} was never accepted");
                turn += 1;
                if let Some(id) = post(cluster, &agent, turn, &format!("{wave}-{number}"), &job) {
                    break id;
                }
                std::thread::sleep(Duration::from_millis(20));
            };
            ids.lock().map_err(|_| anyhow::anyhow!("a client panicked"))?.insert(number, id);
        }
    };
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(work)).collect();
        clients.into_iter().try_for_each(|client| client.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
    })?;
    ids.into_inner().context("a client panicked")
}

fn post(cluster: &Cluster, agent: &ureq::Agent, turn: usize, key: &str, job: &Value) -> Option<String> {
    let url = format!("{}/v1/jobs", cluster.api(turn)?);
    let request = agent.post(url).header("idempotency-key", key);
    let mut answer = request.send_json(job).ok()?;
    let accepted = answer.status().is_success();
    let body: Value = answer.body_mut().read_json().ok()?;
    accepted.then(|| body["id"].as_str().map(str::to_owned))?
}

/// The verdict of each job.
pub(super) fn reports(
    cluster: &Cluster,
    ids: &BTreeMap<usize, String>,
    deadline: Instant,
) -> anyhow::Result<BTreeMap<usize, String>> {
    let (todo, done) = (Mutex::new(ids.iter()), Mutex::new(BTreeMap::new()));
    let work = || -> anyhow::Result<()> {
        let agent = agent(Duration::from_secs(20));
        loop {
            let next = todo.lock().map_err(|_| anyhow::anyhow!("a client panicked"))?.next();
            let Some((number, id)) = next else { return Ok(()) };
            let mut turn = *number;
            while Instant::now() < deadline {
                turn += 1;
                if let Some(verdict) = verdict(cluster, &agent, turn, id) {
                    done.lock().map_err(|_| anyhow::anyhow!("a client panicked"))?.insert(*number, verdict);
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    };
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(work)).collect();
        clients.into_iter().try_for_each(|client| client.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
    })?;
    done.into_inner().context("a client panicked")
}

fn verdict(cluster: &Cluster, agent: &ureq::Agent, turn: usize, id: &str) -> Option<String> {
    let url = format!("{}/v1/jobs/{id}?wait=10s", cluster.api(turn)?);
    let body: Value = agent.get(url).call().ok()?.body_mut().read_json().ok()?;
    body["report"]["verdict"].as_str().map(str::to_owned)
}
