//! Who compares: the default validator with its flags, or programs of the package's, which may talk to submissions.

use std::collections::BTreeMap;

use optimus_core::checker::{Protocol, Scale};
use optimus_core::{Checker, Comparer, Problem};
use serde_json::{Map, Value, json};

use super::Package;
use super::data::Said;
use crate::{PackageError, program};

/// `said` is what tests say of their validator, in the problem's order.
pub(super) fn read(package: &Package<'_>, problem: &mut Problem, said: &[Said]) -> Result<(), PackageError> {
    let flags = |said: &Said| package.flags.iter().chain(&said.flags).cloned().collect::<Vec<String>>();
    let all: Vec<Vec<String>> = said.iter().map(flags).collect();
    let common = most_common(&all).unwrap_or_else(|| package.flags.clone());
    if !package.is_custom {
        if package.is_interactive || package.passes.is_some() {
            return Err(PackageError::bad(super::YAML, "is interactive or multi-pass, and has no output validator"));
        }
        problem.compare = Some(default(&common)?);
        for (test, own) in problem.tests.iter_mut().zip(&all).filter(|(_, own)| **own != common) {
            test.compare = Some(default(own)?);
        }
        return Ok(());
    }
    let mut checker = program(package)?;
    if all.iter().all(|own| *own == common) {
        checker.args.clone_from(&common);
        checker.also.iter_mut().for_each(|other| other.args.clone_from(&common));
    } else {
        problem.tests.iter_mut().zip(all).for_each(|(test, own)| test.checker_args = own);
    }
    match package.is_interactive {
        true if !checker.also.is_empty() => {
            return Err(PackageError::unsupported("output_validators/", "more than one interactive output validator"));
        }
        true => problem.interactor = Some(Box::new(checker)),
        false => problem.compare = Some(Comparer::Program(Box::new(checker))),
    }
    Ok(())
}

fn most_common(all: &[Vec<String>]) -> Option<Vec<String>> {
    let mut counts: BTreeMap<&Vec<String>, usize> = BTreeMap::new();
    all.iter().for_each(|own| *counts.entry(own).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(own, _)| own.clone())
}

/// The package's validator. In legacy packages there may be several, which all have to accept.
fn program(package: &Package<'_>) -> Result<Checker, PackageError> {
    let mut checkers = Vec::new();
    for path in places(package)? {
        let mut checker = program::checker(program::files(package.tree, &path)?, Protocol::Kattis);
        checker.limits = package.validator.clone();
        checker.passes = package.passes;
        // Legacy validators may give a score to what they reject; a problem without points does not look at scores.
        if package.is_legacy || !package.is_scoring || is_unbounded(package) {
            checker.scale = Scale::Points;
        }
        checkers.push(checker);
    }
    let mut rest = checkers.into_iter();
    let first =
        rest.next().ok_or_else(|| PackageError::bad("output_validators", "is missing, and `validation` is custom"))?;
    Ok(Checker { also: rest.collect(), ..first })
}

pub(super) fn is_unbounded(package: &Package<'_>) -> bool {
    let text = package.tree.text("data/secret/test_group.yaml").unwrap_or_default();
    text.lines().any(|line| line.trim_start().starts_with("max_score:") && line.contains("unbounded"))
}

/// Each program is a file or a directory; since 2025-09 there is one.
fn places(package: &Package<'_>) -> Result<Vec<String>, PackageError> {
    let tree = package.tree;
    let dirs = ["output_validators", "output_validator"];
    let dir = dirs.into_iter().find(|dir| tree.has_dir(dir) || tree.has(dir));
    let dir = dir.ok_or_else(|| PackageError::bad("output_validators", "is missing, and `validation` is custom"))?;
    if dir == "output_validator" {
        // Older tools put the one program into a directory of its own.
        return Ok(match &program::programs(tree, dir)[..] {
            [only] if tree.has_dir(only) && tree.children(dir).len() == 1 => vec![only.clone()],
            _ => vec![dir.to_owned()],
        });
    }
    let programs = program::programs(tree, dir);
    // Files of one program that lie there without a directory of its own are one program with its headers.
    match programs.iter().any(|path| tree.has_dir(path)) || programs.iter().any(|path| program::is_header(path)) {
        true if programs.iter().all(|path| !tree.has_dir(path)) => Ok(vec![dir.to_owned()]),
        _ => Ok(programs.into_iter().filter(|path| tree.has_dir(path) || program::is_source(path)).collect()),
    }
}

/// The default validator's flags as our comparer's options.
fn default(flags: &[String]) -> Result<Comparer, PackageError> {
    let mut options = Map::new();
    let mut rest = flags.iter();
    while let Some(flag) = rest.next() {
        let value = match flag.as_str() {
            "case_sensitive" | "space_change_sensitive" => Value::from(true),
            "float_tolerance" | "float_absolute_tolerance" | "float_relative_tolerance" => {
                let number = rest.next().and_then(|number| number.parse::<f64>().ok());
                let number =
                    number.ok_or_else(|| PackageError::bad(super::YAML, format!("`{flag}` needs a number")))?;
                Value::from(number)
            }
            other => return Err(PackageError::unsupported(super::YAML, format!("the validator's flag `{other}`"))),
        };
        // The same flag may come from `problem.yaml` and again from the tests; the last counts.
        options.insert(flag.clone(), value);
    }
    let comparer: Comparer = serde_json::from_value(json!({ "kattis": options }))
        .map_err(|error| PackageError::bad(super::YAML, error.to_string()))?;
    comparer.check().map(|()| comparer).map_err(|why| PackageError::bad(super::YAML, why))
}
