//! The size of everything in a request that is stored, sorted or shown, except for what the body's own cap bounds
//! (sources, input, expected output). Looked at before anything else, so that no error repeats a long text.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{JobRequest, Webhook};
use crate::policy::Policy;
use crate::scoring::tree::Node;
use crate::source::FileRequest;
use crate::{Checker, Comparer, Invalid, Scoring, Test};

/// A language's id or alias.
const LANGUAGE_BYTES: usize = 100;
/// The name of a test or a group.
const NAME_BYTES: usize = 256;
/// A path, as `BoxPath` has it.
const PATH_BYTES: usize = 1_024;
/// `options`, as JSON.
const OPTIONS_BYTES: usize = 64 << 10;
/// A limit as it is written, which may be anything but a number.
const LIMIT_BYTES: usize = 64;
const MAX_ARGS: usize = 256;
const ARGS_BYTES: usize = 64 << 10;
const MAX_ALSO: usize = 16;
const MAX_LABELS: usize = 64;
const LABEL_KEY_BYTES: usize = 128;
const LABEL_VALUE_BYTES: usize = 1_024;
const LABELS_BYTES: usize = 16 << 10;
const MAX_GROUPS: usize = 256;
/// `sha256:` and 64 digits, with room for another algorithm's.
const DIGEST_BYTES: usize = 256;
const URL_BYTES: usize = 2_048;
const SECRET_BYTES: usize = 128;

impl JobRequest {
    /// Refuses names, lists and maps that are larger than anything a job needs.
    ///
    /// # Errors
    /// The first that is too large, by its place in the JSON, with the cap.
    pub fn check_sizes(&self, policy: &Policy) -> Result<(), Invalid> {
        length("language", &self.language, LANGUAGE_BYTES)?;
        files("files", &self.files, policy)?;
        self.entry.as_ref().map_or(Ok(()), |entry| length("entry", entry, PATH_BYTES))?;
        args("args", &self.args)?;
        options("options", &self.options)?;
        tests(&self.tests, policy)?;
        limits(&self.limits)?;
        if let Some(Comparer::Program(program)) = &self.compare {
            checker(program, policy).map_err(|invalid| invalid.under("compare.program"))?;
        }
        if let Some(program) = &self.source_checker {
            checker(program, policy).map_err(|invalid| invalid.under("source_checker"))?;
        }
        if let Some(interactor) = &self.interactor {
            checker(interactor, policy).map_err(|invalid| invalid.under("interactor"))?;
        }
        if let Some(communication) = &self.communication {
            checker(&communication.manager, policy).map_err(|invalid| invalid.under("communication.manager"))?;
        }
        self.scoring.as_ref().map_or(Ok(()), |own| scoring(own, policy))?;
        self.problem.as_ref().map_or(Ok(()), |digest| length("problem", digest, DIGEST_BYTES))?;
        labels(&self.labels)?;
        self.webhook.as_ref().map_or(Ok(()), webhook)
    }
}

fn length(field: impl Into<String>, text: &str, most: usize) -> Result<(), Invalid> {
    size(field, text.len(), most)
}

fn size(field: impl Into<String>, bytes: usize, most: usize) -> Result<(), Invalid> {
    if bytes <= most {
        return Ok(());
    }
    let message = format!("has {bytes} bytes, and this server takes {most}");
    Err(Invalid::new(field, message).hint(format!("shorten it to at most {most} bytes")))
}

fn count(field: impl Into<String>, number: usize, most: usize) -> Result<(), Invalid> {
    if number <= most {
        return Ok(());
    }
    let message = format!("has {number} entries, and this server takes {most}");
    Err(Invalid::new(field, message).hint(format!("send at most {most}")))
}

fn files(field: &str, files: &[FileRequest], policy: &Policy) -> Result<(), Invalid> {
    count(field, files.len(), policy.max_files)?;
    files.iter().enumerate().try_for_each(|(i, file)| length(format!("{field}[{i}].path"), &file.path, PATH_BYTES))
}

/// execve(2) takes 128 KiB an argument; a command line of 64 KiB leaves room for the environment.
fn args(field: &str, args: &[String]) -> Result<(), Invalid> {
    count(field, args.len(), MAX_ARGS)?;
    size(field, args.iter().map(String::len).sum(), ARGS_BYTES)?;
    match args.iter().position(|arg| arg.contains('\0')) {
        Some(i) => Err(Invalid::new(format!("{field}[{i}]"), "holds a NUL byte, which no program can be given")
            .hint("leave the NUL byte out")),
        None => Ok(()),
    }
}

