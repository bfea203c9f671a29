//! A TOML table read field by field: each has the type that it must have, and what nobody asked for is an error that
//! names the nearest that somebody would have.

use toml::de::{DeTable, DeValue};

use super::Wrong;

/// A table, and which of its fields were asked for.
pub(super) struct Fields<'a> {
    text: &'a str,
    path: String,
    start: usize,
    table: &'a DeTable<'a>,
    asked: Vec<&'static str>,
}

/// A field that is there.
#[derive(Clone)]
pub(super) struct Field<'a> {
    text: &'a str,
    path: String,
    start: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Fields<'a> {
    pub(super) fn root(text: &'a str, table: &'a DeTable<'a>) -> Self {
        Self { text, path: String::new(), start: 0, table, asked: Vec::new() }
    }

    pub(super) fn get(&mut self, name: &'static str) -> Option<Field<'a>> {
        self.asked.push(name);
        let value = self.table.get(name)?;
        Some(Field { text: self.text, path: self.name(name), start: value.span().start, value: value.get_ref() })
    }

    pub(super) fn need(&mut self, name: &'static str, hint: &str) -> Result<Field<'a>, Wrong> {
        let typo = self.table.iter().find(|(key, _)| {
            let key = key.get_ref().as_ref();
            !self.asked.contains(&key) && key != name && nearest(key, &[name]).is_some()
        });
        let (at, field, message, hint) = match typo {
            Some((key, _)) => {
                let hint = format!("did you mean `{name}`?");
                (key.span().start, self.name(key.get_ref()), "is not a field of a language", hint)
            }
            None => (self.start, self.name(name), "is missing", hint.to_owned()),
        };
        let missing = Wrong { line: line(self.text, at), field, message: message.to_owned(), hint };
        self.get(name).ok_or(missing)
    }

    /// Every field under its own name, for tables whose names the author chooses.
    pub(super) fn all(&self) -> impl Iterator<Item = (String, Field<'a>)> {
        self.table.iter().map(|(name, value)| {
            let path = self.name(name.get_ref());
            let field = Field { text: self.text, path, start: value.span().start, value: value.get_ref() };
            (name.get_ref().to_string(), field)
        })
    }

    /// No field was overlooked.
    pub(super) fn finish(self) -> Result<(), Wrong> {
        let Some((unknown, _)) = self.table.iter().find(|(name, _)| !self.asked.contains(&name.get_ref().as_ref()))
        else {
            return Ok(());
        };
        let name = unknown.get_ref();
        let near = nearest(name, &self.asked).map(|near| format!("did you mean `{near}`? "));
        Err(Wrong {
            line: line(self.text, unknown.span().start),
            field: self.name(name),
            message: "is not a field of a language".to_owned(),
            hint: format!("{}there are {}", near.unwrap_or_default(), self.asked.join(", ")),
        })
    }

    fn name(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

impl<'a> Field<'a> {
    pub(super) fn wrong(&self, message: impl Into<String>, hint: impl Into<String>) -> Wrong {
        let line = line(self.text, self.start);
        Wrong { line, field: self.path.clone(), message: message.into(), hint: hint.into() }
    }

    fn is_no(&self, wanted: &str, example: &str) -> Wrong {
        let (article, kind) = match self.value.type_str() {
            "integer" => ("a", "whole number"),
            "array" => ("a", "list"),
            "float" => ("a", "number"),
            other => ("a", other),
        };
        self.wrong(format!("is {article} {kind}, not {wanted}"), format!("write it as in `{example}`"))
    }

    pub(super) fn text(&self) -> Result<String, Wrong> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.is_no("text", "name = \"Lua\""))
    }

    pub(super) fn number(&self) -> Result<f64, Wrong> {
        let read = match self.value {
            DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok(),
            DeValue::Float(number) => number.as_str().replace('_', "").parse().ok(),
            _ => None,
        };
        read.filter(|number: &f64| number.is_finite()).ok_or_else(|| self.is_no("a number", "time_multiplier = 1.5"))
    }

    /// Whole and above zero: there is no "unlimited".
    pub(super) fn count(&self) -> Result<u32, Wrong> {
        let read = match self.value {
            DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok(),
            _ => None,
        };
        read.filter(|number| *number > 0).ok_or_else(|| {
            let hint = "write a whole number above 0; to have no limit of its own, leave it out";
            self.wrong("is not a whole number above 0", hint)
        })
    }

    pub(super) fn switch(&self) -> Result<bool, Wrong> {
        self.value.as_bool().ok_or_else(|| self.is_no("true or false", "default = true"))
    }

    pub(super) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub(super) fn table(&self) -> Result<Fields<'a>, Wrong> {
        let table = self.value.as_table().ok_or_else(|| self.is_no("a table", "env = { HOME = \"/tmp\" }"))?;
        let (path, start) = (self.path.clone(), self.start);
        Ok(Fields { text: self.text, path, start, table, asked: Vec::new() })
    }

    /// The items of a list; anything else is a list of itself.
    pub(super) fn items(&self) -> Vec<Field<'a>> {
        let Some(list) = self.value.as_array() else { return vec![self.clone()] };
        let item = |(i, value): (usize, &'a toml::Spanned<DeValue<'a>>)| Field {
            text: self.text,
            path: format!("{}[{i}]", self.path),
            start: value.span().start,
            value: value.get_ref(),
        };
        list.iter().enumerate().map(item).collect()
    }

    /// One text or a list of them.
    pub(super) fn texts(&self) -> Result<Vec<String>, Wrong> {
        self.items().iter().map(Field::text).collect()
    }

    /// A command line split at blanks, where quotes hold words together; or a list of words.
    pub(super) fn words(&self) -> Result<Vec<String>, Wrong> {
        let words = match self.value.as_str() {
            Some(text) => split(text).map_err(|quote| {
                self.wrong(format!("has a {quote} without its end"), "close the quote, or write a list of words")
            })?,
            None if self.is_list() => self.texts()?,
            None => return Err(self.is_no("a command", "run = \"lua {main}\"")),
        };
        Ok(words)
    }
}

pub(super) fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

pub(super) fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let far = |known: &str| strsim::damerau_levenshtein(name, known);
    let near = known.iter().copied().min_by_key(|known| far(known))?;
    (far(near) <= (name.len().max(near.len()) / 3).max(1)).then_some(near)
}

/// There is no shell: quotes group, and nothing else is special.
fn split(text: &str) -> Result<Vec<String>, char> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.map_or(Ok(words), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(split(" a 'b c'd  \"\" \"'\" ").unwrap(), ["a", "b cd", "", "'"]);
        assert_eq!(split("a 'b"), Err('\''));
    }

    #[test]
    fn a_typo_is_near() {
        assert_eq!(nearest("extentions", &["id", "extensions"]), Some("extensions"));
        assert_eq!(nearest("zzz", &["id", "extensions"]), None);
    }
}
