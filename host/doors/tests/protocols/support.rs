//! An engine in memory, and a client.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::Request;
use futures::StreamExt as _;
use futures::stream::{BoxStream, iter, pending};
use http_body_util::BodyExt as _;
use optimus_core::job::Policy;
use optimus_core::language::{Availability, Descriptor, LanguageInfo};
use optimus_core::languages::LanguageBook;
use optimus_core::limits::PartialLimits;
use optimus_core::outcome::Excerpt;
use optimus_core::report::{CompileReport, Timing};
use optimus_core::{Event, Exit, Job, JobId, JobRequest, Report, TestReport, Timestamp, Verdict};
use optimus_doors::{
    Admitted, Door, Doors, Engine, FileStore, Follow, Listed, Load, Memory, Progress, Refusal, Service, Shared,
};
use serde_json::Value;
use tokio::time::Instant;

/// What a test lets a job come to; none: it goes on for ever.
pub(crate) type Judge = dyn Fn(&Job) -> Option<Report> + Send + Sync;

/// A job, its owner, and its report once it is over.
type Row = (Option<String>, Job, Option<Report>);

/// The server of a test.
struct State {
    judge: Box<Judge>,
    languages: Arc<LanguageBook>,
    policy: Policy,
    jobs: Mutex<BTreeMap<JobId, Row>>,
    /// `submit` finds no room so many times.
    full: Mutex<usize>,
    /// Keys with their owner and whether that is an operator; without any, everybody comes in.
    keys: Vec<(&'static str, &'static str, bool)>,
}

#[derive(Clone)]
struct Fake {
    state: Arc<State>,
    tenant: Option<String>,
}

#[async_trait]
impl Service for Fake {
    async fn admit(&self, secret: Option<&str>) -> Result<Admitted, Refusal> {
        let admitted = |tenant: Option<&str>, is_operator| {
            let engine = Self { state: self.state.clone(), tenant: tenant.map(str::to_owned) };
            let owner = tenant.map(str::to_owned);
            let may_command = tenant.is_none_or(|tenant| tenant != "b");
            Ok(Admitted { engine: Arc::new(engine), is_operator, may_command, owner })
        };
        if self.state.keys.is_empty() {
            return admitted(None, true);
        }
        let known = self.state.keys.iter().find(|(key, ..)| Some(*key) == secret);
        known.map_or(Err(Refusal::Unauthorized), |(_, tenant, is_operator)| admitted(Some(tenant), *is_operator))
    }

    async fn load(&self) -> Result<Load, Refusal> {
        Ok(Load { queued: 3, running: 2 })
    }
}

