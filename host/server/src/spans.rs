//! The outer spans of a job's trace: `send` in the API, `process` in the worker. The judge adds its own inside `process`.
//!
//! Names and attributes follow OpenTelemetry's conventions for messaging, which are still in development, so they are
//! kept in this file. Where no traces are exported and the log is not at `debug`, a span is a branch that is not taken.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use optimus_core::trace::SPAN_TARGET;
use optimus_core::{Job, TraceContext};
use tracing::{Span, debug_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// A job goes into the queue: its trace goes on in this span, and the job carries that along.
pub(crate) fn send(job: &mut Job) -> Span {
    let span = debug_span!(
        target: SPAN_TARGET,
        "send",
        otel.name = format!("send {}", job.language),
        otel.kind = "producer",
        "messaging.system" = "optimus",
        "messaging.operation.type" = "send",
        "messaging.destination.name" = job.language,
        "messaging.message.id" = %job.id,
    );
    go_on(&span, job.trace.as_ref());
    if let Some(trace) = context_of(&span) {
        job.trace = Some(trace);
    }
    span
}

/// A worker has a job.
pub(crate) fn process(job: &Job, attempt: u32) -> Span {
    let span = debug_span!(
        target: SPAN_TARGET,
        "process",
        otel.name = format!("process {}", job.language),
        otel.kind = "consumer",
        otel.status_code = tracing::field::Empty,
        "messaging.system" = "optimus",
        "messaging.operation.type" = "process",
        "messaging.destination.name" = job.language,
        "messaging.message.id" = %job.id,
        optimus.attempt = attempt,
        optimus.verdict = tracing::field::Empty,
    );
    go_on(&span, job.trace.as_ref());
    span
}

/// Records the end of a `process` span; `None` is a failure of ours.
pub(crate) fn processed(span: &Span, verdict: Option<&str>) {
    match verdict {
        Some(verdict) => span.record("optimus.verdict", verdict),
        None => span.record("otel.status_code", "ERROR"),
    };
}

/// Makes a span that has just begun a child of somebody else's.
fn go_on(span: &Span, trace: Option<&TraceContext>) {
    let Some(TraceContext { parent, state }) = trace.filter(|_| !span.is_disabled()) else { return };
    let mut headers = HashMap::from([("traceparent".to_owned(), parent.clone())]);
    headers.extend(state.as_ref().map(|state| ("tracestate".to_owned(), state.clone())));
    // It fails where only the log sees the span.
    let _ = span.set_parent(TraceContextPropagator::new().extract(&headers));
}

/// The context that another process needs to continue the trace; `None` where nothing is exported.
fn context_of(span: &Span) -> Option<TraceContext> {
    if span.is_disabled() {
        return None;
    }
    let mut headers = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut headers);
    TraceContext::new(headers.get("traceparent")?, headers.get("tracestate").map(String::as_str))
}
