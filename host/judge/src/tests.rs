//! Plans written by hand, carried out in the fake sandbox.

mod boxes;
mod building;
mod judging;
mod order;
mod scoring;
mod whole;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use optimus_core::event::EventSink;
use optimus_core::limits::PartialLimits;
use optimus_core::plan::{Collect, Diagnostic, PlacedFile};
use optimus_core::{
    BoxPath, Descriptor, Event, Exit, Fault, Job, JobRequest, LimitHit, Limits, Outcome, Plan, Step, Stream, Verdict,
};
use optimus_plugin::{Finding, StepOutcome};
use optimus_sandbox::{BoxStep, FakeSandbox, SandboxError, Sink, View};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::JudgeConfig;
use super::build_spec::BuildSpec;
use super::execute::ExecutionResult;
use super::executor::Executor;
use super::hooks::LanguageHooks;
use super::planned::PlannedJob;

/// A language that asks for nothing.
/// A job in it names the program to run.
const COMMAND: &str = "tool";

pub(super) fn language() -> Descriptor {
    Descriptor {
        id: "toy".to_owned(),
        name: "Toy".to_owned(),
        version: "1".to_owned(),
        aliases: Vec::new(),
        extensions: vec!["toy".to_owned()],
        commands: false,
        images: vec!["toy:1".to_owned()],
        probe: vec!["toy".to_owned()],
        install_hint: "install toy".to_owned(),
        time_multiplier: 1.0,
        memory_multiplier: 1.0,
        minimum: PartialLimits::default(),
        options_schema: None,
        judge0_ids: Vec::new(),
        piston_names: Vec::new(),
        samples: Vec::new(),
    }
}

/// A plugin's part, played: reads `oom` as memory, and scores half.
#[derive(Default)]
struct Toy {
    trapped: bool,
}

#[async_trait]
impl LanguageHooks for Toy {
    async fn diagnostics(&self, outcome: &StepOutcome) -> Vec<Diagnostic> {
        vec![Diagnostic {
            path: "main.toy".to_owned(),
            line: 1,
            column: 0,
            severity: "error".to_owned(),
            message: String::from_utf8_lossy(&outcome.stderr_tail).into_owned(),
            code: None,
        }]
    }

    async fn refine(&self, outcome: &StepOutcome) -> Option<Verdict> {
        outcome.stderr_tail.ends_with(b"oom").then_some(Verdict::MemoryLimitExceeded)
    }

    async fn check(&self, input: Bytes, expected: Bytes, actual: Bytes) -> Result<Finding, Fault> {
        if self.trapped {
            return Err(Fault::new("plugin_trapped", "plugin `toy` 1: `check` stopped: unreachable"));
        }
        let message = Some(format!("{} {} {}", input.len(), expected.len(), actual.len()));
        Ok(Finding { accepted: false, score: Some(0.5), message })
    }
}

fn step(name: &str, argv: &[&str]) -> Step {
    Step {
        name: name.to_owned(),
        argv: argv.iter().map(|&arg| arg.to_owned()).collect(),
        env: Vec::new(),
        files: Vec::new(),
        collect: Vec::new(),
        limits: PartialLimits::default(),
        warm: false,
    }
}

fn interpreted() -> Plan {
    Plan { image: "toy:1".to_owned(), compile: Vec::new(), run: step("run", &["toy", "main.toy"]), comparer: None }
}

fn compiled() -> Plan {
    let mut compile = step("compile", &["toyc", "main.toy"]);
    compile.collect = vec![Collect::Path(BoxPath::new("main").unwrap())];
    Plan { compile: vec![compile], run: step("run", &["./main"]), ..interpreted() }
}

fn job(mut request: Value) -> Job {
    request["language"] = json!("toy");
    if request.get("files").is_none() && request.get("source").is_none() {
        request["source"] = json!("x");
    }
    let request: JobRequest = serde_json::from_value(request).unwrap();
    request.into_job("toy", "toy", &Default::default()).unwrap()
}

