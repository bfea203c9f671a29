//! `submissions/`: programs in directories that say what should come of them, and `submissions.yaml`, which says more.

use optimus_core::problem::{Expectation, Labelled, Part, fits};
use optimus_core::{BoxPath, Verdict};

use super::Package;
use crate::fields::Fields;
use crate::{PackageError, labels, program};

const FILE: &str = "submissions/submissions.yaml";

/// Reads them. What lies there and is none is named in `remarks`.
pub(super) fn read(
    package: &Package<'_>,
    is_legacy: bool,
    remarks: &mut Vec<String>,
) -> Result<Vec<Labelled>, PackageError> {
    let rules = rules(package)?;
    let mut found = Vec::new();
    for directory in package.tree.children("submissions") {
        let dir = format!("submissions/{directory}");
        if package.tree.has(&dir) {
            continue;
        }
        let by_place = if is_legacy { labels::legacy(&directory) } else { labels::directory(&directory) };
        let is_known = by_place.is_some() || rules.iter().any(|rule| rule.is_of(&directory));
        let names = package.tree.children(&dir);
        let (sources, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|child| {
            let path = format!("{dir}/{child}");
            package.tree.has_dir(&path) || program::is_source(&path) || package.is_submit_answer
        });
        if !is_known {
            remarks.push(format!("`{dir}` is no directory of submissions that its format knows, and was ignored"));
            continue;
        }
        remarks.extend(others.iter().map(|child| format!("`{dir}/{child}` is no program, and was ignored")));
        for child in sources {
            let name = format!("{directory}/{child}");
            let files = program::files(package.tree, &format!("{dir}/{child}"))?;
            let said = files.iter().find_map(|file| labels::in_source(file.content.as_bytes()));
            let mut own = Labelled { name: name.clone(), files, ..Labelled::default() };
            own.expect = said.or_else(|| by_place.clone()).unwrap_or_default();
            let (mut by_directory, mut by_others) = (bounds_by_default(package, &directory), false);
            for rule in rules.iter().filter(|rule| fits(&rule.glob, &name)) {
                let bounds = rule.apply(&mut own, &directory)?;
                if rule.is_called(&directory) { by_directory = bounds } else { by_others |= bounds }
            }
            own.bounds_time = if is_legacy { directory == "accepted" } else { by_directory || by_others };
            found.push(own);
        }
    }
    Ok(found)
}

/// What `submissions.yaml` says of those that a pattern fits.
struct Rule {
    glob: String,
    fields: Fields,
}

fn rules(package: &Package<'_>) -> Result<Vec<Rule>, PackageError> {
    let list = Fields::yaml(package.tree, FILE)?.rest();
    list.map(|(glob, value)| Ok(Rule { fields: Fields::of(FILE, &glob, value)?, glob })).collect()
}

/// What is required of verdicts, as it is written.
#[derive(Default)]
struct Required {
    permitted: Option<Vec<Verdict>>,
    required: Option<Vec<Verdict>>,
    score: Option<[f64; 2]>,
    message: Option<String>,
}

impl Required {
    fn read(fields: &mut Fields) -> Result<Self, PackageError> {
        let verdicts = |fields: &mut Fields, key: &str| {
            if !fields.has(key) {
                return Ok(None);
            }
            let mut all = Vec::new();
            for word in fields.words(key)? {
                let known = labels::short(&word).ok_or_else(|| fields.bad(key, &format!("knows no `{word}`")))?;
                all.extend_from_slice(known);
            }
            Ok::<_, PackageError>(Some(all))
        };
        let (permitted, required) = (verdicts(fields, "permitted")?, verdicts(fields, "required")?);
        let score = match fields.value("score") {
            None => None,
            Some(serde_json::Value::Number(score)) => score.as_f64().map(|score| [score, score]),
            Some(range) => {
                Some(serde_json::from_value(range).map_err(|_| fields.bad("score", "is not one number or two"))?)
            }
        };
        let message = fields.text("message")?.filter(|text| !text.is_empty());
        Ok(Self { permitted, required, score, message })
    }

    fn part(self, tests: &str) -> Part {
        Part {
            tests: tests.to_owned(),
            permitted: self.permitted.unwrap_or_default(),
            required: self.required.unwrap_or_default(),
            score: self.score,
            message: self.message,
        }
    }
}

impl Rule {
    /// Whether it says something of submissions in a directory.
    fn is_of(&self, directory: &str) -> bool {
        fits(&self.glob, directory) || self.glob.split('/').next().is_some_and(|first| fits(first, directory))
    }

    /// Whether it says what holds by default of submissions in a directory.
    fn is_called(&self, directory: &str) -> bool {
        self.glob.trim_end_matches('/') == directory
    }

    /// Adds what is expected, and says whether the time limit follows from this.
    fn apply(&self, own: &mut Labelled, directory: &str) -> Result<bool, PackageError> {
        let mut fields = self.fields.clone();
        let required = Required::read(&mut fields)?;
        let bounds;
        // The name of a directory replaces what holds there by default, any other pattern adds to it.
        if self.is_called(directory) {
            let Expectation { permitted, required: some, score, message, .. } = &mut own.expect;
            *permitted = required.permitted.unwrap_or_else(|| std::mem::take(permitted));
            *some = required.required.unwrap_or_else(|| std::mem::take(some));
            *score = required.score.or(*score);
            *message = required.message.or(message.take());
            bounds = is_bound(permitted, &mut fields);
        } else {
            bounds = is_bound(required.permitted.as_deref().unwrap_or_default(), &mut fields);
            own.expect.parts.push(required.part(""));
        }
        own.language = fields.text("language")?.or(own.language.take());
        if let Some(entry) = fields.text("entrypoint")? {
            // A file, or a class or module in one.
            let fits = |path: &&BoxPath| path.as_str() == entry || crate::program::stem(path.as_str()) == entry;
            own.entry = own.files.iter().map(|file| &file.path).find(fits).cloned();
        }
        fields.ignore(&["authors", "model_solution"]);
        // All other keys are patterns of tests.
        for (tests, value) in fields.rest() {
            let mut inner = Fields::of(FILE, &format!("{}.{tests}", self.glob), value)?;
            let required = Required::read(&mut inner)?;
            inner.ignore(&["use_for_time_limit"]);
            inner.finish()?;
            own.expect.parts.push(required.part(&tests));
        }
        Ok(bounds)
    }
}

/// Whether the time limit follows from what lies in a directory of which no rule says anything.
fn bounds_by_default(package: &Package<'_>, directory: &str) -> bool {
    directory == "accepted" || !package.is_legacy && ["wrong_answer", "run_time_error"].contains(&directory)
}

/// "Any submission that is not permitted to get TLE at all is used to provide a lower bound", unless the same rule opts out:
/// <https://www.kattis.com/problem-package-format/spec/2025-09#timelimit-inference>
fn is_bound(permitted: &[Verdict], fields: &mut Fields) -> bool {
    match fields.value("use_for_time_limit") {
        Some(serde_json::Value::Bool(false)) => false,
        Some(serde_json::Value::String(word)) => word == "lower",
        _ => !permitted.is_empty() && !permitted.contains(&Verdict::TimeLimitExceeded),
    }
}
