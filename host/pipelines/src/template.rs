//! JSON whose texts hold `${…}`.

use optimus_core::{Fault, Invalid};
use serde_json::{Map, Value};

use crate::expression::Expression;
use crate::scope::Scope;

/// Bytes of what a template becomes.
const BYTES: usize = 1 << 20;
/// Objects and lists within each other.
const DEPTH: usize = 32;

/// A checked template.
#[derive(Debug, Clone)]
pub(crate) enum Template {
    Plain(Value),
    /// A text that is one expression: its value, of whatever type.
    Whole(Expression),
    /// A text with expressions in it.
    Text(Vec<Part>),
    List(Vec<Template>),
    Object(Vec<(String, Template)>),
}

#[derive(Debug, Clone)]
pub(crate) enum Part {
    Plain(String),
    Value(Expression),
}

impl Template {
    /// Reads a template that stands in `field`.
    pub(crate) fn parse(field: &str, value: &Value) -> Result<Self, Invalid> {
        Self::parse_in(field, value, 0)
    }

    fn parse_in(field: &str, value: &Value, depth: usize) -> Result<Self, Invalid> {
        if depth > DEPTH {
            return Err(Invalid::new(field, format!("is nested deeper than {DEPTH}")));
        }
        Ok(match value {
            Value::String(text) => Self::of_text(field, text)?,
            Value::Array(list) => {
                let entry = |(index, entry)| Self::parse_in(&format!("{field}[{index}]"), entry, depth + 1);
                Self::List(list.iter().enumerate().map(entry).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => {
                let entry = |(name, entry): (&String, &Value)| {
                    Ok((name.clone(), Self::parse_in(&format!("{field}.{name}"), entry, depth + 1)?))
                };
                Self::Object(map.iter().map(entry).collect::<Result<_, Invalid>>()?)
            }
            plain => Self::Plain(plain.clone()),
        })
    }

    fn of_text(field: &str, text: &str) -> Result<Self, Invalid> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some(begin) = rest.find("${") {
            // `$${` is `${`.
            if rest[..begin].ends_with('$') {
                parts.push(Part::Plain(format!("{}{{", &rest[..begin])));
                rest = &rest[begin + 2..];
                continue;
            }
            let Some(end) = end(&rest[begin + 2..]) else {
                let invalid = Invalid::new(field, "has a `${` without its `}`");
                return Err(invalid.hint("write `$${` for the characters themselves"));
            };
            parts.push(Part::Plain(rest[..begin].to_owned()));
            parts.push(Part::Value(Expression::parse(field, rest[begin + 2..begin + 2 + end].trim())?));
            rest = &rest[begin + 3 + end..];
        }
        parts.push(Part::Plain(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Plain(text) if text.is_empty()));
        Ok(match &parts[..] {
            [] => Self::Plain(Value::String(String::new())),
            [Part::Value(expression)] => Self::Whole(expression.clone()),
            [Part::Plain(text)] => Self::Plain(Value::String(text.clone())),
            _ => Self::Text(parts),
        })
    }

    /// The JSON in a scope.
    pub(crate) fn render(&self, scope: &Scope) -> Result<Value, Fault> {
        let mut left = BYTES;
        self.render_in(scope, &mut left)
    }

    fn render_in(&self, scope: &Scope, left: &mut usize) -> Result<Value, Fault> {
        let value = match self {
            Self::Plain(value) => value.clone(),
            Self::Whole(expression) => expression.value(scope)?,
            Self::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Plain(plain) => text += plain,
                        Part::Value(expression) => text += &shown(expression.value(scope)?),
                    }
                }
                Value::String(text)
            }
            Self::List(list) => {
                return list
                    .iter()
                    .map(|entry| entry.render_in(scope, left))
                    .collect::<Result<_, _>>()
                    .map(Value::Array);
            }
            Self::Object(entries) => {
                let mut map = Map::new();
                for (name, entry) in entries {
                    map.insert(name.clone(), entry.render_in(scope, left)?);
                }
                return Ok(Value::Object(map));
            }
        };
        *left = left.checked_sub(value.to_string().len()).ok_or_else(|| {
            Fault::new("template_too_large", format!("a template becomes larger than {BYTES} bytes"))
                .hint("pass less of the earlier results")
        })?;
        Ok(value)
    }
}

/// The end of an expression: a `}` that is in no string.
fn end(text: &str) -> Option<usize> {
    let (mut quote, mut is_escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match quote {
            None if c == '}' => return Some(at),
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// A value within a text: texts as they are, everything else as JSON.
fn shown(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_keeps_types_and_fills_texts() {
        let scope = Scope::new(&json!({"n": 7, "who": "you", "list": [1, 2]}), &json!({})).unwrap();
        for (template, expected) in [
            (json!({"n": "${inputs.n}", "on": true}), json!({"n": 7, "on": true})),
            (json!(["${ inputs.list }", "n is ${inputs.n}, ${inputs.who}"]), json!([[1, 2], "n is 7, you"])),
            (json!("list ${inputs.list}"), json!("list [1,2]")),
            (json!("$${HOME} $$ {x} ${'}'}"), json!("${HOME} $$ {x} }")),
            (json!(""), json!("")),
        ] {
            assert_eq!(Template::parse("with", &template).unwrap().render(&scope), Ok(expected), "{template}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_its_place() {
        let field = |value| Template::parse("steps[0].job", &value).unwrap_err().to_string();
        assert!(field(json!({"tests": [{"stdin": "${inputs.n"}]})).contains("`steps[0].job.tests[0].stdin`"));
        assert!(field(json!({"source": "${nope.n}"})).contains("no `nope`"));
        let mut deep = json!(1);
        (0..40).for_each(|_| deep = json!([deep.clone()]));
        assert!(field(deep).contains("deeper than"));
    }

    #[test]
    fn what_becomes_too_large_fails() {
        let scope = Scope::new(&json!({"text": "x".repeat(100_000)}), &json!({})).unwrap();
        let template = Template::parse("job", &json!(vec!["${inputs.text}"; 20])).unwrap();
        assert_eq!(template.render(&scope).unwrap_err().code, "template_too_large");
    }
}