#[async_trait]
impl Engine for Fake {
    async fn submit(&self, request: JobRequest, _: bool, until: Instant) -> Result<JobId, Refusal> {
        let invalid = |invalid: optimus_core::Invalid| Refusal::Invalid {
            field: invalid.field.clone(),
            message: invalid.to_string(),
        };
        let language = self.state.languages.find(&request.language).unwrap();
        if request.webhook.as_ref().is_some_and(|webhook| webhook.url.contains("127.0.0.1")) {
            let message = "`webhook.url`: leads to 127.0.0.1, which is not public".to_owned();
            return Err(Refusal::Invalid { field: "webhook.url".to_owned(), message });
        }
        let extension = language.descriptor.extension().to_owned();
        let job = request.into_job(&language.descriptor.id, &extension, &self.state.policy).map_err(invalid)?;
        while std::mem::replace(&mut *self.state.full.lock().unwrap(), 0) > 0 {
            if Instant::now() >= until {
                return Err(Refusal::Busy("full".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let report = (self.state.judge)(&job);
        let id = job.id;
        self.state.jobs.lock().unwrap().insert(id, (self.tenant.clone(), job, report));
        Ok(id)
    }

    async fn wait(&self, id: JobId, until: Instant) -> Result<Progress, Refusal> {
        let report = {
            let jobs = self.state.jobs.lock().unwrap();
            let (owner, _, report) = jobs.get(&id).ok_or(Refusal::NoSuchJob)?;
            if owner != &self.tenant {
                return Err(Refusal::NoSuchJob);
            }
            report.clone()
        };
        match report {
            Some(report) => Ok(Progress::Done(Box::new(report))),
            None => {
                tokio::time::sleep_until(until).await;
                Ok(Progress::Queued)
            }
        }
    }

    async fn cancel(&self, id: JobId) -> Result<(), Refusal> {
        self.state.jobs.lock().unwrap().remove(&id).map(drop).ok_or(Refusal::NoSuchJob)
    }

    async fn list(&self, _: Option<JobId>, limit: usize) -> Result<Vec<Listed>, Refusal> {
        let jobs = self.state.jobs.lock().unwrap();
        let own = jobs.iter().rev().filter(|(_, (owner, ..))| owner == &self.tenant);
        let row = |(id, (_, job, report)): (&JobId, &Row)| Listed {
            id: *id,
            language: job.language.clone(),
            verdict: report.as_ref().map(|report| report.verdict),
            created_at: id.created_at(),
        };
        Ok(own.take(limit).map(row).collect())
    }
}

#[async_trait]
impl Follow for Fake {
    async fn follow(&self, id: JobId) -> Result<BoxStream<'static, Event>, Refusal> {
        let Progress::Done(report) = self.wait(id, Instant::now()).await? else {
            return Ok(iter([Event::Started]).chain(pending()).boxed());
        };
        let total = report.tests.len();
        let test = |(index, test): (usize, &TestReport)| Event::Test { index, total, report: Box::new(test.clone()) };
        let tests: Vec<_> = report.tests.iter().enumerate().map(test).collect();
        let done = Event::Done { report };
        Ok(iter(std::iter::once(Event::Started).chain(tests).chain([done])).boxed())
    }

    async fn write_stdin(&self, id: JobId, _: &[u8]) -> Result<(), Refusal> {
        self.wait(id, Instant::now()).await.map(drop)
    }
}

/// A door to such an engine.
pub(crate) struct House {
    door: Door,
    doors: Doors,
    shared: Shared,
    state: Arc<State>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl House {
    pub(crate) fn new(door: Door, judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> Self {
        Self::with_keys(door, &[], judge)
    }

    pub(crate) fn with_keys(
        door: Door,
        keys: &[(&'static str, &'static str, bool)],
        judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static,
    ) -> Self {
        let languages = Arc::new(LanguageBook::default());
        languages.replace(languages_of_tests(door));
        let policy = Policy::default();
        let state = Arc::new(State {
            judge: Box::new(judge),
            languages: languages.clone(),
            policy: policy.clone(),
            jobs: Mutex::default(),
            full: Mutex::new(0),
            keys: keys.to_vec(),
        });
        let service = Arc::new(Fake { state: state.clone(), tenant: None });
        let origins = vec!["https://allowed.example".to_owned()];
        let shared = Shared { languages, policy, deadline: Duration::from_millis(200), origins, service };
        let memory = Memory::new(1 << 20, Duration::from_secs(60));
        Self { door, doors: Doors::new(&shared, &memory, &FileStore::default()), shared, state }
    }

    /// What a door is made of, and its caller without a key.
    pub(crate) async fn parts(&self) -> (Shared, Admitted) {
        (self.shared.clone(), self.shared.service.admit(None).await.unwrap())
    }

    /// Sends a request; headers as `name: value`.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[&str], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1");
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let answer = self.doors.answer(self.door, request.body(body.into()).unwrap()).await;
        let status = answer.status().as_u16();
        Answer { status, body: answer.into_body().collect().await.unwrap().to_bytes().to_vec() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &["content-type: application/json"], body.to_string()).await
    }

    /// The job that was submitted last.
    pub(crate) fn job(&self) -> Job {
        self.state.jobs.lock().unwrap().last_key_value().unwrap().1.1.clone()
    }

    pub(crate) fn jobs(&self) -> usize {
        self.state.jobs.lock().unwrap().len()
    }

    pub(crate) fn is_full(&self, times: usize) {
        *self.state.full.lock().unwrap() = times;
    }
}

/// The same, whose jobs are commands.
fn command(mut info: LanguageInfo) -> LanguageInfo {
    info.descriptor.commands = true;
    info.descriptor.extensions.clear();
    info
}

fn languages_of_tests(door: Door) -> Vec<LanguageInfo> {
    let flags = r#"{"type": "object", "properties": {"flags": {"type": "array"}}}"#;
    let info = |id: &str, ids: &[u32], names: &[&str], version: Option<&str>, schema: Option<&str>| LanguageInfo {
        descriptor: Descriptor {
            id: id.to_owned(),
            name: id.to_uppercase(),
            version: "1.0.0".to_owned(),
            aliases: vec![format!("{id}-alias")],
            extensions: vec![id.to_owned()],
            commands: false,
            images: Vec::new(),
            probe: Vec::new(),
            install_hint: String::new(),
            time_multiplier: 1.0,
            memory_multiplier: 1.0,
            minimum: PartialLimits::default(),
            options_schema: schema.map(str::to_owned),
            judge0_ids: ids.to_vec(),
            piston_names: names.iter().map(|name| (*name).to_owned()).collect(),
            samples: Vec::new(),
        },
        plugin_digest: id.to_owned(),
        availability: match version {
            Some(version) => Availability::Available { version: version.to_owned() },
            None => Availability::Unavailable { reason: "no such program".to_owned(), hint: "get it".to_owned() },
        },
    };
    if door == Door::GoJudge {
        return vec![command(info("tool", &[], &[], Some("1"), None))];
    }
    if door == Door::OpenInstruct {
        let schema = r#"{"type": "object", "properties": {"statements": {"type": "string"}}}"#;
        return vec![info("toy", &[], &["py"], Some("Toy 3.11.2"), Some(schema))];
    }
    let cells = r#"{"type": "object", "properties": {"cells": {"type": "boolean"}}}"#;
    let celled = (door == Door::Fusion).then(|| info("celled", &[], &["celled3"], Some("celled 3"), Some(cells)));
    let others = vec![
        info("toy", &[71, 70], &["toy", "toy3"], Some("Toy 3.11.2"), None),
        info("built", &[50, 49], &["built"], Some("built (GNU) 12.2.0"), Some(flags)),
        // The same id, more exactly; but not here.
        info("absent", &[49], &["absent"], None, None),
        info("gone", &[66], &["gone"], None, None),
    ];
    others.into_iter().chain(celled).collect()
}

/// A report in which each test comes to `verdict` as `change` has it.
pub(crate) fn report(job: &Job, verdict: Verdict, change: impl Fn(&mut TestReport)) -> Report {
    let test = |index: usize| {
        let mut test = TestReport::unrun((index + 1).to_string(), verdict);
        test.exit = Some(Exit::Code(0));
        (test.cpu_ms, test.wall_ms, test.memory_bytes) = (12.0, 34.0, 2 << 20);
        change(&mut test);
        test
    };
    Report {
        id: job.id,
        language: job.language.clone(),
        verdict,
        score: None,
        plugin: None,
        image: None,
        sandbox: "fake".to_owned(),
        compile: None,
        tests: (0..job.tests.len()).map(test).collect(),
        error: None,
        limits: Some(job.limits),
        created_at: job.id.created_at(),
        started_at: job.id.created_at(),
        finished_at: Some(Timestamp(1_795_780_800_123)),
        timing: Timing::default(),
        labels: job.labels.clone(),
    }
}

/// A compilation that failed; the compiler printed one line.
pub(crate) fn failed_compile(message: Option<&str>) -> CompileReport {
    CompileReport {
        ok: false,
        cached: false,
        failed_step: None,
        output: excerpt(b"x.c:1: error\n"),
        diagnostics: Vec::new(),
        cpu_ms: 5.0,
        wall_ms: 6.0,
        memory_bytes: 7,
        message: message.map(str::to_owned),
    }
}

pub(crate) fn excerpt(bytes: &[u8]) -> Excerpt {
    Excerpt { content: bytes.to_vec().into(), truncated: false }
}

/// Prints its input.
pub(crate) fn echo(job: &Job) -> Option<Report> {
    let stdin = job.tests[0].stdin.clone();
    Some(report(job, Verdict::Accepted, |test| test.stdout = excerpt(stdin.as_bytes())))
}
