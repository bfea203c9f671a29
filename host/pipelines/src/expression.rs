//! Expressions in CEL, within bounded work.
//!
//! The interpreter counts no steps, so the grammar is bounded instead: short texts, no `map` (the one macro whose result is
//! larger than what it reads), and macros within macros not deeper than two. What variables cost is counted by their scope.

use cel::common::ast::Expr;
use cel::parser::PrattParser;
use cel::{Context, IdedExpr};
use optimus_core::{Fault, Invalid};
use serde_json::Value;

use crate::scope::{Metered, NAMES, Scope};

/// Characters of an expression.
const CHARS: usize = 1_000;
/// Parts of an expression within each other.
const DEPTH: u16 = 40;
/// Macros within each other.
const MACROS: usize = 2;

/// A checked expression.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    text: String,
    parsed: IdedExpr,
}

impl Expression {
    /// Reads an expression that stands in `field`.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let hint = "an expression in CEL, such as `steps.compile.result.verdict == \"accepted\"`";
        if text.chars().count() > CHARS {
            return Err(Invalid::new(field, format!("is longer than {CHARS} characters")).hint("shorten it"));
        }
        let parsed = PrattParser::new().max_recursion_depth(DEPTH).parse(text).map_err(|errors| {
            let first = errors.errors.first().map(|error| error.msg.clone()).unwrap_or_default();
            Invalid::new(field, format!("is no expression: {first}")).hint(hint)
        })?;
        let mut walk = Walk { field, bound: Vec::new() };
        walk.check(&parsed)?;
        Ok(Self { text: text.to_owned(), parsed })
    }

    /// The value in a scope.
    pub(crate) fn value(&self, scope: &Scope) -> Result<Value, Fault> {
        let failed = |why: String| {
            let fault = Fault::new("expression_failed", format!("`{}`: {why}", self.text.escape_debug()));
            fault.hint("`has(x.y)` says whether there is a value")
        };
        let metered = Metered::new(scope);
        let mut context = Context::default();
        context.set_variable_resolver(&metered);
        let value = context.resolve(&self.parsed).map_err(|error| match metered.is_spent() {
            true => failed("looks at too much".to_owned()),
            false => failed(error.to_string()),
        })?;
        value.json().map_err(|error| failed(error.to_string()))
    }

    /// The value of a condition.
    pub(crate) fn is_true(&self, scope: &Scope) -> Result<bool, Fault> {
        self.value(scope)?.as_bool().ok_or_else(|| {
            let fault = Fault::new("expression_failed", format!("`{}` is neither true nor false", self.text));
            fault.hint("compare it with something")
        })
    }
}

struct Walk<'a> {
    field: &'a str,
    /// Variables of the macros around.
    bound: Vec<String>,
}

impl Walk<'_> {
    /// Not deeper than the parser goes.
    fn check(&mut self, part: &IdedExpr) -> Result<(), Invalid> {
        match &part.expr {
            Expr::Ident(name) => self.known(name),
            Expr::Call(call) => {
                call.target.as_deref().into_iter().chain(&call.args).try_for_each(|part| self.check(part))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|part| self.check(part)),
            Expr::Select(select) => self.check(&select.operand),
            Expr::Comprehension(_) => self.check_macro(part),
            Expr::Literal(_) => Ok(()),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                let invalid = Invalid::new(self.field, "makes an object");
                Err(invalid.hint("write the object in JSON, with expressions in its values"))
            }
        }
    }

    fn known(&self, name: &str) -> Result<(), Invalid> {
        if NAMES.contains(&name) || self.bound.iter().any(|bound| bound == name) {
            return Ok(());
        }
        let invalid = Invalid::new(self.field, format!("there is no `{}`", name.escape_debug()));
        Err(invalid.hint("there are `inputs`, `steps`, and with `for_each` also `item` and `index`"))
    }

    fn check_macro(&mut self, part: &IdedExpr) -> Result<(), Invalid> {
        let Expr::Comprehension(of) = &part.expr else { return Ok(()) };
        if matches!(of.accu_init.expr, Expr::List(_)) && !keeps_entries(&of.loop_step.expr, &of.iter_var) {
            let invalid = Invalid::new(self.field, "uses `map`");
            return Err(invalid.hint("let a step run `for_each` entry, or choose among them with `filter`"));
        }
        self.check(&of.iter_range)?;
        let before = self.bound.len();
        self.bound.extend([of.iter_var.clone(), of.accu_var.clone()]);
        self.bound.extend(of.iter_var2.clone());
        let depth = before / 2 + 1;
        if depth > MACROS {
            let invalid = Invalid::new(self.field, format!("has macros within each other, deeper than {MACROS}"));
            return Err(invalid.hint("use a step more"));
        }
        let inner = [&of.accu_init, &of.loop_cond, &of.loop_step, &of.result];
        inner.into_iter().try_for_each(|part| self.check(part))?;
        self.bound.truncate(before);
        Ok(())
    }
}

