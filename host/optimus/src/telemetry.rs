//! Logs: to stderr, words on a terminal and JSON lines elsewhere. And traces, where there is a collector.

mod traces;

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

use crate::output::Advised;
pub use traces::Traces;

/// Starts logging. Without a filter, a server tells what it does and the other verbs only what is wrong. A server also
/// exports traces, if `OTEL_EXPORTER_OTLP_ENDPOINT` says where to; what comes back sends the last ones when it is dropped.
///
/// # Errors
/// The filter makes no sense.
pub fn start(filter: Option<&str>, serving: bool) -> anyhow::Result<Option<Traces>> {
    let default = if serving { "info" } else { "warn" };
    let filter = EnvFilter::try_new(filter.unwrap_or(default)).map_err(|error| {
        let hint = "like `warn`, `info` or `info,optimus_server=debug`".to_owned();
        Advised::new("usage", format!("`--log` is not a filter: {error}"), Some(hint))
    })?;
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let logs = match std::io::stderr().is_terminal() {
        true => logs.boxed(),
        false => logs.json().flatten_event(true).boxed(),
    };
    let (traces, exporting, failed) = match serving.then(Traces::begin) {
        Some(Ok(Some((traces, exporting)))) => (Some(traces), Some(exporting), None),
        Some(Err(error)) => (None, None, Some(error)),
        None | Some(Ok(None)) => (None, None, None),
    };
    // A second subscriber (in tests) is refused, and the first goes on.
    let _ = Registry::default().with(exporting).with(logs.with_filter(filter)).try_init();
    if let Some(error) = failed {
        tracing::error!(error = format!("{error:#}"), "traces cannot be exported");
    }
    Ok(traces)
}
