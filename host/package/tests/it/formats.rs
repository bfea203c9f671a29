//! What importers make of the sample packages.

use std::path::{Path, PathBuf};

use optimus_core::compare::Testlib;
use optimus_core::scoring::{Aggregate, Stop, Total};
use optimus_core::{Comparer, Problem, Verdict};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packages")
}

fn read(name: &str) -> Problem {
    optimus_package::open(&samples().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_sample_is_a_problem_whose_scoring_is_sound() {
    let mut count = 0;
    for entry in std::fs::read_dir(samples()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let problem = read(entry.file_name().to_str().unwrap());
        if let Some(scoring) = &problem.scoring {
            scoring.check(&problem.tests).unwrap();
        }
        assert!(problem.limits.cpu_ms.is_some() && !problem.submissions.is_empty(), "{:?}", entry.path());
        count += 1;
    }
    assert!(count >= 15, "{count}");
}

#[test]
fn kattis_packages_of_both_versions() {
    let modern = read("kattis");
    assert_eq!((modern.name.as_str(), modern.tests.len()), ("Different", 3));
    assert_eq!(modern.tests[0].name.as_deref(), Some("sample/1"));
    assert!(matches!(&modern.compare, Some(Comparer::Program(checker)) if checker.files.len() == 1));
    let legacy = read("kattis-legacy");
    assert!(matches!(&legacy.compare, Some(Comparer::Kattis(flags)) if flags.float_tolerance == Some(1e-6)));
    let scoring = read("kattis-scoring").scoring.unwrap();
    let groups: Vec<_> = scoring.groups.iter().map(|g| (g.name.as_str(), g.score, g.points)).collect();
    let wanted = [
        ("sample", Aggregate::All, None),
        ("secret/1-small", Aggregate::All, Some(30.0)),
        ("secret/2-large", Aggregate::Min, Some(50.0)),
        ("secret/3-each", Aggregate::Sum, Some(20.0)),
    ];
    assert_eq!((groups, scoring.total), (wanted.to_vec(), Total::Sum));
    assert_eq!(scoring.groups[2].requires, ["sample", "secret/1-small"]);
    let multi = read("kattis-multipass");
    assert!(matches!(&multi.compare, Some(Comparer::Program(checker)) if checker.passes == Some(2)));
    assert!(read("kattis-interactive").interactor.is_some());
}

#[test]
fn domjudge_s_own_words() {
    let problem = read("domjudge");
    assert_eq!((problem.name.as_str(), problem.limits.cpu_ms.clone()), ("Sum", Some(1000.into())));
    let mixed = problem.submissions.iter().find(|own| own.name == "mixed/small.py").unwrap();
    assert!(mixed.expect.verdicts.contains(&Verdict::WrongAnswer));
}

#[test]
fn dmoj_cases_batches_and_signatures() {
    let scoring = read("dmoj").scoring.unwrap();
    assert_eq!(scoring.groups[0].stop, Stop::Job);
    assert_eq!((scoring.groups[2].score, scoring.groups[2].stop), (Aggregate::Min, Stop::Group));
    assert_eq!(scoring.groups[3].requires, ["3"]);
    let extra = &read("dmoj-signature").extras[0];
    assert!(extra.prelude.as_ref().unwrap().as_bytes().starts_with(b"#include \"sum.h\"\n#define main"));
}

#[test]
fn polygon_checkers_by_name_and_groups() {
    let problem = read("polygon");
    assert_eq!(problem.compare, Some(Comparer::Testlib(Testlib::Ncmp)));
    let scoring = problem.scoring.unwrap();
    assert_eq!((scoring.groups[1].score, scoring.groups[1].points), (Aggregate::All, Some(50.0)));
    assert_eq!(scoring.groups[2].requires, ["1"]);
}

#[test]
fn cms_subtasks_graders_and_answers() {
    let scoring = read("cms").scoring.unwrap();
    let points: Vec<_> = scoring.groups.iter().map(|group| (group.points, group.score)).collect();
    assert_eq!(points, [(Some(40.0), Aggregate::Min), (Some(60.0), Aggregate::Min)]);
    let files = read("cms-files");
    assert_eq!(files.file_io.unwrap().output.unwrap().as_str(), "total.out");
    assert_eq!(files.extras[0].stem.as_deref(), Some("total"));
    assert_eq!(read("cms-output-only").tests[1].submitted.as_ref().unwrap().as_str(), "output_001.txt");
}

#[test]
fn hydro_and_qduoj() {
    let problem = read("hydro");
    let scoring = problem.scoring.unwrap();
    assert_eq!((scoring.groups[1].points, scoring.groups[1].score), (None, Aggregate::Sum));
    assert_eq!(problem.tests[2].points, Some(30.0), "a sum's score is split among its cases");
    assert_eq!(problem.limits.memory_bytes, Some((256u64 << 20).into()));
    let qduoj = read("qduoj");
    assert_eq!((qduoj.compare, qduoj.tests[1].points), (Some(Comparer::EndTrimmed), Some(60.0)));
}
