//! `optimus schedules`: the schedules of a server, over its API.

mod parts;
mod text;

use std::process::ExitCode;

use optimus_core::Timestamp;
use serde_json::{Map, Value, json};

use self::text::{Accepted, Preview, Shown};
use super::client::{Client, print};
use crate::cli::{Noted, OneSchedule, Schedules, SchedulesAction};
use crate::output::Output;

pub(super) fn schedules(args: &Schedules, output: Output) -> anyhow::Result<ExitCode> {
    match &args.action {
        SchedulesAction::List { server } => {
            let schedules = Client::new(server).all("schedules")?;
            print(&json!({ "schedules": schedules }), output, text::list)
        }
        SchedulesAction::Show(one) => print(&Client::new(&one.server).get(&path(one, ""))?, output, Shown::text),
        SchedulesAction::Create { parts, paused, server } => {
            let mut body = parts::body(parts, || Ok(Map::new()))?;
            if *paused {
                body.insert("paused".to_owned(), true.into());
            }
            print(&Client::new(server).post("/v1/schedules", &body)?, output, Shown::text)
        }
        SchedulesAction::Update { schedule, parts } => {
            let client = Client::new(&schedule.server);
            let body = parts::body(parts, || client.get(&path(schedule, "")))?;
            print(&client.patch(&path(schedule, ""), &body)?, output, Shown::text)
        }
        SchedulesAction::Preview { schedule, number, after } => {
            let after = after.map(query).transpose()?.unwrap_or_default();
            let path = path(schedule, &format!("/preview?n={number}{after}"));
            print(&Client::new(&schedule.server).get(&path)?, output, Preview::text)
        }
        SchedulesAction::Trigger { schedule, overlap } => {
            ask(schedule, "/trigger", &json!({ "overlap": overlap }), output)
        }
        SchedulesAction::Backfill { schedule, after, until, overlap } => {
            ask(schedule, "/backfill", &json!({ "after": after, "until": until, "overlap": overlap }), output)
        }
        SchedulesAction::Pause(noted) => switch(noted, "/pause", output),
        SchedulesAction::Resume(noted) => switch(noted, "/resume", output),
        SchedulesAction::Delete(one) => {
            let deleted: Value = Client::new(&one.server).delete(&path(one, ""))?;
            print(&deleted, output, |_: &Value| format!("schedule {} is deleted\n", one.id))
        }
    }
}

fn ask(one: &OneSchedule, action: &str, body: &Value, output: Output) -> anyhow::Result<ExitCode> {
    print(&Client::new(&one.server).post(&path(one, action), body)?, output, Accepted::text)
}

fn switch(noted: &Noted, action: &str, output: Output) -> anyhow::Result<ExitCode> {
    let client = Client::new(&noted.schedule.server);
    print(&client.post(&path(&noted.schedule, action), &json!({ "note": noted.note }))?, output, Shown::text)
}

fn path(one: &OneSchedule, rest: &str) -> String {
    format!("/v1/schedules/{}{rest}", one.id)
}

/// In UTC, so that no `+` is in the address.
fn query(after: Timestamp) -> anyhow::Result<String> {
    Ok(format!("&after={}", serde_json::to_value(after)?.as_str().unwrap_or_default()))
}