/// One test that reads and expects this.
fn one_test(stdin: &str, expect: &str) -> Job {
    job(json!({"tests": [{"stdin": stdin, "expect": expect}]}))
}

fn ended(exit: Exit, limit: Option<LimitHit>) -> Outcome {
    Outcome { exit, limit, ..FakeSandbox::success(0) }
}

/// A bench over programs that do what their stdin says: `exit 1`, `signal 11`, `limit cpu_time`, `missing`, `lost`,
/// `refused`; anything else they print. Compilers count themselves, and do what the first source says.
struct Toys {
    executor: Executor,
    compiled: Arc<AtomicUsize>,
    ran: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Toys {
    fn new(config: JudgeConfig) -> Self {
        let (compiled, ran) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (compiles, runs) = (Arc::clone(&compiled), Arc::clone(&ran));
        let script = move |step: &BoxStep<'_>, stage: &[PlacedFile], sink: &mut dyn Sink| {
            runs.lock().unwrap().push(step.argv.to_vec());
            if step.view == View::Build {
                compiles.fetch_add(1, Ordering::SeqCst);
                let source = stage.iter().find(|file| file.path.as_str() == "main.toy").unwrap();
                let text = String::from_utf8_lossy(source.content.as_bytes()).into_owned();
                if text != "x" {
                    sink.write(Stream::Stderr, b"bad line\n");
                }
                return act(&text, sink);
            }
            act(&String::from_utf8_lossy(&step.stdin.whole()), sink)
        };
        Self { executor: Executor::new(Arc::new(FakeSandbox::new(Arc::new(script))), config), compiled, ran }
    }

    async fn execute(&self, job: &Job, plan: &Plan) -> Result<ExecutionResult, Fault> {
        self.execute_with(job, plan, &Toy::default(), &|_| {}, &CancellationToken::new()).await
    }

    async fn execute_with(
        &self,
        job: &Job,
        plan: &Plan,
        hooks: &Toy,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<ExecutionResult, Fault> {
        let limits = Limits::DEFAULT;
        let spec = BuildSpec {
            job,
            plan,
            limits,
            plugin_digest: "d",
            install_hint: "install toy",
            is_command: job.language == COMMAND,
            hooks,
            unpinned: false,
        };
        let planned = PlannedJob {
            spec,
            language_code: "toy",
            checker: None,
            source_checker: None,
            interactor: None,
            grader: None,
            input: None,
        };
        self.executor.execute(&planned, events, cancel).await
    }

    fn times_compiled(&self) -> usize {
        self.compiled.load(Ordering::SeqCst)
    }
}

impl Default for Toys {
    fn default() -> Self {
        Self::new(JudgeConfig::default())
    }
}

fn act(text: &str, sink: &mut dyn Sink) -> Result<Outcome, SandboxError> {
    let (verb, what) = text.split_once(' ').unwrap_or((text, ""));
    match verb {
        "exit" => {
            let (code, last_words) = what.split_once(' ').unwrap_or((what, ""));
            sink.write(Stream::Stderr, last_words.as_bytes());
            Ok(ended(Exit::Code(code.parse().unwrap()), None))
        }
        "signal" => Ok(ended(Exit::Signal(what.parse().unwrap()), None)),
        "limit" => {
            let limit: LimitHit = serde_json::from_value(json!(what)).unwrap();
            Ok(ended(Exit::Signal(9), Some(limit)))
        }
        "missing" => Ok(ended(Exit::NotStarted("no such file or directory".to_owned()), None)),
        "lost" => Err(SandboxError::Lost("the agent went silent".to_owned())),
        "refused" => Err(SandboxError::Refused("`main` is a symlink".to_owned())),
        _ => {
            sink.write(Stream::Stdout, text.as_bytes());
            Ok(FakeSandbox::success(text.len() as u64))
        }
    }
}
