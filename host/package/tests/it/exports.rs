//! What other judges export: Hydro, QDUOJ, HUSTOJ's problem sets, and CMS' tasks, each as its own source has it.

use optimus_core::checker::Scale;
use optimus_core::scoring::Aggregate;
use optimus_core::{Comparer, Problem};

use crate::made::{names, read, sound};

fn files<'a>(names: &[&'a str]) -> Vec<(String, &'a str)> {
    let file = |name: &&'a str| [(format!("testdata/{name}.in"), *name), (format!("testdata/{name}.out"), *name)];
    names.iter().flat_map(file).collect()
}

fn hydro(config: Option<&str>, tests: &[&str], more: &[(&str, &str)]) -> Problem {
    let tests = files(tests);
    let mut all: Vec<(&str, &str)> = tests.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    all.push(("problem.yaml", "pid: P1\nowner: 2\ntitle: Same\n"));
    all.extend(config.map(|config| ("testdata/config.yaml", config)));
    all.extend(more);
    sound(&all)
}

/// What each group is worth, and its tests.
fn worth(problem: &Problem) -> Vec<(Aggregate, Option<f64>, Vec<Option<f64>>)> {
    let tests = |name: &str| -> Vec<Option<f64>> {
        problem.tests.iter().filter(|test| test.group.as_deref() == Some(name)).map(|test| test.points).collect()
    };
    let scoring = problem.scoring.as_ref().unwrap();
    scoring.groups.iter().map(|group| (group.score, group.points, tests(&group.name))).collect()
}

#[test]
fn hydro_shares_out_scores() {
    let cases =
        "cases:\n- {input: 1.in, output: 1.out}\n- {input: 2.in, output: 2.out}\n- {input: 3.in, output: 3.out}\n";
    let top = hydro(Some(cases), &["1", "2", "3"], &[]);
    assert_eq!(worth(&top), [(Aggregate::Sum, None, vec![Some(33.0), Some(33.0), Some(34.0)])]);
    let inner: String = cases.lines().map(|line| format!("  {line}\n")).collect();
    let of =
        |kind: &str| hydro(Some(&format!("subtasks:\n- type: {kind}\n  score: 50\n{inner}")), &["1", "2", "3"], &[]);
    assert_eq!(worth(&of("sum")), [(Aggregate::Sum, None, vec![Some(16.0), Some(17.0), Some(17.0)])]);
    assert_eq!(worth(&of("min")), [(Aggregate::Min, Some(50.0), vec![None; 3])]);
}

#[test]
fn hydro_s_cases_have_limits_of_their_own() {
    let config = "time: 1s\nmemory: 64m\nsubtasks:\n- time: 2s\n  cases:\n  - {input: 1.in, output: 1.out}\n\
                  \x20 - {input: 2.in, output: 2.out, time: 3s, memory: 32m}\n- cases:\n  - {input: 3.in, output: 3.out, time: 1000ms}\n";
    let problem = hydro(Some(config), &["1", "2", "3"], &[]);
    let own: Vec<_> = problem.tests.iter().map(|test| test.limits.map(|own| (own.cpu_ms, own.memory_bytes))).collect();
    assert_eq!(own, [Some((Some(2_000), None)), Some((Some(3_000), Some(32 << 20))), None]);
}

#[test]
fn polygon_compiles_resources_with_solutions() {
    let xml = |test: &str, group: &str, resource: &str| {
        format!(
            "<problem><judging><testset name=\"tests\"><time-limit>1000</time-limit><memory-limit>1048576</memory-limit>\
             <tests><test group=\"1\"{test}/></tests><groups><group name=\"1\" points-policy=\"complete-group\"{group}/></groups>\
             </testset></judging><files><resources><file path=\"files/grader.cpp\" type=\"cpp.g++17\"><stages>{resource}</stages>\
             <assets><asset name=\"SOLUTION\"/></assets></file><file path=\"files/olymp.sty\"/></resources></files><assets>\
             <solutions><solution tag=\"odd\"><source path=\"a.cpp\"/></solution></solutions></assets></problem>"
        )
    };
    let package =
        |xml: &str| read(&[("problem.xml", xml), ("tests/01", ""), ("tests/01.a", ""), ("files/grader.cpp", "")]);
    let problem = package(&xml("", " points=\"40\"", "<stage name=\"COMPILE\"/>")).unwrap();
    assert_eq!((problem.extras.len(), &*problem.extras[0].extensions[0]), (1, "cpp"));
    assert_eq!(worth(&problem), [(Aggregate::All, Some(40.0), vec![None])], "the group alone says its points");
    assert!(problem.remarks.iter().any(|remark| remark.contains("the tag `odd`")));
    let error = package(&xml(" points=\"4\"", "", "<stage name=\"RUN\"/>")).unwrap_err().to_string();
    assert!(error.contains("`files/grader.cpp` for running"), "{error}");
}

