//! The Kattis formats: rules of the specifications, each with a package that depends on it. Points are those that
//! problemtools' `verifyproblem` gives.

use optimus_core::Verdict::{self, Accepted, WrongAnswer};
use optimus_core::checker::Scale;
use optimus_core::{Comparer, Problem};

use crate::made::{names, read, score, sound};

const YAML: &str = "name: P\ntype: scoring\nlimits: {time_limit: 1}\n";
const MODERN: &str = "problem_format_version: 2025-09\nname: P\nlimits: {time_limit: 1}\n";

/// Two groups `a` and `b` in `secret`, with two tests each.
const GROUPS: [(&str, &str); 8] = [
    ("data/secret/a/1.in", "1\n"),
    ("data/secret/a/1.ans", "1\n"),
    ("data/secret/a/2.in", "2\n"),
    ("data/secret/a/2.ans", "2\n"),
    ("data/secret/b/1.in", "1\n"),
    ("data/secret/b/1.ans", "1\n"),
    ("data/secret/b/2.in", "2\n"),
    ("data/secret/b/2.ans", "2\n"),
];

fn with(yaml: &str, more: &[(&str, &str)]) -> Problem {
    sound(&[&GROUPS[..], &[("problem.yaml", yaml)], more].concat())
}

pub(crate) fn all_but<'a>(bad: &'a str) -> impl Fn(&str) -> Verdict + 'a {
    move |name| if name == bad { WrongAnswer } else { Accepted }
}

#[test]
fn legacy_settings_are_inherited_key_by_key() {
    let points = |more: &[(&str, &str)], bad: &str| {
        let score = score(&with(YAML, more), all_but(bad));
        (score.points, score.max, score.verdict.unwrap())
    };
    let top = ("data/testdata.yaml", "grader_flags: ignore_sample\non_reject: continue\n");
    let secret = ("data/secret/testdata.yaml", "accept_score: 10\ngrader_flags: sum\n");
    assert_eq!(points(&[top, secret], ""), (40.0, 40.0, Accepted), "the sum of four");
    assert_eq!(points(&[top, secret], "secret/b/2"), (0.0, 40.0, WrongAnswer), "not accepted, no points");
    let lenient = ("data/secret/testdata.yaml", "accept_score: 10\ngrader_flags: min accept_if_any_accepted\n");
    let sum = ("data/secret/a/testdata.yaml", "grader_flags: sum\n");
    // `b` inherits the flags with all else, so one accepted test is enough there.
    assert_eq!(points(&[top, lenient, sum], "secret/b/2").2, Accepted);
    let range = ("data/testdata.yaml", "range: 0 25\n");
    assert_eq!(points(&[range, secret], "").1, 25.0, "the range is the author's word");
    let old = YAML.replace("limits", "grading: {accept_score: 5, on_reject: grade}\nlimits");
    assert_eq!(score(&with(&old, &[secret]), all_but("")).points, 20.0, "`problem.yaml` overrides, as it once did");
}

#[test]
fn the_default_of_on_reject_is_break() {
    let count = |more: &[(&str, &str)]| {
        let ran = std::cell::Cell::new(0);
        score(&with(YAML, more), |name| {
            ran.set(ran.get() + 1);
            if name == "secret/a/1" { WrongAnswer } else { Accepted }
        });
        ran.get()
    };
    assert_eq!(count(&[]), 1);
    assert_eq!(count(&[("data/testdata.yaml", "on_reject: continue\n")]), 4);
    assert_eq!(
        count(&[
            ("data/testdata.yaml", "on_reject: continue\n"),
            ("data/secret/a/testdata.yaml", "on_reject: break\n")
        ]),
        3
    );
}

