//! DMOJ's packages, as `dmoj/problem.py` reads them.

use optimus_core::checker::Protocol;
use optimus_core::scoring::{Aggregate, Stop};
use optimus_core::{Comparer, Problem};

use crate::made::{names, put, sound};

fn package(init: &str, more: &[(&str, &str)]) -> Problem {
    sound(
        &[&[("init.yml", init), ("1.in", "1"), ("1.out", "a\r\nb"), ("2.in", "2\n"), ("2.out", "2\n")], more].concat(),
    )
}

const CASES: &str = "test_cases:\n- {in: 1.in, out: 1.out, points: 40}\n- {in: 2.in, out: 2.out, points: 60}\n";

#[test]
fn data_ends_with_a_newline_unless_it_is_binary() {
    let problem = package(CASES, &[]);
    assert_eq!(problem.tests[0].expect.as_ref().unwrap().as_bytes(), b"a\nb\n");
    let binary = package(&format!("binary_data: true\n{CASES}"), &[]);
    assert_eq!(binary.tests[0].expect.as_ref().unwrap().as_bytes(), b"a\r\nb");
}

#[test]
fn what_a_case_does_not_say_its_batch_does() {
    let init = "points: 5\ntest_cases:\n- out: 2.out\n  points: 30\n  batched:\n  - {in: 1.in}\n  - {in: 2.in, points: 7}\n- {in: 1.in, out: 1.out}\n";
    let problem = package(init, &[]);
    let groups: Vec<_> = problem.scoring.as_ref().unwrap().groups.iter().map(|g| (g.points, g.score, g.stop)).collect();
    assert_eq!(groups, [(Some(30.0), Aggregate::Min, Stop::Group), (Some(5.0), Aggregate::Sum, Stop::Never)]);
    assert_eq!(problem.tests[0].expect.as_ref().unwrap().as_bytes(), b"2\n");
    assert_eq!(names(&problem), ["1.1", "1.2", "2"]);
}

#[test]
fn checkers_and_graders_in_modules_get_what_the_judge_offers() {
    let init = format!("checker: check.py\n{CASES}");
    let problem = package(&init, &[("check.py", "def check(a, b, **kwargs): return True\n")]);
    let Some(Comparer::Program(checker)) = &problem.compare else { panic!() };
    assert_eq!((checker.protocol, checker.name()), (Protocol::Cms, "optimus_checker.py"));
    assert_eq!(
        (&checker.args[..], &problem.tests[1].checker_args[..]),
        (&["{}".to_owned()][..], &["60", "2", "0"].map(str::to_owned)[..])
    );
    let grader = "from dmoj.graders.interactive import InteractiveGrader\nclass Grader(InteractiveGrader): pass\n";
    let problem = package(&format!("custom_judge: judge.py\nunbuffered: true\n{CASES}"), &[("judge.py", grader)]);
    assert_eq!(problem.interactor.unwrap().name(), "optimus_interactor.py");
    assert!(problem.remarks.iter().any(|remark| remark.starts_with("`unbuffered`")));
}

#[test]
fn headers_that_are_listed_are_there_once() {
    let init = format!("checker: {{name: bridged, args: {{files: [c.cpp, testlib.h], type: peg}}}}\n{CASES}");
    let problem = package(&init, &[("c.cpp", ""), ("testlib.h", "")]);
    let Some(Comparer::Program(checker)) = &problem.compare else { panic!() };
    assert_eq!(checker.files.len(), 2);
}

#[test]
fn generators_make_what_is_not_there() {
    let init = "generator: gen.py\ntest_cases:\n- {generator_args: [3, x], points: 1}\n- {in: 1.in, points: 1}\n- {in: 2.in, out: 2.out}\n";
    let problem = package(init, &[("gen.py", "")]);
    let made: Vec<_> =
        problem.generated.iter().map(|own| (own.test, own.args.join(" "), own.input, own.output)).collect();
    assert_eq!(made, [(0, "3 x".to_owned(), true, true), (1, String::new(), false, true)]);
}

#[test]
fn patterns_are_of_the_names_in_the_archive() {
    let dir = tempfile::tempdir().unwrap();
    let files = ["a1-1", "a1-2", "a2-1"].map(|name| [format!("{name}.in"), format!("{name}.out")]);
    for name in files.iter().flatten() {
        std::fs::write(dir.path().join(name), "1\n").unwrap();
    }
    let archive = optimus_package::archive(dir.path()).unwrap();
    let package = tempfile::tempdir().unwrap();
    std::fs::write(package.path().join("tests.zip"), archive).unwrap();
    let init = "archive: tests.zip\ntest_cases:\n  input_format: 'a(?P<batch>\\d+)-(?P<case>\\d+)\\.in'\n  output_format: 'a(?P<batch>\\d+)-(?P<case>\\d+)\\.out'\n  case_points: [10, 90]\n";
    std::fs::write(package.path().join("init.yml"), init).unwrap();
    let problem = optimus_package::open(package.path()).unwrap();
    let points: Vec<_> = problem.scoring.unwrap().groups.iter().map(|group| (group.points, group.score)).collect();
    assert_eq!(points, [(Some(10.0), Aggregate::Min), (Some(90.0), Aggregate::Min)]);
    assert_eq!(problem.tests.len(), 3);
    std::fs::write(package.path().join("init.yml"), "archive: tests.zip\npoints: 3\n").unwrap();
    assert_eq!(optimus_package::open(package.path()).unwrap().tests.len(), 2, "without, as DMOJ guesses");
}

#[test]
fn cases_by_their_names_are_worth_the_points_of_the_whole() {
    let yaml = "points: 20\narchive: data.zip\n";
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("data"), &[("p.1.in", "1"), ("p.1.out", "1")]);
    let data = optimus_package::archive(&dir.path().join("data")).unwrap();
    put(dir.path(), &[("init.yml", yaml)]);
    std::fs::write(dir.path().join("data.zip"), data).unwrap();
    let problem = optimus_package::open(dir.path()).unwrap();
    assert_eq!(problem.scoring.unwrap().groups[0].points, Some(20.0));
    assert_eq!(problem.limits.output_bytes, Some(25_165_824.into()));
}

#[test]
fn a_module_gets_its_options_and_the_submission() {
    let init = format!("checker: {{name: check.py, args: {{most: 7}}}}\n{CASES}");
    let module = "def check(out, answer, submission_source, most, point_value, **kwargs):\n    return len(submission_source) <= most\n";
    let problem = package(&init, &[("check.py", module)]);
    let Some(Comparer::Program(checker)) = &problem.compare else { panic!() };
    assert_eq!((checker.protocol, checker.args.join(" ")), (Protocol::Syzoj, "{\"most\":7}".to_owned()));
    assert_eq!(printed(checker, &problem.tests[0].checker_args, "print(1)"), "0.0");
    assert_eq!(printed(checker, &problem.tests[0].checker_args, "x"), "100.0");
}

/// What the module's program prints, beside the files that its protocol has.
fn printed(checker: &optimus_core::Checker, args: &[String], code: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    for file in &checker.files {
        std::fs::write(dir.path().join(&file.path), file.content.as_bytes()).unwrap();
    }
    put(dir.path(), &[("input", ""), ("answer", ""), ("user_out", ""), ("code", code)]);
    let mut python = std::process::Command::new("python3");
    let python = python.arg(checker.name()).args(&checker.args).args(args).current_dir(dir.path());
    let output = python.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
