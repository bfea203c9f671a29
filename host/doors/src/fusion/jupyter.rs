//! `POST /run_jupyter`: cells that run one after another in an interpreter of their own, which is there for one request.
//!
//! The request is a job with one test, whose stdin is the cells and whose program is the language's kernel
//! (`optimus_core::cells`). An exception ends its cell only; a request succeeds when the kernel reached the last cell.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use optimus_core::cells::{self, CellOutput, End};
use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::LanguageInfo;
use optimus_core::languages::LanguageBook;
use optimus_core::{Content, JobRequest, LimitsRequest, Report, Test};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{BEYOND, request, result};
use crate::early::Early;
use crate::engine::Admitted;
use crate::fastapi::errors::unprocessable;
use crate::fastapi::fields::{self, Fields, Mistake};
use crate::fastapi::held;
use crate::language;
use crate::shared::Shared;

/// Seconds for all cells, where a request does not say.
const TOTAL_TIMEOUT: f64 = 45.0;
/// What SandboxFusion lets its driver take beyond that.
const STARTING: f64 = 10.0;
/// What a cell may show at least; a request whose cells come to less has too many.
const LEAST_BYTES: u64 = 4 << 10;
/// A job has a file; where the request brings none, it is this empty one.
const NO_FILE: &str = ".cells";

/// `POST /run_jupyter`.
pub(super) async fn run_jupyter(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let now = Instant::now();
    let sent = RunJupyter::read(&bytes).map_err(|mistake| unprocessable(&mistake))?;
    drop(bytes);
    let patience = Duration::from_secs_f64((sent.total_timeout + STARTING).clamp(0.0, 1e6));
    let until = shared.until().min(now + patience + BEYOND);
    let kernel = sent.kernel(&shared, until).await.map_err(|mistake| unprocessable(&mistake))?;
    let (count, fetched) = (sent.cells.len(), sent.fetch_files.clone());
    let job = sent.into_job(&kernel, &shared.policy).map_err(|mistake| unprocessable(&mistake))?;
    let report = held::report(&*engine, job, until).await?;
    Ok(Json(answer(&report, count, &fetched)).into_response())
}

/// A request that makes sense by itself.
#[derive(Debug, PartialEq)]
struct RunJupyter {
    cells: Vec<String>,
    cell_timeout: f64,
    total_timeout: f64,
    memory_mib: Option<u64>,
    kernel: Option<String>,
    files: Vec<(String, Vec<u8>)>,
    fetch_files: Vec<String>,
}

impl RunJupyter {
    fn read(bytes: &[u8]) -> Result<Self, Mistake> {
        let body = fields::body(bytes)?;
        let fields = Fields::new(&["body"], &body);
        Ok(Self {
            cells: texts(body.get("cells").ok_or_else(|| fields.missing("cells"))?)?,
            cell_timeout: fields.number("cell_timeout", false)?.unwrap_or(0.0),
            total_timeout: fields.number("total_timeout", false)?.unwrap_or(TOTAL_TIMEOUT),
            memory_mib: request::memory_mib(&fields)?,
            kernel: fields.text("kernel", false)?,
            files: request::files(&fields)?,
            fetch_files: request::fetch_files(body.get("fetch_files"))?,
        })
    }

    /// The language that runs the cells: the one of the kernel's name, or else the first that can.
    async fn kernel(&self, shared: &Shared, until: Instant) -> Result<LanguageInfo, Mistake> {
        if let Some(name) = &self.kernel {
            let found = language::find_soon(shared, name, until).await;
            return found
                .filter(|language| language.descriptor.takes_cells())
                .ok_or_else(|| no_kernel(&shared.languages, name));
        }
        if let Some(first) = language::first_kernel(&shared.languages) {
            return Ok(first);
        }
        shared.languages_are_loaded(until).await;
        language::first_kernel(&shared.languages).ok_or_else(|| no_kernel(&shared.languages, ""))
    }

