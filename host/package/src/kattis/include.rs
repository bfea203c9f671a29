//! `include/LANGUAGE/`: files that go with submissions.

use optimus_core::Problem;
use optimus_core::problem::Extra;

use crate::{PackageError, Tree, program};

/// Reads them. Those for all languages come first, so that those of a language override them.
pub(super) fn read(tree: &Tree, problem: &mut Problem) -> Result<(), PackageError> {
    for language in tree.children("include").into_iter().filter(|child| tree.has_dir(&format!("include/{child}"))) {
        let files = program::files(tree, &format!("include/{language}"))?;
        let is_for_all = language == "default";
        // "If any of the included files are supposed to be the main file (i.e. a driver), that file must have the language
        // dependent name": <https://www.kattis.com/problem-package-format/spec/legacy#included-code>
        let is_main = |path: &str| ["main", "__main__"].contains(&program::stem(path).to_ascii_lowercase().as_str());
        let entry = files.iter().map(|file| &file.path).find(|path| !is_for_all && is_main(path.as_str())).cloned();
        let languages = if is_for_all { Vec::new() } else { vec![language] };
        let extra = Extra { languages, files, entry, ..Extra::default() };
        if is_for_all { problem.extras.insert(0, extra) } else { problem.extras.push(extra) }
    }
    Ok(())
}
