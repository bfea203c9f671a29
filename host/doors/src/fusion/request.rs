//! What `run_code` is asked for, and what is wrong with it in pydantic's terms.

use std::time::Duration;

use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::LanguageInfo;
use optimus_core::{BoxPath, Content, JobRequest, Test};
use serde_json::{Value, json};

use crate::fastapi::fields::{self, Fields, Mistake};
use crate::lenient;
use crate::program::{Program, TIMEOUT};

/// A request that makes sense by itself.
#[derive(Debug, PartialEq)]
pub(super) struct RunCode {
    code: String,
    pub(super) language: String,
    stdin: String,
    compile_timeout: f64,
    run_timeout: f64,
    memory_mib: Option<u64>,
    files: Vec<(String, Vec<u8>)>,
    /// As the client names them.
    pub(super) fetch_files: Vec<String>,
}

/// Files of this name are for its own data sets.
const IGNORED: &str = "IGNORE_THIS_FILE";

impl RunCode {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Mistake> {
        let body = fields::body(bytes)?;
        let fields = Fields::new(&["body"], &body);
        Ok(Self {
            code: fields.required_text("code")?,
            language: fields.required_text("language")?,
            stdin: fields.text("stdin", true)?.unwrap_or_default(),
            compile_timeout: fields.number("compile_timeout", false)?.unwrap_or(TIMEOUT),
            run_timeout: fields.number("run_timeout", false)?.unwrap_or(TIMEOUT),
            memory_mib: memory_mib(&fields)?,
            files: files(&fields)?,
            fetch_files: fetch_files(body.get("fetch_files"))?,
        })
    }

    /// How long its program may take in all.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs_f64((self.compile_timeout + self.run_timeout).clamp(0.0, 1e6))
    }

    pub(super) fn into_job(self, language: &LanguageInfo, policy: &Policy) -> Result<JobRequest, Mistake> {
        let program = Program {
            code: &self.code,
            language,
            run_timeout: self.run_timeout,
            memory_bytes: self.memory_mib.map(|mib| mib << 20),
        };
        let test = Test { stdin: self.stdin.into_bytes().into(), ..Test::default() };
        let mut job = program.job(vec![test], policy);
        let source = program.source();
        job.files.extend(placed(self.files)?.into_iter().filter(|file| file.path != source));
        job.collect = self.fetch_files.iter().map(|name| literal(name)).collect();
        Ok(job)
    }
}

/// The memory that a program may use; none where the request leaves that to the server.
pub(super) fn memory_mib(fields: &Fields<'_>) -> Result<Option<u64>, Mistake> {
    let memory = fields.number("memory_limit_MB", false)?.unwrap_or(-1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and bounded")]
    let mib = (memory >= 1.0).then(|| memory.min(1e9) as u64);
    Ok(mib)
}

/// Files as a job has them, each inside the work area.
pub(super) fn placed(files: Vec<(String, Vec<u8>)>) -> Result<Vec<FileRequest>, Mistake> {
    let file = |(name, content): (String, Vec<u8>)| {
        let path = literal(&name);
        if let Err(why) = BoxPath::new(path.as_str()) {
            let message = format!("Value error, the path {why}");
            return Err(Mistake::new(&["body", "files", &name], "value_error", message, json!(name)));
        }
        Ok(FileRequest { path, content: Content::from(content) })
    };
    files.into_iter().map(file).collect()
}

/// A file's path in the work area; here it may not begin with `./`.
pub(super) fn literal(name: &str) -> String {
    name.strip_prefix("./").unwrap_or(name).to_owned()
}

pub(super) fn fetch_files(given: Option<&Value>) -> Result<Vec<String>, Mistake> {
    let mut names = Vec::new();
    let Some(given) = given else { return Ok(names) };
    let mistake = |kind: &'static str, message: String, input: &Value| {
        Mistake::new(&["body", "fetch_files"], kind, message, input.clone())
    };
    let list =
        given.as_array().ok_or_else(|| mistake("list_type", "Input should be a valid list".to_owned(), given))?;
    for one in list {
        let name =
            one.as_str().ok_or_else(|| mistake("string_type", "Input should be a valid string".to_owned(), one))?;
        BoxPath::new(literal(name))
            .map_err(|why| mistake("value_error", format!("Value error, the path {why}"), one))?;
        names.push(name.to_owned());
    }
    Ok(names)
}

pub(super) fn files(fields: &Fields<'_>) -> Result<Vec<(String, Vec<u8>)>, Mistake> {
    let mut read = Vec::new();
    let files = fields.object("files")?.into_iter().flatten();
    for (name, content) in files.filter(|(name, _)| !name.contains(IGNORED)) {
        match content {
            Value::Null => {}
            Value::String(text) => read.push((name.clone(), lenient::base64(text))),
            other => {
                let message = "Input should be a valid string";
                return Err(Mistake::new(&["body", "files", name], "string_type", message, other.clone()));
            }
        }
    }
    Ok(read)
}
