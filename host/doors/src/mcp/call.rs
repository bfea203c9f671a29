//! Calls a tool: submits its job, follows it to its end, and says what it came to.

use futures::StreamExt as _;
use optimus_core::{Event, JobId, JobRequest, Report};
use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::answer;
use super::arguments::{self, JudgeProblem, RunCode, RunTests};
use super::progress::Progress;
use super::resources;
use crate::engine::{self, Admitted, Refusal};
use crate::shared::Shared;

/// # Errors
/// There is no such tool. Whatever else is wrong is the tool's result, which the model reads.
pub(super) async fn tool(
    shared: &Shared,
    caller: &Admitted,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ErrorData> {
    let until = shared.until();
    let (job, shown): (_, fn(&Report) -> Value) = match &*request.name {
        "list_languages" => return Ok(CallToolResult::structured(resources::languages(shared, until).await)),
        "run_code" => (arguments::read::<RunCode>(request.arguments), answer::of_run),
        "run_tests" => (arguments::read::<RunTests>(request.arguments), answer::of_tests),
        "judge_problem" => (arguments::read::<JudgeProblem>(request.arguments), answer::of_tests),
        name => {
            let message = format!("Unknown tool: {}", name.chars().take(64).collect::<String>());
            return Err(ErrorData::invalid_params(message, None));
        }
    };
    let report = match job {
        Ok(job) => run(caller, job, until, context).await,
        Err(message) => Err(message),
    };
    Ok(match report {
        Ok(report) if answer::is_ours(&report) => failed(answer::of_failure(&report)),
        Ok(report) => CallToolResult::structured(shown(&report)),
        Err(message) => failed(message),
    })
}

fn failed(message: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(message)])
}

async fn run(
    caller: &Admitted,
    job: JobRequest,
    until: Instant,
    context: &RequestContext<RoleServer>,
) -> Result<Report, String> {
    let told = |refusal: Refusal| refusal.to_string();
    let id = caller.engine.submit(job, true, until).await.map_err(told)?;
    let ended = tokio::select! {
        ended = follow(caller, id, context) => ended.map_err(told)?,
        () = sleep_until(until) => None,
        () = context.ct.cancelled() => None,
    };
    match ended {
        Some(report) => Ok(report),
        None => {
            engine::abandon(&*caller.engine, id).await;
            Err("the program did not end in time, and was cancelled".to_owned())
        }
    }
}

/// The report, unless the events end without one.
async fn follow(caller: &Admitted, id: JobId, context: &RequestContext<RoleServer>) -> Result<Option<Report>, Refusal> {
    let mut progress = Progress::new(context);
    let mut events = caller.engine.follow(id).await?;
    while let Some(event) = events.next().await {
        match event {
            Event::Done { report } => return Ok(Some(*report)),
            event => progress.tell(&event).await,
        }
    }
    Ok(None)
}
