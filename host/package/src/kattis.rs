//! The problem package format of Kattis and ICPC, in all its versions, and DOMjudge's archives, which are the legacy one
//! with an ini file.

mod answers;
mod constants;
mod data;
mod domjudge;
mod groups;
mod include;
mod legacy;
mod static_validator;
mod submissions;
mod validator;

use optimus_core::problem::TimeRule;
use optimus_core::{Limits, LimitsRequest, Problem};
use serde_json::Value;

use crate::fields::Fields;
use crate::units::{self, whole};
use crate::{PackageError, Tree, program};

const YAML: &str = "problem.yaml";

/// What a package says of itself, as far as other files are read by it.
struct Package<'a> {
    tree: &'a Tree,
    /// Its version is the legacy one.
    is_legacy_version: bool,
    /// Its test data is described as the legacy format has it.
    is_legacy: bool,
    is_scoring: bool,
    is_interactive: bool,
    is_submit_answer: bool,
    passes: Option<u32>,
    is_custom: bool,
    /// Validators may give a score of any size.
    has_custom_score: bool,
    /// `grading` of `problem.yaml`.
    grading: Fields,
    /// Flags of the validator for every test.
    flags: Vec<String>,
    /// Limits of validators.
    validator: LimitsRequest,
}

impl Package<'_> {
    /// What the settings of a directory of tests are called; the version's own name comes first.
    fn settings_files(&self) -> [&'static str; 2] {
        if self.is_legacy { ["testdata.yaml", "test_group.yaml"] } else { ["test_group.yaml", "testdata.yaml"] }
    }
}

/// Keys that say nothing about judging.
const INDIFFERENT: [&str; 17] = [
    "uuid",
    "version",
    "credits",
    "author",
    "authors",
    "source",
    "source_url",
    "license",
    "rights_owner",
    "embargo_until",
    "keywords",
    "constants",
    "allow_file_writing",
    "libraries",
    "statement",
    "valid_until",
    "problem_id",
];

/// Reads a package.
pub(crate) fn read(tree: &Tree) -> Result<Problem, PackageError> {
    let mut fields = Fields::yaml(tree, YAML)?;
    let version = fields.text("problem_format_version")?.unwrap_or_else(|| "legacy".to_owned());
    let is_legacy = match version.as_str() {
        "legacy" | "legacy-icpc" => true,
        // Drafts described their tests in one way and later in the other.
        "2023-07" | "2023-07-draft" => !has_settings(tree, "test_group.yaml"),
        "draft" | "2025-09-draft" => has_settings(tree, "testdata.yaml"),
        "2025-09" => false,
        other => return Err(PackageError::unsupported(YAML, format!("format version `{other}`"))),
    };
    let tree = &constants::replaced(&named_as_the_format_wants(tree, &version), &mut fields)?;
    let mut problem = Problem { format: format!("kattis {version}"), extras_are_optional: true, ..Problem::default() };
    problem.name = name(&mut fields)?;
    let mut package = package(tree, &mut fields, &version, is_legacy)?;
    problem.languages = match fields.words("languages")? {
        all if all == ["all"] => Vec::new(),
        languages => languages,
    };
    limits(&mut fields.map("limits")?, &mut problem, &mut package)?;
    fields.ignore(&INDIFFERENT);
    unknown(&fields, &mut problem);
    domjudge::read(&mut package, &mut problem)?;
    if problem.limits.cpu_ms.is_none()
        && let Some(seconds) = tree.get(".timelimit").and_then(|text| seconds(&text))
    {
        problem.limits.cpu_ms = Some(units::millis(seconds));
    }
    let data = data::read(&package, &mut problem)?;
    validator::read(&package, &mut problem, &data.said)?;
    static_validator::read(&package, &mut problem, &data.root)?;
    if is_legacy {
        legacy::score(&package, &mut problem, &data.root)?;
    } else {
        groups::score(&package, &mut problem, &data.root)?;
    }
    include::read(tree, &mut problem)?;
    problem.submissions = submissions::read(&package, version.starts_with("legacy"), &mut problem.remarks)?;
    if package.is_submit_answer {
        answers::read(&mut problem)?;
    }
    for dir in ["input_validators", "input_format_validators", "generators"] {
        if tree.has_dir(dir) {
            problem.remarks.push(format!("`{dir}/` is for making tests, and was not run"));
        }
    }
    Ok(problem)
}

