//! FPS, the free problem set of HUSTOJ: one XML file with a problem in it, or several.
//!
//! <https://github.com/zhblue/freeproblemset>

use optimus_core::checker::Protocol;
use optimus_core::problem::{Expectation, Extra, Labelled};
use optimus_core::{Checker, Comparer, Problem, Test};
use roxmltree::{Document, Node, ParsingOptions};

use crate::tree::PROBLEM_SET;
use crate::{PackageError, Tree, labels, program, units};

/// Whether it is one.
pub(crate) fn is(tree: &Tree) -> bool {
    place(tree).is_some()
}

fn place(tree: &Tree) -> Option<&str> {
    places(tree).next()
}

/// The sets of a package; HUSTOJ imports archives of several, too.
fn places(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.paths().filter(|path| {
        !path.contains('/')
            && path.ends_with(".xml")
            && tree.get(path).is_some_and(|bytes| bytes[..bytes.len().min(4_096)].windows(4).any(|at| at == b"<fps"))
    })
}

/// Each problem as a set of its own. A set that is no XML stays as it is: reading it says what is wrong.
pub(crate) fn split(tree: &Tree) -> Vec<Tree> {
    let mut parts = Vec::new();
    for text in places(tree).filter_map(|place| tree.text(place).ok()) {
        let document = parsed(&text);
        let items = document.iter().flat_map(|document| items(document).map(|item| item.range()));
        let items: Vec<_> = items.collect();
        if items.is_empty() {
            parts.push(Tree::of_problem_set(text.into()));
            continue;
        }
        // What else is in the set is not copied for each: there may be much of both.
        let alone = |item| Tree::of_problem_set(format!("<fps>{}</fps>", &text[item]).into());
        parts.extend(items.into_iter().map(alone));
    }
    parts
}

/// Exports begin with a document type; entities are not expanded beyond roxmltree's own bounds.
fn parsed(text: &str) -> Result<Document<'_>, roxmltree::Error> {
    Document::parse_with_options(text, ParsingOptions { allow_dtd: true, ..ParsingOptions::default() })
}

fn items<'a, 'b>(document: &'a Document<'b>) -> impl Iterator<Item = Node<'a, 'b>> {
    document.root_element().children().filter(|node| node.has_tag_name("item"))
}

/// Reads a package.
pub(crate) fn read(tree: &Tree) -> Result<Problem, PackageError> {
    let file = place(tree).unwrap_or(PROBLEM_SET);
    let text = tree.text(file)?;
    let document = parsed(&text).map_err(|error| PackageError::bad(file, format!("is no valid XML: {error}")))?;
    let item = items(&document).next().ok_or_else(|| PackageError::bad(file, "has no `item`"))?;
    let mut problem = Problem { format: "fps".to_owned(), extras_are_optional: true, ..Problem::default() };
    problem.name = said(item, "title").trim().to_owned();
    problem.compare = Some(Comparer::Trimmed);
    limits(item, file, &mut problem)?;
    tests(item, file, &mut problem)?;
    for (tag, protocol) in [("spj", Protocol::Hustoj), ("tpj", Protocol::Testlib)] {
        if let Some(node) = all(item, tag).find(|node| !text_of(*node).trim().is_empty()) {
            let source = Some(text_of(node).into());
            let checker = Checker { language: language(node), source, protocol, ..Checker::default() };
            problem.compare = Some(Comparer::Program(Box::new(checker)));
        }
    }
    around(item, &mut problem);
    for (i, node) in all(item, "solution").enumerate() {
        let language = language(node);
        problem.submissions.push(Labelled {
            name: format!("solution {} ({language})", i + 1),
            files: vec![program::source("main", text_of(node).into(), file)?],
            language: Some(language),
            expect: Expectation::of(labels::ACCEPTED),
            ..Labelled::default()
        });
    }
    Ok(problem)
}

fn all<'a, 'b>(item: Node<'a, 'b>, tag: &'static str) -> impl Iterator<Item = Node<'a, 'b>> {
    item.children().filter(move |node| node.has_tag_name(tag))
}

/// All of a node's text, of which a part may be marked as no markup.
fn text_of(node: Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.text()).collect()
}

fn said(item: Node<'_, '_>, tag: &'static str) -> String {
    all(item, tag).next().map(text_of).unwrap_or_default()
}

fn language(node: Node<'_, '_>) -> String {
    node.attribute("language").unwrap_or_default().trim().to_lowercase()
}

fn limits(item: Node<'_, '_>, file: &str, problem: &mut Problem) -> Result<(), PackageError> {
    let number = |tag: &'static str| {
        let node = all(item, tag).next();
        let number = node.and_then(|node| text_of(node).trim().parse::<f64>().ok()).filter(|number| *number > 0.0);
        let number = number.ok_or_else(|| PackageError::bad(file, format!("`{tag}` is missing or no number")))?;
        let unit = node.and_then(|node| node.attribute("unit")).unwrap_or_default().to_lowercase();
        Ok::<_, PackageError>((number, unit))
    };
    // Without a unit it is seconds and MiB.
    let (time, unit) = number("time_limit")?;
    problem.limits.cpu_ms = Some(units::millis(if unit == "ms" { time / 1_000.0 } else { time }));
    let (memory, unit) = number("memory_limit")?;
    problem.limits.memory_bytes = Some(units::mebibytes(if unit.starts_with('k') { memory / 1_024.0 } else { memory }));
    Ok(())
}

/// The sample is judged, too, as HUSTOJ's importer stores it among the tests.
fn tests(item: Node<'_, '_>, file: &str, problem: &mut Problem) -> Result<(), PackageError> {
    for (kind, input, output) in [("sample", "sample_input", "sample_output"), ("test", "test_input", "test_output")] {
        let (inputs, outputs): (Vec<_>, Vec<_>) = (all(item, input).collect(), all(item, output).collect());
        if inputs.len() != outputs.len() {
            return Err(PackageError::bad(
                file,
                format!("has {} `{input}` and {} `{output}`", inputs.len(), outputs.len()),
            ));
        }
        for (i, (input, output)) in inputs.into_iter().zip(outputs).enumerate() {
            let (stdin, expect) = (text_of(input), text_of(output));
            if kind == "sample" && stdin.trim().is_empty() && expect.trim().is_empty() {
                continue;
            }
            let name =
                input.attribute("name").map_or_else(|| format!("{kind}/{}", i + 1), |name| format!("{kind}/{name}"));
            problem.tests.push(Test {
                name: Some(name),
                stdin: stdin.into(),
                expect: Some(expect.into()),
                ..Test::default()
            });
        }
    }
    Ok(())
}

/// What stands before and after a submission in a language.
fn around(item: Node<'_, '_>, problem: &mut Problem) {
    for (tag, is_before) in [("prepend", true), ("append", false)] {
        for node in all(item, tag).filter(|node| !text_of(*node).trim().is_empty()) {
            let language = language(node);
            let known = problem.extras.iter().position(|extra| extra.languages.contains(&language));
            let at = known.unwrap_or_else(|| {
                problem.extras.push(Extra { languages: vec![language], ..Extra::default() });
                problem.extras.len() - 1
            });
            let extra = &mut problem.extras[at];
            if is_before {
                extra.prelude = Some(format!("{}\n", text_of(node)).into());
            } else {
                extra.coda = Some(format!("\n{}", text_of(node)).into());
            }
        }
    }
}