/// Returns true of the step of `filter`: a choice between the list with the entry and the list as it was.
fn keeps_entries(step: &Expr, entry: &str) -> bool {
    let Expr::Call(choice) = step else { return false };
    let [_, with, _] = &choice.args[..] else { return false };
    let Expr::Call(sum) = &with.expr else { return false };
    let Some(Expr::List(list)) = sum.args.last().map(|last| &last.expr) else { return false };
    matches!(&list.elements[..], [one] if one.expr == Expr::Ident(entry.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Result<Value, Fault> {
        let steps = json!({"compile": {"result": {"verdict": "accepted", "tests": [{"ms": 3}, {"ms": 50}]}}});
        let scope = Scope::new(&json!({"n": 7, "share": 0.5, "names": ["a", "b"]}), &steps).unwrap();
        Expression::parse("if", text).unwrap().value(&scope)
    }

    #[test]
    fn an_expression_sees_inputs_and_results() {
        for (text, expected) in [
            ("inputs.n + 1", json!(8)),
            ("steps.compile.result.verdict == 'accepted' && inputs.n > 3", json!(true)),
            ("inputs.names", json!(["a", "b"])),
            ("size(inputs.names)", json!(2)),
            ("steps.compile.result.tests.filter(t, t.ms > 10)", json!([{"ms": 50}])),
            ("steps.compile.result.tests.all(t, t.ms < 100)", json!(true)),
            ("has(inputs.m) ? inputs.m : 'none'", json!("none")),
            ("inputs.names[1] + '!'", json!("b!")),
            ("inputs.share < 1 && inputs.share > 0.2", json!(true)),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
        assert!(value("inputs.m").unwrap_err().message.contains("inputs.m"));
        let scope = Scope::new(&json!({}), &json!({})).unwrap();
        assert!(Expression::parse("if", "'x'").unwrap().is_true(&scope).is_err());
    }

    #[test]
    fn what_could_explode_is_refused() {
        for (text, wanted) in [
            ("inputs.names.map(x, [x, x])", "`map`"),
            ("inputs.names.map(x, x > 'a', [x, x])", "`map`"),
            ("inputs.a.all(x, inputs.a.all(y, inputs.a.all(z, true)))", "deeper than 2"),
            ("job.x", "no `job`"),
            ("{'a': 1}", "object"),
            ("1 +", "no expression"),
            (&"(".repeat(900), "no expression"),
            (&"[".repeat(900), "no expression"),
            (&"x".repeat(1_001), "longer"),
        ] {
            let invalid = Expression::parse("if", text).unwrap_err();
            assert!(invalid.message.contains(wanted), "{text}: {invalid}");
        }
    }

    #[test]
    fn what_looks_at_too_much_is_ended() {
        let large = json!({"a": vec![1; 9_000]});
        let scope = Scope::new(&large, &json!({})).unwrap();
        for text in ["inputs.a.all(x, !inputs.a.exists(y, x + y == 0))", "inputs.a.filter(x, size(inputs.a) > 0)"] {
            let failed = Expression::parse("if", text).unwrap().value(&scope);
            assert!(failed.unwrap_err().message.contains("too much"), "{text}");
        }
        assert!(Scope::new(&json!({"a": vec![1; 10_001]}), &json!({})).is_err());
    }
}
