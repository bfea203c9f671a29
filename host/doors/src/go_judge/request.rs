//! What `run` is asked for, as go-judge's clients write it.
//!
//! Fields that are not read here have no effect in go-judge either, or are limits that every box of ours sets by itself.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Commands of one request: each is a job, and the answer holds what all of them printed.
const MOST: usize = 16;

/// The body of `POST /run`, or a frame of `/ws`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Run {
    /// Of a frame: names the request in its answer.
    pub(super) request_id: String,
    /// Of a frame: ends that request.
    pub(super) cancel_request_id: String,
    cmd: Vec<Cmd>,
    pipe_mapping: Vec<Value>,
}

/// A command.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Cmd {
    pub(super) args: Vec<String>,
    pub(super) env: Vec<String>,
    /// The table of file descriptors.
    pub(super) files: Vec<Option<File>>,
    pub(super) tty: bool,
    /// In ns, as are all times.
    pub(super) cpu_limit: u64,
    /// The older name of `clockLimit`, which it overrides.
    pub(super) real_cpu_limit: u64,
    pub(super) clock_limit: u64,
    pub(super) memory_limit: u64,
    pub(super) proc_limit: u64,
    pub(super) cpu_set_limit: String,
    pub(super) copy_in: BTreeMap<String, File>,
    pub(super) copy_out: Vec<String>,
    pub(super) copy_out_cached: Vec<String>,
    pub(super) copy_out_max: u64,
    pub(super) copy_out_truncate: bool,
}

/// A file to read from, or to collect what is written.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct File {
    pub(super) src: Option<String>,
    pub(super) content: Option<String>,
    pub(super) file_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) max: Option<u64>,
    pub(super) symlink: Option<String>,
    /// `true`, or a name in versions before 1.8.
    pub(super) stream_in: Value,
    pub(super) stream_out: Value,
}

impl Run {
    /// # Errors
    /// The place that cannot be read.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let mut value: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        omit_nulls(&mut value);
        serde_path_to_error::deserialize(value).map_err(|error| match error.path().to_string().as_str() {
            "." => error.inner().to_string(),
            path => format!("{path}: {}", error.inner()),
        })
    }

    /// The commands.
    ///
    /// # Errors
    /// There is none, there are too many, or they are connected.
    pub(super) fn commands(self) -> Result<Vec<Cmd>, String> {
        match self.cmd.len() {
            0 => Err("no cmd provided".to_owned()),
            more if more > MOST => Err(format!("cmd: has {more} commands; the maximum is {MOST}")),
            _ if !self.pipe_mapping.is_empty() => {
                Err("pipeMapping: is not supported on this server: commands cannot be connected".to_owned())
            }
            _ => Ok(self.cmd),
        }
    }
}

/// Clients in Go send `null` for a field that is not set. In an array it stays: there it is an empty descriptor.
fn omit_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(omit_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(omit_nulls),
        _ => {}
    }
}
