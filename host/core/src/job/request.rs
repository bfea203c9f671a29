//! A submission as a client posts it, and its check.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{FileIo, Job, JobId, Webhook, env, files, live};
use crate::collect;

use crate::omit::is_zero;
use crate::policy::{Policy, check_fits};
use crate::source::FileRequest;
use crate::{Checker, Communication, Comparer, Content, Digest, Invalid, LimitsRequest, Scoring, Test};

/// A submission as it is posted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobRequest {
    /// A language's id or alias.
    pub language: String,
    /// The program, when it is one file. Either this or `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Content>,
    /// The program's files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRequest>,
    /// The file to start with; the first, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Arguments for the program, in every test.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Environment variables of the program, in every test.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Options of the language, as its `options_schema` allows.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
    /// Without tests the program runs once, without input, and only has to end well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Test>,
    /// The limits of each test.
    #[serde(default)]
    pub limits: LimitsRequest,
    /// The comparer; the plan's when absent, and `trimmed` when the plan has none either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Comparer>,
    /// The program that judges the submission's files in tests with `check_sources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_checker: Option<Box<Checker>>,
    /// A program that talks to the submission while both run; then nothing is compared, unless `compare` is given, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactor: Option<Box<Checker>>,
    /// The submission runs as several processes, which talk to a program that then judges; nothing else is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communication: Option<Box<Communication>>,
    /// The rules that turn tests into points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoring: Option<Scoring>,
    /// The program reads and prints by files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_io: Option<FileIo>,
    /// The limits hold as they are: a language's own multipliers do not stretch them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact_limits: bool,
    /// Number of further runs of a test that ended by a time limit; the best run counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rerun_on_time_limit: u32,
    /// The stdin of the only test stays open: `POST /v1/jobs/{id}/stdin` adds to it while the program runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live_stdin: bool,
    /// The digest of a stored problem, whose tests, limits and rules are the job's: `sha256:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Skip the tests after the first that is not accepted.
    #[serde(default)]
    pub stop_at_first_failure: bool,
    /// Say neither where the output is another than expected, nor what a checker says of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hide_feedback: bool,
    /// Files of each test that the report carries: paths in the work area, whose parts may hold `*` and `?`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collect: Vec<String>,
    /// Bytes of each test's stdout and stderr that the report carries; 64 KiB when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_bytes: Option<u64>,
    /// An equal earlier submission of the tenant may answer, as long as its report is kept; not with `webhook`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reuse: bool,
    /// Copied into the report.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Where the report is sent when the job has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
}

const DEFAULT_CAPTURE_BYTES: u64 = 64 << 10;
const MAX_RERUNS: u32 = 3;

impl JobRequest {
    /// Checks everything that can be known without the plugin. `language` and `extension` are those of the language
    /// that `self.language` was found to name; where the extension is empty, the job is a command and needs no files.
    ///
    /// # Errors
    /// The first thing that is wrong, by its place in the JSON.
    pub fn into_job(self, language: &str, extension: &str, policy: &Policy) -> Result<Job, Invalid> {
        self.check_sizes(policy)?;
        check_tests(&self.tests, policy)?;
        self.check_rules(policy)?;
        if self.live_stdin {
            live::check(self.tests.len(), self.beside_live_stdin())?;
        }
        env::check(&self.env)?;
        let files = match extension {
            "" => files::of_command(self.source.as_ref(), &self.args, self.files)?,
            extension => files::of_program(self.source, self.files, extension)?,
        };
        let entry = self.entry.as_deref().map(|entry| files::entry(entry, &files)).transpose()?;
        let tests = if self.tests.is_empty() { vec![Test::default()] } else { self.tests };
        let capture_bytes = self.capture_bytes.unwrap_or(DEFAULT_CAPTURE_BYTES.min(policy.max_capture_bytes));
        if capture_bytes > policy.max_capture_bytes {
            let message = format!("{capture_bytes} is above this server's cap of {}", policy.max_capture_bytes);
            return Err(Invalid::new("capture_bytes", message));
        }
        let limits = self.limits.resolve(&policy.default_limits, &policy.cap)?;
        if let Some(communication) = &self.communication {
            communication.check_fits(&limits, policy)?;
        }
        check_fits("limits.memory_bytes", limits.memory_bytes, policy)?;
        Ok(Job {
            id: JobId::new(),
            tenant: None,
            trace: None,
            language: language.to_owned(),
            files,
            entry,
            args: self.args,
            env: self.env,
            options: self.options,
            tests,
            limits,
            compare: self.compare,
            source_checker: self.source_checker,
            interactor: self.interactor,
            communication: self.communication,
            scoring: self.scoring,
            file_io: self.file_io,
            exact_limits: self.exact_limits,
            rerun_on_time_limit: self.rerun_on_time_limit,
            live_stdin: self.live_stdin,
            problem: self.problem.as_deref().map(digest).transpose()?,
            stop_at_first_failure: self.stop_at_first_failure,
            hide_feedback: self.hide_feedback,
            collect: collect::check(&self.collect)?,
            capture_bytes,
            labels: self.labels,
        })
    }

