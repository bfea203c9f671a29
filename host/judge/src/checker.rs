//! A checker that is a program: built like any other, once, and run after each test in a separate box, in which there
//! are the input, the output, what was expected, and never the submission. What it says decides; a checker that crashes,
//! takes too long or makes no sense has decided nothing, and that is an error of the problem, with the checker's name.

use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use optimus_core::checker::{Answer, Checker, CheckerFile, CheckerOutput, Decision, Invocation, NEXT_PASS, Scale};
use optimus_core::job::Policy;
use optimus_core::plan::{Collect, PlacedFile};
use optimus_core::{BoxPath, Content, Exit, Fault, Job, Limits, Outcome, Plan, Stream, Verdict};
use optimus_plugin::{Catalogue, PlanRequest, Plugin, PluginError};
use optimus_sandbox::{BoxStep, Collected, Feed, OpenBox, Sink, Stdin, View};

use super::build_spec::BuildSpec;
use super::compile::{BuildResult, PreparedBox};
use super::executor::Executor;
use super::failure::{Cause, cause_of, fault};
use super::limits;
use super::verdict::Ruling;

/// Limits of a run that asks for none: a checker may be slower than the program that it checks.
const LIMITS: Limits = Limits {
    cpu_ms: 10_000,
    wall_ms: 30_000,
    memory_bytes: 1 << 30,
    file_bytes: 1 << 30,
    work_bytes: 1 << 30,
    ..Limits::DEFAULT
};
/// Maximum bytes of its output that are kept.
const SAID: usize = 64 << 10;
/// Maximum bytes that are read of a file that it writes; the input of another pass may be one.
const WRITTEN: u64 = 16 << 20;

/// A checker that can be built, and boxes in which it waits.
pub(super) struct CheckerProgram {
    pub(super) checker: Checker,
    job: Job,
    plan: Arc<Plan>,
    plugin: Arc<Plugin>,
    pub(super) limits: Limits,
    idle: Mutex<Vec<Box<dyn OpenBox>>>,
    /// Those that are asked when this one has accepted.
    also: Vec<CheckerProgram>,
}

/// The inputs of a checker.
#[derive(Clone, Default)]
pub(super) struct CheckerInputs {
    pub(super) input: Bytes,
    pub(super) output: Bytes,
    pub(super) answer: Bytes,
    pub(super) code: Bytes,
    /// Arguments for this test.
    pub(super) args: Vec<String>,
    /// The points of the test, for checkers that answer in points.
    pub(super) worth: Option<f64>,
    /// Which run of the submission this was, from 1, and what the checker left after those before.
    pub(super) pass: u32,
    pub(super) left: Vec<(String, Bytes)>,
}

impl CheckerInputs {
    pub(super) fn with_output(&self, output: Bytes) -> Self {
        Self { output, ..self.clone() }
    }
}

/// The result of a check.
pub(super) struct Checked {
    pub(super) ruling: Ruling,
    /// The submission is to run again with this input.
    pub(super) next: Option<Next>,
}

/// Another pass.
pub(super) struct Next {
    pub(super) input: Bytes,
    /// Files for the checker's next run.
    pub(super) left: Vec<(String, Bytes)>,
}

impl From<Ruling> for Checked {
    fn from(ruling: Ruling) -> Self {
        Self { ruling, next: None }
    }
}

/// Why there is no opinion.
pub(super) enum Failure {
    /// The checker's doing, or its language's.
    Checker(Fault),
    /// Ours; another attempt may succeed.
    Internal(Fault),
}

