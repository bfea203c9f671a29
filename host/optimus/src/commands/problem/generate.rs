//! Tests that a program of the package makes, before any submission is judged: it runs in a box as any program does.

use std::time::Duration;

use optimus_core::outcome::Excerpt;
use optimus_core::problem::Generated;
use optimus_core::{Content, Fault, JobRequest, LimitsRequest, Problem, Test, Verdict};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::output::Advised;

/// CPU time of a generator; DMOJ gives it 20 s.
const CPU_MS: u64 = 20_000;
const MEMORY_BYTES: u64 = 1 << 30;

/// Makes the tests that are to be made.
///
/// # Errors
/// A generator that cannot be run, or fails: its name and why.
pub(super) async fn tests(engine: &Engine, problem: &mut Problem) -> anyhow::Result<()> {
    for own in std::mem::take(&mut problem.generated) {
        let Some(test) = problem.tests.get_mut(own.test) else { continue };
        let (stdout, stderr) = run(engine, &own, test.stdin.clone()).await?;
        if own.input && !stdout.is_empty() {
            test.stdin = stdout;
        }
        if own.output {
            test.expect = Some(stderr);
        }
    }
    Ok(())
}

async fn run(engine: &Engine, own: &Generated, stdin: Content) -> anyhow::Result<(Content, Content)> {
    let name = own.files.first().map_or("", |file| file.path.as_str());
    let failed = |why: String| Advised::new("generator_failed", format!("the generator `{name}` {why}"), None);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let language = engine.language_by_extension(extension);
    let language = language.ok_or_else(|| failed("is in no language that is here".to_owned()))?;
    let policy = &engine.policy;
    let cap = &policy.cap;
    let request = JobRequest {
        language: language.descriptor.id.clone(),
        files: own.files.iter().map(Into::into).collect(),
        args: own.args.clone(),
        options: options(own),
        tests: vec![Test { stdin, ..Test::default() }],
        limits: LimitsRequest {
            cpu_ms: Some(CPU_MS.min(cap.cpu_ms).into()),
            memory_bytes: Some(MEMORY_BYTES.min(cap.memory_bytes).into()),
            output_bytes: Some(cap.output_bytes.into()),
            ..LimitsRequest::default()
        },
        capture_bytes: Some(policy.max_capture_bytes),
        ..JobRequest::default()
    };
    let job = request.into_job(&language.descriptor.id, language.descriptor.extension(), policy);
    let job = job.map_err(|invalid| failed(invalid.to_string()))?;
    let report = engine.judge.judge(&job, Duration::ZERO, &|_| {}, &CancellationToken::new()).await;
    let report = report.map_err(|fault: Fault| Advised(fault))?;
    if report.verdict != Verdict::Accepted {
        let compiler = report.compile.as_ref().filter(|compile| !compile.ok);
        let compiler = compiler.map(|own| String::from_utf8_lossy(own.output.content.as_bytes()).trim().to_owned());
        let message = report.tests.first().and_then(|test| test.message.clone());
        let why = compiler.or(message).unwrap_or_default();
        return Err(failed(format!("ended as {}: {why}", report.verdict)).into());
    }
    let printed = |excerpt: &Excerpt| {
        let is_whole = !excerpt.truncated;
        is_whole.then(|| normalized(&excerpt.content)).ok_or_else(|| failed("prints too much".to_owned()))
    };
    let test = report.tests.first().ok_or_else(|| failed("did not run".to_owned()))?;
    Ok((printed(&test.stdout)?, printed(&test.stderr)?))
}

fn options(own: &Generated) -> serde_json::Map<String, serde_json::Value> {
    let flags = (!own.flags.is_empty()).then(|| ("flags".to_owned(), own.flags.clone().into()));
    flags.into_iter().collect()
}

/// The last line ends, as DMOJ has it of all data that is not binary.
fn normalized(content: &Content) -> Content {
    let bytes = content.as_bytes();
    if bytes.is_empty() || bytes.ends_with(b"\n") { content.clone() } else { [bytes, b"\n"].concat().into() }
}
