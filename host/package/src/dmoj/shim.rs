//! DMOJ's checkers and graders are modules that its judge imports. Here each is a program that runs in a box: the module,
//! with a file beside it that offers what the judge offers and calls it.

use optimus_core::checker::Protocol;
use optimus_core::job::FileRequest;
use optimus_core::{Checker, Content};
use serde_json::{Map, Value};

use super::INIT;
use crate::{PackageError, Tree, program};

const CHECKER: &str = concat!(include_str!("prelude.py"), include_str!("checker.py"));
const INTERACTOR: &str = concat!(include_str!("prelude.py"), include_str!("interactor.py"));

/// A module with `check`, which may look at the submission's source: of the protocols, SYZOJ's hands that over.
pub(super) fn checker(files: &Tree, path: &str, options: Map<String, Value>) -> Result<Checker, PackageError> {
    let protocol = if files.text(path)?.contains("submission_source") { Protocol::Syzoj } else { Protocol::Cms };
    let checker = shim(files, path, ("optimus_checker", CHECKER), protocol)?;
    Ok(Checker { args: vec![Value::Object(options).to_string()], ..checker })
}

/// A module with a `Grader` that talks to the submission.
pub(super) fn grader(files: &Tree, path: &str) -> Result<Checker, PackageError> {
    if !files.text(path)?.contains("InteractiveGrader") {
        return Err(PackageError::unsupported(path, "`custom_judge` that is no `InteractiveGrader`"));
    }
    let shim = shim(files, path, ("optimus_interactor", INTERACTOR), Protocol::Testlib)?;
    Ok(Checker { full_score: Some(1.0), ..shim })
}

fn shim(
    files: &Tree,
    path: &str,
    (stem, text): (&str, &'static str),
    protocol: Protocol,
) -> Result<Checker, PackageError> {
    let name = program::last(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let module = FileRequest { path: name.to_owned(), content: Content::from(files.need(path, INIT)?) };
    let mut all = vec![
        FileRequest { path: format!("{stem}.{extension}"), content: text.into() },
        module,
        FileRequest { path: "optimus_module.txt".to_owned(), content: name.to_owned().into() },
    ];
    // Other modules beside it may be imported.
    let dir = path.rsplit_once('/').map_or(String::new(), |(dir, _)| format!("{dir}/"));
    for other in files.paths().filter(|other| {
        other.strip_prefix(&dir).is_some_and(|rest| !rest.contains('/')) && other.ends_with(&format!(".{extension}"))
    }) {
        if all.iter().all(|known| known.path != program::last(other)) {
            all.push(FileRequest {
                path: program::last(other).to_owned(),
                content: Content::from(files.need(other, INIT)?),
            });
        }
    }
    Ok(Checker { protocol, files: all, ..Checker::default() })
}