    fn into_job(self, language: &LanguageInfo, policy: &Policy) -> Result<JobRequest, Mistake> {
        let output_bytes = policy.cap.output_bytes.min(policy.max_capture_bytes);
        // Beside what cells show, the kernel prints a line of its own for each.
        let each = (output_bytes / (self.cells.len() as u64 + 1)).saturating_sub(LEAST_BYTES / 4);
        if each < LEAST_BYTES {
            let message = format!("Value error, a request has at most {} cells here", output_bytes / LEAST_BYTES / 2);
            return Err(Mistake::new(&["body", "cells"], "value_error", message, json!(self.cells.len())));
        }
        let limit_ms = if self.cell_timeout > 0.0 { milliseconds(self.cell_timeout) } else { 0 };
        let mut stdin = cells::line(&cells::Settings { output_bytes: each });
        for source in self.cells {
            stdin.extend(cells::line(&cells::Cell { source, limit_ms }));
        }
        let mut files = request::placed(self.files)?;
        if files.is_empty() {
            files.push(FileRequest { path: NO_FILE.to_owned(), content: Content::default() });
        }
        let wall_ms = milliseconds(self.total_timeout).min(policy.cap.wall_ms);
        let memory = self.memory_mib.map(|mib| (mib << 20).min(policy.cap.memory_bytes));
        Ok(JobRequest {
            language: language.descriptor.id.clone(),
            files,
            options: [(cells::OPTION.to_owned(), Value::Bool(true))].into_iter().collect(),
            tests: vec![Test { stdin: stdin.into(), ..Test::default() }],
            limits: LimitsRequest {
                wall_ms: Some(wall_ms.into()),
                cpu_ms: Some(wall_ms.min(policy.cap.cpu_ms).into()),
                memory_bytes: memory.map(Into::into),
                output_bytes: Some(output_bytes.into()),
                ..LimitsRequest::default()
            },
            exact_limits: true,
            capture_bytes: Some(output_bytes),
            collect: self.fetch_files.iter().map(|name| request::literal(name)).collect(),
            ..JobRequest::default()
        })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn milliseconds(seconds: f64) -> u64 {
    (seconds.clamp(0.001, 1e9) * 1_000.0).ceil() as u64
}

fn texts(given: &Value) -> Result<Vec<String>, Mistake> {
    let list = given
        .as_array()
        .ok_or_else(|| Mistake::new(&["body", "cells"], "list_type", "Input should be a valid list", given.clone()))?;
    let text = |(number, one): (usize, &Value)| {
        let place = number.to_string();
        let mistake =
            || Mistake::new(&["body", "cells", &place], "string_type", "Input should be a valid string", one.clone());
        one.as_str().map(str::to_owned).ok_or_else(mistake)
    };
    list.iter().enumerate().map(text).collect()
}

/// A kernel that did not reach the last cell has no cells, as SandboxFusion's driver has none then; its stderr says why.
fn answer(report: &Report, count: usize, fetched: &[String]) -> Value {
    let ran = result::of(report);
    let mut driver = ran["run_result"].clone();
    let printed = report.tests.first().map(|test| test.stdout.content.as_bytes()).unwrap_or_default();
    let ended = cells::outputs(printed);
    if driver.is_object() {
        driver["stdout"] = json!("");
        if let Some((number, died)) = ended.iter().enumerate().find(|(_, (_, end))| !end.alive) {
            driver["stderr"] = format!("the interpreter ended in cell {}: {}", number + 1, why(&died.1)).into();
        }
    }
    let is_whole = ran["status"] == "Success" && ended.len() == count;
    let status = match (is_whole, ran["status"].as_str()) {
        (true, _) => "Success",
        (false, Some("SandboxError")) => "SandboxError",
        (false, _) => "Failed",
    };
    json!({
        "status": status,
        "message": ran["message"],
        "driver": driver,
        "cells": if is_whole { ended.iter().map(|(output, _)| cell(output)).collect() } else { Vec::new() },
        "executor_pod_name": null,
        "files": if is_whole { result::files(report, fetched) } else { json!({}) },
    })
}

fn why(end: &End) -> String {
    match end.exit {
        Some(signal) if signal < 0 => format!("signal {}", -signal),
        Some(code) => format!("exit code {code}"),
        None => "it was stopped".to_owned(),
    }
}

fn cell(output: &CellOutput) -> Value {
    let CellOutput { stdout, stderr, display, error } = output;
    json!({"stdout": stdout, "stderr": stderr, "display": display, "error": error.iter().collect::<Vec<_>>()})
}

/// Names the languages that run cells.
fn no_kernel(book: &LanguageBook, name: &str) -> Mistake {
    let kernels = language::kernels(book);
    let none = "the name of a kernel, and this server has none";
    let expected = if kernels.is_empty() { none } else { kernels.as_str() };
    let name: String = name.chars().take(64).collect();
    Mistake::new(&["body", "kernel"], "literal_error", format!("Input should be {expected}"), json!(name))
}