impl CheckerProgram {
    /// Has the checker planned by the plugin of its language.
    pub(super) async fn new(checker: &Checker, catalogue: &Arc<Catalogue>, cap: &Limits) -> Result<Self, Failure> {
        let broken = |why: String| Failure::Checker(broken(checker, &why));
        let (plugin, entry) = language(checker, catalogue).await.map_err(broken)?;
        let checker = &Checker { entry: entry.or_else(|| checker.entry.clone()), ..checker.clone() };
        let descriptor = plugin.descriptor();
        if descriptor.commands {
            // Its author need not have the scope that commands take.
            return Err(broken("cannot be a command: it needs a language with sources".to_owned()));
        }
        let policy = Policy { default_limits: LIMITS.clamp(cap), cap: *cap, ..Policy::default() };
        let extension = descriptor.extension();
        let job = checker.request().into_job(&descriptor.id, extension, &policy);
        let job = job.map_err(|invalid| broken(format!("cannot be built: {invalid}")))?;
        let limits = limits::of_run(&job.limits, job.exact_limits, descriptor, cap);
        let plan = match plugin.plan(&PlanRequest::new(&job, limits)).await {
            Ok(plan) => plan,
            Err(PluginError::Engine { message }) => {
                return Err(Failure::Internal(Fault::new("plugin_engine", message)));
            }
            Err(error) => return Err(broken(format!("cannot be planned: {}", error.fault().message))),
        };
        let mut also = Vec::new();
        for other in &checker.also {
            also.push(Box::pin(Self::new(other, catalogue, cap)).await?);
        }
        Ok(Self { checker: checker.clone(), job, plan, plugin, limits, idle: Mutex::default(), also })
    }

