//! Polygon: `problem.xml`, tests by patterns, and checkers of testlib by their names or with their sources.

use optimus_core::checker::Protocol;
use optimus_core::job::FileIo;
use optimus_core::problem::{Extra, Labelled};
use optimus_core::scoring::{Aggregate, Group, Total};
use optimus_core::{BoxPath, Comparer, Content, Problem, Scoring, Test};
use roxmltree::{Document, Node};
use serde_json::json;

use crate::{PackageError, Tree, labels, program, units};

const XML: &str = "problem.xml";

/// Reads a package.
pub(crate) fn read(tree: &Tree) -> Result<Problem, PackageError> {
    let text = tree.text(XML)?;
    let document = Document::parse(&text).map_err(|error| bad(error.to_string()))?;
    let root = document.root_element();
    let mut problem = Problem { format: "polygon".to_owned(), ..Problem::default() };
    if let Some(name) = child(root, "names").and_then(|names| child(names, "name")) {
        problem.name = name.attribute("value").unwrap_or_default().to_owned();
    }
    let judging = child(root, "judging").ok_or_else(|| bad("has no `judging`"))?;
    if judging.attribute("run-count").is_some_and(|count| count != "1") {
        return Err(PackageError::unsupported(XML, "`judging/@run-count` above 1"));
    }
    let path = |name: &str| match judging.attribute(name).unwrap_or_default() {
        "" => Ok(None),
        path => BoxPath::new(path).map(Some).map_err(|why| bad(format!("`judging/@{name}` {why}"))),
    };
    let (input, output) = (path("input-file")?, path("output-file")?);
    if input.is_some() || output.is_some() {
        problem.file_io = Some(FileIo { input, output });
    }
    let mut sets = judging.children().filter(|node| node.has_tag_name("testset"));
    // Others, `pretests` say, hold some of the same tests.
    let set = sets.clone().find(|set| set.attribute("name") == Some("tests")).or_else(|| sets.next());
    let set = set.ok_or_else(|| bad("has no `testset`"))?;
    let number = |name: &str| child(set, name).and_then(|node| node.text()?.trim().parse::<f64>().ok());
    let time = number("time-limit").ok_or_else(|| bad("`testset/time-limit` is missing"))?;
    problem.limits.cpu_ms = Some(units::whole(time).into());
    problem.limits.memory_bytes = number("memory-limit").map(|bytes| units::whole(bytes).into());
    tests(tree, set, &mut problem)?;
    assets(tree, root, &mut problem)?;
    if child(root, "assets").is_some_and(|assets| child(assets, "validators").is_some()) {
        problem.remarks.push("validators are for whoever makes tests, and were not run".to_owned());
    }
    Ok(problem)
}

fn bad(why: impl Into<String>) -> PackageError {
    PackageError::bad(XML, why)
}

fn child<'a, 'b>(node: Node<'a, 'b>, name: &str) -> Option<Node<'a, 'b>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn tests(tree: &Tree, set: Node<'_, '_>, problem: &mut Problem) -> Result<(), PackageError> {
    let pattern =
        |name: &str, default: &str| child(set, name).and_then(|node| node.text()).unwrap_or(default).trim().to_owned();
    let (inputs, answers) =
        (pattern("input-path-pattern", "tests/%02d"), pattern("answer-path-pattern", "tests/%02d.a"));
    let list: Vec<Node<'_, '_>> = child(set, "tests")
        .map(|tests| tests.children().filter(|node| node.has_tag_name("test")).collect())
        .unwrap_or_default();
    let groups = child(set, "groups");
    let has_points = |node: &Node<'_, '_>| node.attribute("points").is_some_and(|points| points.trim() != "0");
    let is_scored = list.iter().any(|test| test.attribute("points").is_some())
        || groups.is_some_and(|groups| groups.children().any(|group| has_points(&group)));
    for (i, test) in list.iter().enumerate() {
        let number = i + 1;
        let (input, answer) = (filled(&inputs, number)?, filled(&answers, number)?);
        let stdin = tree.get(&input).ok_or_else(|| {
            PackageError::bad(&input, "is missing: pack the full package, with generated tests in it")
        })?;
        let expect = tree.get(&answer).ok_or_else(|| PackageError::bad(&answer, "is missing"))?;
        let points = test
            .attribute("points")
            .map(|points| points.parse::<f64>().map_err(|_| bad("`test/@points` is no number")));
        problem.tests.push(Test {
            name: Some(number.to_string()),
            stdin: Content::from(stdin),
            expect: Some(Content::from(expect)),
            group: is_scored.then(|| test.attribute("group").unwrap_or("").to_owned()),
            points: if is_scored { Some(points.transpose()?.unwrap_or(0.0)) } else { None },
            ..Test::default()
        });
    }
    if is_scored { score(set, problem) } else { Ok(()) }
}

/// `%02d` in a pattern is the test's number.
fn filled(pattern: &str, number: usize) -> Result<String, PackageError> {
    let at = pattern.find('%').ok_or_else(|| bad(format!("`{pattern}` has no place for a number")))?;
    let rest = &pattern[at + 1..];
    let end = rest.find('d').ok_or_else(|| bad(format!("`{pattern}` has no place for a number")))?;
    let width: usize = rest[..end].trim_start_matches('0').parse().unwrap_or(0);
    Ok(format!("{}{number:0width$}{}", &pattern[..at], &rest[end + 1..]))
}