fn options(field: &str, options: &Map<String, Value>) -> Result<(), Invalid> {
    // A map with string keys can always be written.
    let bytes = serde_json::to_vec(options).map_or(usize::MAX, |json| json.len());
    size(field, bytes, OPTIONS_BYTES)
}

fn tests(tests: &[Test], policy: &Policy) -> Result<(), Invalid> {
    count("tests", tests.len(), policy.max_tests)?;
    for (i, test) in tests.iter().enumerate() {
        let place = |field: &str| format!("tests[{i}].{field}");
        test.name.as_ref().map_or(Ok(()), |name| length(place("name"), name, NAME_BYTES))?;
        test.group.as_ref().map_or(Ok(()), |group| length(place("group"), group, NAME_BYTES))?;
        args(&place("args"), &test.args)?;
        args(&place("checker_args"), &test.checker_args)?;
        count(place("files"), test.files.len(), policy.max_files)?;
    }
    Ok(())
}

fn limits(limits: &crate::LimitsRequest) -> Result<(), Invalid> {
    let Value::Object(given) = serde_json::to_value(limits).unwrap_or_default() else { return Ok(()) };
    given.iter().try_for_each(|(name, value)| size(format!("limits.{name}"), value.to_string().len(), LIMIT_BYTES))
}

fn checker(checker: &Checker, policy: &Policy) -> Result<(), Invalid> {
    length("language", &checker.language, LANGUAGE_BYTES)?;
    files("files", &checker.files, policy)?;
    checker.entry.as_ref().map_or(Ok(()), |entry| length("entry", entry, PATH_BYTES))?;
    args("args", &checker.args)?;
    options("options", &checker.options)?;
    limits(&checker.limits)?;
    count("also", checker.also.len(), MAX_ALSO)?;
    let inner = |(i, other)| self::checker(other, policy).map_err(|invalid| invalid.under(&format!("also[{i}]")));
    checker.also.iter().enumerate().try_for_each(inner)
}

fn scoring(scoring: &Scoring, policy: &Policy) -> Result<(), Invalid> {
    // A package may have a group for each test.
    let most = MAX_GROUPS.max(policy.max_tests);
    count("scoring.groups", scoring.groups.len(), most)?;
    if let Some(tree) = &scoring.tree {
        count("scoring.tree", tree.root.count(), most)?;
        tree.root.check_sizes("scoring.tree.root")?;
        tree.grader
            .as_ref()
            .map_or(Ok(()), |own| checker(own, policy).map_err(|invalid| invalid.under("scoring.tree.grader")))?;
    }
    for (i, group) in scoring.groups.iter().enumerate() {
        let place = |field: &str| format!("scoring.groups[{i}].{field}");
        length(place("name"), &group.name, NAME_BYTES)?;
        count(place("requires"), group.requires.len(), MAX_GROUPS)?;
        for (n, name) in group.requires.iter().enumerate() {
            length(format!("scoring.groups[{i}].requires[{n}]"), name, NAME_BYTES)?;
        }
    }
    Ok(())
}

impl Node {
    fn check_sizes(&self, place: &str) -> Result<(), Invalid> {
        length(format!("{place}.name"), &self.name, NAME_BYTES)?;
        self.custom.as_ref().map_or(Ok(()), |own| args(&format!("{place}.custom"), own))?;
        self.groups.iter().enumerate().try_for_each(|(i, group)| group.check_sizes(&format!("{place}.groups[{i}]")))
    }
}

fn labels(labels: &BTreeMap<String, String>) -> Result<(), Invalid> {
    count("labels", labels.len(), MAX_LABELS)?;
    for (i, (key, value)) in labels.iter().enumerate() {
        if key.len() > LABEL_KEY_BYTES {
            let message = format!(
                "key {} of {} has {} bytes, and this server takes {LABEL_KEY_BYTES}",
                i + 1,
                labels.len(),
                key.len()
            );
            return Err(Invalid::new("labels", message).hint(format!("shorten it to at most {LABEL_KEY_BYTES} bytes")));
        }
        length(format!("labels.{key}"), value, LABEL_VALUE_BYTES)?;
    }
    size("labels", labels.iter().map(|(key, value)| key.len() + value.len()).sum(), LABELS_BYTES)
}

