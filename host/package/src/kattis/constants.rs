//! `constants`: `{{name}}` in programs, included files and settings of tests stands for a value.
//!
//! <https://www.kattis.com/problem-package-format/spec/2025-09#constants>

use bytes::Bytes;
use serde_json::Value;

use crate::fields::Fields;
use crate::{PackageError, Tree};

/// Directories whose files are replaced in. Test data is not, but for the settings of tests and their groups.
const PLACES: [&str; 7] = [
    "input_validators/",
    "output_validator/",
    "output_validators/",
    "static_validator/",
    "include/",
    "submissions/",
    "graders/",
];

/// The package with the values in place.
pub(super) fn replaced(tree: &Tree, fields: &mut Fields) -> Result<Tree, PackageError> {
    let mut constants = Vec::new();
    for (name, value) in fields.map("constants")?.rest() {
        // Several ways to write one value: `{{name.latex}}`, and `{{name}}` is the one called `value`.
        if let Value::Object(ways) = &value {
            for (way, value) in ways {
                constants.push((format!("{{{{{name}.{way}}}}}"), text(fields, &format!("{name}.{way}"), value)?));
            }
        }
        let plain = if let Value::Object(ways) = &value { ways.get("value").unwrap_or(&Value::Null) } else { &value };
        constants.push((format!("{{{{{name}}}}}"), text(fields, &name, plain)?));
    }
    if constants.is_empty() {
        return Ok(tree.clone());
    }
    let changed = |path: &str, bytes: &Bytes| {
        let is_place = PLACES.iter().any(|place| path.starts_with(place) || path == place.trim_end_matches('/'))
            || path.starts_with("data/") && path.ends_with(".yaml");
        // What is no text holds no names.
        let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| is_place && text.contains("{{")) else {
            return Some(bytes.clone());
        };
        Some(in_text(text, &constants).into())
    };
    Ok(tree.map(changed))
}

fn text(fields: &Fields, name: &str, value: &Value) -> Result<String, PackageError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(fields.bad(&format!("constants.{name}"), "is neither a number nor a string")),
    }
}

/// All in one pass: a value is not looked at again.
fn in_text(mut text: &str, constants: &[(String, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    while let Some(at) = text.find("{{") {
        out.push_str(&text[..at]);
        text = &text[at..];
        match constants.iter().find(|(tag, _)| text.starts_with(tag.as_str())) {
            Some((tag, value)) => {
                out.push_str(value);
                text = &text[tag.len()..];
            }
            None => {
                out.push('{');
                text = &text[1..];
            }
        }
    }
    out + text
}

#[cfg(test)]
mod tests {
    use super::in_text;

    #[test]
    fn names_become_values_and_all_else_stays() {
        let constants = [("{{n}}".to_owned(), "{{m}}".to_owned()), ("{{m}}".to_owned(), "7".to_owned())];
        assert_eq!(in_text("a{{n}} {{m}}{{other}} {{{m}}} {n}", &constants), "a{{m}} 7{{other}} {7} {n}");
    }
}
