//! Files that hold several problems: each is a package of its own, by its number or its title.

use std::path::{Path, PathBuf};

use optimus_core::Problem;
use optimus_package::{Caps, PackageError, Tree, archive, import, open};

use crate::made::put;

const HEAD: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE fps>\n<fps version=\"1.2\"><generator name=\"HUSTOJ\"/>";

fn item(title: &str, answer: &str) -> String {
    format!(
        "<item><title><![CDATA[{title}]]></title><time_limit>1</time_limit><memory_limit>64</memory_limit>\
         <test_input>1</test_input><test_output>{answer}</test_output></item>\n"
    )
}

fn exported(title: &str) -> String {
    format!(
        r#"{{"title": "{title}", "time_limit": 1000, "memory_limit": 256, "rule_type": "ACM",
            "test_case_score": [{{"score": 100, "input_name": "1.in", "output_name": "1.out"}}]}}"#
    )
}

fn at(file: &Path, problem: &str) -> PathBuf {
    PathBuf::from(format!("{}#{problem}", file.display()))
}

fn answer(problem: &Problem) -> &[u8] {
    problem.tests[0].expect.as_ref().unwrap().as_bytes()
}

#[test]
fn a_problem_set_is_opened_by_number_and_by_title() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("week#1.xml");
    let items = [item("Sum", "3"), item("C# intro", "4"), item("Twice", "5"), item("twice", "6")].concat();
    std::fs::write(&file, format!("{HEAD}{items}</fps>")).unwrap();
    for (choice, wanted) in [("1", "3"), ("2", "4"), ("sum", "3"), ("C# intro", "4"), ("4", "6")] {
        let problem = open(&at(&file, choice)).unwrap();
        assert_eq!((problem.tests.len(), answer(&problem)), (1, wanted.as_bytes()), "{choice}");
        // What goes to a server is that one problem.
        let packed = archive(&at(&file, choice)).unwrap();
        let there = import(Tree::of_file(&packed, Caps::default()).unwrap()).unwrap();
        assert_eq!((there.name, there.tests), (problem.name, problem.tests), "{choice}");
    }
    let error = open(&file).unwrap_err();
    assert_eq!(error.to_string(), "these are several problems: `1` (Sum), `2` (C# intro), `3` (Twice), `4` (twice)");
    assert!(error.hint().unwrap().contains("FILE#2"));
    assert_eq!(
        open(&at(&file, "Twice")).unwrap_err().to_string(),
        "these are several problems: `3` (Twice), `4` (twice)"
    );
    let missing = open(&at(&file, "9")).unwrap_err();
    assert!(missing.to_string().starts_with("there is no problem `9` in it, but `1` (Sum), `2`"), "{missing}");
}

#[test]
fn an_archive_of_problem_sets_numbers_them_through() {
    let dir = tempfile::tempdir().unwrap();
    let sets = [("a.xml", item("One", "1") + &item("Two", "2")), ("b.xml", item("Three", "3"))];
    for (name, items) in &sets {
        put(dir.path(), &[(name, &format!("{HEAD}{items}</fps>")), ("readme.txt", "")]);
    }
    assert_eq!(answer(&open(&at(dir.path(), "3")).unwrap()), b"3");
    assert!(matches!(open(dir.path()), Err(PackageError::Several { .. })));
}

#[test]
fn an_export_has_a_directory_for_each_problem() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("export.zip");
    let package = dir.path().join("export");
    for (number, title) in [("1", "Sum"), ("2", "Product"), ("10", "2")] {
        let [json, input, output] =
            ["problem.json", "testcase/1.in", "testcase/1.out"].map(|name| format!("{number}/{name}"));
        put(&package, &[(&json, &exported(title)), (&input, "1\n"), (&output, number)]);
    }
    std::fs::write(&file, archive(&package).unwrap()).unwrap();
    for place in [&file, &package] {
        for (choice, wanted) in [("1", "1"), ("2", "2"), ("10", "10"), ("product", "2")] {
            let problem = open(&at(place, choice)).unwrap();
            assert_eq!((problem.format.as_str(), answer(&problem)), ("qduoj", wanted.as_bytes()), "{choice}");
        }
        let error = open(place).unwrap_err().to_string();
        assert_eq!(error, "these are several problems: `1` (Sum), `2` (Product), `10` (2)");
    }
}

#[test]
fn a_contest_is_a_directory_of_packages() {
    let dir = tempfile::tempdir().unwrap();
    let kattis = [("b/problem.yaml", "name: Beta\n"), ("b/data/secret/1.in", ""), ("b/data/secret/1.ans", "1")];
    put(dir.path(), &kattis);
    let hydro = [("P1/problem.yaml", "title: Alpha\n"), ("P1/testdata/1.in", ""), ("P1/testdata/1.out", "2")];
    put(dir.path(), &hydro);
    put(dir.path(), &[("contest.yaml", ""), ("b/.timelimit", "3\n")]);
    let packed = archive(dir.path()).unwrap();
    let file = dir.path().join("contest.zip");
    std::fs::write(&file, packed).unwrap();
    let beta = open(&at(&file, "b")).unwrap();
    assert_eq!((answer(&beta), beta.limits.cpu_ms.clone()), (&b"1"[..], Some(3_000.into())));
    assert_eq!(answer(&open(&at(&file, "alpha")).unwrap()), b"2");
    assert_eq!(open(&file).unwrap_err().to_string(), "these are several problems: `P1` (Alpha), `b` (Beta)");
}

#[test]
fn the_only_problem_of_a_file_may_be_named_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sum.xml");
    std::fs::write(&file, format!("{HEAD}{}</fps>", item("Sum", "3"))).unwrap();
    for place in [file.clone(), at(&file, "1"), at(&file, "Sum")] {
        assert_eq!(open(&place).unwrap().name, "Sum", "{}", place.display());
    }
    assert!(matches!(open(&at(&file, "2")), Err(PackageError::NoSuchProblem { .. })));
    assert!(matches!(open(&at(&dir.path().join("none.xml"), "1")), Err(PackageError::Read { .. })));
}

#[test]
fn polygon_s_archive_of_a_contest_has_them_one_directory_down() {
    let xml = |name: &str| {
        format!(
            "<problem><names><name value='{name}'/></names><judging><testset name='tests'><time-limit>1000</time-limit>\
             <tests><test/></tests></testset></judging><assets><checker name='std::ncmp.cpp'/></assets></problem>"
        )
    };
    let dir = tempfile::tempdir().unwrap();
    for name in ["first", "second"] {
        let [problem, input, answer] =
            ["problem.xml", "tests/01", "tests/01.a"].map(|file| format!("problems/{name}/{file}"));
        put(dir.path(), &[(&problem, &xml(name)), (&input, "1\n"), (&answer, name)]);
    }
    put(dir.path(), &[("contest.xml", "<contest/>"), ("statements/english/problems.tex", "")]);
    assert_eq!(answer(&open(&at(dir.path(), "second")).unwrap()), b"second");
    assert_eq!(
        open(dir.path()).unwrap_err().to_string(),
        "these are several problems: `first` (first), `second` (second)"
    );
}