fn webhook(webhook: &Webhook) -> Result<(), Invalid> {
    length("webhook.url", &webhook.url, URL_BYTES)?;
    webhook.secret.as_ref().map_or(Ok(()), |secret| length("webhook.secret", secret, SECRET_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(mut request: Value) -> Invalid {
        request["language"] = request.get("language").cloned().unwrap_or(json!("toy"));
        let request: JobRequest = serde_json::from_value(request).unwrap();
        request.check_sizes(&Policy::default()).unwrap_err()
    }

    #[test]
    fn everything_that_is_stored_has_a_cap_that_its_error_names() {
        let long = |bytes: usize| "x".repeat(bytes);
        let labels = |count: usize, bytes: usize| -> Value {
            (0..count).map(|n| (n.to_string(), json!(long(bytes)))).collect::<Map<_, _>>().into()
        };
        let program = |field: &str, value: Value| json!({"protocol": "exit", "language": "toy", field: value});
        let groups = |count: usize| -> Vec<Value> { (0..count).map(|n| json!({"name": n.to_string()})).collect() };
        for (request, field, cap) in [
            (json!({"language": long(101)}), "language", 100),
            (json!({"files": [{"path": long(1_025), "content": ""}]}), "files[0].path", 1_024),
            (json!({"files": vec![json!({"path": "a", "content": ""}); 257]}), "files", 256),
            (json!({"entry": long(1_025)}), "entry", 1_024),
            (json!({"args": vec![""; 257]}), "args", 256),
            (json!({"args": [long(65_537)]}), "args", 65_536),
            (json!({"options": {"a": long(70_000)}}), "options", 65_536),
            (json!({"tests": vec![json!({}); 1_001]}), "tests", 1_000),
            (json!({"tests": [{}, {"name": long(257)}]}), "tests[1].name", 256),
            (json!({"tests": [{"group": long(257)}]}), "tests[0].group", 256),
            (json!({"tests": [{"args": [long(65_537)]}]}), "tests[0].args", 65_536),
            (json!({"tests": [{"files": vec![json!({"path": "a", "content": ""}); 257]}]}), "tests[0].files", 256),
            (json!({"limits": {"cpu_ms": long(100)}}), "limits.cpu_ms", 64),
            (json!({"compare": {"program": program("args", json!(vec![""; 257]))}}), "compare.program.args", 256),
            (json!({"interactor": program("entry", json!(long(1_025)))}), "interactor.entry", 1_024),
            (
                json!({"communication": {"manager": program("language", json!(long(101)))}}),
                "communication.manager.language",
                100,
            ),
            (json!({"scoring": {"groups": groups(1_001)}}), "scoring.groups", 1_000),
            (json!({"scoring": {"groups": [{"name": long(257)}]}}), "scoring.groups[0].name", 256),
            (
                json!({"scoring": {"groups": [{"name": "a", "requires": vec!["a"; 257]}]}}),
                "scoring.groups[0].requires",
                256,
            ),
            (json!({"problem": long(257)}), "problem", 256),
            (json!({"labels": labels(65, 1)}), "labels", 64),
            (json!({"labels": {long(129): ""}}), "labels", 128),
            (json!({"labels": {"a": long(1_025)}}), "labels.a", 1_024),
            (json!({"labels": labels(20, 1_000)}), "labels", 16_384),
            (json!({"webhook": {"url": long(2_049)}}), "webhook.url", 2_048),
            (json!({"webhook": {"url": "", "secret": long(129)}}), "webhook.secret", 128),
        ] {
            let invalid = refused(request);
            assert_eq!(invalid.field, field);
            assert!(invalid.message.contains(&cap.to_string()), "{field}: {}", invalid.message);
            assert!(invalid.message.len() < 200 && invalid.hint.is_some(), "{invalid:?}");
        }
    }

    #[test]
    fn what_fits_exactly_is_taken() {
        let request = json!({
            "language": "x".repeat(100), "source": "", "args": vec!["x".repeat(256); 256],
            "labels": (0..15).map(|n| (format!("{n:02}"), json!("x".repeat(1_024)))).collect::<Map<_, _>>(),
            "tests": vec![json!({"name": "x".repeat(256)}); 1_000],
        });
        let request: JobRequest = serde_json::from_value(request).unwrap();
        assert_eq!(request.check_sizes(&Policy::default()), Ok(()));
    }
}
