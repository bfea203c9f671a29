//! Runs the table against a backend: each attack, then the probe in the same box, then the probe in a new one.

use std::time::Duration;

use bytes::Bytes;
use optimus_core::collect::{MAX_COLLECTED_FILES, Pattern};
use optimus_core::plan::{Collect, PlacedFile};
use optimus_core::{BoxPath, Content, Limits, Outcome, Stream};
use optimus_sandbox::{BoxStep, Discard, Gather, OpenBox, Sandbox, SandboxError, Sink, View, warm_starts};

use crate::head::{Case, End};
use crate::host::Canaries;
use crate::memory::Ledger;
use crate::programs::Program;
use crate::warm::COMMAND;
use crate::witness::Witnesses;

/// What a run needs beside the attack.
pub(crate) struct Range<'a> {
    pub(crate) sandbox: &'a dyn Sandbox,
    pub(crate) image: &'a str,
    pub(crate) probe: &'a Program,
    pub(crate) canaries: &'a Canaries,
    pub(crate) witnesses: &'a Witnesses,
    /// The command that becomes an attack, where attacks run as warm children.
    pub(crate) launcher: Option<String>,
    /// Where boxes have control groups.
    pub(crate) ledger: Option<Ledger>,
}

/// Far beyond every attack's own limits, also on an emulated machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