#[test]
fn groups_may_be_inside_groups_and_beside_tests() {
    let inside = [
        ("data/secret/b/deep/1.in", "1\n"),
        ("data/secret/b/deep/1.ans", "1\n"),
        ("data/secret/b/deep/testdata.yaml", "accept_score: 7\n"),
        ("data/sample/1.in", "1\n"),
        ("data/sample/1.ans", "1\n"),
    ];
    let problem = with(YAML, &inside);
    assert_eq!(score(&problem, all_but("")).points, 12.0, "the sample counts, unless that is said");
    assert_eq!(
        names(&problem),
        ["sample/1", "secret/a/1", "secret/a/2", "secret/b/1", "secret/b/2", "secret/b/deep/1"]
    );
    // Since 2025-09 a directory in a group only sorts its tests.
    let modern = MODERN.replace("name", "type: scoring\nname");
    let groups =
        [("data/secret/a/test_group.yaml", "max_score: 40\n"), ("data/secret/b/test_group.yaml", "max_score: 60\n")];
    let problem = with(&modern, &[&groups[..], &[inside[0], inside[1]]].concat());
    assert_eq!(score(&problem, all_but("secret/b/deep/1")).points, 40.0);
}

#[test]
fn graders_may_be_programs() {
    let custom = [
        ("data/secret/testdata.yaml", "grading: custom\ngrader_flags: half\n"),
        ("graders/grade.py", "print('AC 1')\n"),
    ];
    let scoring = with(YAML, &custom).scoring.unwrap();
    let tree = scoring.tree.unwrap();
    assert_eq!(tree.grader.unwrap().files[0].path, "grade.py");
    assert_eq!(tree.root.groups[0].custom.as_deref(), Some(&["half".to_owned()][..]));
}

#[test]
fn flags_of_validators_belong_to_their_tests() {
    let sensitive = |comparer: &Option<Comparer>| match comparer {
        Some(Comparer::Kattis(flags)) => Some(flags.case_sensitive),
        _ => None,
    };
    for (yaml, file, said) in [
        (YAML, "data/secret/b/testdata.yaml", "output_validator_flags: case_sensitive\n"),
        (MODERN, "data/secret/b/test_group.yaml", "output_validator_args: [case_sensitive]\n"),
    ] {
        let problem = with(yaml, &[(file, said)]);
        let of_tests = problem.tests.iter().map(|test| sensitive(&test.compare).or(sensitive(&problem.compare)));
        assert_eq!(of_tests.collect::<Vec<_>>(), [Some(false), Some(false), Some(true), Some(true)], "{file}");
    }
    let own = [
        ("data/secret/a/2.yaml", "output_validator_args: [two]\nargs: [x, y]\n"),
        ("data/secret/test_group.yaml", "output_validator_args: [all]\n"),
        ("output_validator/v.py", "\n"),
    ];
    let problem = with(MODERN, &own);
    let args: Vec<_> = problem.tests.iter().map(|test| test.checker_args.join(" ")).collect();
    assert_eq!(args, ["all", "two", "all", "all"]);
    assert_eq!(problem.tests[1].args, ["x", "y"]);
    let everywhere =
        [("problem.yaml", ""), ("output_validators/v.py", ""), ("data/testdata.yaml", "output_validator_flags: b\n")];
    let problem = with("validation: custom\nvalidator_flags: a\nlimits: {time_limit: 1}\n", &everywhere[1..]);
    let Some(Comparer::Program(checker)) = problem.compare else { panic!() };
    assert_eq!((checker.args, checker.scale), (vec!["a".to_owned(), "b".to_owned()], Scale::Points));
    assert!(problem.tests.iter().all(|test| test.checker_args.is_empty()));
}

#[test]
fn constants_are_values_in_programs_and_settings_but_not_in_tests() {
    let problem = with(
        &(MODERN.to_owned() + "constants: {most: 10, name: x}\n"),
        &[
            ("output_validator/v.py", "if n > {{most}}: {{name}}, {{other}}\n"),
            ("data/secret/a/1.in", "{{most}}\n"),
            ("data/secret/a/test_group.yaml", "args: ['{{most}}']\n"),
            ("submissions/accepted/a.py", "print({{most}})\n"),
        ],
    );
    let Some(Comparer::Program(checker)) = &problem.compare else { panic!() };
    assert_eq!(checker.files[0].content.as_bytes(), b"if n > 10: x, {{other}}\n");
    assert_eq!(problem.tests[0].stdin.as_bytes(), b"{{most}}\n");
    assert_eq!(problem.tests[0].args, ["10"]);
    assert_eq!(problem.submissions[0].files[0].content.as_bytes(), b"print(10)\n");
}

