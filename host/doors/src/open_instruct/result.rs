//! Which tests are passed, and how long each took: 0 and -1 for one that is not.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use optimus_core::{Exit, Report, TestReport, Verdict};
use serde_json::json;

use super::comparison;
use super::request::Cases;

/// Seconds of a test that did not come to its end.
const NO_TIME: f64 = -1.0;

/// Without tests.
pub(super) fn none() -> Response {
    Json(json!({"results": [], "runtimes": []})).into_response()
}

/// Of `/test_program`: statements that came to their end are followed by the token and their seconds.
///
/// # Errors
/// A test was not run, for a reason of ours.
pub(super) fn of_statements(report: &Report, token: &str) -> Result<Response, String> {
    let seconds = |test: &TestReport| {
        let said = std::str::from_utf8(test.stdout.content.as_bytes()).ok()?;
        said.trim_end().strip_prefix(token)?.strip_prefix(' ')?.parse::<f64>().ok()
    };
    answer(report, |_, test| seconds(test).map_or((0, NO_TIME), |seconds| (1, seconds)))
}

/// Of `/test_program_stdio`.
///
/// # Errors
/// The same.
pub(super) fn of_outputs(report: &Report, cases: &Cases) -> Result<Response, String> {
    answer(report, |index, test| match (&test.exit, test.limit) {
        (Some(Exit::Code(0)), None) => {
            let found = String::from_utf8_lossy(test.stdout.content.as_bytes());
            let expected = cases.get(index).map_or("", |(_, output)| output);
            let is_right = !test.stdout.truncated && comparison::is_right(&found, expected);
            (u8::from(is_right), test.wall_ms / 1_000.0)
        }
        _ => (0, NO_TIME),
    })
}

fn answer(report: &Report, of: impl Fn(usize, &TestReport) -> (u8, f64)) -> Result<Response, String> {
    let is_ours = |verdict| matches!(verdict, Verdict::InternalError | Verdict::Cancelled);
    let broken = report.tests.iter().find(|test| is_ours(test.verdict));
    if is_ours(report.verdict) || broken.is_some() {
        let fault = broken.and_then(|test| test.error.as_ref()).or(report.error.as_ref());
        return Err(fault.map_or_else(|| report.verdict.to_string(), |fault| fault.message.clone()));
    }
    let tests = report.tests.iter().enumerate().map(|(index, test)| of(index, test));
    let (results, runtimes): (Vec<u8>, Vec<f64>) = tests.unzip();
    Ok(Json(json!({"results": results, "runtimes": runtimes})).into_response())
}
