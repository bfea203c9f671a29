//! A command's table of file descriptors.

use optimus_core::Content;
use optimus_core::job::Policy;

use crate::go_judge::request::File;
use crate::store::OwnFiles;

/// What is kept of stdout or stderr.
#[derive(Debug, Clone)]
pub(in crate::go_judge) struct Collector {
    pub(in crate::go_judge) name: String,
    /// In bytes.
    pub(in crate::go_judge) most: usize,
    /// Kept on the server, by an id, and not in the answer.
    pub(in crate::go_judge) is_cached: bool,
}

/// Where a command reads from and writes to.
pub(super) struct Descriptors {
    pub(super) stdin: Content,
    pub(super) stdout: Option<Collector>,
    pub(super) stderr: Option<Collector>,
}

impl Descriptors {
    /// # Errors
    /// The first mistake, by its place in the table.
    pub(super) fn read(files: Vec<Option<File>>, policy: &Policy, own: &OwnFiles) -> Result<Self, String> {
        let mut files = files.into_iter();
        let stdin = match files.next().flatten() {
            Some(file) => input(file, own).map_err(|why| format!("files[0]: {why}"))?,
            None => Content::default(),
        };
        let mut output = |index: usize| match files.next().flatten() {
            Some(file) => collector(file, policy).map(Some).map_err(|why| format!("files[{index}]: {why}")),
            None => Ok(None),
        };
        let (stdout, stderr) = (output(1)?, output(2)?);
        if files.next().is_some() {
            return Err("files: more than three descriptors are not supported on this server".to_owned());
        }
        if let (Some(stdout), Some(stderr)) = (&stdout, &stderr)
            && stdout.name == stderr.name
        {
            let name = &stdout.name;
            return Err(format!("files: stdout and stderr are collected apart here, and cannot both be {name:?}"));
        }
        Ok(Self { stdin, stdout, stderr })
    }
}

/// The content of a file that is read.
pub(super) fn input(file: File, own: &OwnFiles) -> Result<Content, String> {
    match file {
        File { src: Some(_), .. } => {
            Err("src: is not supported on this server: it reads no file of its host".to_owned())
        }
        File { content: Some(content), .. } => Ok(Content::from(content.into_bytes())),
        File { file_id: Some(id), .. } => own.content(&id).ok_or_else(|| format!("fileId: there is no file {id:?}")),
        File { symlink: Some(_), .. } => Err("symlink: is not supported on this server".to_owned()),
        File { stream_in, .. } if is_set(&stream_in) => {
            Err("streamIn: is not supported on this server, which has no /stream".to_owned())
        }
        _ => Err("has neither content nor fileId".to_owned()),
    }
}

fn collector(file: File, policy: &Policy) -> Result<Collector, String> {
    match file {
        File { stream_out, .. } if is_set(&stream_out) => {
            Err("streamOut: is not supported on this server, which has no /stream".to_owned())
        }
        File { name: Some(name), max: Some(max), .. } => {
            let most = max.min(policy.max_capture_bytes).min(policy.cap.output_bytes);
            Ok(Collector { name, most: usize::try_from(most).unwrap_or(usize::MAX), is_cached: false })
        }
        _ => Err("is no collector, which has a name and a max".to_owned()),
    }
}

fn is_set(stream: &serde_json::Value) -> bool {
    !matches!(stream, serde_json::Value::Null | serde_json::Value::Bool(false))
}
