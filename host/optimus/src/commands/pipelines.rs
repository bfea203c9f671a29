//! `optimus pipelines`: the pipelines and runs of a server, over its API.

mod text;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use self::text::{Definition, DryRun, Run};
use super::NOT_ACCEPTED;
use super::client::{Client, print};
use crate::cli::{OneFlow, Pipelines, PipelinesAction, RunInputs, ServerArgs};
use crate::output::{Advised, Output, fault};

/// Between two looks at a run.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn pipelines(args: &Pipelines, output: Output) -> anyhow::Result<ExitCode> {
    match &args.action {
        PipelinesAction::List { server } => {
            print(&json!({ "pipelines": Client::new(server).all("pipelines")? }), output, text::pipelines)
        }
        PipelinesAction::Show(one) => show(one, output),
        PipelinesAction::Apply { file, id, server } => apply(file, id.as_deref(), server, output),
        PipelinesAction::DryRun { pipeline, inputs } => {
            let path = format!("/v1/pipelines/{}/dry-run", pipeline.id);
            let dry = Client::new(&pipeline.server).post(&path, &json!({ "inputs": read_inputs(inputs)? }))?;
            print(&dry, output, DryRun::text)
        }
        PipelinesAction::Run { pipeline, inputs, wait } => {
            let path = format!("/v1/pipelines/{}/runs", pipeline.id);
            begin(&pipeline.server, &path, &json!({ "inputs": read_inputs(inputs)? }), (*wait, output))
        }
        PipelinesAction::Runs { pipeline, state, number, server } => {
            let mut path = format!("/v1/runs?limit={number}");
            for (name, value) in [("pipeline", pipeline), ("state", state)] {
                path.extend(value.iter().map(|value| format!("&{name}={value}")));
            }
            print(&Client::new(server).get(&path)?, output, text::runs)
        }
        PipelinesAction::Cancel(run) => {
            let path = format!("/v1/runs/{}/cancel", run.id);
            print(&Client::new(&run.server).post(&path, &json!({}))?, output, Run::text)
        }
        PipelinesAction::Replay { run, from, wait } => {
            begin(&run.server, &format!("/v1/runs/{}/replay", run.id), &json!({ "from": from }), (*wait, output))
        }
        PipelinesAction::Delete(one) => {
            let deleted: Value = Client::new(&one.server).delete(&format!("/v1/pipelines/{}", one.id))?;
            print(&deleted, output, |_: &Value| format!("pipeline {} is deleted\n", one.id))
        }
    }
}

/// Ids of pipelines and of runs look the same.
fn show(one: &OneFlow, output: Output) -> anyhow::Result<ExitCode> {
    let client = Client::new(&one.server);
    match client.get::<Value>(&format!("/v1/pipelines/{}", one.id)) {
        Ok(pipeline) => print(&pipeline, output, Definition::text),
        Err(error) if fault(&error).code == "no_such_pipeline" => match client.get(&format!("/v1/runs/{}", one.id)) {
            Err(error) if fault(&error).code == "no_such_run" => {
                let message = format!("there is neither a pipeline nor a run `{}`", one.id);
                let hint = "`optimus pipelines list` and `optimus pipelines runs` show the ids".to_owned();
                Err(Advised::new("no_such_pipeline", message, Some(hint)).into())
            }
            run => print(&run?, output, Run::text),
        },
        Err(error) => Err(error),
    }
}

/// Replaces the pipeline of this id, or the one of the file's name, if there is one; otherwise it is a new one.
fn apply(file: &Path, id: Option<&str>, server: &ServerArgs, output: Output) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let definition: Map<String, Value> = serde_json::from_str(&text).map_err(|error| {
        let message = format!("`{}` is no JSON object: {error}", file.display());
        Advised::new("usage", message, Some("docs/pipelines.md shows some".to_owned()))
    })?;
    let client = Client::new(server);
    let known = match (id, definition.get("name").filter(|name| name.is_string())) {
        (Some(id), _) => Some(id.to_owned()),
        (None, Some(name)) => of_name(&client, name)?,
        (None, None) => None,
    };
    let pipeline = match known {
        Some(id) => client.put_json(&format!("/v1/pipelines/{id}"), &definition)?,
        None => client.post("/v1/pipelines", &definition)?,
    };
    print(&pipeline, output, Definition::text)
}

fn of_name(client: &Client, name: &Value) -> anyhow::Result<Option<String>> {
    let all = client.all("pipelines")?;
    let ids: Vec<&str> = all.iter().filter(|one| one["name"] == *name).filter_map(|one| one["id"].as_str()).collect();
    match ids[..] {
        [] => Ok(None),
        [id] => Ok(Some(id.to_owned())),
        _ => {
            let message = format!("{} pipelines are called {name}: {}", ids.len(), ids.join(", "));
            Err(Advised::new("usage", message, Some("choose one with `--id`".to_owned())).into())
        }
    }
}

fn read_inputs(inputs: &RunInputs) -> anyhow::Result<Map<String, Value>> {
    let mut read: Map<String, Value> = inputs.inputs.iter().cloned().collect();
    for (name, file) in &inputs.files {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        read.insert(name.clone(), text.into());
    }
    Ok(read)
}

fn begin(server: &ServerArgs, path: &str, body: &Value, (waits, output): (bool, Output)) -> anyhow::Result<ExitCode> {
    let client = Client::new(server);
    let mut run: Value = client.post(path, body)?;
    if waits {
        let path = format!("/v1/runs/{}", run["id"].as_str().unwrap_or_default());
        while run["ended_at"].is_null() {
            std::thread::sleep(LOOK);
            run = client.get(&path)?;
        }
    }
    print(&run, output, Run::text)?;
    Ok(if waits && run["state"] != "succeeded" { NOT_ACCEPTED.into() } else { ExitCode::SUCCESS })
}
