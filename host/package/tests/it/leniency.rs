//! What reference tools read with a warning is read here, too, and a remark names it.

use optimus_core::{Comparer, Problem, Verdict};

use crate::made::{names, read, sound};

const SECRET: [(&str, &str); 2] = [("data/secret/1.in", "1\n"), ("data/secret/1.ans", "1\n")];
const MODERN: &str = "problem_format_version: 2025-09\nname: P\nuuid: x\n";

fn kattis(yaml: &str, more: &[(&str, &str)]) -> Problem {
    sound(&[&SECRET[..], &[("problem.yaml", yaml)], more].concat())
}

fn remarks(problem: &Problem) -> String {
    problem.remarks.join("\n")
}

#[test]
fn keys_that_a_format_does_not_know_are_named() {
    let yaml = format!("{MODERN}author: A\nnotes: x\nlimits: {{time_limit: 2, generator_time: 9, odd: 1}}\n");
    let problem = kattis(&yaml, &[]);
    assert_eq!(problem.limits.cpu_ms, Some(2_000.into()));
    let said = remarks(&problem);
    assert!(said.contains("`notes`") && said.contains("`limits.odd`") && !said.contains("generator_time"), "{said}");
}

#[test]
fn drafts_may_say_validation() {
    let yaml = "problem_format_version: 2023-07-draft\nname: P\nvalidation: custom interactive\n";
    let problem = kattis(yaml, &[("output_validator/v.py", "")]);
    assert!(problem.interactor.is_some() && problem.compare.is_none());
}

#[test]
fn what_was_compiled_from_a_solution_is_none() {
    let problem = sound(&[
        ("task.yaml", "name: t\ntime_limit: 1\nsource: OII\n"),
        ("input/input0.txt", ""),
        ("input/notes", ""),
        ("output/output0.txt", ""),
        ("sol/t.cpp", ""),
        ("sol/t", "\u{7f}ELF"),
        ("sol/t.h", ""),
    ]);
    let own: Vec<&str> = problem.submissions.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(own, ["sol/t.cpp"]);
    assert!(remarks(&problem).contains("were ignored: `source`"));
}

#[test]
fn settings_of_tests_may_say_more() {
    let settings = [
        ("data/secret/test_group.yaml", "answer_validator_args: [x]\nodd: 1\n"),
        ("data/secret/1.yaml", "hint: h\nnote: n\n"),
    ];
    let said = remarks(&kattis(MODERN, &settings));
    assert!(said.contains("`odd` was ignored") && said.contains("`data/secret/1.yaml`: `note`"), "{said}");
    assert!(!said.contains("answer_validator_args") && !said.contains("`hint`"), "{said}");
}

#[test]
fn an_input_without_an_answer_is_no_test() {
    for yaml in [MODERN, "name: P\n"] {
        let problem = kattis(yaml, &[("data/secret/2.in", "2\n"), ("data/secret/3.ans", "3\n")]);
        assert_eq!(names(&problem), ["secret/1"]);
        let said = remarks(&problem);
        assert!(said.contains("`data/secret/2.in`: no `.ans`") && said.contains("`data/secret/3.ans`"), "{said}");
        let none =
            [("problem.yaml", yaml), ("data/secret/1.in", ""), ("data/sample/1.in", ""), ("data/sample/1.ans", "")];
        let error = read(&none).unwrap_err().to_string();
        assert!(error.contains("nor has any other secret test"), "{error}");
    }
}

#[test]
fn tests_beside_groups_and_settings_further_down_matter_only_to_points() {
    let deep = [
        ("data/secret/a/b/1.in", "1\n"),
        ("data/secret/a/b/1.ans", "1\n"),
        ("data/secret/a/b/test_group.yaml", "output_validator_args: [case_sensitive]\n"),
    ];
    let problem = kattis(MODERN, &deep);
    assert_eq!(names(&problem), ["secret/1", "secret/a/b/1"]);
    let is_strict = |test: usize| {
        let compare = problem.tests[test].compare.as_ref().or(problem.compare.as_ref());
        matches!(compare, Some(Comparer::Kattis(own)) if own.case_sensitive)
    };
    assert_eq!([is_strict(0), is_strict(1)], [false, true]);
    let yaml = format!("{MODERN}type: scoring\n");
    let scoring = [&SECRET[..], &deep, &[("problem.yaml", &*yaml)]].concat();
    assert!(read(&scoring).unwrap_err().to_string().contains("both test cases and groups"));
}