#[test]
fn a_program_of_several_files_starts_where_its_format_says() {
    let problem = with(
        MODERN,
        &[
            ("submissions/accepted/a/alpha.py", ""),
            ("submissions/accepted/a/main.py", ""),
            ("submissions/accepted/a/notes.txt", ""),
            ("submissions/accepted/b/README.md", ""),
            ("submissions/accepted/b/zeta.cpp", ""),
            ("submissions/accepted/b/alpha.h", ""),
            ("submissions/accepted/README", ""),
            ("submissions/accepted/old.cpp.orig", ""),
            ("submissions/odd/x.py", ""),
            ("output_validator/__init__.py", ""),
            ("output_validator/__main__.py", ""),
            ("data/secret/a/generate.py", ""),
        ],
    );
    let first: Vec<_> = problem.submissions.iter().map(|own| own.files[0].path.as_str()).collect();
    assert_eq!(first, ["main.py", "zeta.cpp"]);
    let Some(Comparer::Program(checker)) = &problem.compare else { panic!() };
    assert_eq!(checker.name(), "__main__.py");
    for named in [
        "`submissions/odd`",
        "`submissions/accepted/README`",
        "`submissions/accepted/old.cpp.orig`",
        "`data/secret/a/generate.py`",
    ] {
        assert!(problem.remarks.iter().any(|remark| remark.starts_with(named)), "{named}: {:?}", problem.remarks);
    }
}

#[test]
fn several_validators_and_programs_with_scripts() {
    let yaml = "validation: custom\nlimits: {time_limit: 1}\n";
    let problem = with(
        yaml,
        &[("output_validators/a.py", ""), ("output_validators/b/main.cc", ""), ("output_validators/b/x.h", "")],
    );
    let Some(Comparer::Program(checker)) = problem.compare else { panic!() };
    assert_eq!((checker.name(), checker.also[0].name(), checker.also.len()), ("a.py", "main.cc", 1));
    let problem = with(MODERN, &[("output_validator/build", "#!/bin/sh\n"), ("output_validator/v.c", "")]);
    let Some(Comparer::Program(checker)) = problem.compare else { panic!() };
    assert!(checker.name().ends_with(".sh") && checker.files.iter().any(|file| file.path == "build"));
}

#[test]
fn labels_are_read_by_the_version_s_own_table() {
    let submissions = [
        ("submissions/time_limit_exceeded/a.py", ""),
        ("submissions/run_time_error/a.py", ""),
        ("submissions/partially_accepted/a.py", ""),
        ("submissions/accepted/a.py", ""),
    ];
    let of = |yaml: &str, name: &str| {
        let problem = with(yaml, &submissions);
        problem.submissions.into_iter().find(|own| own.name.starts_with(name)).unwrap()
    };
    let slow = Verdict::TimeLimitExceeded;
    assert!(of(YAML, "time_limit").expect.permitted.contains(&WrongAnswer));
    assert!(!of(MODERN, "time_limit").expect.permitted.contains(&WrongAnswer));
    assert_eq!(of(YAML, "run_time").expect.permitted, Vec::<Verdict>::new(), "only some test has to crash");
    assert!(!of(MODERN, "run_time").expect.permitted.contains(&slow));
    let bounding = |yaml: &str| {
        let problem = with(yaml, &submissions);
        problem.submissions.into_iter().filter(|own| own.bounds_time).map(|own| own.name).collect::<Vec<_>>()
    };
    assert_eq!(bounding(YAML), ["accepted/a.py"]);
    assert_eq!(bounding(MODERN), ["accepted/a.py", "run_time_error/a.py"]);
}

