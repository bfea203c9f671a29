//! A server, and a client.

#[path = "support/answer.rs"]
mod answer;
#[path = "support/conversation.rs"]
mod conversation;
#[path = "support/listener.rs"]
mod listener;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use optimus_core::collect::CollectedFile;
use optimus_core::event::EventSink;
use optimus_core::job::Policy;
use optimus_core::language::{Availability, Descriptor, LanguageInfo};
use optimus_core::languages::LanguageBook;
use optimus_core::limits::PartialLimits;
use optimus_core::outcome::{Excerpt, Exit};
use optimus_core::{Content, Digest, Event, Fault, Job, Report, Stream, TestReport, Timestamp, Verdict};
use optimus_queue::{Backend, EmbeddedConfig, EmbeddedQueue, QueueError, Rules, SharedStore, unjudged};
use optimus_server::api::{ApiLimits, ApiState, Finding, Origins, Parts, Readiness};
use optimus_server::audit::AuditLog;
use optimus_server::blobs::{self, BlobResolver, BlobStore, Blobs};
use optimus_server::interpreters::Interpreters;
use optimus_server::keys::{KeyRing, KeyStore};
use optimus_server::live_input::LiveInputs;
use optimus_server::login::{Client, Login};
use optimus_server::metrics::Metrics;
use optimus_server::pipelines::{self, PipelineStore};
use optimus_server::problems::{ProblemStore, Problems};
use optimus_server::schedules::{Engine, ScheduleStore, Seams};
use optimus_server::tokens::{Issuer, Tokens};
use optimus_server::webhooks::{
    Fetcher, Gate, MasterPlace, Policy as WebhookPolicy, Secrets, WebhookSender, connector,
};
use optimus_server::worker::{Input, Judging, Wanted, Worker};
use optimus_server::workers::{self, Beat, Workers};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::plugins::{Toys, plugins};

pub(crate) use answer::Answer;
pub(crate) use listener::{Heard, Listener};

/// Prints a test's stdin, and leaves it in each file that the job asks for, unless the source is `hang`, `slow`, `talk`, `flood`, `fail` or `panic`.
struct Echo;

