//! `optimus audit`: what was changed on a server, over its API.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Client, query};
use crate::cli::Audit;
use crate::output::Output;

/// Entries of one page.
const PAGE: usize = 500;

#[derive(Deserialize)]
struct List {
    entries: Vec<Value>,
    #[serde(default)]
    next: Option<String>,
}

pub(super) fn audit(args: &Audit, output: Output) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.server);
    let since = args.since.map(serde_json::to_value).transpose()?;
    let since = since.as_ref().and_then(Value::as_str);
    let mut wanted = String::new();
    for (name, value) in [
        ("since", since),
        ("action", args.action.as_deref()),
        ("key", args.by.as_deref()),
        ("tenant", args.tenant.as_deref()),
    ] {
        value.iter().try_for_each(|value| write!(wanted, "&{name}={}", query(value)))?;
    }
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page: List = client.get(&format!("/v1/audit?limit={PAGE}{wanted}{next}"))?;
        // Lines are printed page by page: the log may be long.
        output.stream(|| page.entries.iter().map(|entry| format!("{entry}\n")).collect())?;
        if output.is_json() {
            all.extend(page.entries);
        }
        match page.next {
            Some(id) => next = format!("&next={id}"),
            None => break,
        }
    }
    output.print(&json!({ "entries": all }), |_| String::new())?;
    Ok(ExitCode::SUCCESS)
}