impl Range<'_> {
    /// Everything that is wrong with how the backend took this case.
    pub(crate) async fn attack(&self, program: &Program, case: &Case) -> Vec<String> {
        let mut wrong = Vec::new();
        match tokio::time::timeout(PATIENCE, self.attack_and_probe(program, case, &mut wrong)).await {
            Err(_) => wrong.push(format!("the backend has not come back after {PATIENCE:?}")),
            Ok(Err(error)) => wrong.push(format!("the backend failed: {error}")),
            Ok(Ok(())) => {}
        }
        match tokio::time::timeout(PATIENCE, self.probe_new_box()).await {
            Err(_) => wrong.push("no new box opens afterwards".to_owned()),
            Ok(Err(error)) => wrong.push(format!("the next box: {error}")),
            Ok(Ok(said)) => wrong.extend(said.map(|said| format!("the next box: {said}"))),
        }
        wrong.extend(self.canaries.harm());
        wrong
    }

    async fn attack_and_probe(
        &self,
        program: &Program,
        case: &Case,
        wrong: &mut Vec<String>,
    ) -> Result<(), SandboxError> {
        let mut open = self.sandbox.open(self.image).await?;
        let mut staged = vec![program.name.clone(), "probe".to_owned()];
        open.stage(&[placed(program), placed(self.probe)]).await?;
        let mut argv = vec![format!("./{}", program.name)];
        argv.extend(case.args.iter().map(|arg| self.canaries.fill_in(arg)));
        self.wait_for_parent(&mut *open, program.head.limits).await?;
        let argv = self.command(&mut *open, argv).await?;
        let warm = self.launcher.is_some();
        staged.extend(warm.then(|| COMMAND.to_owned()));
        let before = warm_starts().started;
        let mut heard = Heard::default();
        let view = if program.head.build { View::Build } else { View::Fresh };
        let step = BoxStep {
            view,
            warm,
            stdin: Bytes::from(program.head.stdin.clone()).into(),
            ..BoxStep::new(&argv, program.head.limits)
        };
        let outcome = open.run(&step, &mut heard).await?;
        judge(program, case, &outcome, &heard, wrong);
        if warm && warm_starts().started == before {
            wrong.push("it was not started as a warm child".to_owned());
        }
        if program.head.build {
            // The next build step finds what the attack left, so it may well fail; the box must not.
            open.run(&BoxStep { argv: &["./probe".to_owned()], stdin: Default::default(), ..step }, &mut Discard)
                .await?;
        }
        if let Some(path) = &program.head.collect {
            gather(&mut *open, path, &staged, wrong).await?;
            self.collect(&mut *open, path, program, wrong).await?;
            if path == "." {
                // Whatever it left is now the stage, and rightly seen.
                return Ok(());
            }
            // What else is on the stage after a refusal is not said; nobody goes on with such a job.
            open.stage(&[placed(self.probe)]).await?;
            staged.push(path.split('/').next().unwrap_or(path).to_owned());
        }
        if let Some(said) = self.probe(&mut *open, &staged).await? {
            wrong.push(format!("the next run in the same box: {said}"));
        }
        Ok(())
    }

    async fn collect(
        &self,
        open: &mut dyn OpenBox,
        path: &str,
        program: &Program,
        wrong: &mut Vec<String>,
    ) -> Result<(), SandboxError> {
        let what = if path == "." { Collect::All } else { Collect::Path(box_path(path)) };
        let (may_be_taken, may_be_refused) = program.head.collected;
        match open.collect(&[what]).await {
            Ok(collected) => {
                if !may_be_taken {
                    wrong.push("it was collected".to_owned());
                }
                let text = String::from_utf8_lossy(&collected.archive().unwrap()).into_owned();
                if text.contains("root:") || text.contains("PATH=") {
                    wrong.push("what was collected is not of the box".to_owned());
                }
            }
            Err(SandboxError::Refused(why)) if !may_be_refused => wrong.push(format!("it was refused: {why}")),
            Err(SandboxError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(crate) async fn probe_new_box(&self) -> Result<Option<String>, SandboxError> {
        let mut open = self.sandbox.open(self.image).await?;
        open.stage(&[placed(self.probe)]).await?;
        self.probe(&mut *open, &["probe".to_owned(), COMMAND.to_owned()]).await
    }

    /// What the probe found, if it did not end well.
    pub(crate) async fn probe(
        &self,
        open: &mut dyn OpenBox,
        staged: &[String],
    ) -> Result<Option<String>, SandboxError> {
        let mut argv = vec!["./probe".to_owned()];
        argv.extend_from_slice(staged);
        let argv = self.command(open, argv).await?;
        let mut heard = Heard::default();
        let step = BoxStep { warm: self.launcher.is_some(), ..BoxStep::new(&argv, self.probe.head.limits) };
        let outcome = open.run(&step, &mut heard).await?;
        let well = outcome.is_success() && heard.stdout.trim_ascii_end() == b"ok";
        // A run must not be charged for the one before it; the probe itself needs some milliseconds.
        let cheap = outcome.cpu_us < 5_000_000;
        Ok((!well || !cheap).then(|| format!("{outcome:?}, {heard}")))
    }
}

/// Asks for the same as a job that names files of a run: of what is not the box's own, nothing may come.
async fn gather(
    open: &mut dyn OpenBox,
    path: &str,
    staged: &[String],
    wrong: &mut Vec<String>,
) -> Result<(), SandboxError> {
    const CAP: u64 = 1 << 20;
    let patterns = [if path == "." { "**" } else { path }, "*", "**/x*"].map(|text| Pattern::new(text).unwrap());
    let gathered = open.gather(Gather { patterns: &patterns, cap_bytes: CAP, drop_build: false }).await?;
    let bytes: u64 = gathered.files.iter().map(|file| file.content.len() as u64).sum();
    if gathered.files.len() > MAX_COLLECTED_FILES || bytes > CAP {
        wrong.push(format!("{} files of {bytes} bytes were gathered", gathered.files.len()));
    }
    for file in gathered.files.iter().filter(|file| !staged.iter().any(|staged| staged == file.path.as_str())) {
        let text = String::from_utf8_lossy(file.content.as_bytes());
        if text.contains("root:") || text.contains("PATH=") {
            wrong.push(format!("`{}`, which was gathered, is not of the box", file.path));
        }
    }
    Ok(())
}

fn judge(program: &Program, case: &Case, outcome: &Outcome, heard: &Heard, wrong: &mut Vec<String>) {
    let head = &program.head;
    if !case.ends.iter().any(|end| end.is(outcome)) {
        wrong.push(format!("ended as {outcome:?}, not as {:?}; {heard}", case.ends));
    }
    if heard.stdout.windows(6).any(|word| word == b"BREACH") {
        wrong.push(heard.to_string());
    }
    let stdout = String::from_utf8_lossy(&heard.stdout);
    let well = (case.ends == [End::Code(0)] && head.stdout_bytes.is_none()).then_some("ok");
    if let Some(expected) = head.stdout.as_deref().or(well).filter(|expected| stdout.trim_end() != *expected) {
        wrong.push(format!("expected {expected:?}; {heard}"));
    }
    if let Some(bytes) = head.stdout_bytes.filter(|bytes| heard.total[0] != *bytes || outcome.stdout_bytes != *bytes) {
        wrong.push(format!("expected {bytes} bytes, got {} and was told of {}", heard.total[0], outcome.stdout_bytes));
    }
    let truncated = [outcome.stdout_truncated, outcome.stderr_truncated];
    if head.truncated.is_some_and(|stream| !truncated[stream as usize]) {
        wrong.push(format!("{:?} is not marked as truncated", head.truncated));
    }
    if case.ends == [End::Code(0)] && truncated != [false, false] {
        wrong.push("output is marked as truncated".to_owned());
    }
    if heard.total.iter().any(|total| *total > head.limits.output_bytes) {
        wrong.push(format!("{:?} bytes of output came through", heard.total));
    }
    if outcome.cpu_us < head.cpu_at_least_ms * 1_000 {
        wrong.push(format!("only {} µs of CPU time were counted", outcome.cpu_us));
    }
    wrong.extend(implausible(outcome, &head.limits));
}

/// Numbers that cannot be, whatever the program did.
fn implausible(outcome: &Outcome, limits: &Limits) -> Option<String> {
    // A limit is noticed a little late; ten seconds is very late, and not to be told from not at all.
    let late = outcome.wall_us > (limits.wall_ms + 10_000) * 1_000 || outcome.cpu_us > (limits.cpu_ms + 10_000) * 1_000;
    late.then(|| format!("stopped too late: {outcome:?}"))
}

/// What a program printed: the beginning, and how much there was.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    total: [u64; 2],
}

impl Sink for Heard {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.total[stream as usize] += bytes.len() as u64;
        let kept = if stream == Stream::Stdout { &mut self.stdout } else { &mut self.stderr };
        let room = 65_536_usize.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(&bytes[..room]);
    }
}

impl std::fmt::Display for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout[..self.stdout.len().min(2_000)]);
        write!(f, "stdout {stdout:?}")?;
        if std::env::var_os("OPTIMUS_TEST_ATTACK").is_some() {
            write!(f, "\n{}", String::from_utf8_lossy(&self.stderr))?;
        }
        Ok(())
    }
}

pub(crate) fn placed(program: &Program) -> PlacedFile {
    PlacedFile {
        path: box_path(&program.name),
        executable: true,
        content: Content::from(Bytes::from(program.executable.clone())),
    }
}

pub(crate) fn box_path(path: &str) -> BoxPath {
    BoxPath::new(path).unwrap()
}