#[async_trait]
impl Judging for Echo {
    async fn judge(
        &self,
        job: &Job,
        _: Duration,
        input: Option<Input>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Fault> {
        match job.files.first().map_or(&b""[..], |file| file.content.as_bytes()) {
            b"hang" => {
                cancel.cancelled().await;
                return Ok(unjudged(job, Verdict::Cancelled, None));
            }
            b"talk" => {
                for n in 0.. {
                    events(output(n.to_string().into_bytes()));
                    tokio::select! {
                        () = cancel.cancelled() => return Ok(unjudged(job, Verdict::Cancelled, None)),
                        () = tokio::time::sleep(Duration::from_millis(5)) => {}
                    }
                }
            }
            b"converse" => return Ok(conversation::converse(job, input, events, cancel).await),
            b"flood" => (0..20_000).for_each(|_| events(output(vec![b'x'; 4 << 10]))),
            b"slow" => tokio::time::sleep(Duration::from_millis(300)).await,
            b"fail" => return Err(Fault::new("sandbox_failed", "the box broke")),
            b"panic" => panic!("out of cheese"),
            _ => {}
        }
        let mut report = unjudged(job, Verdict::Accepted, None);
        for (index, (test, row)) in job.tests.iter().zip(&mut report.tests).enumerate() {
            row.verdict = Verdict::Accepted;
            row.exit = Some(Exit::Code(0));
            row.stdout = Excerpt { content: test.stdin.clone(), truncated: false };
            let source = job.files.first().map(|file| file.content.clone()).unwrap_or_default();
            row.stderr = Excerpt { content: source, truncated: false };
            row.files = job.collect.iter().map(|pattern| left(pattern.as_str(), &test.stdin)).collect();
            let report = Box::new(TestReport { stderr: Excerpt::default(), ..row.clone() });
            events(Event::Test { index, total: job.tests.len(), report });
        }
        Ok(report)
    }
}

/// A file that a test left.
fn left(path: &str, content: &Content) -> CollectedFile {
    let sha256 = Digest::Sha256(Sha256::digest(content.as_bytes()).into());
    let (path, bytes) = (path.to_owned(), content.len() as u64);
    CollectedFile { path, bytes, sha256, executable: false, content: Some(content.clone()) }
}

fn output(bytes: Vec<u8>) -> Event {
    Event::Output { index: 0, stream: Stream::Stdout, offset: 0, content: bytes.into(), truncated: false }
}

pub(crate) fn language(id: &str, availability: Availability) -> LanguageInfo {
    LanguageInfo {
        descriptor: Descriptor {
            id: id.to_owned(),
            name: id.to_uppercase(),
            version: "1.0.0".to_owned(),
            aliases: vec![format!("{id}-alias")],
            extensions: vec!["toy".to_owned()],
            commands: false,
            images: vec!["toy:1".to_owned()],
            probe: vec!["toy".to_owned()],
            install_hint: "install it".to_owned(),
            time_multiplier: 1.0,
            memory_multiplier: 1.0,
            minimum: PartialLimits::default(),
            options_schema: Some(
                r#"{"type": "object", "additionalProperties": false, "properties": {"std": {"enum": ["a", "b"]}}}"#
                    .to_owned(),
            ),
            judge0_ids: Vec::new(),
            piston_names: Vec::new(),
            samples: Vec::new(),
        },
        plugin_digest: "00".to_owned(),
        availability,
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) languages: Arc<LanguageBook>,
    pub(crate) keys: Arc<KeyRing>,
    shutdown: CancellationToken,
    stop_working: CancellationToken,
    serving: Option<tokio::task::JoinHandle<()>>,
    pub(crate) dir: Arc<tempfile::TempDir>,
}

pub(crate) struct Setup {
    pub(crate) rules: Rules,
    pub(crate) limits: ApiLimits,
    /// 0: jobs stay queued.
    pub(crate) slots: usize,
    pub(crate) origins: Origins,
    pub(crate) console: bool,
    /// The identity provider.
    pub(crate) tokens: Option<Arc<Tokens>>,
    /// The console as its client.
    pub(crate) login: Option<(Client, Issuer)>,
    /// Rules of sending webhooks.
    pub(crate) webhooks: WebhookPolicy,
    /// Maximum bytes of problems of one tenant.
    pub(crate) problem_bytes: u64,
    /// Bounds of blobs.
    pub(crate) blobs: blobs::Rules,
    /// That of an earlier server; a new one, when absent.
    pub(crate) dir: Option<Arc<tempfile::TempDir>>,
    /// A queue that other servers share, and what lies beside it; a file in `dir`, when absent.
    pub(crate) shared: Option<(Arc<dyn Backend>, Arc<dyn SharedStore>)>,
    /// By how much the clock of schedules is ahead.
    pub(crate) ahead: Duration,
    pub(crate) interpreters: Arc<Interpreters>,
}

/// To public addresses only.
pub(crate) fn webhooks() -> WebhookPolicy {
    let (gate, backoff) = (Arc::new(Gate::default()), Duration::from_millis(20));
    WebhookPolicy { gate, attempts: 5, backoff, deadline: Duration::from_secs(30), tls: connector(None).unwrap() }
}

impl Default for Setup {
    fn default() -> Self {
        let rules = Rules { max_attempts: 2, backoff: Duration::from_millis(5), ..Rules::default() };
        Self {
            rules,
            limits: ApiLimits::default(),
            slots: 2,
            origins: Origins::default(),
            console: false,
            tokens: None,
            login: None,
            webhooks: webhooks(),
            problem_bytes: 1 << 30,
            blobs: blobs::Rules::default(),
            dir: None,
            shared: None,
            ahead: Duration::ZERO,
            interpreters: Interpreters::none(Fault::new("no_sessions", "there are none here").hint("the remedy")),
        }
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let dir = setup.dir.unwrap_or_else(|| Arc::new(tempfile::tempdir().unwrap()));
        let (queue, schedules, pipelines, audit) = stores(setup.shared.clone(), &dir, setup.rules).await;
        let (languages, metrics) = (Arc::new(LanguageBook::default()), Arc::new(Metrics::default()));
        languages.replace(vec![
            language("toy", Availability::Available { version: "toy 1".to_owned() }),
            language("absent", Availability::Unavailable { reason: "no `toy`".to_owned(), hint: "get it".to_owned() }),
        ]);
        let (shutdown, stop_working) = (CancellationToken::new(), CancellationToken::new());
        let blob_store = match &setup.shared {
            Some((_, store)) => BlobStore::shared(store),
            None => BlobStore::files(dir.path().join("blobs")),
        };
        let blobs = Arc::new(Blobs::new(blob_store, setup.blobs));
        tokio::spawn(blobs::sweep(Arc::clone(&blobs), queue.clone(), stop_working.clone()));
        let workers = Arc::new(Workers::here());
        if setup.slots > 0 {
            let drains = tokio::sync::watch::Sender::new(false);
            let judge = Arc::new(BlobResolver { judge: Arc::new(Echo), blobs: Arc::clone(&blobs) });
            let (backend, grace) = (queue.clone(), Duration::from_millis(10));
            let (languages, slots, metrics) = (Wanted::Any, setup.slots, metrics.clone());
            let (beat, counted) = (Beat::new(slots), Arc::clone(&metrics));
            let worker = Worker { backend, judge, languages, slots, grace, metrics, drains: drains.subscribe() };
            tokio::spawn(worker.run(stop_working.clone()));
            tokio::spawn(workers::follow(Arc::clone(&workers), beat, counted, drains, stop_working.clone()));
        }
        let secrets = Arc::new(Secrets::new(MasterPlace::File(dir.path().join("secret"))));
        let (policy, metrics_of_sender) = (setup.webhooks.clone(), metrics.clone());
        let sender =
            WebhookSender { queue: queue.clone(), secrets: secrets.clone(), policy, metrics: metrics_of_sender };
        tokio::spawn(sender.run(stop_working.clone()));
        let counts = setup.shared.as_ref().map(|(_, store)| Arc::clone(store));
        let inputs = Arc::new(LiveInputs::new(counts.clone()));
        let login = setup.login.zip(setup.tokens.clone()).map(|((client, issuer), tokens)| {
            Arc::new(Login::new(client, (issuer, tokens), Arc::clone(&secrets), counts))
        });
        let readiness = Arc::new(Readiness::default());
        let keys = Arc::<KeyRing>::default();
        let (schedules, pipelines, counted) = (Arc::new(schedules), Arc::new(pipelines), Arc::clone(&metrics));
        let state = ApiState::new(Parts {
            queue,
            languages: languages.clone(),
            policy: Policy::default(),
            limits: setup.limits,
            readiness: readiness.clone(),
            plugins: Arc::new(plugins),
            reload: Arc::new(|| Ok(true)),
            installer: Arc::new(Toys),
            metrics,
            keys: keys.clone(),
            key_store: Arc::new(KeyStore::file(dir.path().join("keys.json"))),
            examine: Arc::new(|| {
                let hint = Some("write to it".to_owned());
                let findings = vec![Finding::ok("kernel", "6.1"), Finding::problem("cgroups", "read-only", hint)];
                Box::pin(std::future::ready(findings))
            }),
            tokens: setup.tokens,
            login,
            problems: Arc::new(Problems::new(ProblemStore::files(dir.path().join("problems")), setup.problem_bytes)),
            blobs,
            inputs,
            schedules: Arc::clone(&schedules),
            pipelines: Arc::clone(&pipelines),
            audit: Arc::new(audit),
            interpreters: setup.interpreters,
            workers,
            origins: setup.origins,
            console: setup.console,
            fetcher: Arc::new(Fetcher::new(&setup.webhooks)),
            gate: setup.webhooks.gate,
            secrets,
        });
        let flows = (schedules, pipelines);
        drive(&state, flows, setup.ahead, counted, &stop_working);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Some(tokio::spawn(optimus_server::api::serve(listener, state, shutdown.clone())));
        Self { address, readiness, languages, keys, shutdown, stop_working, serving, dir }
    }

