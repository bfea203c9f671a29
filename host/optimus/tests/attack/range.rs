//! Judges the attacks, and looks afterwards whether an honest program still gets its verdict.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use optimus::engine::Engine;
use optimus_core::event::EventSink;
use optimus_core::language::Availability;
use optimus_core::{Limits, Report, Verdict};
use optimus_judge::{Judge, JudgeConfig};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::case::{Attack, Step};
use crate::engine;

/// Far beyond every attack's own limits.
const PATIENCE: Duration = Duration::from_secs(300);

/// Where attacks are tried: a judge, and a secret that none of them may learn.
pub(crate) struct Range {
    engine: Engine,
    judge: Judge,
    secret: String,
    canary: PathBuf,
    _state: tempfile::TempDir,
}

impl Range {
    pub(crate) fn open(sandbox: &str) -> anyhow::Result<Self> {
        let state = tempfile::tempdir()?;
        let secret = uuid::Uuid::now_v7().simple().to_string();
        let canary = state.path().join("canary");
        std::fs::write(&canary, &secret)?;
        let engine = engine::open(sandbox, &state.path().join("state"))?;
        let config = JudgeConfig {
            slots: 2,
            book: Arc::clone(&engine.book),
            // Bombs for compilers burn all they get.
            compile_limits: Limits { cpu_ms: 10_000, wall_ms: 90_000, ..Limits::COMPILE },
            cap: Limits { cpu_ms: 12_000, ..Limits::CAP },
            ..JudgeConfig::default()
        };
        let judge = Judge::new(Arc::clone(&engine.catalogue), Arc::clone(&engine.sandbox), config);
        Ok(Self { engine, judge, secret, canary, _state: state })
    }

    pub(crate) async fn probe_toolchains(&self) {
        self.engine.probe().await;
    }

    /// The first language of an attack that is not available here.
    pub(crate) fn lacks<'a>(&self, attack: &'a Attack) -> Option<&'a str> {
        attack.jobs.iter().map(Step::language).find(|language| !self.has(language))
    }

    /// Whether a language is available here.
    pub(crate) fn has(&self, language: &str) -> bool {
        let all = self.engine.book.all();
        let found = all.iter().find(|one| one.descriptor.id.as_str() == language);
        found.is_some_and(|one| matches!(one.availability, Availability::Available { .. }))
    }

    /// Everything that is wrong with how the backend took this attack.
    pub(crate) async fn attack(&self, attack: &Attack) -> Vec<String> {
        let mut wrong = Vec::new();
        let once = [String::new()];
        for each in if attack.each.is_empty() { &once[..] } else { &attack.each } {
            for (number, step) in attack.jobs.iter().enumerate() {
                let said = tokio::time::timeout(PATIENCE, self.step(step, each)).await;
                let said = said.unwrap_or_else(|_| vec![format!("not judged within {PATIENCE:?}")]);
                wrong.extend(said.into_iter().map(|said| format!("job {} ({each}): {said}", number + 1)));
            }
            wrong.extend(self.honest().await);
        }
        wrong
    }

    async fn step(&self, step: &Step, each: &str) -> Vec<String> {
        let report = match self.judged(&self.filled_in(&Value::Object(step.request.clone()), each)).await {
            Ok(report) => report,
            Err(error) => return vec![format!("{error:#}")],
        };
        let text = serde_json::to_string(&report).unwrap_or_default();
        if std::env::var_os("OPTIMUS_TEST_ATTACK").is_some() {
            println!("{text}");
        }
        let mut wrong = Vec::new();
        if !step.verdicts.iter().any(|verdict| *verdict == report.verdict.to_string()) {
            wrong.push(format!("{}, not {:?}: {text}", report.verdict, step.verdicts));
        }
        let printed = || report.tests.first().map_or(&b""[..], |test| test.stdout.content.as_bytes());
        if let Some(expected) = step.stdout.as_ref().filter(|expected| printed().trim_ascii() != expected.as_bytes()) {
            wrong.push(format!("printed another thing than `{expected}`: {text}"));
        }
        // Both as JSON holds them, and as bytes that are no text.
        for never in step.never.iter().map(String::as_str).chain([self.secret.as_str(), "BREACH"]) {
            if text.contains(never) || outputs(&report).any(|bytes| contains(bytes, never.as_bytes())) {
                wrong.push(format!("the report tells of `{never}`: {text}"));
            }
        }
        wrong
    }

    pub(crate) async fn judged(&self, request: &Value) -> anyhow::Result<Report> {
        self.judged_as(request, &|_| (), &CancellationToken::new()).await
    }

    pub(crate) async fn judged_as(
        &self,
        request: &Value,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> anyhow::Result<Report> {
        let all = self.engine.book.all();
        let language = all.iter().find(|language| request["language"] == language.descriptor.id.as_str());
        let language = language.ok_or_else(|| anyhow::anyhow!("no language `{}`", request["language"]))?;
        let job = engine::job(request, &language.descriptor)?;
        let judging = self.judge.judge(&job, Duration::ZERO, events, cancel);
        judging.await.map_err(|fault| anyhow::anyhow!("{fault:?}"))
    }

    /// What is wrong when an honest program is judged now.
    async fn honest(&self) -> Option<String> {
        let tests = json!([{"stdin": "7\n", "expect": "7 ok\n"}]);
        let request = json!({"language": "bash", "source": "read -r n; echo \"$n ok\"; ls -A . /tmp", "tests": tests,
                             "compare": "tokens", "limits": {"cpu_ms": 10_000, "wall_ms": 60_000}});
        // The work area holds the program alone, and /tmp nothing.
        let mut request = request;
        request["tests"][0]["expect"] = json!("7 ok .: main.sh /tmp:");
        match self.judged(&request).await {
            Ok(report) if report.verdict == Verdict::Accepted => None,
            Ok(report) => Some(format!("the next program: {report:?}")),
            Err(error) => Some(format!("the next program: {error:#}")),
        }
    }

    fn filled_in(&self, value: &Value, each: &str) -> Value {
        match value {
            Value::String(text) => {
                let text = text.replace("{each}", each).replace("{canary}", &self.canary.to_string_lossy());
                Value::String(text.replace("{secret}", &self.secret))
            }
            Value::Array(values) => values.iter().map(|value| self.filled_in(value, each)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.filled_in(value, each))).collect(),
            other => other.clone(),
        }
    }
}

fn outputs(report: &Report) -> impl Iterator<Item = &[u8]> {
    let tests = report.tests.iter().flat_map(|test| [&test.stdout, &test.stderr]);
    let compile = report.compile.iter().map(|compile| &compile.output);
    tests.chain(compile).map(|excerpt| excerpt.content.as_bytes())
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