    pub(super) fn spec(&self) -> BuildSpec<'_> {
        BuildSpec {
            job: &self.job,
            plan: &self.plan,
            limits: self.limits,
            plugin_digest: self.plugin.digest(),
            install_hint: &self.plugin.descriptor().install_hint,
            is_command: false,
            hooks: self.plugin.as_ref(),
            unpinned: true,
        }
    }

    /// Lets the checker look, and then those that have to accept as well.
    pub(super) async fn check(&self, executor: &Executor, inputs: &CheckerInputs) -> Result<Checked, Failure> {
        let mut checked = self.check_alone(executor, inputs).await?;
        for other in &self.also {
            if checked.ruling.verdict != Verdict::Accepted {
                break;
            }
            checked = other.check_alone(executor, inputs).await?;
        }
        Ok(checked)
    }

    async fn check_alone(&self, executor: &Executor, inputs: &CheckerInputs) -> Result<Checked, Failure> {
        let mut call = self.checker.invocation();
        call.args.extend(inputs.args.iter().cloned());
        let mut open = self.acquire_box(executor, &call, inputs).await?;
        let mut captured = CapturedOutput::default();
        let outcome = self.run(&call, inputs, open.as_mut(), &mut captured).await?;
        let said = self.collect_output(&call, open, &outcome, captured).await?;
        self.read(said, inputs)
    }

    /// A box with the checker in it, and all that it looks at.
    pub(super) async fn acquire_box(
        &self,
        executor: &Executor,
        call: &Invocation,
        inputs: &CheckerInputs,
    ) -> Result<Box<dyn OpenBox>, Failure> {
        // What a checker writes is read from a build area, and that is fresh only in a fresh box.
        let waiting = if call.writes_to.is_some() { None } else { self.wait_list().pop() };
        let mut open = match waiting {
            Some(open) => open,
            None => self.prepare(executor, call).await?.open,
        };
        let files = files(call, inputs);
        if !files.is_empty() {
            open.stage(&files).await.map_err(|error| Failure::Internal(fault(&error)))?;
        }
        Ok(open)
    }

    /// Collects the output of a checker that ended; the box is reused where that is possible.
    pub(super) async fn collect_output(
        &self,
        call: &Invocation,
        mut open: Box<dyn OpenBox>,
        outcome: &Outcome,
        captured: CapturedOutput,
    ) -> Result<CheckerOutput, Failure> {
        let code = self.ended(outcome, &captured)?;
        let files = match call.writes_to {
            Some(directory) => written(open.as_mut(), directory).await?,
            None => Vec::new(),
        };
        if call.writes_to.is_none() {
            self.wait_list().push(open);
        }
        Ok(CheckerOutput { code, stdout: captured.stdout.into(), stderr: captured.stderr.into(), files })
    }

    /// Reads the answer from the output.
    pub(super) fn read(&self, mut said: CheckerOutput, inputs: &CheckerInputs) -> Result<Checked, Failure> {
        let nonsense = |why: String| Failure::Checker(broken(&self.checker, &why));
        let next = self.checker.next_pass(&said, inputs.pass.max(1)).map_err(nonsense)?;
        let checker = Checker { full_score: self.checker.full_score.or(inputs.worth), ..self.checker.clone() };
        let answer = checker.read(&said).map_err(nonsense)?;
        said.files.retain(|(name, _)| name != NEXT_PASS);
        let next = next.map(|input| Next { input, left: said.files });
        Ok(Checked { ruling: ruling(answer, checker.scale), next })
    }

    fn wait_list(&self) -> std::sync::MutexGuard<'_, Vec<Box<dyn OpenBox>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A box with the checker in it; the first time, it is built.
    pub(super) async fn prepare(&self, executor: &Executor, call: &Invocation) -> Result<PreparedBox, Failure> {
        let built = executor.build(&self.spec(), &|_| {}).await.map_err(Failure::Internal)?;
        let built = match built {
            // In the box in which it was compiled, the build area is not a fresh one.
            BuildResult::Ready(prepared)
                if call.writes_to.is_some() && prepared.compile.as_ref().is_some_and(|c| !c.cached) =>
            {
                executor.ready(&self.spec(), prepared.artefact).await.map_err(Failure::Internal)?
            }
            other => other,
        };
        match built {
            BuildResult::Ready(prepared) => Ok(prepared),
            BuildResult::Broken(fault) => Err(Failure::Checker(fault)),
            BuildResult::Failed(report) => {
                let why = report.message.unwrap_or_default();
                let said =
                    String::from_utf8_lossy(report.output.content.as_bytes()).trim().chars().take(2_000).collect();
                let fault = broken(&self.checker, &format!("does not compile: {why}"));
                Err(Failure::Checker(Fault { hint: Some(said).filter(|said: &String| !said.is_empty()), ..fault }))
            }
        }
    }

    async fn run(
        &self,
        call: &Invocation,
        inputs: &CheckerInputs,
        open: &mut dyn OpenBox,
        captured: &mut CapturedOutput,
    ) -> Result<Outcome, Failure> {
        let stdin = if call.output_on_stdin { inputs.output.clone() } else { Bytes::new() };
        self.start(call, stdin.into(), &[], self.limits, open, captured).await
    }

    /// Runs it to its end.
    pub(super) async fn start(
        &self,
        call: &Invocation,
        stdin: Stdin,
        channels: &[Arc<Feed>],
        limits: Limits,
        open: &mut dyn OpenBox,
        sink: &mut dyn Sink,
    ) -> Result<Outcome, Failure> {
        let argv: Vec<String> = self.plan.run.argv.iter().chain(&call.args).cloned().collect();
        let view = if call.writes_to.is_some() { View::Build } else { View::Fresh };
        let step = BoxStep { argv: &argv, env: &self.plan.run.env, view, stdin, channels, limits, warm: false };
        open.run(&step, sink).await.map_err(|error| match cause_of(&error) {
            Cause::Program(why) => Failure::Checker(broken(&self.checker, &why)),
            Cause::Internal(fault) => Failure::Internal(fault),
        })
    }

    /// Its exit code, if it ended by itself.
    fn ended(&self, outcome: &Outcome, captured: &CapturedOutput) -> Result<i32, Failure> {
        if let (None, Exit::Code(code)) = (outcome.limit, &outcome.exit) {
            return Ok(*code);
        }
        let nothing = || "did not end by itself".to_owned();
        let why = match &outcome.exit {
            Exit::NotStarted(why) if outcome.limit.is_none() => format!("cannot be started: {why}"),
            _ => super::verdict::of_ending(outcome, &self.limits)
                .and_then(|ruling| ruling.message)
                .unwrap_or_else(nothing),
        };
        let said = String::from_utf8_lossy(&captured.stderr).trim().chars().take(500).collect::<String>();
        let said = if said.is_empty() { said } else { format!(": {said}") };
        Err(Failure::Checker(broken(&self.checker, &format!("{why}{said}"))))
    }
}

