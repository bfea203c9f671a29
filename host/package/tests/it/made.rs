//! Packages that a test makes: files by their paths.

use std::path::Path;

use optimus_core::Problem;
use optimus_package::PackageError;

/// Puts files into a directory.
pub(crate) fn put(dir: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

pub(crate) fn read(files: &[(&str, &str)]) -> Result<Problem, PackageError> {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), files);
    optimus_package::open(dir.path())
}

/// The same, of one that is sound.
pub(crate) fn sound(files: &[(&str, &str)]) -> Problem {
    let problem = read(files).unwrap();
    if let Some(scoring) = &problem.scoring {
        scoring.check(&problem.tests).unwrap();
    }
    problem
}

pub(crate) fn names(problem: &Problem) -> Vec<&str> {
    problem.tests.iter().map(|test| test.name.as_deref().unwrap()).collect()
}

/// What a job comes to in which each test that runs has the verdict that `judge` gives it, by its name.
pub(crate) fn score(problem: &Problem, judge: impl Fn(&str) -> optimus_core::Verdict) -> optimus_core::scoring::Score {
    let mut progress = optimus_core::scoring::Progress::new(problem.scoring.as_ref().unwrap(), &problem.tests);
    for (i, name) in names(problem).into_iter().enumerate() {
        if progress.wants(i) {
            progress.note(i, judge(name), None);
        }
    }
    progress.score()
}