    /// Checks the rules by which the tests are judged.
    fn check_rules(&self, policy: &Policy) -> Result<(), Invalid> {
        if let Some(compare) = &self.compare {
            compare.check().map_err(|message| Invalid::new("compare", message))?;
            if let Comparer::Program(checker) = compare {
                checker.check(policy).map_err(|invalid| invalid.under("compare.program"))?;
            }
        }
        self.check_source_checker(policy)?;
        if let Some(interactor) = &self.interactor {
            interactor.check_interactive(policy).map_err(|invalid| invalid.under("interactor"))?;
            if self.file_io.is_some() {
                return Err(Invalid::new(
                    "file_io",
                    "cannot be combined with `interactor`, which talks to stdin and stdout",
                ));
            }
        }
        if let Some(communication) = &self.communication {
            communication.check(policy).map_err(|invalid| invalid.under("communication"))?;
            let beside = [
                ("compare", self.compare.is_some()),
                ("interactor", self.interactor.is_some()),
                ("file_io", self.file_io.is_some()),
            ];
            if let Some((field, _)) = beside.iter().find(|(_, given)| *given) {
                return Err(Invalid::new(*field, "cannot be combined with `communication`, whose manager judges"));
            }
        }
        let talks = [("interactor", self.interactor.is_some()), ("communication", self.communication.is_some())];
        if let Some((field, _)) = talks.iter().find(|(_, given)| *given && !self.collect.is_empty()) {
            return Err(Invalid::new("collect", format!("cannot be combined with `{field}`")));
        }
        if self.rerun_on_time_limit > MAX_RERUNS {
            return Err(Invalid::new("rerun_on_time_limit", format!("is more than {MAX_RERUNS}")));
        }
        if let Some(grader) = self.scoring.as_ref().and_then(|scoring| scoring.tree.as_ref()?.grader.as_ref()) {
            grader.check(policy).map_err(|invalid| invalid.under("scoring.tree.grader"))?;
        }
        match &self.problem {
            Some(digest) => self.check_reference(digest),
            None => self.scoring.as_ref().map_or(Ok(()), |scoring| scoring.check(&self.tests)),
        }
    }