/// Groups in the order of their tests; those with a policy of all or nothing are worth what their tests are together.
fn score(set: Node<'_, '_>, problem: &mut Problem) -> Result<(), PackageError> {
    let described: Vec<Node<'_, '_>> = child(set, "groups")
        .map(|groups| groups.children().filter(|node| node.has_tag_name("group")).collect())
        .unwrap_or_default();
    let mut groups: Vec<Group> = Vec::new();
    let names: Vec<String> = problem.tests.iter().filter_map(|test| test.group.clone()).collect();
    for name in names {
        if groups.iter().any(|group| group.name == name) {
            continue;
        }
        let node = described.iter().find(|node| node.attribute("name") == Some(&name));
        let mut group = Group { name: name.clone(), ..Group::default() };
        match node.and_then(|node| node.attribute("points-policy")) {
            None | Some("each-test") => {}
            Some("complete-group") => {
                let own = |test: &&mut Test| test.group.as_deref() == Some(&*name);
                group.score = Aggregate::All;
                let of_tests: f64 = problem.tests.iter_mut().filter(own).filter_map(|test| test.points.take()).sum();
                // Some packages say it of the group only.
                let said = node.and_then(|node| node.attribute("points")?.trim().parse::<f64>().ok());
                group.points = Some(if of_tests > 0.0 { of_tests } else { said.unwrap_or(0.0) });
            }
            Some(other) => return Err(PackageError::unsupported(XML, format!("the points policy `{other}`"))),
        }
        let dependencies = node.and_then(|node| child(*node, "dependencies"));
        for dependency in dependencies.into_iter().flat_map(|node| node.children()) {
            group.requires.extend(dependency.attribute("group").map(str::to_owned));
        }
        groups.push(group);
    }
    problem.scoring = Some(Scoring { groups, total: Total::Sum, ..Scoring::default() });
    Ok(())
}

/// Files that are compiled with solutions (`<asset name="SOLUTION"/>`): a grader that calls their functions, headers.
fn resources(tree: &Tree, root: Node<'_, '_>, problem: &mut Problem) -> Result<(), PackageError> {
    let files = child(root, "files").and_then(|files| child(files, "resources"));
    for file in files.into_iter().flat_map(|node| node.children().filter(|node| node.has_tag_name("file"))) {
        let named = |list: &str, name: &str| {
            child(file, list).is_some_and(|list| {
                list.children().any(|node| node.attribute("name").is_some_and(|own| own.eq_ignore_ascii_case(name)))
            })
        };
        let path = file.attribute("path").unwrap_or_default();
        if !named("assets", "SOLUTION") || path.is_empty() {
            continue;
        }
        if named("stages", "RUN") {
            return Err(PackageError::unsupported(XML, format!("the resource `{path}` for running solutions")));
        }
        let own = program::source(program::last(path), tree.need(path, XML)?, XML)?;
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        // Headers go with every language; what has a language goes with that.
        let extensions = if program::is_header(path) { Vec::new() } else { vec![extension.to_owned()] };
        problem.extras_are_optional = true;
        problem.extras.push(Extra { extensions, files: vec![own], ..Extra::default() });
    }
    Ok(())
}

fn assets(tree: &Tree, root: Node<'_, '_>, problem: &mut Problem) -> Result<(), PackageError> {
    let assets = child(root, "assets").ok_or_else(|| bad("has no `assets`"))?;
    let source =
        |node: Node<'_, '_>| child(node, "source").and_then(|source| source.attribute("path")).map(str::to_owned);
    if let Some(checker) = child(assets, "checker") {
        if checker.attribute("type").is_some_and(|kind| kind != "testlib") {
            return Err(PackageError::unsupported(XML, "a checker that is not of testlib"));
        }
        let name = checker.attribute("name").and_then(|name| name.strip_prefix("std::")).map(program::stem);
        let standard = name.and_then(|name| serde_json::from_value::<Comparer>(json!({ "testlib": name })).ok());
        problem.compare = Some(match (standard, source(checker)) {
            (Some(standard), _) => standard,
            (None, Some(path)) => Comparer::Program(Box::new(program::checker_at(tree, &path, Protocol::Testlib)?)),
            (None, None) => return Err(bad("`checker` has no source")),
        });
    }
    resources(tree, root, problem)?;
    if let Some(interactor) = child(assets, "interactor") {
        let path = source(interactor).ok_or_else(|| bad("`interactor` has no source"))?;
        problem.interactor = Some(Box::new(program::checker_at(tree, &path, Protocol::Testlib)?));
    }
    for node in child(assets, "solutions").into_iter().flat_map(|node| node.children()) {
        let Some(path) = source(node) else { continue };
        let tag = node.attribute("tag").unwrap_or_default();
        if tag == "do-not-run" {
            continue;
        }
        let Some(expect) = labels::polygon(tag) else {
            problem.remarks.push(format!("`{XML}`: the tag `{tag}` of `{path}` is not known, and it is not judged"));
            continue;
        };
        let files = vec![program::source(program::last(&path), tree.need(&path, XML)?, XML)?];
        problem.submissions.push(Labelled { name: path, files, expect, ..Labelled::default() });
    }
    Ok(())
}
