//! `static_validator/`: a program that judges the submission's files, in a test of its own for each group that asks for it.
//!
//! <https://www.kattis.com/problem-package-format/spec/2025-09#static-validator>

use optimus_core::checker::{Protocol, Scale};
use optimus_core::{Problem, Test};
use serde_json::Value;

use super::Package;
use super::data::Directory;
use crate::fields::Fields;
use crate::{PackageError, program};

const DIR: &str = "static_validator";
/// The key of 2025-09; its value is a number of points, or `pass-fail`.
const SCORE: &str = "static_validation_score";
const ARGS: &str = "static_validator_args";
/// The key of the drafts; its value is a flag, or a map with `args` and `score`.
const DRAFT: &str = "static_validation";
/// All of them.
pub(super) const KEYS: [&str; 3] = [SCORE, ARGS, DRAFT];

/// A group's test of the submission's files.
struct Asked {
    points: Option<f64>,
    args: Vec<String>,
}

/// Adds the program, and the tests that it judges.
pub(super) fn read(package: &Package<'_>, problem: &mut Problem, data: &Directory) -> Result<(), PackageError> {
    let exists = package.tree.has_dir(DIR) || package.tree.has(DIR);
    if package.is_legacy {
        if exists {
            problem.remarks.push(format!("`{DIR}/` is not known to this version of the format, and was not run"));
        }
        return Ok(());
    }
    let mut is_used = false;
    for directory in data.all() {
        let Some(asked) = Asked::read(&directory.own, package)? else { continue };
        let file = directory.own.file();
        if !exists {
            return Err(PackageError::bad(file, format!("asks for static validation, and `{DIR}/` is missing")));
        }
        if package.is_submit_answer {
            return Err(PackageError::bad(file, "asks for static validation of answers, which have no sources"));
        }
        if package.is_scoring && directory.name == "secret" && !directory.inside.is_empty() {
            return Err(PackageError::unsupported(file, "static validation of `secret` beside groups"));
        }
        problem.tests.insert(first(problem, &directory.name), asked.test(&directory.name));
        is_used = true;
    }
    if is_used {
        problem.source_checker = Some(Box::new(checker(package)?));
    } else if exists {
        problem.remarks.push(format!("`{DIR}/` is not run: no group of tests asks for static validation"));
    }
    Ok(())
}

impl Asked {
    fn read(own: &Fields, package: &Package<'_>) -> Result<Option<Self>, PackageError> {
        let mut fields = own.clone();
        let (mut args, score) = (fields.words(ARGS)?, fields.value(SCORE));
        let score = match (score, fields.value(DRAFT)) {
            (Some(score), _) => score,
            (None, Some(Value::Bool(false)) | None) if args.is_empty() => return Ok(None),
            (None, Some(Value::Bool(true))) => Value::Null,
            (None, Some(map @ Value::Object(_))) => {
                let mut inside = Fields::of(own.file(), DRAFT, map)?;
                args = inside.words("args")?;
                inside.value("score").unwrap_or(Value::Null)
            }
            (None, None | Some(Value::Bool(false))) => return Err(own.bad(ARGS, &format!("needs `{SCORE}`"))),
            (None, Some(_)) => return Err(own.bad(DRAFT, "is neither a flag nor a map")),
        };
        let points = match score.as_f64() {
            Some(points) if points >= 0.0 && points.fract() == 0.0 => Some(points),
            None if score.is_null() || score == "pass-fail" => None,
            _ => return Err(own.bad(SCORE, "is neither `pass-fail` nor a whole number of 0 or more")),
        };
        if points.is_some() && !package.is_scoring {
            return Err(own.bad(SCORE, "is a number of points, which is only for problems of type `scoring`"));
        }
        Ok(Some(Self { points, args }))
    }

    fn test(self, group: &str) -> Test {
        Test {
            name: Some(format!("{group}/{DRAFT}")),
            check_sources: true,
            checker_args: self.args,
            group: Some(group.to_owned()),
            // Samples have no points.
            points: self.points.filter(|_| group != "sample"),
            ..Test::default()
        }
    }
}

/// Where the tests of a group begin: what is found without running anything comes first.
fn first(problem: &Problem, group: &str) -> usize {
    let is_inside = |own: &str| own.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let mut groups = problem.tests.iter().map(|test| test.group.as_deref());
    groups.position(|own| own.is_some_and(is_inside)).unwrap_or(problem.tests.len())
}

/// The one program of the directory, or the directory itself as one program.
fn checker(package: &Package<'_>) -> Result<optimus_core::Checker, PackageError> {
    let programs = program::programs(package.tree, DIR);
    let place = match &programs[..] {
        [only] => only.as_str(),
        _ => DIR,
    };
    let mut checker = program::checker(program::files(package.tree, place)?, Protocol::Kattis);
    checker.limits = package.validator.clone();
    if !package.is_scoring || super::validator::is_unbounded(package) {
        checker.scale = Scale::Points;
    }
    Ok(checker)
}
