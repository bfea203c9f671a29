//! A kernel: a language's program that runs cells one after another (`optimus_core::cells`), in a box that stays open.
//!
//! In: cells. Out: what the kernel tells of each while it runs, and at last why it is gone. The box is a job's: the same wall,
//! the same limits, one step. Its limits of CPU time, output and time by the clock hold for all cells together; the limit of
//! each cell is the kernel's own to keep, and a kernel that does not keep it is ended here. A kernel holds no slot, and takes no processor from
//! those whose times count.

mod hearing;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use optimus_core::cells::{self, Cell, CellStatus, End, Loss, LossReason, Settings, Told};
use optimus_core::plan::PlacedFile;
use optimus_core::{Exit, Fault, LimitHit, Limits, Outcome, Plan, SourceFile};
use optimus_plugin::{Catalogue, PlanRequest, Plugin, RequestFile};
use optimus_sandbox::{BoxStep, Demand, Feed, SandboxError, SharedSandbox, Stdin};
use serde_json::Value;
use tokio::task::JoinError;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::failure::fault;
use super::limits;
use hearing::{Heard, Hearing};

/// Time in which an interpreter has to start.
const START: Duration = Duration::from_secs(30);
/// Time beyond a cell's limit in which the kernel has to say that the cell is over: it gives the cell some of it, to end by
/// itself.
const ANSWER: Duration = Duration::from_secs(6);
/// Time in which a kernel that says so has to end.
const END: Duration = Duration::from_secs(10);
/// A plugin sees the beginning of each file.
const HEAD_BYTES: usize = optimus_plugin::HEAD_BYTES;

/// What a kernel is for.
#[derive(Debug, Clone)]
pub struct KernelRequest {
    /// The language's id.
    pub language: String,
    /// Whose cells it runs.
    pub tenant: Option<String>,
    /// Files beside the program.
    pub files: Vec<SourceFile>,
    /// What all cells may use together, in the whole life of the kernel.
    pub limits: Limits,
    /// What each cell may show.
    pub output_bytes: u64,
}

/// An interpreter in a box. Dropping it ends the box.
pub struct Kernel {
    feed: Arc<Feed>,
    hearing: Hearing,
    running: AbortOnDropHandle<Result<Outcome, SandboxError>>,
    lost: Option<Loss>,
}

/// Starts a kernel.
///
/// # Errors
/// The language cannot run cells, its toolchain is missing, or the machine has no room.
pub(super) async fn open(
    catalogue: &Arc<Catalogue>,
    sandbox: &SharedSandbox,
    cap: &Limits,
    request: KernelRequest,
) -> Result<Kernel, Fault> {
    let unknown = || Fault::new("unknown_language", format!("language `{}` is no longer here", request.language));
    let plugin = catalogue.plugin(&request.language).await.ok_or_else(unknown)?;
    let Limits { cpu_ms, wall_ms, output_bytes, .. } = request.limits;
    let cap = Limits { cpu_ms, wall_ms, output_bytes, ..*cap };
    let of_all = limits::of_run(&request.limits, true, plugin.descriptor(), &cap);
    let plan = plan(&plugin, &request, of_all).await?;
    let limits = limits::of_step(&plan.run.limits, &of_all, &cap);
    let demand = Demand { tenant: request.tenant.clone(), memory_bytes: limits.memory_bytes, compile_bytes: 0 };
    let admitted = sandbox.admit(&demand).await.map_err(|error| fault(&error))?;
    let opened = admitted.run(sandbox.open_unpinned(&plan.image)).await;
    let mut open = opened.map_err(|error| fault(&error))?;
    let source = |file: SourceFile| PlacedFile { path: file.path, executable: false, content: file.content };
    let files: Vec<_> = request.files.into_iter().map(source).chain(plan.run.files.iter().cloned()).collect();
    open.stage(&files).await.map_err(|error| fault(&error))?;
    let (feed, (mut sink, hearing)) = (Arc::<Feed>::default(), hearing::pair(request.output_bytes));
    let stdin = Stdin::Live(Arc::clone(&feed));
    let running = async move {
        let step = BoxStep { env: &plan.run.env, stdin, ..BoxStep::new(&plan.run.argv, limits) };
        admitted.run(open.run(&step, &mut sink)).await
    };
    let running = AbortOnDropHandle::new(tokio::spawn(running));
    let mut kernel = Kernel { feed, hearing, running, lost: None };
    kernel.begin(Settings { output_bytes: request.output_bytes }).await?;
    Ok(kernel)
}

/// The plan of a job of cells.
async fn plan(plugin: &Plugin, request: &KernelRequest, limits: Limits) -> Result<Arc<Plan>, Fault> {
    let file = |file: &SourceFile| RequestFile {
        path: file.path.as_str().to_owned(),
        size: file.content.len() as u64,
        head: file.content.bytes().slice(..file.content.len().min(HEAD_BYTES)),
    };
    let options = [(cells::OPTION.to_owned(), Value::Bool(true))].into_iter().collect();
    let (files, args) = (request.files.iter().map(file).collect(), Vec::new());
    let asked = PlanRequest { files, entry: None, args, options, limits };
    let plan = plugin.plan(&asked).await.map_err(|error| error.fault())?;
    match plan.compile.first() {
        None => Ok(plan),
        Some(step) => {
            let message = format!("plugin `{}` has a compile step, `{}`, for cells", request.language, step.name);
            Err(Fault::new("no_cells", message).hint("submit a job with `options.cells` instead"))
        }
    }
}

