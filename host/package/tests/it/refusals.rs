//! What cannot be honoured is refused, by the file and the feature.

use std::fs;
use std::path::Path;

use optimus_package::PackageError;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What is said of a sample with one file changed: `replace` and by what; an empty `replace` appends.
fn said(sample: &str, file: &str, replace: &str, by: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packages").join(sample), dir.path());
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let text = if replace.is_empty() { text + by } else { text.replace(replace, by) };
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    match optimus_package::open(dir.path()) {
        Ok(_) => panic!("{sample}/{file} with {by:?} was taken"),
        Err(error @ (PackageError::Bad { .. } | PackageError::Unsupported { .. })) => error.to_string(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn features_that_cannot_be_honoured_are_named() {
    for (sample, file, replace, by, wanted) in [
        ("kattis", "problem.yaml", "", "type: [submit-answer, interactive]\n", "`submit-answer` and `interactive`"),
        ("kattis", "problem.yaml", "", "type: guess\n", "`problem.yaml`: problem type `guess`"),
        ("kattis", "problem.yaml", "2025-09", "2031-01", "format version `2031-01`"),
        ("kattis-scoring", "data/secret/3-each/test_group.yaml", "20", "unbounded", "needs `max_score`"),
        ("kattis-scoring", "data/secret/3-each/deep/test_group.yaml", "", "max_score: 1\n", "group inside a group"),
        (
            "kattis-legacy",
            "problem.yaml",
            "float_tolerance 1e-6",
            "space_is_fun",
            "the validator's flag `space_is_fun`",
        ),
        ("kattis-legacy", "data/secret/testdata.yaml", "", "grading: custom\n", "`graders/`: is missing"),
        ("kattis-legacy", "data/secret/testdata.yaml", "", "on_reject: sometimes\n", "`on_reject` is not `break`"),
        ("domjudge", "domjudge-problem.ini", "", "special_compare = x\n", "`special_compare: x`"),
        ("dmoj", "init.yml", "", "custom_judge: x.py\n", "names `x.py`, which is not in the package"),
        ("dmoj", "init.yml", "", "symlinks: {a: b}\n", "`symlinks`"),
        ("dmoj", "init.yml", "", "points++: node = 5\n", "`points++`"),
        ("dmoj", "init.yml", "floats", "check.py", "names `check.py`, which is not in the package"),
        ("dmoj", "init.yml", "4.in", "9.in", "names `9.in`, which is not in the package"),
        ("polygon", "problem.xml", "complete-group", "half-group", "the points policy `half-group`"),
        ("polygon", "problem.xml", "run-count=\"1\"", "run-count=\"2\"", "`judging/@run-count` above 1"),
        ("cms", "task.yaml", "", "task_type: TwoSteps\n", "`task_type: TwoSteps`"),
        ("cms", "task.yaml", "n_input: 4", "n_input: 5", "`n_input` is not the number of tests"),
        ("cms", "check/manager.cpp", "", "int main() {}\n", "a checker beside a manager"),
        ("cms", "task.yaml", "", "num_processes: 2\n", "without a `check/manager`"),
        ("cms-communication", "task.yaml", "num_processes: 2", "num_processes: 300", "`num_processes` is too large"),
        ("hydro", "testdata/config.yaml", "type: default", "type: remote_judge", "the problem type `remote_judge`"),
        ("hydro", "testdata/config.yaml", "type: default", "type: communication", "names no `manager`"),
        ("hydro", "testdata/config.yaml", "", "num_processes: 2\n", "`num_processes`"),
        ("hydro", "testdata/config.yaml", "checker_type: testlib", "checker_type: guess", "`checker_type: guess`"),
        ("qduoj", "problem.json", "\"template\": {}", "\"template\": {\"C\": \"x\"}", "`template.C` is not a map"),
    ] {
        let said = said(sample, file, replace, by);
        assert!(said.contains(wanted), "{sample}/{file}, {by:?}: {said}");
    }
}

#[test]
fn files_that_are_not_what_they_should_be_are_named() {
    for (sample, file, by) in [
        ("kattis", "problem.yaml", "a: [1\n"),
        ("kattis", "problem.yaml", "- a list\n"),
        ("dmoj", "init.yml", "a: &a [*a, *a]\n"),
        ("polygon", "problem.xml", "<problem>"),
        ("qduoj", "testcase/info", "{"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packages").join(sample), dir.path());
        fs::write(dir.path().join(file), by).unwrap();
        let error = optimus_package::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains(file.rsplit('/').next().unwrap()), "{sample}: {error}");
    }
}