#[test]
fn submissions_yaml_adds_to_what_directories_say() {
    let rules = "accepted:\n  permitted: [AC, WA]\naccepted/a.py:\n  sample: {permitted: [AC]}\n  secret/b:\n    permitted: [AC, TLE]\n    required: [TLE]\nodd/*: {required: [WA]}\n";
    let problem = with(
        MODERN,
        &[("submissions/submissions.yaml", rules), ("submissions/accepted/a.py", ""), ("submissions/odd/b.py", "")],
    );
    let [one, other] = &problem.submissions[..] else { panic!("{:?}", problem.submissions) };
    assert!(one.expect.permitted.contains(&WrongAnswer), "the directory's own line replaces");
    let parts: Vec<_> = one.expect.parts.iter().map(|part| part.tests.as_str()).collect();
    assert_eq!(parts, ["", "sample", "secret/b"]);
    assert_eq!(other.expect.parts[0].required[0], WrongAnswer);
}

#[test]
fn limits_beyond_the_host_s_are_clamped_and_named() {
    let problem = with("name: P\nlimits: {time_limit: 1, output: 256, memory: 99999, compilation_time: 300}\n", &[]);
    assert_eq!(problem.limits.output_bytes, Some((64u64 << 20).into()));
    for key in ["`limits.output` is 256 MiB", "`limits.memory`", "`limits.compilation_time`"] {
        assert!(problem.remarks.iter().any(|remark| remark.starts_with(key)), "{key}: {:?}", problem.remarks);
    }
    assert!(problem.exact_limits, "a language changes no package's limits");
}

#[test]
fn every_version_is_read() {
    for version in ["legacy", "legacy-icpc", "2023-07-draft", "2023-07", "2025-09-draft", "2025-09", "draft"] {
        let yaml = format!("problem_format_version: {version}\nname: P\nlimits: {{time_limit: 1}}\n");
        assert_eq!(with(&yaml, &[]).tests.len(), 4, "{version}");
    }
    let draft = "problem_format_version: 2023-07-draft\nname: P\ntype: scoring\nlimits: {time_limit: 1}\n";
    let problem = with(draft, &[("data/secret/testdata.yaml", "accept_score: 3\n")]);
    assert_eq!(score(&problem, all_but("")).points, 12.0, "drafts with `testdata.yaml` are graded as it says");
}

#[test]
fn answers_are_submitted_instead_of_programs() {
    let yaml = MODERN.to_owned() + "type: submit-answer\n";
    let tests = [("data/secret/1.in", "1\n"), ("data/secret/1.ans", "2\n")];
    let files = [("problem.yaml", yaml.as_str()), ("submissions/accepted/all/1.ans", "2\n")];
    let problem = sound(&[&tests[..], &files].concat());
    assert_eq!(problem.tests[0].submitted.as_ref().unwrap().as_str(), "1.out");
    assert_eq!(problem.submissions[0].files[0].path.as_str(), "1.out");
}

#[test]
fn scores_without_a_maximum() {
    let yaml = MODERN.to_owned() + "type: scoring\n";
    let groups = [
        ("data/secret/test_group.yaml", "max_score: unbounded\n"),
        ("data/secret/a/test_group.yaml", "max_score: 5\n"),
        ("data/secret/b/test_group.yaml", "score_aggregation: sum\n"),
        ("output_validator/v.py", ""),
    ];
    let problem = with(&yaml, &groups);
    let result = score(&problem, all_but(""));
    assert!(result.unbounded && result.points >= 5.0, "{result:?}");
    let Some(Comparer::Program(checker)) = &problem.compare else { panic!() };
    assert_eq!(checker.scale, Scale::Points);
}

