//! A server's answers about pipelines and runs, as text for people.

use optimus_core::Fault;
use serde::Deserialize;
use serde_json::Value;

/// All pipelines.
#[derive(Deserialize)]
pub(super) struct Pipelines {
    pipelines: Vec<PipelineRow>,
}

#[derive(Deserialize)]
struct PipelineRow {
    id: String,
    name: Option<String>,
    steps: Vec<String>,
}

/// A page of runs.
#[derive(Deserialize)]
pub(super) struct Runs {
    runs: Vec<RunRow>,
}

#[derive(Deserialize)]
struct RunRow {
    id: String,
    pipeline: String,
    state: String,
    created_at: String,
}

/// A pipeline.
#[derive(Deserialize)]
pub(super) struct Definition {
    id: String,
    name: Option<String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    uses: String,
    #[serde(default)]
    needs: Vec<String>,
}

/// A run.
#[derive(Deserialize)]
pub(super) struct Run {
    id: String,
    pipeline: String,
    state: String,
    steps: Vec<StepRun>,
    outputs: Option<Value>,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct StepRun {
    name: String,
    state: String,
    error: Option<Fault>,
    jobs: Vec<Job>,
}

#[derive(Deserialize)]
struct Job {
    job: Option<String>,
    run: Option<String>,
    request: Option<String>,
    result: Option<Value>,
}

/// What a run would start.
#[derive(Deserialize)]
pub(super) struct DryRun {
    steps: Vec<DryStep>,
}

#[derive(Deserialize)]
struct DryStep {
    name: String,
    state: String,
    error: Option<Fault>,
    jobs: Vec<Value>,
}

/// A row for each pipeline.
pub(super) fn pipelines(all: &Pipelines) -> String {
    let line = |row: &PipelineRow| {
        let name = row.name.as_deref().unwrap_or("-");
        format!("{}  {}  {}\n", row.id, visible(name), row.steps.join(", "))
    };
    all.pipelines.iter().map(line).collect()
}

/// A row for each run.
pub(super) fn runs(page: &Runs) -> String {
    let line = |row: &RunRow| format!("{}  {:<10}  {}  pipeline {}\n", row.id, row.state, row.created_at, row.pipeline);
    page.runs.iter().map(line).collect()
}

impl Definition {
    pub(super) fn text(&self) -> String {
        let name = self.name.as_deref().map(|name| format!("  {}", visible(name))).unwrap_or_default();
        let mut text = format!("{}{name}\n", self.id);
        text.extend(self.steps.iter().map(|step| {
            let needs =
                if step.needs.is_empty() { String::new() } else { format!(", needs {}", step.needs.join(", ")) };
            format!("  {}: {}{needs}\n", step.name, step.uses)
        }));
        text
    }
}

impl Run {
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}  {}  pipeline {}\n", self.id, self.state, self.pipeline);
        text.extend(self.steps.iter().map(StepRun::text));
        text.extend(self.error.iter().map(|error| format!("  {}\n", visible(&error.message))));
        text.extend(self.outputs.iter().map(|outputs| format!("  outputs {}\n", visible(&outputs.to_string()))));
        text
    }
}

impl StepRun {
    fn text(&self) -> String {
        let mut text = format!("  {}  {}\n", self.name, self.state);
        text.extend(self.error.iter().map(|error| format!("    {}\n", visible(&error.message))));
        text.extend(self.jobs.iter().filter_map(Job::text));
        text
    }
}

impl Job {
    fn text(&self) -> Option<String> {
        let what = match (&self.job, &self.run, &self.request) {
            (Some(job), ..) => format!("job {job}"),
            (None, Some(run), _) => format!("run {run}"),
            (None, None, Some(key)) => format!("request {key}"),
            (None, None, None) => String::new(),
        };
        let result = self.result.as_ref();
        let became = result.and_then(|result| ["verdict", "state", "status"].iter().find_map(|name| result.get(name)));
        let error = result.and_then(|result| result["error"]["message"].as_str());
        let became = became.map(|became| became.as_str().map_or_else(|| became.to_string(), str::to_owned));
        let parts: Vec<String> = [Some(what), became, error.map(visible)].into_iter().flatten().collect();
        let text = parts.join("  ").trim().to_owned();
        (!text.is_empty()).then(|| format!("    {text}\n"))
    }
}

impl DryRun {
    pub(super) fn text(&self) -> String {
        let step = |step: &DryStep| {
            let mut text = format!("{}  {}\n", step.name, step.state);
            text.extend(step.error.iter().map(|error| format!("  {}\n", visible(&error.message))));
            text.extend(step.jobs.iter().map(|job| format!("  {}\n", visible(&job.to_string()))));
            text
        };
        self.steps.iter().map(step).collect()
    }
}

/// A text of other people must not move the reader's cursor.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