#[test]
fn a_grader_leaves_out_what_it_does_not_know() {
    let settings = ("data/testdata.yaml", "grader_flags: median sum\nrange: many\n");
    let problem = kattis("name: P\ntype: scoring\n", &[settings]);
    assert!(remarks(&problem).contains("does not know `median`"), "{}", remarks(&problem));
}

#[test]
fn domjudge_takes_the_keys_that_it_knows() {
    let ini = "timelimit='2.5'\nname = \"Q\"\nodd = 1\nspecial_compare_args = 'float_tolerance 1e-3'\nspecial_compare=compare\n";
    let problem = kattis("name: P\n", &[("domjudge-problem.ini", ini)]);
    assert_eq!((problem.name.as_str(), problem.limits.cpu_ms.clone()), ("Q", Some(2_500.into())));
    assert!(matches!(&problem.compare, Some(Comparer::Kattis(own)) if own.float_tolerance == Some(1e-3)));
    assert!(remarks(&problem).contains("`odd`"));
}

#[test]
fn labels_in_sources_end_where_their_comment_ends() {
    let sources = [
        ("submissions/mixed/a.py", "# @EXPECTED_RESULTS@: WRONG-ANSWER,TIMELIMIT #\n"),
        ("submissions/mixed/b.c", "/* @EXPECTED_RESULTS@: RUN_TIME_ERROR */\n"),
        ("submissions/mixed/c.ml", "(* @EXPECTED_RESULTS@: COMPILER_ERROR *)\n"),
    ];
    let problem = kattis("name: P\n", &sources);
    let has = |at: usize, verdict| problem.submissions[at].expect.verdicts.contains(&verdict);
    assert!(has(0, Verdict::WrongAnswer) && has(0, Verdict::TimeLimitExceeded));
    assert!(has(1, Verdict::RuntimeError) && has(2, Verdict::CompileError));
}

#[test]
fn an_included_driver_is_what_runs() {
    let files = [("include/python3/main.py", "import sub\n"), ("include/default/data.txt", "1\n")];
    let problem = kattis(MODERN, &files);
    let entries: Vec<_> = problem.extras.iter().map(|own| own.entry.as_ref().map(|entry| entry.as_str())).collect();
    assert_eq!(entries, [None, Some("main.py")], "those for all languages come first");
}

#[test]
fn dmoj_asks_for_no_other_keys() {
    let init = "author: me\ntest_cases:\n- {in: 1.in, out: 1.out, points: 1, note: easy}\n\
                checker: {name: bridged, args: {files: c.cpp, lang: CPP17, type: testlib, flags: ['-std=c++17']}}\n";
    let problem = sound(&[("init.yml", init), ("1.in", ""), ("1.out", ""), ("c.cpp", "")]);
    let said = remarks(&problem);
    assert!(said.contains("`author`") && said.contains("`test_cases[0].note`"), "{said}");
    let Some(Comparer::Program(checker)) = &problem.compare else { panic!() };
    assert_eq!(checker.options["flags"], serde_json::json!(["-std=c++17"]));
}

#[test]
fn dmoj_s_programs_may_say_their_usual_arguments() {
    let package = |program: &str| {
        let init = format!("{program}\ntest_cases:\n- {{in: 1.in, out: 1.out, points: 1}}\n");
        read(&[("init.yml", &init), ("1.in", ""), ("1.out", ""), ("c.cpp", "")])
    };
    let interactive = |arguments: &str| {
        package(&format!("interactive: {{files: c.cpp, type: testlib, args_format_string: '{arguments}'}}"))
    };
    assert!(interactive("{input_file}  {output_file} {answer_file}").unwrap().interactor.is_some());
    assert!(interactive("{answer_file}").unwrap_err().to_string().contains("args_format_string"));
    let made = package("generator: {source: c.cpp, flags: [-O2]}\npretest_test_cases: []").unwrap();
    assert_eq!(made.generated.len(), 0, "all data is there");
}

#[test]
fn hydro_s_programs_may_have_a_language_beside_them() {
    let config = "type: interactive\ninteractor: {file: i.cc, lang: cc}\n";
    let problem = sound(&[
        ("problem.yaml", "title: T\n"),
        ("testdata/config.yaml", config),
        ("testdata/i.cc", ""),
        ("testdata/1.in", ""),
        ("testdata/1.out", ""),
    ]);
    assert_eq!(problem.interactor.unwrap().name(), "i.cc");
}
