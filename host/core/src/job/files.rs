//! The files of a job: one source, a list, or, for a command, any number.

use std::collections::HashSet;

use crate::source::FileRequest;
use crate::{BoxPath, Content, Invalid, SourceFile};

/// The files of a program: its source, or what the job lists.
pub(super) fn of_program(
    source: Option<Content>,
    files: Vec<FileRequest>,
    extension: &str,
) -> Result<Vec<SourceFile>, Invalid> {
    let files = match (source, files.is_empty()) {
        (Some(_), false) => {
            return Err(Invalid::new("source", "cannot be combined with `files`").hint("send one of the two"));
        }
        (Some(content), true) => vec![FileRequest { path: format!("main.{extension}"), content }],
        (None, true) => {
            return Err(
                Invalid::new("source", "is missing").hint("send `source`, or `files` with a path and a content")
            );
        }
        (None, false) => files,
    };
    check_paths(files)
}

/// The files of a command, which may have none.
pub(super) fn of_command(
    source: Option<&Content>,
    args: &[String],
    files: Vec<FileRequest>,
) -> Result<Vec<SourceFile>, Invalid> {
    if source.is_some() {
        let hint = "send what it reads in `files`, and the command in `args`: [\"ls\", \"-l\"]";
        return Err(Invalid::new("source", "is of no use to a command").hint(hint));
    }
    if args.first().is_none_or(String::is_empty) {
        let hint = "send the program and its arguments: [\"ls\", \"-l\"]";
        return Err(Invalid::new("args", "names no command").hint(hint));
    }
    check_paths(files)
}

fn check_paths(files: Vec<FileRequest>) -> Result<Vec<SourceFile>, Invalid> {
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(files.len());
    for (i, file) in files.into_iter().enumerate() {
        let field = format!("files[{i}].path");
        let path = BoxPath::new(file.path.as_str())
            .map_err(|why| Invalid::new(&field, format!("`{}` {why}", file.path.escape_debug())))?;
        if !seen.insert(path.clone()) {
            return Err(Invalid::new(field, format!("`{path}` is listed twice")));
        }
        checked.push(SourceFile { path, content: file.content });
    }
    check_nesting(&checked)?;
    Ok(checked)
}

/// Checks that no file is also a directory: `a` and `a/b` cannot both be files.
pub(super) fn check_nesting(files: &[SourceFile]) -> Result<(), Invalid> {
    let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    for (i, file) in files.iter().enumerate() {
        let path = file.path.as_str();
        for (end, _) in path.match_indices('/') {
            if paths.contains(&path[..end]) {
                let message = format!("`{path}` needs `{}` to be a directory, and it is a file", &path[..end]);
                return Err(Invalid::new(format!("files[{i}].path"), message));
            }
        }
    }
    Ok(())
}

/// The file to start with, which has to be one of them.
pub(super) fn entry(entry: &str, files: &[SourceFile]) -> Result<BoxPath, Invalid> {
    files
        .iter()
        .map(|file| &file.path)
        .find(|path| path.as_str() == entry)
        .cloned()
        .ok_or_else(|| Invalid::new("entry", format!("`{}` is not among the job's files", entry.escape_debug())))
}
