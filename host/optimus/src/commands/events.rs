//! `optimus events`: what happens to a tenant's jobs, schedules and runs, as a server tells it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::client::{Client, query};
use crate::cli::Events;
use crate::output::Output;

/// Before a stream that broke is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// An event, and the id from which a client goes on.
#[derive(Debug, PartialEq)]
struct Heard {
    id: String,
    event: Map<String, Value>,
}

/// Prints events until it is stopped, or has printed as many as it is to. A stream that breaks is opened again after the
/// last event, as long as the server answers.
pub(super) fn events(args: &Events, output: Output) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.server);
    let mut wanted = Vec::new();
    if !args.types.is_empty() {
        wanted.push(format!("types={}", query(&args.types.join(","))));
    }
    if let Some(since) = args.since {
        let since = serde_json::to_value(since)?;
        wanted.push(format!("since={}", query(since.as_str().unwrap_or_default())));
    }
    let path = format!("/v1/events?{}", wanted.join("&"));
    let (mut last, mut left) = (args.after.clone(), args.count.unwrap_or(u64::MAX));
    loop {
        let mut lines = BufReader::new(client.stream(path.trim_end_matches('?'), last.as_deref())?);
        while let Some(heard) = next(&mut lines, &mut last) {
            output.line(&shown(&heard), || line(&heard.event))?;
            left -= 1;
            if left == 0 {
                return Ok(ExitCode::SUCCESS);
            }
        }
        output.tell(Some("the stream ended, and is opened again"));
        std::thread::sleep(PAUSE);
    }
}

/// The next event; `None` when the stream has ended or broken. An id without an event is a place, too.
fn next(lines: &mut impl BufRead, last: &mut Option<String>) -> Option<Heard> {
    let mut text = String::new();
    loop {
        text.clear();
        if lines.read_line(&mut text).unwrap_or(0) == 0 {
            return None;
        }
        let line = text.trim_end_matches(['\r', '\n']);
        if let Some(id) = line.strip_prefix("id: ") {
            *last = Some(id.to_owned());
        } else if let Some(Ok(event)) = line.strip_prefix("data: ").map(serde_json::from_str) {
            return Some(Heard { id: last.clone().unwrap_or_default(), event });
        }
    }
}

/// The event as the server sends it, with its id.
fn shown(heard: &Heard) -> Value {
    let mut event = heard.event.clone();
    event.insert("id".to_owned(), json!(heard.id));
    Value::Object(event)
}

/// `TIME TYPE NAME=VALUE …`.
fn line(event: &Map<String, Value>) -> String {
    let word = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        other => other.map(Value::to_string).unwrap_or_default(),
    };
    let mut line = format!("{}  {:<18}", word(event.get("at")), word(event.get("type")));
    for (name, value) in event.get("data").and_then(Value::as_object).into_iter().flatten() {
        let _ = write!(line, "  {name}={}", word(Some(value)));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_count_with_and_without_an_event() {
        let stream = ": still here\n\nid: 1-1\nevent: job.done\ndata: {\"type\":\"job.done\",\"at\":\"T\",\"data\":{\"job\":\"a\",\"attempt\":2}}\n\nid: 1-5\n\n";
        let (mut stream, mut last) = (stream.as_bytes(), None);
        let heard = next(&mut stream, &mut last).unwrap();
        assert_eq!(line(&heard.event), "T  job.done            attempt=2  job=a");
        assert_eq!(shown(&heard)["id"], "1-1");
        assert_eq!((next(&mut stream, &mut last), last.as_deref()), (None, Some("1-5")));
    }
}
