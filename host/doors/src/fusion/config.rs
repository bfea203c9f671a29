//! What is asked of an evaluation: the models `SubmitRequest`, `GetPromptsRequest` and their `TestConfig`.

use optimus_core::language::LanguageInfo;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::early::Early;
use crate::fastapi::errors::{bad_request, unknown_language};
use crate::fastapi::fields::{Fields, Mistake, body};
use crate::language;
use crate::shared::Shared;

/// The one class of data sets that needs no data here.
const CLASS: &str = "CommonOJDataset";

/// A request of one of the routes for data sets.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) dataset: Option<String>,
    pub(super) config: Config,
    body: Map<String, Value>,
}

/// How to evaluate, and what.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) language: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) run_timeout: Option<f64>,
    pub(super) extra: Map<String, Value>,
    dataset_type: Option<String>,
    has_own_extraction: bool,
    provided_data: Option<Value>,
}

impl Sent {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Mistake> {
        let mut body = body(bytes)?;
        let config = match body.remove("config") {
            Some(Value::Object(config)) => Config::read(config)?,
            Some(other) => {
                let message = "Input should be a valid dictionary or object to extract fields from";
                return Err(Mistake::new(&["body", "config"], "model_attributes_type", message, other));
            }
            None => return Err(Fields::new(&["body"], &body).missing("config")),
        };
        let dataset = Fields::new(&["body"], &body).text("dataset", false)?;
        Ok(Self { dataset, config, body })
    }

    /// Fails without a name of a data set.
    pub(super) fn named(bytes: &[u8]) -> Result<Self, Mistake> {
        let sent = Self::read(bytes)?;
        match &sent.dataset {
            Some(_) => Ok(sent),
            None => Err(Fields::new(&["body"], &sent.body).missing("dataset")),
        }
    }

    pub(super) fn completion(&self) -> Result<String, Mistake> {
        Fields::new(&["body"], &self.body).required_text("completion")
    }

    /// A number or a text, repeated in the answer.
    pub(super) fn id(&self) -> Result<Option<Value>, Mistake> {
        match self.body.get("id") {
            None => Ok(None),
            Some(id) if id.is_i64() || id.is_u64() || id.is_string() => Ok(Some(id.clone())),
            Some(other) => {
                let message = "Input should be a valid integer or string";
                Err(Mistake::new(&["body", "id"], "int_type", message, other.clone()))
            }
        }
    }

    pub(super) fn required_id(&self) -> Result<Value, Mistake> {
        self.id()?.ok_or_else(|| Fields::new(&["body"], &self.body).missing("id"))
    }

    /// Refuses a class of data sets that is not here, and a data set without its data: none is stored here.
    pub(super) fn check_class(&self) -> Result<(), Early> {
        match &self.config.dataset_type {
            Some(class) if class != CLASS => Err(bad_request(&format!("eval class {} not found", shown(class))).into()),
            Some(_) => Ok(()),
            None if self.config.provided_data.is_some() => Ok(()),
            None => {
                let dataset = shown(self.dataset.as_deref().unwrap_or_default());
                Err(bad_request(&format!("no eval class found for dataset {dataset}")).into())
            }
        }
    }
}

impl Config {
    fn read(mut config: Map<String, Value>) -> Result<Self, Mistake> {
        let provided_data = config.remove("provided_data");
        let fields = Fields::new(&["body", "config"], &config);
        // Checked only: how long a compiler may take is the server's own limit.
        fields.number("compile_timeout", true)?;
        let extra = fields.object("extra")?.cloned().unwrap_or_default();
        Ok(Self {
            language: fields.text("language", true)?,
            locale: fields.text("locale", true)?,
            run_timeout: fields.number("run_timeout", true)?,
            dataset_type: fields.text("dataset_type", true)?,
            has_own_extraction: fields.text("custom_extract_logic", true)?.is_some(),
            provided_data: provided(&fields, provided_data)?,
            extra,
        })
    }

    /// A flag of `extra`, as Python reads one.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.extra.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(list)) => !list.is_empty(),
            Some(Value::Object(object)) => !object.is_empty(),
        }
    }

    /// One row, for routes that are about one.
    pub(super) fn row(&self) -> Result<&Map<String, Value>, Early> {
        match &self.provided_data {
            Some(Value::Object(row)) => Ok(row),
            Some(_) => Err(bad_request("request.config.provided_data should be a dict with str -> str | int").into()),
            None => Err(no_data()),
        }
    }

    /// Rows, for routes that are about many.
    pub(super) fn rows(&self) -> Result<&[Value], Early> {
        match &self.provided_data {
            Some(Value::Array(rows)) => Ok(rows),
            Some(_) => Err(bad_request("request.config.provided_data should be a list of str -> str | int").into()),
            None => Err(no_data()),
        }
    }

    /// The language that the program is to be in. `of` says who needs it, for the error where none is named.
    pub(super) async fn language(&self, shared: &Shared, of: &str, until: Instant) -> Result<LanguageInfo, Early> {
        let absent = || bad_request(&format!("config.language field must exist{of}, got None"));
        let name = self.language.as_deref().filter(|name| !name.is_empty()).ok_or_else(absent)?;
        let unknown = || unknown_language(&shared.languages, &["body", "config", "language"], name);
        Ok(language::find_soon(shared, name, until).await.ok_or_else(unknown)?)
    }

    /// Refuses code of the caller's that SandboxFusion would run in the server itself.
    pub(super) fn check_extraction(&self) -> Result<(), Early> {
        let message = "config.custom_extract_logic is not run by this server: leave it out, and send the program in a \
                       fenced block";
        if self.has_own_extraction { Err(bad_request(message).into()) } else { Ok(()) }
    }
}

/// A row or a list of rows; none where it is empty.
fn provided(fields: &Fields<'_>, data: Option<Value>) -> Result<Option<Value>, Mistake> {
    match data {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(row)) => Ok((!row.is_empty()).then_some(Value::Object(row))),
        Some(Value::Array(rows)) if rows.iter().all(Value::is_object) => {
            Ok((!rows.is_empty()).then_some(Value::Array(rows)))
        }
        Some(Value::Array(rows)) => {
            let first = rows.into_iter().find(|row| !row.is_object()).unwrap_or_default();
            Err(fields.mistake("provided_data", "dict_type", "Input should be a valid dictionary", first))
        }
        Some(other) => {
            let message = "Input should be a valid list or dictionary";
            Err(fields.mistake("provided_data", "list_type", message, other))
        }
    }
}

fn no_data() -> Early {
    bad_request("config.provided_data is missing, and this server stores no data sets: send the row itself").into()
}

/// A name, as an error shows it.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}
