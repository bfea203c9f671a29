//! A job's `options`: declared once, from which come both the schema that people read and the check of what they send.
//!
//! ```
//! use optimus_sdk::{Opt, Request};
//!
//! const OPTIONS: &[Opt] = &[
//!     Opt::choice("std", "language standard", &["c17", "c99"]),
//!     Opt::flags("flags", "more flags for the compiler"),
//! ];
//!
//! let request = Request::of([("main.c", "")]).with_options(r#"{"std": "c99"}"#);
//! let options = request.options(OPTIONS)?;
//! assert_eq!(options.choice("std"), "c99");
//! assert!(options.flags("flags").is_empty());
//! # Ok::<(), optimus_sdk::Error>(())
//! ```

use crate::Error;
use crate::json::{Json, quote};

/// One thing that a job may choose.
#[derive(Debug, Clone, Copy)]
pub struct Opt {
    name: &'static str,
    about: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Choice(&'static [&'static str]),
    Flags,
    Switch(bool),
    Text,
}

/// Flags that a job may give.
const MAX_FLAGS: usize = 64;

impl Opt {
    /// One of these values; the first is the default.
    pub const fn choice(name: &'static str, about: &'static str, values: &'static [&'static str]) -> Self {
        Self { name, about, kind: Kind::Choice(values) }
    }

    /// A list of arguments.
    pub const fn flags(name: &'static str, about: &'static str) -> Self {
        Self { name, about, kind: Kind::Flags }
    }

    /// On or off.
    pub const fn switch(name: &'static str, about: &'static str, default: bool) -> Self {
        Self { name, about, kind: Kind::Switch(default) }
    }

    /// Any text.
    pub const fn text(name: &'static str, about: &'static str) -> Self {
        Self { name, about, kind: Kind::Text }
    }

    fn schema(&self) -> String {
        let kind = match self.kind {
            Kind::Choice(values) => {
                let default = values.first().map(|value| quote(value)).unwrap_or_default();
                let values: Vec<_> = values.iter().map(|value| quote(value)).collect();
                format!(r#""enum":[{}],"default":{default}"#, values.join(","))
            }
            Kind::Flags => format!(r#""type":"array","items":{{"type":"string"}},"maxItems":{MAX_FLAGS}"#),
            Kind::Switch(default) => format!(r#""type":"boolean","default":{default}"#),
            Kind::Text => r#""type":"string""#.to_owned(),
        };
        format!(r#"{}:{{"description":{},{kind}}}"#, quote(self.name), quote(self.about))
    }

    fn check(&self, value: &Json) -> Result<(), Error> {
        let wanted = match (self.kind, value) {
            (Kind::Choice(values), Json::Text(value)) if values.contains(&value.as_str()) => return Ok(()),
            (Kind::Flags, Json::List(list)) if list.len() <= MAX_FLAGS && list.iter().all(|f| f.text().is_some()) => {
                return Ok(());
            }
            (Kind::Switch(_), Json::Bool(_)) | (Kind::Text, Json::Text(_)) => return Ok(()),
            (Kind::Choice(values), _) => format!("one of {}", values.join(", ")),
            (Kind::Flags, _) => format!("a list of at most {MAX_FLAGS} strings"),
            (Kind::Switch(_), _) => "true or false".to_owned(),
            (Kind::Text, _) => "a string".to_owned(),
        };
        Err(Error::BadOptions(format!("option `{}` has to be {wanted}", self.name)))
    }
}

/// The options that a job set. An option that was not declared reads as empty.
#[derive(Debug, Clone)]
pub struct Options {
    declared: &'static [Opt],
    given: Vec<(String, Json)>,
}

impl Options {
    pub(crate) fn read(declared: &'static [Opt], text: &str) -> Result<Self, Error> {
        let Json::Object(given) = Json::read(text)? else {
            return Err(Error::BadOptions("options are not a JSON object".to_owned()));
        };
        for (name, value) in &given {
            match declared.iter().find(|option| option.name == name) {
                Some(option) => option.check(value)?,
                None => return Err(unknown(name, declared)),
            }
        }
        Ok(Self { declared, given })
    }

    /// The chosen value, or the first.
    pub fn choice(&self, name: &str) -> &str {
        match (self.given(name), self.kind(name)) {
            (Some(Json::Text(value)), _) => value,
            (_, Some(Kind::Choice([first, ..]))) => first,
            _ => "",
        }
    }

    /// The arguments.
    pub fn flags(&self, name: &str) -> Vec<String> {
        match self.given(name) {
            Some(Json::List(list)) => list.iter().filter_map(Json::text).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns true if the switch is on.
    pub fn switch(&self, name: &str) -> bool {
        match self.given(name) {
            Some(Json::Bool(on)) => *on,
            _ => matches!(self.kind(name), Some(Kind::Switch(true))),
        }
    }

    /// The text, if there is any.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given(name).and_then(Json::text)
    }

    /// The last, where one is given twice.
    fn given(&self, name: &str) -> Option<&Json> {
        self.given.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value)
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        self.declared.iter().find(|option| option.name == name).map(|option| option.kind)
    }
}

fn unknown(name: &str, declared: &[Opt]) -> Error {
    let known: Vec<_> = declared.iter().map(|option| option.name).collect();
    Error::BadOptions(match known.is_empty() {
        true => format!("unknown option `{name}`: this language has none"),
        false => format!("unknown option `{name}`: this language has {}", known.join(", ")),
    })
}

/// The JSON Schema of what these options allow.
pub(crate) fn schema(options: &[Opt]) -> String {
    let properties: Vec<_> = options.iter().map(Opt::schema).collect();
    format!(r#"{{"type":"object","additionalProperties":false,"properties":{{{}}}}}"#, properties.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const OPTIONS: &[Opt] = &[
        Opt::choice("std", "standard", &["c17", "c99"]),
        Opt::flags("flags", "flags"),
        Opt::switch("static", "link statically", true),
        Opt::text("main", "class"),
    ];

    #[test]
    fn what_is_absent_has_its_default() {
        let options = Options::read(OPTIONS, "{}").unwrap();
        assert_eq!(options.choice("std"), "c17");
        assert!(options.switch("static") && options.flags("flags").is_empty() && options.text("main").is_none());
    }

    #[test]
    fn what_is_given_is_taken() {
        let text = r#"{"std": "c99", "flags": ["-g"], "static": false, "main": "A"}"#;
        let options = Options::read(OPTIONS, text).unwrap();
        assert_eq!((options.choice("std"), options.text("main")), ("c99", Some("A")));
        assert_eq!((options.flags("flags"), options.switch("static")), (vec!["-g".to_owned()], false));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, name) in [
            (r#"{"std": "c12"}"#, "`std`"),
            (r#"{"flags": "-g"}"#, "`flags`"),
            (r#"{"flags": [1]}"#, "`flags`"),
            (r#"{"static": 1}"#, "`static`"),
            (r#"{"stdd": "c99"}"#, "`stdd`"),
            ("[]", "JSON"),
        ] {
            let Err(Error::BadOptions(message)) = Options::read(OPTIONS, text) else { panic!("{text} was taken") };
            assert!(message.contains(name), "{message}");
        }
    }

    #[test]
    fn the_schema_says_the_same() {
        let schema: Value = serde_json::from_str(&schema(OPTIONS)).unwrap();
        assert_eq!(schema["properties"]["std"]["enum"], json!(["c17", "c99"]));
        assert_eq!(schema["properties"]["static"]["default"], json!(true));
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}