impl Kernel {
    /// Runs one cell. `hear` is given what it tells before its end.
    ///
    /// # Errors
    /// Why the interpreter is gone: before the cell, or in it without a word.
    pub async fn run(&mut self, cell: &Cell, hear: &mut (dyn FnMut(Told) + Send)) -> Result<End, Loss> {
        if let Some(loss) = self.lost() {
            return Err(loss);
        }
        // What a program tells between two cells is no part of the next.
        self.hearing.discard();
        self.feed.write(&cells::line(cell));
        let until = Instant::now() + Duration::from_millis(cell.limit_ms) + ANSWER;
        loop {
            match self.next(until).await? {
                Told::End(end) => {
                    if !end.alive {
                        self.wait_for_end(&end).await;
                    }
                    return Ok(end);
                }
                told => hear(told),
            }
        }
    }

    /// Why the interpreter is gone, if it is.
    pub fn lost(&mut self) -> Option<Loss> {
        if self.lost.is_none() && self.running.is_finished() {
            self.lost = (&mut self.running).now_or_never().map(loss_of);
        }
        self.lost.clone()
    }

    async fn begin(&mut self, settings: Settings) -> Result<(), Fault> {
        self.feed.write(&cells::line(&settings));
        match self.next(Instant::now() + START).await {
            Ok(Told::Ready {}) => Ok(()),
            Ok(_) => Err(Fault::new("no_cells", "the kernel did not say that it is ready")),
            Err(loss) => {
                let code = if loss.reason == LossReason::Failed { "sandbox_failed" } else { "kernel_failed" };
                Err(Fault::new(code, format!("the interpreter did not start: {}", loss.message)))
            }
        }
    }

    /// The next thing that the kernel tells, at most until then.
    async fn next(&mut self, until: Instant) -> Result<Told, Loss> {
        let loss = match tokio::time::timeout_at(until, self.hearing.next()).await {
            Ok(Some(Heard::Told(told))) => return Ok(told),
            Ok(Some(Heard::Nonsense)) => {
                Loss::new(LossReason::Failed, "what the interpreter said could not be read: a cell wrote there, too")
            }
            Ok(None) => loss_of((&mut self.running).await),
            Err(_) => Loss::new(LossReason::CellTime, "the cell was not over some seconds after its limit"),
        };
        self.running.abort();
        self.lost = Some(loss.clone());
        Err(loss)
    }

    /// The kernel said that its interpreter is gone. The box knows best why.
    async fn wait_for_end(&mut self, end: &End) {
        let said = match (end.status, end.exit) {
            (CellStatus::Timeout, _) => {
                Loss::new(LossReason::CellTime, "the cell reached its limit of time, and could not be interrupted")
            }
            (_, Some(signal)) if signal < 0 => {
                Loss::new(LossReason::Exited, format!("signal {} ended the interpreter", -signal))
            }
            (_, code) => {
                let message = format!("the cell ended the interpreter, with exit code {}", code.unwrap_or(0));
                Loss::new(LossReason::Exited, message)
            }
        };
        let ended = timeout(END, &mut self.running).await;
        let of_box = ended.ok().map(loss_of).filter(|loss| loss.reason != LossReason::Exited);
        self.running.abort();
        self.lost = Some(of_box.unwrap_or(said));
    }
}

/// What the end of the box's step means.
fn loss_of(ended: Result<Result<Outcome, SandboxError>, JoinError>) -> Loss {
    let outcome = match ended {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => return Loss::new(LossReason::Failed, fault(&error).message),
        Err(error) => return Loss::new(LossReason::Failed, format!("the box was given up: {error}")),
    };
    let by_limit = |reason, what: &str| Loss::new(reason, format!("the session reached its limit of {what}"));
    match (outcome.limit, outcome.exit) {
        (Some(LimitHit::CpuTime), _) => by_limit(LossReason::CpuTime, "CPU time"),
        (Some(LimitHit::WallTime), _) => by_limit(LossReason::Life, "life"),
        (Some(LimitHit::Memory | LimitHit::KernelMemory), _) => by_limit(LossReason::Memory, "memory"),
        (Some(LimitHit::Output), _) => by_limit(LossReason::Output, "output"),
        (Some(other), _) => Loss::new(LossReason::Exited, format!("the interpreter was ended: {other:?}")),
        (None, Exit::Code(code)) => {
            Loss::new(LossReason::Exited, format!("the interpreter ended with exit code {code}"))
        }
        (None, Exit::Signal(signal)) => Loss::new(LossReason::Exited, format!("signal {signal} ended the interpreter")),
        (None, Exit::NotStarted(why)) => Loss::new(LossReason::Failed, format!("it cannot be started here: {why}")),
    }
}