    pub(crate) async fn stop(&mut self) {
        self.shutdown.cancel();
        let serving = tokio::time::timeout(Duration::from_secs(60), self.serving.take().unwrap());
        serving.await.unwrap().unwrap();
        self.stop_working.cancel();
    }

    /// Sends a request; headers as `name: value`.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[&str], body: impl Into<Vec<u8>>) -> Answer {
        let (address, body) = (self.address, body.into());
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        if !headers.iter().any(|header| header.starts_with("content-length") || header.starts_with("transfer-")) {
            head += &format!("content-length: {}\r\n", body.len());
        }
        headers.iter().for_each(|header| head += &format!("{header}\r\n"));
        head += "\r\n";
        let exchange = tokio::task::spawn_blocking(move || {
            let mut tcp = TcpStream::connect(address).unwrap();
            tcp.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            tcp.write_all(head.as_bytes()).unwrap();
            // A server that has refused a large body may close before it is sent.
            let _ = tcp.write_all(&body);
            let mut answer = Vec::new();
            let _ = tcp.read_to_end(&mut answer);
            answer
        });
        Answer::parse(&exchange.await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &["content-type: application/json"], body.to_string()).await
    }

    pub(crate) async fn submit(&self, source: &str) -> String {
        let answer = self.post("/v1/jobs", &json!({"language": "toy", "source": source})).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn is_running(&self, id: &str) {
        while self.get(&format!("/v1/jobs/{id}")).await.json()["state"] != "running" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The queue, and what lies beside it.
async fn stores(
    shared: Option<(Arc<dyn Backend>, Arc<dyn SharedStore>)>,
    dir: &tempfile::TempDir,
    rules: Rules,
) -> (Arc<dyn Backend>, ScheduleStore, PipelineStore, AuditLog) {
    if let Some((queue, store)) = shared {
        return (queue, ScheduleStore::shared(&store), PipelineStore::shared(&store), AuditLog::shared(&store));
    }
    let place = |name: &str| dir.path().join(name);
    let queue = open(&place("queue"), EmbeddedConfig { rules, ..EmbeddedConfig::default() }).await;
    let (schedules, pipelines) = (ScheduleStore::files(&place("schedules")), PipelineStore::files(&place("pipelines")));
    (Arc::new(queue), schedules, pipelines, AuditLog::files(&place("audit")))
}

/// Fires schedules and drives runs until `stop`, by a clock that is `ahead`.
fn drive(
    state: &ApiState,
    (schedules, pipelines): (Arc<ScheduleStore>, Arc<PipelineStore>),
    ahead: Duration,
    metrics: Arc<Metrics>,
    stop: &CancellationToken,
) {
    let engine = Engine(Seams {
        store: schedules,
        action: Arc::new(state.clone()),
        longest_catch_up: Duration::from_secs(3_600),
        now: Arc::new(move || Timestamp(Timestamp::now().0 + ahead.as_millis() as u64)),
        metrics: Arc::clone(&metrics),
        announce: state.announce(),
    });
    tokio::spawn(engine.run(stop.clone()));
    let action = Arc::new(state.clone());
    let seams = pipelines::Seams {
        store: pipelines,
        action: action.clone(),
        tools: action,
        kept: Duration::from_secs(3_600),
        now: Arc::new(Timestamp::now),
        metrics,
        announce: state.announce(),
    };
    tokio::spawn(pipelines::Engine(seams).run(stop.clone()));
}

/// An earlier server may still be closing it.
async fn open(path: &std::path::Path, config: EmbeddedConfig) -> EmbeddedQueue {
    for _ in 0..600 {
        match EmbeddedQueue::open(path, config.clone()) {
            Err(QueueError::InUse(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            opened => return opened.unwrap(),
        }
    }
    panic!("the earlier server never lets go");
}