/// Whether a directory of tests has settings under this name.
fn has_settings(tree: &Tree, name: &str) -> bool {
    tree.under("data").any(|(path, _)| program::last(path) == name)
}

/// "The judging system shall behave as if all such files and directories were removed": names with other characters than
/// letters, digits, periods, dashes and underscores (2025-09, "General requirements"). The legacy format has no such rule.
fn named_as_the_format_wants(tree: &Tree, version: &str) -> Tree {
    let is_valid = |path: &str| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte));
    if version.starts_with("legacy") {
        return tree.clone();
    }
    tree.map(|path, bytes| is_valid(path).then(|| bytes.clone()))
}

/// Keys that the format does not know. Contests' tools keep notes of their own there, and BAPCtools warns and goes on.
fn unknown(fields: &Fields, problem: &mut Problem) {
    let place = |key: &str| format!("`{}`", fields.place(key));
    let keys: Vec<String> = fields.clone().rest().map(|(key, _)| place(&key)).collect();
    if !keys.is_empty() {
        problem.remarks.push(format!("`{YAML}`: the format does not know {}, ignored", keys.join(", ")));
    }
}

fn seconds(text: &[u8]) -> Option<f64> {
    let seconds: f64 = std::str::from_utf8(text).ok()?.trim().parse().ok()?;
    (seconds.is_finite() && seconds > 0.0).then_some(seconds)
}

fn name(fields: &mut Fields) -> Result<String, PackageError> {
    match fields.value("name") {
        Some(serde_json::Value::Object(names)) => {
            let name = names.get("en").or_else(|| names.values().next());
            Ok(name.and_then(|name| name.as_str()).unwrap_or_default().to_owned())
        }
        Some(serde_json::Value::String(name)) => Ok(name),
        Some(other) => Ok(other.to_string()),
        None => Ok(String::new()),
    }
}

fn package<'a>(
    tree: &'a Tree,
    fields: &mut Fields,
    version: &str,
    is_legacy: bool,
) -> Result<Package<'a>, PackageError> {
    let mut types = fields.words("type")?;
    let flags = fields.words("validator_flags")?;
    let validation = fields.words("validation")?;
    let mut is_custom = tree.has_dir("output_validator") || tree.has("output_validator");
    if version.starts_with("legacy") {
        is_custom = validation.first().is_some_and(|first| first.starts_with("custom"));
    }
    // Drafts have it from the legacy format. Some write `custom-interactive` as BAPCtools once did.
    let words = validation.iter().flat_map(|word| word.split('-')).skip(1);
    types.extend(words.map(|word| if word == "multipass" { "multi-pass" } else { word }.to_owned()));
    let mut passes = None;
    for word in &types {
        match word.as_str() {
            "pass-fail" | "scoring" | "interactive" | "submit-answer" | "score" | "pass" => {}
            "multi-pass" | "multi" => passes = Some(2),
            other => return Err(PackageError::unsupported(YAML, format!("problem type `{other}`"))),
        }
    }
    let is = |word: &str| types.iter().any(|known| known == word);
    if is("submit-answer") && (is("interactive") || passes.is_some()) {
        return Err(PackageError::bad(YAML, "is of type `submit-answer` and `interactive` or `multi-pass`"));
    }
    Ok(Package {
        tree,
        is_legacy_version: version.starts_with("legacy"),
        is_legacy,
        is_scoring: is("scoring"),
        is_interactive: is("interactive"),
        is_submit_answer: is("submit-answer"),
        passes,
        is_custom,
        has_custom_score: is_custom && is_legacy && (is("score") || !version.starts_with("legacy")),
        grading: fields.map("grading")?,
        flags,
        validator: LimitsRequest::default(),
    })
}