/// The plugin for a checker's language; when it names none, by its files, with the one to start with.
async fn language(checker: &Checker, catalogue: &Arc<Catalogue>) -> Result<(Arc<Plugin>, Option<String>), String> {
    if !checker.language.is_empty() {
        let plugin = catalogue.plugin(&checker.language).await;
        let plugin = plugin.ok_or_else(|| format!("is in `{}`, a language that is not here", checker.language))?;
        return Ok((plugin, None));
    }
    for path in checker.entry.iter().chain(checker.files.iter().map(|file| &file.path)) {
        let Some((_, extension)) = path.rsplit_once('.') else { continue };
        if let Some(plugin) = catalogue.plugin_by_extension(extension).await {
            return Ok((plugin, Some(path.clone())));
        }
    }
    Err("names no language, and no file of it tells one".to_owned())
}

pub(super) fn broken(checker: &Checker, why: &str) -> Fault {
    Fault::new("checker_failed", format!("the checker `{}` {why}", checker.name()))
        .hint("this says nothing about the submission: the checker, or the test, has to be corrected")
}

fn ruling(answer: Answer, scale: Scale) -> Ruling {
    let Answer { decision, score, message } = answer;
    let verdict = match (decision, score.filter(|_| scale != Scale::Points)) {
        (_, Some(score)) if score > 0.0 && score < 1.0 => Verdict::Partial,
        (Decision::Right, _) => Verdict::Accepted,
        (Decision::Wrong, _) => Verdict::WrongAnswer,
        (Decision::BadForm, _) => Verdict::PresentationError,
    };
    Ruling { verdict, message, score, difference: None }
}

pub(super) fn files(call: &Invocation, inputs: &CheckerInputs) -> Vec<PlacedFile> {
    let place = |path: &str, bytes: &Bytes| {
        let path = BoxPath::new(path).expect("a path of our own");
        PlacedFile { path, executable: false, content: Content::from(bytes.clone()) }
    };
    let file = |(path, what): &(&str, CheckerFile)| {
        let bytes = match what {
            CheckerFile::Input => &inputs.input,
            CheckerFile::Output => &inputs.output,
            CheckerFile::Answer => &inputs.answer,
            CheckerFile::Code => &inputs.code,
        };
        place(path, bytes)
    };
    // A directory is there when something is in it.
    let kept = call.writes_to.map(|directory| place(&format!("{directory}/.keep"), &Bytes::new()));
    let again = |(name, content): &(String, Bytes)| {
        let path = BoxPath::new(format!("{}/{name}", call.writes_to?)).ok()?;
        Some(PlacedFile { path, executable: false, content: Content::from(content.clone()) })
    };
    call.files.iter().map(file).chain(kept).chain(inputs.left.iter().filter_map(again)).collect()
}

/// The files that it wrote into the directory, by name.
async fn written(open: &mut dyn OpenBox, directory: &str) -> Result<Vec<(String, Bytes)>, Failure> {
    let path = BoxPath::new(directory).expect("a path of our own");
    let collected = open.collect(&[Collect::Path(path)]).await.map_err(|error| Failure::Internal(fault(&error)))?;
    let files = unpack(&collected, WRITTEN).map_err(|error| {
        Failure::Internal(Fault::new("sandbox_failed", format!("what a checker wrote cannot be read: {error}")))
    })?;
    let inside =
        |(path, bytes): (String, Bytes)| Some((path.strip_prefix(directory)?.strip_prefix('/')?.to_owned(), bytes));
    Ok(files.into_iter().filter_map(inside).collect())
}

/// Regular files, by path, each up to a maximum of bytes.
pub(super) fn unpack(collected: &Collected, most: u64) -> std::io::Result<Vec<(String, Bytes)>> {
    let archive = collected.archive()?;
    let mut files = Vec::new();
    for entry in tar::Archive::new(&archive[..]).entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
        let mut bytes = Vec::new();
        (&mut entry).take(most).read_to_end(&mut bytes)?;
        files.push((path, bytes.into()));
    }
    Ok(files)
}

/// The beginning of what a checker prints.
#[derive(Debug, Default)]
pub(super) struct CapturedOutput {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Sink for CapturedOutput {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let kept = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let room = SAID.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(&bytes[..room]);
    }
}
