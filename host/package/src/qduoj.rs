//! QDUOJ: an exported problem (`problem.json` beside `testcase/`), or the judge's own directory of tests with `info`.
//!
//! The export is that of `problem/views/admin.py` and `problem/serializers.py` in QingdaoU/OnlineJudge.

use bytes::Bytes;
use optimus_core::checker::Protocol;
use optimus_core::problem::{Expectation, Extra, Labelled};
use optimus_core::scoring::Group;
use optimus_core::{Checker, Comparer, Content, Problem, Scoring, Test};
use serde_json::Value;

use crate::fields::Fields;
use crate::{PackageError, Tree, labels, program, units};

const PROBLEM: &str = "problem.json";
/// The key of an exported problem that lists its tests.
const TESTS: &str = "test_case_score";

/// Whether it is one.
pub(crate) fn is(tree: &Tree) -> bool {
    let lists_tests = |text: Bytes| text.windows(TESTS.len()).any(|at| at == TESTS.as_bytes());
    info(tree).is_some()
        || tree.has(PROBLEM) && (tree.has_dir("testcase") || tree.get(PROBLEM).is_some_and(lists_tests))
}

/// Where `info` stands.
fn info(tree: &Tree) -> Option<&'static str> {
    [("info", ""), ("testcase/info", "testcase")].into_iter().find(|(file, _)| tree.has(file)).map(|(_, dir)| dir)
}

/// Reads a package.
pub(crate) fn read(tree: &Tree) -> Result<Problem, PackageError> {
    let mut problem = Problem { format: "qduoj".to_owned(), ..Problem::default() };
    // It compares digests of outputs without the white space at their ends.
    problem.compare = Some(Comparer::EndTrimmed);
    match info(tree) {
        Some(dir) => described_by_info(tree, dir, &mut problem)?,
        None => listed(tree, &mut problem)?,
    }
    if tree.has(PROBLEM) {
        exported(tree, &mut problem)?;
    }
    labels::submissions(tree, &mut problem)?;
    Ok(problem)
}

/// Tests as the judge finds them.
fn described_by_info(tree: &Tree, dir: &str, problem: &mut Problem) -> Result<(), PackageError> {
    let data = if dir.is_empty() { tree.clone() } else { tree.subtree(dir) };
    let mut info = Fields::json(&data, "info")?;
    let is_special = info.flag("spj")?.unwrap_or(false);
    let mut cases: Vec<(String, Value)> = info.map("test_cases")?.rest().collect();
    cases.sort_by_key(|(name, _)| program::natural(name));
    info.ignore(&["test_case_number"]);
    info.finish()?;
    for (name, case) in cases {
        let mut case = Fields::of("info", &format!("test_cases.{name}"), case)?;
        let input = case.text("input_name")?.ok_or_else(|| case.bad("input_name", "is missing"))?;
        let output = case.text("output_name")?;
        if output.is_none() && !is_special {
            return Err(case.bad("output_name", "is missing"));
        }
        test(&data, "info", (name, &input, output.as_deref()), problem)?;
        case.ignore(&["input_size", "output_size", "output_md5", "stripped_output_md5"]);
        case.finish()?;
    }
    if is_special {
        let source = tree.paths().find(|path| program::stem(path) == "spj" && path.contains('.')).map(str::to_owned);
        match source {
            Some(source) => {
                let checker = program::checker_at(tree, &source, Protocol::Qduoj)?;
                problem.compare = Some(Comparer::Program(Box::new(checker)));
            }
            None if tree.has(PROBLEM) => {}
            None => return Err(PackageError::bad("info", "`spj` is true, and there is no `spj` source")),
        }
    }
    Ok(())
}

/// Tests as an export lists them, with the points that they are worth under the rule `OI`.
fn listed(tree: &Tree, problem: &mut Problem) -> Result<(), PackageError> {
    let data = tree.subtree("testcase");
    for (i, mut case) in Fields::json(tree, PROBLEM)?.maps(TESTS)?.into_iter().enumerate() {
        let input = case.text("input_name")?.ok_or_else(|| case.bad("input_name", "is missing"))?;
        let output = case.text("output_name")?.filter(|name| !name.is_empty() && name != "-");
        test(&data, PROBLEM, ((i + 1).to_string(), &input, output.as_deref()), problem)?;
    }
    Ok(())
}

