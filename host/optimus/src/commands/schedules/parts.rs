//! The body of a request: what a file says, and what flags say in its place.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::cli::ScheduleParts;
use crate::output::Advised;

/// The parts as the API takes them. Flags of the spec or of the policies change those of the file, or else of `present`,
/// the schedule as it is.
pub(super) fn body(
    parts: &ScheduleParts,
    present: impl FnOnce() -> anyhow::Result<Map<String, Value>>,
) -> anyhow::Result<Map<String, Value>> {
    let mut body = parts.from.as_deref().map(read).transpose()?.unwrap_or_default();
    let flags = [("spec", spec(parts)), ("policies", policies(parts))];
    let is_missing = |(name, flags): &(&str, Map<_, _>)| !flags.is_empty() && !body.contains_key(*name);
    let mut present = if flags.iter().any(is_missing) { present()? } else { Map::new() };
    for (name, flags) in flags.into_iter().filter(|(_, flags)| !flags.is_empty()) {
        let base = body.remove(name).or_else(|| present.remove(name)).unwrap_or_else(|| json!({}));
        // What is no object is left to the server, which names the field.
        let changed = match base {
            Value::Object(mut base) => {
                base.extend(flags);
                Value::Object(base)
            }
            other => other,
        };
        body.insert(name.to_owned(), changed);
    }
    if let Some(path) = &parts.job {
        body.insert("job".to_owned(), Value::Object(read(path)?));
    }
    if let Some(name) = &parts.name {
        body.insert("name".to_owned(), name.as_str().into());
    }
    if body.is_empty() {
        let hint = "give `--from FILE`, or flags such as `--cron` and `--job`".to_owned();
        return Err(Advised::new("usage", "nothing says what the schedule is", Some(hint)).into());
    }
    Ok(body)
}

fn spec(parts: &ScheduleParts) -> Map<String, Value> {
    let intervals: Vec<Value> = parts.every.iter().map(|every| json!({ "every": every })).collect();
    let lists = [
        ("cron", json!(parts.cron)),
        ("rrule", json!(parts.rrule)),
        ("intervals", json!(intervals)),
        ("at", json!(parts.at)),
        ("timezone", json!(parts.timezone)),
    ];
    let is_given = |(_, value): &(&str, Value)| value.as_array().map_or(!value.is_null(), |list| !list.is_empty());
    lists.into_iter().filter(is_given).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn policies(parts: &ScheduleParts) -> Map<String, Value> {
    parts.overlap.iter().map(|overlap| ("overlap".to_owned(), overlap.as_str().into())).collect()
}

fn read(path: &Path) -> anyhow::Result<Map<String, Value>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("`{}` is no JSON object: {error}", path.display());
        let hint = "docs/schedules.md shows one of a schedule, docs/api.md one of a job".to_owned();
        Advised::new("usage", message, Some(hint)).into()
    })
}
