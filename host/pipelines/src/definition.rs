//! A pipeline, as clients write it.

use optimus_core::Webhook;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::tool::{JOB, Tool};

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Inputs of a run by name, each with its default; `null`: a run has to give it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub inputs: Map<String, Value>,
    /// The steps, in any order.
    pub steps: Vec<Step>,
    /// The results of a run by name; their texts may hold `${…}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub outputs: Map<String, Value>,
    /// Who is told of a run's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name, by which others need it and see its result.
    pub name: String,
    /// The tool: `job`, `pipeline` or `http`.
    #[serde(default = "job")]
    pub uses: String,
    /// What the tool takes, such as the body of `POST /v1/jobs`; its texts may hold `${…}`.
    pub with: Value,
    /// Steps that have to be over before it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// A condition; the step is skipped where it is false.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// An expression whose value is a list; the step runs once for each of its entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<String>,
    /// Entries of `for_each` that run at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel: Option<usize>,
    /// A job that is not over so long after its submission is cancelled, and has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
    /// What happens after a job that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What happens once the step has failed.
    #[serde(default, skip_serializing_if = "OnFailure::is_default")]
    pub on_failure: OnFailure,
}

impl Step {
    /// Its tool; `None`, if there is none of that name.
    pub fn tool(&self) -> Option<Tool> {
        Tool::named("uses", &self.uses).ok()
    }
}

fn job() -> String {
    JOB.to_owned()
}

/// How a job that failed is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Jobs altogether.
    pub attempts: u32,
    /// The time before the second job; it doubles with each further one, up to an hour.
    #[serde(default = "one")]
    pub backoff_s: u64,
}

fn one() -> u64 {
    1
}

/// What a failed step does to the rest of its run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Steps that need it do not start; the others go on. The run has failed.
    #[default]
    Block,
    /// Steps that need it start, and see its state. The run has not failed for that.
    Continue,
    /// Nothing more starts, and what runs is cancelled. The run has failed.
    Stop,
}

impl OnFailure {
    fn is_default(&self) -> bool {
        *self == Self::Block
    }
}