fn test(
    data: &Tree,
    file: &str,
    (name, input, output): (String, &str, Option<&str>),
    problem: &mut Problem,
) -> Result<(), PackageError> {
    let expect = output.map(|path| data.need(path, file).map(Content::from)).transpose()?;
    let stdin = Content::from(data.need(input, file)?);
    problem.tests.push(Test { name: Some(name), stdin, expect, ..Test::default() });
    Ok(())
}

/// What the exported problem says besides its tests.
fn exported(tree: &Tree, problem: &mut Problem) -> Result<(), PackageError> {
    let mut fields = Fields::json(tree, PROBLEM)?;
    problem.name = fields.text("title")?.unwrap_or_default();
    problem.limits.cpu_ms = fields.number("time_limit")?.map(|ms| units::whole(ms).into());
    problem.limits.memory_bytes = fields.number("memory_limit")?.map(units::mebibytes);
    special(&mut fields, problem)?;
    for (language, template) in fields.map("template")?.rest() {
        let extra = around(&language, Fields::of(PROBLEM, &format!("template.{language}"), template)?)?;
        problem.extras.extend(extra);
    }
    problem.extras_are_optional = true;
    for (i, mut answer) in fields.maps("answers")?.into_iter().enumerate() {
        let (language, code) = (answer.text("language")?.unwrap_or_default(), answer.text("code")?.unwrap_or_default());
        problem.submissions.push(Labelled {
            name: format!("answers/{} ({language})", i + 1),
            files: vec![program::source("main", code.into(), PROBLEM)?],
            language: Some(language.to_lowercase()),
            expect: Expectation::of(labels::ACCEPTED),
            ..Labelled::default()
        });
    }
    let mut points = Vec::new();
    for mut case in fields.maps(TESTS)? {
        points.push(case.number("score")?.unwrap_or(0.0));
    }
    if fields.text("rule_type")?.as_deref() != Some("OI") {
        return Ok(());
    }
    if points.len() != problem.tests.len() {
        return Err(PackageError::bad(PROBLEM, "`test_case_score` does not give each test its points"));
    }
    for (test, points) in problem.tests.iter_mut().zip(points) {
        test.group = Some("all".to_owned());
        test.points = Some(points);
    }
    let groups = vec![Group { name: "all".to_owned(), ..Group::default() }];
    problem.scoring = Some(Scoring { groups, ..Scoring::default() });
    Ok(())
}

/// `spj: {language, code}`, or null.
fn special(fields: &mut Fields, problem: &mut Problem) -> Result<(), PackageError> {
    if !matches!(fields.clone().value("spj"), Some(Value::Object(_))) {
        fields.ignore(&["spj"]);
        return Ok(());
    }
    let mut own = fields.map("spj")?;
    let (language, code) = (own.text("language")?, own.text("code")?);
    let (Some(language), Some(code)) = (language, code) else {
        return Err(own.bad("code", "or `language` is missing"));
    };
    let language = language.to_lowercase();
    let checker = Checker { language, source: Some(code.into()), protocol: Protocol::Qduoj, ..Checker::default() };
    problem.compare = Some(Comparer::Program(Box::new(checker)));
    Ok(())
}

/// What stands before and after a submission in a language; the template itself is what is shown to begin with.
fn around(language: &str, mut fields: Fields) -> Result<Option<Extra>, PackageError> {
    let (before, after) = (fields.text("prepend")?.unwrap_or_default(), fields.text("append")?.unwrap_or_default());
    if before.trim().is_empty() && after.trim().is_empty() {
        return Ok(None);
    }
    Ok(Some(Extra {
        languages: vec![language.to_lowercase()],
        prelude: Some(format!("{before}\n").into()),
        coda: Some(format!("\n{after}").into()),
        ..Extra::default()
    }))
}
