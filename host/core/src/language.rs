//! The description of a language, which its plugin declares.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits::PartialLimits;

/// The description of a language, which its plugin declares; checked when the plugin is loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// The id that jobs use.
    pub id: String,
    /// For people.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// Other names that a job may use.
    pub aliases: Vec<String>,
    /// File extensions without the dot.
    pub extensions: Vec<String>,
    /// A job's arguments are the command to run: it needs no files, and its caller the scope `commands`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub commands: bool,
    /// Every image a plan may name; the first is the default.
    pub images: Vec<String>,
    /// Prints the toolchain's version; run in a box.
    pub probe: Vec<String>,
    /// The advice for the operator when the probe finds no toolchain.
    pub install_hint: String,
    /// A job's CPU and wall limits are multiplied by this.
    pub time_multiplier: f64,
    /// Its memory limit by this.
    pub memory_multiplier: f64,
    /// Never less than this.
    pub minimum: PartialLimits,
    /// JSON Schema of `options`, as text; in JSON it is the schema itself.
    #[serde(with = "schema")]
    pub options_schema: Option<String>,
    /// Language ids by which Judge0's clients know it.
    pub judge0_ids: Vec<u32>,
    /// Names by which Piston's clients know it.
    pub piston_names: Vec<String>,
    /// Programs to try it with.
    pub samples: Vec<Sample>,
}

/// A schema as the JSON that it is. Text is read too: earlier versions wrote that.
mod schema {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_json::Value;

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(schema: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        let parse = |text: &String| serde_json::from_str::<Value>(text).map_err(serde::ser::Error::custom);
        schema.as_ref().map(parse).transpose()?.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        Ok(Option::<Value>::deserialize(deserializer)?.map(|value| match value {
            Value::String(text) => text,
            schema => schema.to_string(),
        }))
    }
}

impl Descriptor {
    /// The extension of its files, unless a job names them; empty where a job's program is a command, and not a file.
    pub fn extension(&self) -> &str {
        match (self.commands, self.extensions.first()) {
            (true, _) => "",
            (false, first) => first.map_or("txt", String::as_str),
        }
    }

    /// Returns true if its jobs may be cells: its options have the switch [`OPTION`](crate::cells::OPTION).
    pub fn takes_cells(&self) -> bool {
        let schema = self.options_schema.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        schema.is_some_and(|schema| schema["properties"][crate::cells::OPTION]["type"] == "boolean")
    }

    /// Returns true if a job may use `name` for it: its id or an alias.
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// The code of the language in the Kattis formats: the alias that is the id with a version, and otherwise the id
    /// without the name of a certain compiler, which follows a dash.
    /// <https://www.kattis.com/problem-package-format/appendix/languages.html>
    pub fn kattis_code(&self) -> &str {
        let is_version = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        let versioned = self.aliases.iter().find(|alias| alias.strip_prefix(&*self.id).is_some_and(is_version));
        versioned.map_or_else(|| self.id.split('-').next().unwrap_or(&self.id), String::as_str)
    }
}

/// A program to try a language with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Sample {
    pub name: String,
    pub path: String,
    pub source: String,
    pub expect: String,
}

/// A language as `GET /v1/languages` and `optimus languages` show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LanguageInfo {
    /// The plugin's description of it.
    #[serde(flatten)]
    pub descriptor: Descriptor,
    /// SHA-256 of the plugin's bytes, in hex.
    pub plugin_digest: String,
    /// The availability of its toolchain on this host.
    pub availability: Availability,
}

/// The availability of a toolchain on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Availability {
    /// The probe has not run yet.
    Unknown,
    /// The probe printed this (first line).
    Available {
        /// As the toolchain reports it.
        version: String,
    },
    /// Why not, and the remedy.
    Unavailable {
        /// The failure that the probe met.
        reason: String,
        /// The remedy.
        hint: String,
    },
}
