//! A map of YAML or JSON, read key by key: what nobody has asked for by the end is a key that is not known, and an error.

use serde_json::{Map, Value};

use crate::{PackageError, Tree};

/// A map in a file.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    file: String,
    /// Where in it, for errors.
    at: String,
    map: Map<String, Value>,
}

impl Fields {
    /// A YAML file's map; an empty one, when there is no such file.
    pub(crate) fn yaml(tree: &Tree, file: &str) -> Result<Self, PackageError> {
        let text = if tree.has(file) { tree.text(file)? } else { String::new() };
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self { file: file.to_owned(), at: String::new(), map: Map::new() });
        }
        let value: Value = serde_saphyr::from_str_with_options(&text, options())
            .map_err(|error| PackageError::bad(file, in_words(&text, &error)))?;
        Self::of(file, "", value)
    }

    /// A JSON file's map.
    pub(crate) fn json(tree: &Tree, file: &str) -> Result<Self, PackageError> {
        let value = serde_json::from_str(&tree.text(file)?);
        Self::of(file, "", value.map_err(|error| PackageError::bad(file, format!("is no valid JSON: {error}")))?)
    }

    pub(crate) fn of(file: &str, at: &str, value: Value) -> Result<Self, PackageError> {
        match value {
            Value::Object(map) => Ok(Self { file: file.to_owned(), at: at.to_owned(), map }),
            Value::Null => Ok(Self { file: file.to_owned(), at: at.to_owned(), map: Map::new() }),
            _ if at.is_empty() => Err(PackageError::bad(file, "should hold keys with values (`key: value`)")),
            _ => Err(PackageError::bad(file, format!("`{at}` is not a map"))),
        }
    }

    pub(crate) fn place(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    pub(crate) fn bad(&self, key: &str, why: &str) -> PackageError {
        PackageError::bad(&self.file, format!("`{}` {why}", self.place(key)))
    }

    pub(crate) fn unsupported(&self, key: &str) -> PackageError {
        PackageError::unsupported(&self.file, format!("`{}`", self.place(key)))
    }

    /// The file that it stands in.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// The same, with another's values of the keys that it has not.
    pub(crate) fn or(mut self, other: &Self) -> Self {
        for (key, value) in &other.map {
            self.map.entry(key).or_insert_with(|| value.clone());
        }
        self
    }

    pub(crate) fn value(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.map.insert(key.to_owned(), value);
    }

    /// Only these keys.
    pub(crate) fn retain(&mut self, keys: &[&str]) {
        self.map.retain(|key, _| keys.contains(&key.as_str()));
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    /// Yes or no, in the words that YAML 1.1 has for them.
    pub(crate) fn flag(&mut self, key: &str) -> Result<Option<bool>, PackageError> {
        match self.text(key)?.map(|word| word.to_ascii_lowercase()).as_deref() {
            None => Ok(None),
            Some("true" | "yes" | "on") => Ok(Some(true)),
            Some("false" | "no" | "off") => Ok(Some(false)),
            Some(other) => Err(self.bad(key, &format!("is neither true nor false: {other}"))),
        }
    }

    /// A text; a number counts as one.
    pub(crate) fn text(&mut self, key: &str) -> Result<Option<String>, PackageError> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(bool)) => Ok(Some(bool.to_string())),
            Some(_) => Err(self.bad(key, "is not a text")),
        }
    }

    /// A number of 0 or more; a text that is one counts, too.
    pub(crate) fn number(&mut self, key: &str) -> Result<Option<f64>, PackageError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let number = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number: &f64| number.is_finite() && *number >= 0.0);
        number.map(Some).ok_or_else(|| self.bad(key, &format!("is not a number of 0 or more: {value}")))
    }

    /// Any finite number; a text that is one counts, too.
    pub(crate) fn float(&mut self, key: &str) -> Result<Option<f64>, PackageError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let number = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number: &f64| number.is_finite());
        number.map(Some).ok_or_else(|| self.bad(key, &format!("is not a number: {value}")))
    }

    /// One text, or many: words of one, or a list of texts.
    pub(crate) fn words(&mut self, key: &str) -> Result<Vec<String>, PackageError> {
        match self.value(key) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(text.split_whitespace().map(str::to_owned).collect()),
            Some(Value::Array(list)) => {
                let word = |value: Value| match value {
                    Value::String(text) => Ok(text),
                    Value::Number(number) => Ok(number.to_string()),
                    Value::Bool(bool) => Ok(bool.to_string()),
                    _ => Err(self.bad(key, "is not a list of texts")),
                };
                list.into_iter().map(word).collect()
            }
            Some(Value::Number(number)) => Ok(vec![number.to_string()]),
            Some(_) => Err(self.bad(key, "is not a list of texts")),
        }
    }

    /// A map inside.
    pub(crate) fn map(&mut self, key: &str) -> Result<Self, PackageError> {
        let (place, value) = (self.place(key), self.value(key));
        Self::of(&self.file, &place, value.unwrap_or(Value::Null))
    }

    /// A list of maps inside.
    pub(crate) fn maps(&mut self, key: &str) -> Result<Vec<Self>, PackageError> {
        let place = self.place(key);
        match self.value(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => list
                .into_iter()
                .enumerate()
                .map(|(i, value)| Self::of(&self.file, &format!("{place}[{i}]"), value))
                .collect(),
            Some(_) => Err(self.bad(key, "is not a list")),
        }
    }

    /// Keys that make no difference to judging.
    pub(crate) fn ignore(&mut self, keys: &[&str]) {
        keys.iter().for_each(|key| drop(self.map.remove(*key)));
    }

    /// Keys that would.
    pub(crate) fn refuse(&mut self, keys: &[&str]) -> Result<(), PackageError> {
        let off = |value: &Value| matches!(value, Value::Null | Value::Bool(false)) || value == "no" || value == "off";
        for key in keys {
            if self.map.remove(*key).is_some_and(|value| !off(&value)) {
                return Err(self.unsupported(key));
            }
        }
        Ok(())
    }

    /// All that is left, by key.
    pub(crate) fn rest(self) -> impl Iterator<Item = (String, Value)> {
        self.map.into_iter()
    }

    /// Refuses what nobody has asked for.
    pub(crate) fn finish(self) -> Result<(), PackageError> {
        match self.map.keys().next() {
            Some(key) => Err(PackageError::unsupported(&self.file, format!("the key `{}`", self.place(key)))),
            None => Ok(()),
        }
    }
}

/// `y` and `n` are words, as PyYAML has it, which every tool of these formats reads with.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
    }
}

/// What is wrong with a YAML file, with the line that it was found at.
fn in_words(text: &str, error: &serde_saphyr::Error) -> String {
    let line = error.location().and_then(|at| usize::try_from(at.line()).ok()).filter(|line| *line > 0);
    let Some(line) = line else { return "is no valid YAML".to_owned() };
    let shown: String = text.lines().nth(line - 1).unwrap_or_default().trim().chars().take(60).collect();
    format!("is no valid YAML, at line {line}: `{shown}`")
}