#[test]
fn hydro_without_a_configuration_goes_by_names() {
    let plain = hydro(None, &["1", "2", "10"], &[]);
    assert_eq!((names(&plain), plain.format.as_str()), (vec!["1.1", "1.2", "1.3"], "hydro"));
    assert_eq!(plain.tests[2].stdin.as_bytes(), b"10", "10 comes after 2");
    assert_eq!(
        (plain.limits.cpu_ms.clone(), plain.limits.memory_bytes.clone()),
        (Some(1_000.into()), Some((256u64 << 20).into()))
    );
    let parts = hydro(None, &["1-1", "1-2", "2-1", "2-2", "2-3"], &[]);
    assert_eq!(
        worth(&parts),
        [(Aggregate::Min, Some(50.0), vec![None; 2]), (Aggregate::Min, Some(50.0), vec![None; 3])]
    );
    let ini =
        hydro(None, &["a1", "a2"], &[("testdata/config.ini", "2\na1.in|a1.out|2|40|65536\na2.in|a2.out|2|60|65536\n")]);
    assert_eq!(worth(&ini), [(Aggregate::Min, Some(40.0), vec![None]), (Aggregate::Min, Some(60.0), vec![None])]);
    assert_eq!((ini.limits.cpu_ms, ini.limits.memory_bytes), (Some(2_000.into()), Some((64u64 << 20).into())));
}

#[test]
fn hydro_s_points_of_testlib_are_percent() {
    let config = "checker_type: testlib\nchecker: check.py\n";
    let problem = hydro(Some(config), &["1"], &[("testdata/check.py", "")]);
    assert!(matches!(problem.compare, Some(Comparer::Program(checker)) if checker.scale == Scale::Percent));
}

#[test]
fn qduoj_s_exports_have_no_info() {
    let json = r#"{"title": "Sum", "time_limit": 1000, "memory_limit": 256, "rule_type": "OI",
        "test_case_score": [{"score": 40, "input_name": "1.in", "output_name": "1.out"}, {"score": 60, "input_name": "2.in", "output_name": "2.out"}],
        "spj": {"language": "C", "code": "int main() {}"},
        "template": {"C": {"prepend": "int f();", "template": "int f() {}", "append": "int main() {}"}},
        "answers": [{"language": "Python3", "code": "print(1)"}]}"#;
    let tests =
        [("1/testcase/1.in", "1"), ("1/testcase/1.out", "1"), ("1/testcase/2.in", "2"), ("1/testcase/2.out", "2")];
    let problem = sound(&[&tests[..], &[("1/problem.json", json)]].concat());
    assert_eq!((problem.format.as_str(), problem.tests[1].points), ("qduoj", Some(60.0)));
    assert!(matches!(&problem.compare, Some(Comparer::Program(checker)) if checker.language == "c"));
    assert_eq!(problem.submissions[0].language.as_deref(), Some("python3"));
    assert_eq!(problem.extras[0].coda.as_ref().unwrap().as_bytes(), b"\nint main() {}");
    let plain = json.replace(r#"{"language": "C", "code": "int main() {}"}"#, "null").replace("OI", "ACM");
    let problem = sound(&[&tests[..], &[("1/problem.json", plain.as_str())]].concat());
    assert_eq!((problem.compare, problem.scoring), (Some(Comparer::EndTrimmed), None));
}

#[test]
fn a_free_problem_set_is_a_file() {
    let item = r#"<item><title><![CDATA[A+B]]></title><time_limit unit="ms">1500</time_limit><memory_limit unit="mb">64</memory_limit>
        <sample_input>1 2</sample_input><sample_output>3</sample_output>
        <test_input name="a"><![CDATA[2 3]]></test_input><test_output name="a"><![CDATA[5]]></test_output>
        <spj language="C">int main() {}</spj><solution language="C++">int main() {}</solution><append language="C">x</append></item>"#;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sum.xml");
    std::fs::write(&path, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><fps version=\"1.2\">{item}</fps>"))
        .unwrap();
    let problem = optimus_package::open(&path).unwrap();
    assert_eq!((problem.name.as_str(), names(&problem)), ("A+B", vec!["sample/1", "test/a"]));
    assert_eq!((problem.limits.cpu_ms.clone(), problem.tests[1].stdin.as_bytes()), (Some(1_500.into()), &b"2 3"[..]));
    assert!(matches!(&problem.compare, Some(Comparer::Program(checker)) if checker.language == "c"));
    assert_eq!(problem.submissions[0].language.as_deref(), Some("c++"));
}