#[test]
fn mistakes_are_told_in_words_of_the_format() {
    let said = |yaml: &str| read(&[&GROUPS[..], &[("problem.yaml", yaml)]].concat()).unwrap_err().to_string();
    let message = said("name: P\nlimits: {time_limit: 1\n");
    assert!(message.contains("`problem.yaml`: is no valid YAML, at line "), "{message}");
    assert!(said("- name\n").contains("should hold keys with values"), "{}", said("- name\n"));
    let gz = optimus_package::Tree::of_file(&[0x1f, 0x8b, 8, 0], optimus_package::Caps::default()).unwrap_err();
    assert!(gz.to_string().contains("gzip"), "{gz}");
}

/// A package of 2025-09 with one test, and these files.
pub(crate) fn icpc(yaml: &str, more: &[(&str, &str)]) -> optimus_core::Problem {
    sound(&icpc_files(&format!("problem_format_version: 2025-09\nname: P\n{yaml}"), more))
}

pub(crate) fn icpc_error(yaml: &str, more: &[(&str, &str)]) -> String {
    let yaml = format!("problem_format_version: 2025-09\nname: P\n{yaml}");
    read(&icpc_files(&yaml, more)).unwrap_err().to_string()
}

fn icpc_files<'a>(yaml: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let test = [("problem.yaml", yaml), ("data/secret/1.in", "1\n"), ("data/secret/1.ans", "1\n")];
    [&test[..], more].concat()
}

#[test]
fn the_time_limit_follows_from_all_that_may_not_be_slow() {
    let rules = "wrong_answer/: {use_for_time_limit: false}\n'*/b.py': {permitted: [AC, WA]}\n\
                 'accepted/a.py': {use_for_time_limit: false}\n";
    let files = [
        ("submissions/submissions.yaml", rules),
        ("submissions/accepted/a.py", ""),
        ("submissions/wrong_answer/a.py", ""),
        ("submissions/wrong_answer/b.py", ""),
        ("submissions/run_time_error/a.py", ""),
        ("submissions/brute_force/a.py", ""),
    ];
    let problem = icpc("", &files);
    let bounds: Vec<&str> =
        problem.submissions.iter().filter(|own| own.bounds_time).map(|own| own.name.as_str()).collect();
    assert_eq!(bounds, ["accepted/a.py", "run_time_error/a.py", "wrong_answer/b.py"]);
}

#[test]
fn a_constant_has_several_ways_to_be_written() {
    let yaml = "constants: {low: 1, high: {value: 20, latex: '2e1'}}\n";
    let problem =
        icpc(yaml, &[("data/secret/1.yaml", "args: ['{{low}}', '{{high}}', '{{high.latex}}', '{{other}}']\n")]);
    assert_eq!(problem.tests[0].args, ["1", "20", "2e1", "{{other}}"]);
}

#[test]
fn a_draft_describes_tests_as_the_legacy_format_and_its_time_limit_as_the_next() {
    let yaml = "problem_format_version: 2023-07\nname: P\ntype: scoring\nlimits: {time_resolution: 0.5}\n";
    let problem = sound(&[("problem.yaml", yaml), ("data/secret/1.in", "1\n"), ("data/secret/1.ans", "1\n")]);
    let rule = problem.time_rule.unwrap();
    assert_eq!((rule.factor, rule.resolution_ms), (2.0, 500));
    assert!(problem.scoring.unwrap().tree.is_some());
}

#[test]
fn worst_error_of_old_packages_says_nothing_about_when_to_stop() {
    let yaml = "name: P\ntype: scoring\ngrading: {on_reject: worst_error}\n";
    let tests =
        [("data/secret/1.in", ""), ("data/secret/1.ans", ""), ("data/secret/2.in", ""), ("data/secret/2.ans", "")];
    let problem = sound(&[&[("problem.yaml", yaml)], &tests[..]].concat());
    let score = score(&problem, |name| if name.ends_with('1') { Verdict::WrongAnswer } else { Verdict::Accepted });
    assert_eq!(score.points, 0.0);
}
