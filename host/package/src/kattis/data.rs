//! `data/`: directories of test cases, in the order in which they are judged, with what is said of them beside them.

use std::collections::{BTreeMap, BTreeSet};

use optimus_core::{Content, Problem, Test};

use super::Package;
use crate::fields::Fields;
use crate::{PackageError, program};

/// A directory of tests and directories. Those of `data/` itself are `sample` and `secret`.
pub(super) struct Directory {
    /// Its path below `data/`; `data` for that itself.
    pub(super) name: String,
    /// What its own settings say, and what those of the directories that hold it say where they do not.
    pub(super) settings: Fields,
    /// What they say themselves.
    pub(super) own: Fields,
    /// Those inside, in order.
    pub(super) inside: Vec<Directory>,
}

/// What is said of a single test, and of all tests of the directory that it is in.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// Arguments for the output validator.
    pub(super) flags: Vec<String>,
}

/// The tests' directories, and what is said of each test, in the problem's order.
pub(super) struct Data {
    pub(super) root: Directory,
    pub(super) said: Vec<Said>,
}

/// What only groups with points have.
const SCORED: [&str; 4] = ["max_score", "score_aggregation", "require_pass", "static_validation_score"];

/// Files beside a test that have no part in judging it.
const ASIDE: [&str; 13] =
    ["png", "jpg", "jpeg", "svg", "gif", "hint", "desc", "interaction", "statement", "download", "out", "md", "txt"];

/// Reads the tests into the problem, in their order.
pub(super) fn read(package: &Package<'_>, problem: &mut Problem) -> Result<Data, PackageError> {
    let mut reader = Reader { package, problem, said: Vec::new(), strays: Vec::new(), unanswered: Vec::new() };
    let own = reader.settings("data")?;
    let mut root = Directory { name: "data".to_owned(), settings: own.clone(), own, inside: Vec::new() };
    for name in ["sample", "secret"] {
        if package.tree.has_dir(&format!("data/{name}")) {
            root.inside.push(reader.directory(name, &root.settings)?);
        }
    }
    let Reader { said, strays, unanswered, .. } = reader;
    let is_secret = |test: &Test| test.name.as_deref().is_some_and(|name| name.starts_with("secret/"));
    if let Some(input) = unanswered.iter().find(|input| input.starts_with("data/secret/"))
        && !problem.tests.iter().any(is_secret)
    {
        return Err(PackageError::bad(input, "has no `.ans` beside it, nor has any other secret test"));
    }
    problem.remarks.extend(named(&strays, "no file of a test, ignored"));
    // Neither problemtools nor BAPCtools takes such an input for a test.
    problem.remarks.extend(named(&unanswered, "no `.ans` beside it, no test"));
    Ok(Data { root, said })
}

/// A remark about the first of some files.
fn named(files: &[String], what: &str) -> Option<String> {
    let first = files.first()?;
    let others = if files.len() > 1 { format!(" and {} others", files.len() - 1) } else { String::new() };
    Some(format!("`{first}`{others}: {what}"))
}

struct Reader<'a, 'b> {
    package: &'a Package<'b>,
    problem: &'a mut Problem,
    said: Vec<Said>,
    strays: Vec<String>,
    /// Inputs without an answer.
    unanswered: Vec<String>,
}

impl Reader<'_, '_> {
    /// A directory's own settings.
    fn settings(&self, dir: &str) -> Result<Fields, PackageError> {
        let [own, other] = self.package.settings_files().map(|name| format!("{dir}/{name}"));
        // Where neither is there, messages name the version's own.
        let is_other = self.package.tree.has(&other) && !self.package.tree.has(&own);
        Fields::yaml(self.package.tree, if is_other { &other } else { &own })
    }

