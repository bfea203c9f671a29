//! What expressions see: `inputs`, `steps`, and in a step with `for_each` also `item` and `index`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use optimus_core::Fault;
use serde_json::Value;

/// Names that expressions may use.
pub(crate) const NAMES: [&str; 4] = ["inputs", "steps", "item", "index"];

/// Work of one evaluation. A look at a variable costs a unit for each entry and kibibyte of its value.
const FUEL: u64 = 1_000_000;
/// The size of one variable in these units. With the limits of expressions it bounds what lies between two looks.
const LARGEST: u64 = 10_000;

/// The values of an evaluation.
pub(crate) struct Scope {
    values: BTreeMap<&'static str, Named>,
}

struct Named {
    value: Box<dyn Val>,
    cost: u64,
}

impl Scope {
    pub(crate) fn new(inputs: &Value, steps: &Value) -> Result<Self, Fault> {
        let mut scope = Self { values: BTreeMap::new() };
        scope.add("inputs", inputs)?;
        scope.add("steps", steps)?;
        Ok(scope)
    }

    /// The same, for an entry of `for_each`.
    pub(crate) fn set_item(&mut self, item: &Value, index: usize) -> Result<(), Fault> {
        self.add("item", item)?;
        self.add("index", &index.into())
    }

    fn add(&mut self, name: &'static str, value: &Value) -> Result<(), Fault> {
        let unfit = |why: String| Fault::new("expression_failed", format!("`{name}` cannot be used: {why}"));
        let cost = cost(value);
        if cost > LARGEST {
            return Err(unfit(format!("it has {cost} entries and kibibytes, and {LARGEST} are the most")));
        }
        let value_of = converted(value).try_into().map_err(|error: cel::ExecutionError| unfit(error.to_string()))?;
        self.values.insert(name, Named { value: value_of, cost });
        Ok(())
    }
}

/// Whole numbers are `int`, as literals are, so that they can be added to them.
fn converted(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(is_true) => cel::Value::Bool(*is_true),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => cel::Value::Int(int),
            (None, Some(uint)) => cel::Value::UInt(uint),
            (None, None) => cel::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(list) => cel::Value::List(Arc::new(list.iter().map(converted).collect())),
        Value::Object(map) => {
            let entries = map.iter().map(|(name, value)| (name.clone(), converted(value)));
            cel::Value::Map(entries.collect::<HashMap<String, cel::Value>>().into())
        }
    }
}

/// What a look at the whole value costs.
fn cost(value: &Value) -> u64 {
    match value {
        Value::Array(list) => 1 + list.iter().map(cost).sum::<u64>(),
        Value::Object(map) => 1 + map.values().map(cost).sum::<u64>(),
        Value::String(text) => 1 + text.len() as u64 / 1_024,
        _ => 1,
    }
}

/// Looks variables up, and counts what that costs.
pub(crate) struct Metered<'a> {
    scope: &'a Scope,
    fuel: AtomicU64,
}

impl<'a> Metered<'a> {
    pub(crate) fn new(scope: &'a Scope) -> Self {
        Self { scope, fuel: AtomicU64::new(FUEL) }
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.fuel.load(Ordering::Relaxed) == 0
    }
}

impl VariableResolver for Metered<'_> {
    /// Without fuel there are no variables, which ends the evaluation.
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let named = self.scope.values.get(variable)?;
        let left = self.fuel.load(Ordering::Relaxed).saturating_sub(named.cost);
        self.fuel.store(left, Ordering::Relaxed);
        (left > 0).then(|| CowVal::Borrowed(&*named.value))
    }
}