    /// What a job with a live stdin cannot have, and whether it was given.
    fn beside_live_stdin(&self) -> [(&'static str, bool); 7] {
        [
            ("compare", matches!(self.compare, Some(Comparer::Program(_) | Comparer::Custom))),
            ("interactor", self.interactor.is_some()),
            ("communication", self.communication.is_some()),
            ("file_io", self.file_io.is_some()),
            ("rerun_on_time_limit", self.rerun_on_time_limit > 0),
            ("problem", self.problem.is_some()),
            ("reuse", self.reuse),
        ]
    }

    /// Checks that the tests that judge sources have a program for it, and that the program has such tests.
    fn check_source_checker(&self, policy: &Policy) -> Result<(), Invalid> {
        let asking = self.tests.iter().position(|test| test.check_sources);
        match (&self.source_checker, asking) {
            (Some(checker), Some(_)) => {
                checker.check_of_sources(policy).map_err(|invalid| invalid.under("source_checker"))
            }
            (Some(_), None) => Err(Invalid::new("source_checker", "is used by no test")
                .hint("set `check_sources` in the tests that it judges")),
            (None, Some(i)) => Err(Invalid::new(format!("tests[{i}].check_sources"), "needs a `source_checker`")),
            (None, None) => Ok(()),
        }
    }

    /// Checks that a job which names a problem sets nothing that the problem sets.
    fn check_reference(&self, digest: &str) -> Result<(), Invalid> {
        self::digest(digest)?;
        let given = [
            ("tests", !self.tests.is_empty()),
            ("limits", self.limits != LimitsRequest::default()),
            ("compare", self.compare.is_some()),
            ("source_checker", self.source_checker.is_some()),
            ("interactor", self.interactor.is_some()),
            ("communication", self.communication.is_some()),
            ("scoring", self.scoring.is_some()),
            ("file_io", self.file_io.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((field, _)) => Err(Invalid::new(*field, "cannot be combined with `problem`, which sets it")),
            None => Ok(()),
        }
    }
}

fn digest(text: &str) -> Result<Digest, Invalid> {
    text.parse().map_err(|why: crate::digest::NoDigest| {
        let invalid = Invalid::new("problem", format!("`{}` {why}", text.escape_debug()));
        invalid.hint("use the digest that POST /v1/problems returned")
    })
}

fn check_tests(tests: &[Test], policy: &Policy) -> Result<(), Invalid> {
    for (i, test) in tests.iter().enumerate() {
        let limits = test.limits.map_or(Ok(()), |limits| limits.check(&policy.cap));
        limits.map_err(|invalid| invalid.under(&format!("tests[{i}]")))?;
        files::check_nesting(&test.files).map_err(|invalid| invalid.under(&format!("tests[{i}]")))?;
        if test.check_sources && test.submitted.is_some() {
            return Err(Invalid::new(format!("tests[{i}].submitted"), "cannot be combined with `check_sources`"));
        }
        if let Some(compare) = &test.compare {
            let field = format!("tests[{i}].compare");
            if matches!(compare, Comparer::Program(_) | Comparer::Custom) {
                return Err(Invalid::new(field, "is a program, which is allowed only in the job's `compare`"));
            }
            compare.check().map_err(|message| Invalid::new(field, message))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(value: Value) -> Result<Job, Invalid> {
        serde_json::from_value::<JobRequest>(value).unwrap().into_job("toy", "toy", &Policy::default())
    }

    #[test]
    fn one_source_becomes_one_file_and_one_test() {
        let job = job(json!({"language": "t", "source": "x"})).unwrap();
        assert_eq!(job.language, "toy");
        assert_eq!(job.files[0].path.as_str(), "main.toy");
        assert_eq!(job.tests, [Test::default()]);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let file = |path: &str| json!({"path": path, "content": ""});
        for (request, field) in [
            (json!({"language": "t"}), "source"),
            (json!({"language": "t", "source": "", "files": [file("a")]}), "source"),
            (json!({"language": "t", "files": [file("a"), file("../a")]}), "files[1].path"),
            (json!({"language": "t", "files": [file("a"), file("a")]}), "files[1].path"),
            (json!({"language": "t", "files": [file("a/b"), file("a")]}), "files[0].path"),
            (json!({"language": "t", "files": [file("a")], "entry": "b"}), "entry"),
            (json!({"language": "t", "source": "", "args": ["\u{0}"]}), "args[0]"),
            (json!({"language": "t", "source": "", "tests": [{"compare": "custom"}]}), "tests[0].compare"),
            (json!({"language": "t", "source": "", "tests": [{"check_sources": true}]}), "tests[0].check_sources"),
            (
                json!({"language": "t", "source": "", "source_checker": {"source": "x", "protocol": "kattis"}}),
                "source_checker",
            ),
            (json!({"language": "t", "source": "", "tests": [{"limits": {"cpu_ms": 0}}]}), "tests[0].limits.cpu_ms"),
            (json!({"language": "t", "source": "", "capture_bytes": 1u64 << 40}), "capture_bytes"),
            (json!({"language": "t", "source": "", "limits": {"cpu_ms": 0}}), "limits.cpu_ms"),
        ] {
            assert_eq!(job(request).unwrap_err().field, field);
        }
    }

    #[test]
    fn what_no_machine_can_run_is_refused() {
        let policy = Policy { machine_bytes: Some(1 << 30), ..Policy::default() };
        let refused = |processes: u8, memory_bytes: u64| {
            let manager = json!({"language": "t", "source": "", "protocol": "cms"});
            let mut request = json!({"language": "t", "source": "", "limits": {"memory_bytes": memory_bytes}});
            if processes > 0 {
                request["communication"] = json!({"manager": manager, "processes": processes});
            }
            let request: JobRequest = serde_json::from_value(request).unwrap();
            request.into_job("toy", "toy", &policy).err().map(|invalid| invalid.field)
        };
        assert_eq!((refused(0, 1 << 30), refused(4, 256 << 20)), (None, None));
        assert_eq!(refused(0, (1 << 30) + 1).as_deref(), Some("limits.memory_bytes"));
        assert_eq!(refused(5, 256 << 20).as_deref(), Some("communication.processes"));
    }

    #[test]
    fn a_command_needs_no_files_and_has_no_source() {
        let command = |value: Value| {
            let request = serde_json::from_value::<JobRequest>(value).unwrap();
            request.into_job("tool", "", &Policy::default()).map_err(|invalid| invalid.field)
        };
        let job = command(json!({"language": "tool", "args": ["ls", "-l"], "env": {"A": "b"}})).unwrap();
        assert!(job.files.is_empty() && job.tests.len() == 1 && job.env["A"] == "b");
        let files = json!([{"path": "a", "content": "x"}]);
        assert_eq!(command(json!({"language": "tool", "args": ["ls"], "files": files})).unwrap().files.len(), 1);
        for (value, field) in [
            (json!({"language": "tool"}), "args"),
            (json!({"language": "tool", "args": [""]}), "args"),
            (json!({"language": "tool", "args": ["ls"], "source": "x"}), "source"),
            (json!({"language": "tool", "args": ["ls"], "files": [{"path": "../a", "content": ""}]}), "files[0].path"),
            (json!({"language": "tool", "args": ["ls"], "env": {"A=": "b"}}), "env"),
        ] {
            assert_eq!(command(value.clone()).unwrap_err(), field, "{value}");
        }
    }

    #[test]
    fn a_job_survives_its_own_json() {
        let job = job(json!({"language": "t", "source": {"base64": "//4="}, "tests": [{"expect": "1"}]})).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&serde_json::to_string(&job).unwrap()).unwrap(), job);
    }
}