#[test]
fn cms_comments_are_comments_wherever_they_stand() {
    let gen_file = "# made by hand\n#  ST: 40\n1 2 # small\n#COPY: manual/x.txt\n\n # ST:60\n3 4\n";
    let mut files = vec![("task.yaml", "name: t\ntitle: T\ntime_limit: 1\n"), ("gen/GEN", gen_file)];
    let paths: Vec<[String; 2]> =
        (0..3).map(|n| [format!("input/input{n}.txt"), format!("output/output{n}.txt")]).collect();
    files.extend(paths.iter().flatten().map(|path| (path.as_str(), "1\n")));
    let problem = sound(&files);
    assert_eq!(
        worth(&problem),
        [(Aggregate::Min, Some(40.0), vec![None; 2]), (Aggregate::Min, Some(60.0), vec![None])]
    );
    files[1].1 = "1\n2\n3\n";
    files[0].1 = "name: t\ntime_limit: 1\ntotal_value: 60\n";
    assert_eq!(worth(&sound(&files)), [(Aggregate::Sum, Some(60.0), vec![None; 3])]);
}

#[test]
fn hydro_s_numbers_of_subtasks_and_cases_are_theirs() {
    let config = "subtasks:\n- {id: 2, if: [0], cases: [{input: 3.in, output: 3.out}]}\n- {id: 0, cases: [{input: 1.in, output: 1.out}]}\n\
                  - {id: 1, if: [0], cases: [{id: 9, input: 3.in, output: 3.out}, {id: 4, input: 2.in, output: 2.out}]}\n";
    let problem = hydro(Some(config), &["1", "2", "3"], &[]);
    assert_eq!(names(&problem), ["0.1", "1.1", "1.2", "2.1"]);
    assert_eq!(problem.tests[1].stdin.as_bytes(), b"2", "cases by their numbers");
    let requires: Vec<_> = problem.scoring.unwrap().groups.into_iter().map(|group| group.requires.join(" ")).collect();
    assert_eq!(requires, ["", "0", "0"], "the subtask of this number, not the first one");
    // Names give cases their numbers, too, and a subtask may be the one of number 0.
    let names_only = hydro(None, &["0-1", "1-1"], &[]);
    assert_eq!(worth(&names_only).iter().map(|own| own.0).collect::<Vec<_>>(), [Aggregate::Min; 2]);
    let mixed = hydro(None, &["a10", "b2", "c1"], &[]);
    let order: Vec<&[u8]> = mixed.tests.iter().map(|test| test.stdin.as_bytes()).collect();
    assert_eq!(order, [&b"c1"[..], b"b2", b"a10"]);
    assert_eq!(mixed.tests[2].points, Some(34.0), "what cannot be divided goes to the last by number");
    let short = [("testdata/config.ini", "2\na.in|a.out|1|100|65536\n"), ("testdata/a.in", ""), ("testdata/a.out", "")];
    let error = read(&short).unwrap_err().to_string();
    assert!(error.contains("has 2 tests, and names 1"), "{error}");
}

#[test]
fn cms_s_manager_says_which_fifo_it_writes() {
    for (source, writes_first) in [
        ("FILE* in = fopen(argv[1], \"r\"); FILE* out = fopen(argv[2], \"w\");", false),
        ("FILE *out = fopen( argv[ 1 ], \"w\");", true),
        ("for (int i = 0; i < n; i++) out[i] = fopen(argv[1 + 2 * i], \"w\");", true),
        ("for (int i = 0; i < n; i++) out[i] = fopen(argv[i*2+2], \"w\");", false),
        ("const char* to = argv[1];\nofstream out(to); ifstream in(argv[2]);", true),
        ("string to = argv[2], from = argv[1]; ofstream out(to); ifstream in(from);", false),
        ("int fd = open(argv[1], O_WRONLY);", true),
        ("std::ofstream out{argv[1]};", true),
    ] {
        let files = [
            ("task.yaml", "name: t\ntime_limit: 1\n"),
            ("input/input0.txt", ""),
            ("output/output0.txt", ""),
            ("check/manager.cpp", source),
        ];
        let problem = sound(&files);
        assert_eq!(problem.communication.unwrap().writes_first, writes_first, "{source}");
    }
}

