//! A definition that was checked.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use optimus_core::Invalid;
use serde_json::Value;

use crate::definition::{Definition, OnFailure, Retry, Step};
use crate::expression::Expression;
use crate::graph;
use crate::template::Template;
use crate::tool::Tool;

/// Steps of a pipeline.
const STEPS: usize = 100;
/// Entries of `for_each`.
pub(crate) const ENTRIES: usize = 1_000;
/// Characters of the name of a step or an input.
const NAME: usize = 64;
/// Characters of a pipeline's name, which is for people.
const TITLE: usize = 200;
/// Seconds of a step's `timeout_s`: a week.
const TIMEOUT_S: RangeInclusive<u64> = 1..=7 * 24 * 60 * 60;
/// Jobs for one result.
const ATTEMPTS: RangeInclusive<u32> = 1..=10;
/// Seconds of `backoff_s`: an hour.
pub(crate) const BACKOFF_S: RangeInclusive<u64> = 0..=60 * 60;

/// A definition whose names, needs, conditions and templates fit together.
#[derive(Debug, Clone)]
pub struct Pipeline {
    pub(crate) inputs: serde_json::Map<String, Value>,
    /// Each after those that it needs.
    pub(crate) steps: Vec<CheckedStep>,
    pub(crate) outputs: Template,
}

#[derive(Debug, Clone)]
pub(crate) struct CheckedStep {
    pub(crate) name: String,
    pub(crate) needs: Vec<String>,
    pub(crate) condition: Option<Expression>,
    pub(crate) for_each: Option<Expression>,
    pub(crate) max_parallel: usize,
    pub(crate) timeout_s: Option<u64>,
    pub(crate) retry: Retry,
    pub(crate) on_failure: OnFailure,
    pub(crate) tool: Tool,
    pub(crate) with: Template,
}

impl Definition {
    /// Checks everything that can be known before a run.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub fn check(&self) -> Result<Pipeline, Invalid> {
        if !(1..=STEPS).contains(&self.steps.len()) {
            let invalid = Invalid::new("steps", format!("has {} steps", self.steps.len()));
            return Err(invalid.hint(format!("from 1 to {STEPS}")));
        }
        if self.name.as_ref().is_some_and(|name| name.chars().count() > TITLE) {
            return Err(Invalid::new("name", format!("is longer than {TITLE} characters")).hint("shorten it"));
        }
        self.inputs.keys().try_for_each(|name| check_name("inputs", name))?;
        let mut names = BTreeSet::new();
        for (index, step) in self.steps.iter().enumerate() {
            check_name(&format!("steps[{index}].name"), &step.name)?;
            if !names.insert(step.name.as_str()) {
                let invalid = Invalid::new(format!("steps[{index}].name"), format!("`{}` is there twice", step.name));
                return Err(invalid.hint("give each step a name of its own"));
            }
        }
        let order = graph::order(&self.steps)?;
        let steps = order.into_iter().map(|index| CheckedStep::new(index, &self.steps[index]));
        self.outputs.keys().try_for_each(|name| check_name("outputs", name))?;
        let outputs = Template::parse("outputs", &Value::Object(self.outputs.clone()))?;
        Ok(Pipeline { inputs: self.inputs.clone(), steps: steps.collect::<Result<_, _>>()?, outputs })
    }
}

impl Pipeline {
    /// The inputs of a run: what it was given, and the defaults of the rest.
    ///
    /// # Errors
    /// An input that the pipeline does not have, or one that it needs.
    pub fn inputs(&self, given: &serde_json::Map<String, Value>) -> Result<Value, Invalid> {
        if let Some(name) = given.keys().find(|name| !self.inputs.contains_key(*name)) {
            let known: Vec<String> = self.inputs.keys().map(|name| format!("`{name}`")).collect();
            let invalid = Invalid::new(format!("inputs.{}", name.escape_debug()), "is no input of this pipeline");
            return Err(invalid.hint(if known.is_empty() {
                "it has none".into()
            } else {
                format!("it has {}", known.join(", "))
            }));
        }
        let mut inputs = self.inputs.clone();
        inputs.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
        match inputs.iter().find(|(_, value)| value.is_null()) {
            Some((name, _)) => Err(Invalid::new(format!("inputs.{name}"), "is missing, and has no default")),
            None => Ok(Value::Object(inputs)),
        }
    }
}

impl CheckedStep {
    fn new(index: usize, step: &Step) -> Result<Self, Invalid> {
        let field = |name: &str| format!("steps[{index}].{name}");
        let expression = |name: &str, text: &Option<String>| {
            text.as_deref().map(|text| Expression::parse(&field(name), text)).transpose()
        };
        let tool = Tool::named(&field("uses"), &step.uses)?;
        let max_parallel = within(&field("max_parallel"), step.max_parallel.unwrap_or(ENTRIES), &(1..=ENTRIES))?;
        let timeout = step.timeout_s.map(|seconds| within(&field("timeout_s"), seconds, &TIMEOUT_S));
        let retry = step.retry.unwrap_or(Retry { attempts: 1, backoff_s: 0 });
        within(&field("retry.attempts"), retry.attempts, &ATTEMPTS)?;
        within(&field("retry.backoff_s"), retry.backoff_s, &BACKOFF_S)?;
        tool.check(&field("with"), &step.with)?;
        Ok(Self {
            name: step.name.clone(),
            needs: step.needs.clone(),
            condition: expression("if", &step.condition)?,
            for_each: expression("for_each", &step.for_each)?,
            max_parallel,
            timeout_s: timeout.transpose()?,
            retry,
            on_failure: step.on_failure,
            tool,
            with: Template::parse(&field("with"), &step.with)?,
        })
    }
}

fn within<T: PartialOrd + Display>(field: &str, value: T, range: &RangeInclusive<T>) -> Result<T, Invalid> {
    match range.contains(&value) {
        true => Ok(value),
        false => {
            let invalid = Invalid::new(field, format!("is {value}"));
            Err(invalid.hint(format!("from {} to {}", range.start(), range.end())))
        }
    }
}

/// A name that expressions can write after `steps.` or `inputs.`.
fn check_name(field: &str, name: &str) -> Result<(), Invalid> {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    let is_word = name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
    if begins && is_word && name.len() <= NAME {
        return Ok(());
    }
    let invalid = Invalid::new(field, format!("`{}` is no name", name.escape_debug()));
    Err(invalid.hint(format!("a lower-case letter, then letters, digits and `_`, at most {NAME} characters")))
}