/// What compilers get here, unless the operator says otherwise.
const COMPILE_SECONDS: f64 = 60.0;
const COMPILE_MIB: f64 = 1024.0;

fn limits(fields: &mut Fields, problem: &mut Problem, package: &mut Package<'_>) -> Result<(), PackageError> {
    if let Some(seconds) = fields.number("time_limit")? {
        problem.limits.cpu_ms = Some(units::millis(seconds));
    }
    let memory = fields.number("memory")?.unwrap_or(2048.0);
    problem.limits.memory_bytes = Some(units::mebibytes(memory));
    problem.limits.output_bytes = Some(units::mebibytes(fields.number("output")?.unwrap_or(8.0)));
    clamp(problem);
    problem.source_bytes = fields.number("code")?.map(|kib| whole(kib * 1024.0));
    for (key, most) in [("compilation_time", COMPILE_SECONDS), ("compilation_memory", COMPILE_MIB)] {
        if let Some(wanted) = fields.number(key)?.filter(|wanted| *wanted > most) {
            problem
                .remarks
                .push(format!("`limits.{key}` is {wanted}; compilers get {most} unless the operator gives more"));
        }
    }
    let validator = |limit: Option<f64>, unit: fn(f64) -> Value, cap: u64| {
        limit.map(unit).map(|limit| limit.as_u64().map_or(limit, |limit| limit.min(cap).into()))
    };
    package.validator.cpu_ms = validator(fields.number("validation_time")?, units::millis, Limits::CAP.cpu_ms);
    package.validator.memory_bytes =
        validator(fields.number("validation_memory")?, units::mebibytes, Limits::CAP.memory_bytes);
    if let Some(passes) = fields.number("validation_passes")?
        && let Some(own) = &mut package.passes
    {
        *own = u32::try_from(whole(passes)).unwrap_or(u32::MAX);
    }
    problem.time_rule = Some(time_rule(fields, package.is_legacy_version)?);
    // What is expected of submissions that are too slow sets no limit, nor do BAPCtools' own keys.
    fields.ignore(&["time_safety_margin", "validation_output", "generator_time", "visualizer_time"]);
    unknown(fields, problem);
    Ok(())
}

/// A limit above what this host can ever give becomes that, with a remark: the submission is not to blame for it.
fn clamp(problem: &mut Problem) {
    let caps = [
        ("output", &mut problem.limits.output_bytes, Limits::CAP.output_bytes),
        ("memory", &mut problem.limits.memory_bytes, Limits::CAP.memory_bytes),
    ];
    for (key, limit, cap) in caps {
        let Some(wanted) = limit.as_ref().and_then(Value::as_u64).filter(|wanted| *wanted > cap) else { continue };
        let mib = |bytes: u64| bytes >> 20;
        problem.remarks.push(format!("`limits.{key}` is {} MiB, and the most here is {} MiB", mib(wanted), mib(cap)));
        *limit = Some(cap.into());
    }
}

/// `time_multiplier: 5` in whole seconds, or since 2025-09 `time_multipliers.ac_to_time_limit: 2` in steps of `time_resolution: 1`.
fn time_rule(fields: &mut Fields, is_legacy: bool) -> Result<TimeRule, PackageError> {
    let has_old = fields.has("time_multiplier") || is_legacy && !fields.has("time_multipliers");
    let (factor, resolution) = if has_old {
        fields.ignore(&["time_resolution"]);
        (fields.number("time_multiplier")?.unwrap_or(5.0), 1.0)
    } else {
        let mut own = fields.map("time_multipliers")?;
        let factor = own.number("ac_to_time_limit")?.unwrap_or(2.0);
        own.ignore(&["time_limit_to_tle"]);
        own.finish()?;
        (factor, fields.number("time_resolution")?.unwrap_or(1.0))
    };
    if factor < 1.0 {
        return Err(PackageError::bad(
            YAML,
            format!("a time limit of {factor} times the slowest cannot be kept by it"),
        ));
    }
    Ok(TimeRule { factor, resolution_ms: whole(resolution * 1_000.0).max(1) })
}
