//! `domjudge-problem.ini`, DOMjudge's own file. Its keys stand in no section.
//!
//! <https://www.domjudge.org/docs/manual/main/problem-format.html>

use optimus_core::Problem;

use super::{Package, seconds};
use crate::{PackageError, units};

const INI: &str = "domjudge-problem.ini";

/// Reads it, if it is there.
pub(super) fn read(package: &mut Package<'_>, problem: &mut Problem) -> Result<(), PackageError> {
    if !package.tree.has(INI) {
        return Ok(());
    }
    problem.format = "domjudge".to_owned();
    for line in package.tree.text(INI)?.lines().map(str::trim) {
        if line.is_empty() || line.starts_with([';', '#', '[']) {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            problem.remarks.push(format!("`{INI}`: `{line}` is no setting, ignored"));
            continue;
        };
        setting(key.trim(), value.trim().trim_matches(['"', '\'']), package, problem)?;
    }
    Ok(())
}

fn setting(key: &str, value: &str, package: &mut Package<'_>, problem: &mut Problem) -> Result<(), PackageError> {
    match key {
        "timelimit" => {
            let seconds = seconds(value.as_bytes());
            let seconds = seconds.ok_or_else(|| PackageError::bad(INI, format!("`{value}` is no time limit")))?;
            problem.limits.cpu_ms = Some(units::millis(seconds));
        }
        "name" => value.clone_into(&mut problem.name),
        "short-name" | "probid" | "externalid" | "color" | "points" | "allow_submit" | "allow_judge" => {}
        // Those that every server has, and programs of the package's own, which are put in their place.
        "special_compare" | "special_run" if value.is_empty() || package.is_custom => {}
        "special_compare" if value == "compare" => {}
        "special_run" if value == "run" => {}
        "special_compare_args" if package.flags.is_empty() => {
            package.flags = value.split_whitespace().map(str::to_owned).collect();
        }
        // `problem.yaml` is read after this file, and says the same by `validator_flags`.
        "special_compare_args" => {}
        "special_run" | "special_compare" => {
            let feature = format!("`{key}: {value}`, which names an executable of the server,");
            return Err(PackageError::unsupported(INI, feature));
        }
        // Its importer takes the keys that it knows, and no others.
        key => problem.remarks.push(format!("`{INI}`: the key `{key}` is not known, ignored")),
    }
    Ok(())
}