#[test]
fn cms_without_subtasks_takes_nothing_from_its_generator() {
    let files = [
        ("task.yaml", "name: t\ntime_limit: 1\n"),
        ("input/input0.txt", ""),
        ("output/output0.txt", ""),
        ("gen/GEN", "1\n2 # b\n"),
    ];
    assert_eq!(worth(&sound(&files)), [(Aggregate::Sum, Some(100.0), vec![None])]);
}

#[test]
fn cms_s_score_types_come_before_its_generator() {
    let of = |said: &str| {
        let yaml = format!("name: t\ntime_limit: 1\nn_input: 4\n{said}");
        let paths: Vec<[String; 2]> =
            (0..4).map(|n| [format!("input/input{n}.txt"), format!("output/output{n}.txt")]).collect();
        let mut files = vec![("task.yaml", yaml.as_str()), ("gen/GEN", "#ST: 100\n1\n2\n3\n4\n")];
        files.extend(paths.iter().flatten().map(|path| (path.as_str(), "")));
        read(&files)
    };
    let shares = |said: &str| {
        let problem = of(said).unwrap();
        problem.scoring.as_ref().unwrap().check(&problem.tests).unwrap();
        worth(&problem)
    };
    let min = |points: f64, tests: usize| (Aggregate::Min, Some(points), vec![None; tests]);
    let counted = "score_type: GroupMin\nscore_type_parameters: [[0, 1], [30, 2], [70, 1]]\n";
    assert_eq!(shares(counted), [min(0.0, 1), min(30.0, 2), min(70.0, 1)]);
    let by_name = "score_type: GroupMin\nscore_type_parameters: [[30, '00[02]'], [70, '003']]\n";
    assert_eq!(shares(by_name), [min(30.0, 2), min(70.0, 1), (Aggregate::Sum, Some(0.0), vec![None])]);
    let by_list = "score_type: GroupMin\nscore_type_parameters:\n- {max_score: 40, testcases: ['001', '003']}\n\
                   - {max_score: 60, testcases: '00[02]', always_show_testcases: true}\n";
    assert_eq!(shares(by_list), [min(40.0, 2), min(60.0, 2)]);
    let twice = "score_type: GroupMin\nscore_type_parameters: [[10, '000'], [90, '00']]\n";
    assert_eq!(shares(twice), [min(10.0, 1), min(90.0, 4)], "a test of several subtasks counts in each");
    assert_eq!(names(&of(twice).unwrap()), ["0", "0 in subtask 1", "1", "2", "3"]);
    let product = shares("score_type: GroupMul\nscore_type_parameters: [[100, 4]]\n");
    assert_eq!(product, [(Aggregate::Product, Some(100.0), vec![None; 4])]);
    let at_most = of("score_type: GroupThreshold\nscore_type_parameters: [[100, 4, 7.5]]\n").unwrap();
    assert_eq!(at_most.scoring.unwrap().groups[0].threshold, Some(7.5));
    let sum = shares("score_type: Sum\nscore_type_parameters: 25\n");
    assert_eq!(sum, [(Aggregate::Sum, None, vec![Some(25.0); 4])]);
    assert_eq!(shares("score_type: GroupMin\n"), [min(100.0, 4)], "one key alone says nothing");
    for (said, wanted) in [
        ("score_type: Relative\nscore_type_parameters: 1\n", "`score_type: Relative`"),
        ("score_type: GroupThreshold\nscore_type_parameters: [[1, 4]]\n", "without a threshold"),
        (
            "score_type: GroupMin\nscore_type_parameters: [{max_score: 1, testcases: 4, depends_on: [0]}]\n",
            "`score_type_parameters.depends_on`",
        ),
        ("score_type: GroupMin\nscore_type_parameters: [[1, 5]]\n", "counts more tests than the 4"),
        ("score_type: GroupMin\nscore_type_parameters: 3\n", "is a list of subtasks"),
    ] {
        let error = of(said).unwrap_err().to_string();
        assert!(error.contains(wanted), "{said}: {error}");
    }
}
