//! What a run is asked for: `run_spec`, checked in Jobe's order and words.

use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::LanguageInfo;
use optimus_core::{BoxPath, Content, JobRequest, Test};
use serde_json::{Map, Value, json};

use super::params::Params;

/// Characters of a file's id, at least.
const ID_LENGTH: usize = 8;

/// A run that makes sense by itself.
#[derive(Debug, PartialEq)]
pub(super) struct Run {
    pub(super) language: String,
    pub(super) files: Vec<File>,
    pub(super) params: Params,
    code: String,
    name: String,
    input: String,
}

/// A file beside the program.
#[derive(Debug, PartialEq)]
pub(super) struct File {
    pub(super) id: String,
    name: String,
}

impl Run {
    pub(super) fn read(body: &Value) -> Result<Self, String> {
        if !body.is_object() {
            return Err("Non-JSON post data received".to_owned());
        }
        let run = body["run_spec"].as_object().ok_or("No run_spec attribute found in post data")?;
        let (code, language) = (required(run, "sourcecode")?, required(run, "language_id")?);
        let input = text(run, "input")?.unwrap_or_default();
        let params = Params::read(run.get("parameters"))?;
        let name = text(run, "sourcefilename")?.unwrap_or_default();
        if !is_file_name(&name) {
            return Err("The sourcefilename for the run_spec is illegal".to_owned());
        }
        let files = match run.get("file_list") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(files)) => files.iter().map(File::read).collect::<Result<_, _>>()?,
            Some(other) => return Err(format!("Invalid file specifier: {other}")),
        };
        Ok(Self { language, files, params, code, name, input })
    }

    /// The job, with the contents of its files in their order.
    pub(super) fn into_job(self, language: &LanguageInfo, contents: Vec<Content>, policy: &Policy) -> JobRequest {
        let source = self.source(language);
        let Self { files, params, code, input, .. } = self;
        let program = FileRequest { path: source.clone(), content: Content::from(code.into_bytes()) };
        let beside = files.into_iter().zip(contents).map(|(file, content)| FileRequest { path: file.name, content });
        JobRequest {
            language: language.descriptor.id.clone(),
            files: std::iter::once(program).chain(beside).collect(),
            entry: Some(source),
            tests: vec![Test { stdin: input.into_bytes().into(), ..Test::default() }],
            limits: params.limits(policy),
            exact_limits: true,
            capture_bytes: Some(params.stream_bytes(policy)),
            options: match params.flags.is_empty() {
                true => Map::new(),
                false => Map::from_iter([("flags".to_owned(), json!(params.flags))]),
            },
            args: params.args,
            ..JobRequest::default()
        }
    }

    /// Compilers and plugins know a source by how its name ends; CodeRunner's end with the name of the language.
    fn source(&self, language: &LanguageInfo) -> String {
        let (descriptor, extension) = (&language.descriptor, language.descriptor.extension());
        match self.name.rsplit_once('.') {
            None if self.name.is_empty() => format!("prog.{extension}"),
            Some((_, end)) if descriptor.extensions.iter().any(|own| own == end) => self.name.clone(),
            Some((stem, end)) if end.eq_ignore_ascii_case(&self.language) => format!("{stem}.{extension}"),
            _ => format!("{}.{extension}", self.name),
        }
    }
}

impl File {
    fn read(given: &Value) -> Result<Self, String> {
        let bad = || format!("Invalid file specifier: {given}");
        let parts = given.as_array().filter(|parts| matches!(parts.len(), 2 | 3)).ok_or_else(bad)?;
        let (Some(id), Some(name)) = (parts[0].as_str(), parts[1].as_str()) else { return Err(bad()) };
        let is_id = id.len() >= ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let mut others = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_' | b'.')).peekable();
        let is_name = others.peek().is_some() && others.all(|byte| byte.is_ascii_alphanumeric());
        match is_id && is_name && BoxPath::new(name).is_ok() {
            true => Ok(Self { id: id.to_owned(), name: name.to_owned() }),
            false => Err(bad()),
        }
    }
}

/// A text that may be absent.
fn text(run: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match run.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("run_spec attribute '{name}' is not a string")),
    }
}

fn required(run: &Map<String, Value>, name: &str) -> Result<String, String> {
    text(run, name)?.ok_or_else(|| format!("run_spec is missing the required attribute '{name}'"))
}

/// Empty is no name, and that is fine.
fn is_file_name(name: &str) -> bool {
    const ILLEGAL: &[u8] = b"<>:\"/\\|?*#[]@!$&'()+,;={}^~`\x7f\xa0\xad";
    !name.starts_with(['.', '-']) && !name.bytes().any(|byte| byte < b' ' || ILLEGAL.contains(&byte))
}
