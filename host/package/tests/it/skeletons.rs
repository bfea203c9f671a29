//! Packages that nobody has finished: what is missing is said, and where it should be.

use optimus_package::PackageError;

use crate::made::{put, read};

const JSON: &str =
    r#"{"title": "T", "time_limit": 1000, "memory_limit": 64, "rule_type": "ACM", "test_case_score": []}"#;
const XML: &str = "<fps><item><title>T</title><time_limit>1</time_limit><memory_limit>1</memory_limit></item></fps>";
const POLYGON: &str =
    "<problem><judging><testset name='tests'><time-limit>1</time-limit><tests/></testset></judging><assets/></problem>";

#[test]
fn a_package_without_tests_says_where_they_should_be() {
    for (files, wanted) in [
        (&[("problem.yaml", "name: T\n")][..], "`data/sample/` and `data/secret/` hold each"),
        (&[("problem.yaml", "problem_format_version: 2025-09\ntype: scoring\nname: T\n")], "`NAME.in` and `NAME.ans`"),
        (&[("problem.yaml", "name: T\n"), ("data/secret/notes.txt", "")], "`data/sample/`"),
        (&[("problem.yaml", "")], "`problem.yaml`: the package has no tests"),
        (&[("domjudge-problem.ini", "timelimit=1\n")], "`domjudge-problem.ini`: the package has no tests"),
        (&[("init.yml", "test_cases: []\n")], "`init.yml`: the package has no tests: `test_cases` lists them"),
        (&[("init.yml", "checker: standard\n")], "`init.yml`: the package has no tests"),
        (&[("task.yaml", "name: t\ntime_limit: 1\n")], "`input/input0.txt` and `output/output0.txt`"),
        (&[("testdata/config.yaml", "time: 1s\n")], "names no tests"),
        (&[("problem.json", JSON)], "`problem.json`: the package has no tests: `test_case_score` lists them"),
        (&[("set.xml", XML)], "each is a `test_input` and a `test_output`"),
        (&[("problem.xml", POLYGON)], "`problem.xml`: the package has no tests"),
    ] {
        let error = read(files).unwrap_err();
        assert!(matches!(error, PackageError::Bad { .. }) && error.to_string().contains(wanted), "{files:?}: {error}");
    }
}

#[test]
fn a_group_without_settings_is_told_which_file_it_needs() {
    let yaml = "problem_format_version: 2025-09\ntype: scoring\nname: T\n";
    let files = [("problem.yaml", yaml), ("data/secret/a/1.in", ""), ("data/secret/a/1.ans", "")];
    let error = read(&files).unwrap_err().to_string();
    assert!(error.starts_with("`data/secret/a/test_group.yaml`: needs `max_score`"), "{error}");
}

#[test]
fn what_is_no_package_is_told_by_what_it_holds() {
    let said = |files: &[(&str, &str)]| read(files).unwrap_err().to_string();
    assert!(said(&[]).ends_with("it holds nothing"), "{}", said(&[]));
    assert!(said(&[("README.md", ""), ("a/x.txt", ""), ("b/y", "")]).ends_with("it holds `README.md`, `a/`, `b/`"));
    let one = said(&[("README.md", ""), ("p/problem.yaml", "name: T\n"), ("p/data/secret/1.in", "")]);
    assert!(one.ends_with("it holds `README.md`, `p/`"), "one directory of many is nobody's choice: {one}");
}

#[test]
fn pointers_of_git_lfs_are_no_tests() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    let kattis = [("problem.yaml", "name: T\n"), ("data/secret/1.in", "1\n"), ("data/secret/1.ans", pointer)];
    let error = read(&kattis).unwrap_err().to_string();
    assert!(error.contains("secret/1") && error.contains("git lfs pull"), "{error}");
    let dmoj = [("init.yml", "archive: data.zip\n"), ("data.zip", pointer)];
    let error = read(&dmoj).unwrap_err().to_string();
    assert!(error.contains("`data.zip`: is no zip archive") && error.contains("git lfs pull"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), &[("p.zip", pointer)]);
    let error = optimus_package::open(&dir.path().join("p.zip")).unwrap_err().to_string();
    assert!(error.contains("git lfs pull"), "{error}");
}