    /// Reads `data/NAME` and all that is inside; tests and directories come in the order of their base names.
    fn directory(&mut self, name: &str, parent: &Fields) -> Result<Directory, PackageError> {
        let (package, path) = (self.package, format!("data/{name}"));
        let own = self.settings(&path)?;
        if !package.is_legacy && name.matches('/').count() > 1 && SCORED.iter().any(|key| own.has(key)) {
            return Err(PackageError::unsupported(path, "a test data group inside a group, which its format forbids,"));
        }
        let settings = own.clone().or(parent);
        let mut directory = Directory { name: name.to_owned(), settings, own, inside: Vec::new() };
        let children = package.tree.children(&path);
        let has_dir = |child: &str| package.tree.has_dir(&format!("{path}/{child}"));
        let mut entries: Vec<(&str, bool)> = Vec::new();
        for child in &children {
            match child.rsplit_once('.') {
                Some((base, "files")) if children.contains(&format!("{base}.in")) => {}
                Some((base, "in")) if !has_dir(child) && children.contains(&format!("{base}.ans")) => {
                    entries.push((base, false));
                }
                Some((_, "in")) if !has_dir(child) => self.unanswered.push(format!("{path}/{child}")),
                _ if has_dir(child) => entries.push((child, true)),
                _ => self.aside(&path, child, &children),
            }
        }
        entries.sort_unstable();
        // Without points it makes no difference to which group a test belongs, and BAPCtools reads both.
        let has_both = entries.iter().any(|own| own.1) && entries.iter().any(|own| !own.1);
        if name == "secret" && !package.is_legacy && package.is_scoring && has_both {
            return Err(PackageError::bad("data/secret", "holds both test cases and groups of them"));
        }
        for (entry, is_dir) in entries {
            let name = format!("{name}/{entry}");
            if is_dir {
                let inner = self.directory(&name, &directory.settings)?;
                directory.inside.push(inner);
            } else {
                self.test(&name, &directory)?;
            }
        }
        Ok(directory)
    }

    /// A file that is no input: one of a test's others, or none of ours.
    fn aside(&mut self, dir: &str, file: &str, all: &BTreeSet<String>) {
        let (base, extension) = file.rsplit_once('.').unwrap_or((file, ""));
        let is_of_test = matches!(extension, "ans" | "yaml") && all.contains(&format!("{base}.in"));
        if !is_of_test && !self.package.settings_files().contains(&file) && !ASIDE.contains(&extension) {
            self.strays.push(format!("{dir}/{file}"));
        }
    }

    fn test(&mut self, name: &str, directory: &Directory) -> Result<(), PackageError> {
        let tree = self.package.tree;
        let input = format!("data/{name}.in");
        let answer = tree.get(&format!("data/{name}.ans"));
        let answer = answer.ok_or_else(|| PackageError::bad(&input, "has no `.ans` beside it"))?;
        let files = tree.under(&format!("data/{name}.files"));
        let files =
            files.map(|(path, bytes)| program::source(path, bytes.clone(), &input)).collect::<Result<_, _>>()?;
        let mut settings = self.case(&format!("data/{name}.yaml"))?.or(&directory.settings);
        let mut flags = settings.value("output_validator_args").or(settings.value("output_validator_flags"));
        // Legacy packages may name the validator, too.
        if let Some(serde_json::Value::Object(named)) = &mut flags {
            flags = named.remove("flags");
        }
        let mut fields = Fields::of(&input, "", serde_json::json!({ "flags": flags }))?;
        self.said.push(Said { flags: fields.words("flags")? });
        self.problem.tests.push(Test {
            name: Some(name.to_owned()),
            stdin: Content::from(tree.need(&input, &input)?),
            expect: Some(Content::from(answer)),
            args: if self.package.is_legacy { Vec::new() } else { settings.words("args")? },
            files,
            group: Some(directory.name.clone()),
            ..Test::default()
        });
        Ok(())
    }

    /// A test's own settings.
    fn case(&mut self, file: &str) -> Result<Fields, PackageError> {
        let fields = Fields::yaml(self.package.tree, file)?;
        if self.package.is_legacy {
            return Ok(fields);
        }
        let mut unknown = fields.clone();
        unknown.ignore(&["args", "output_validator_args", "output_validator_flags"]);
        unknown.ignore(&INDIFFERENT);
        let remarks = unknown.rest().map(|(key, _)| format!("`{file}`: `{key}` was ignored"));
        self.problem.remarks.extend(remarks);
        Ok(fields)
    }
}

/// Settings of tests and groups that have no part in judging.
pub(super) const INDIFFERENT: [&str; 11] = [
    "answer_validator_args",
    "input_validator_args",
    "input_validator_flags",
    "input_visualizer_args",
    "output_visualizer_args",
    "full_feedback",
    "hint",
    "description",
    "generate",
    "generate-with",
    "show_test_data_groups",
];

impl Directory {
    /// All directories, each before those inside.
    pub(super) fn all(&self) -> Vec<&Self> {
        std::iter::once(self).chain(self.inside.iter().flat_map(Self::all)).collect()
    }
}

/// How many tests each directory holds itself.
pub(super) fn counts(problem: &Problem) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for group in problem.tests.iter().filter_map(|test| test.group.clone()) {
        *counts.entry(group).or_default() += 1;
    }
    counts
}
