//! Judges submissions: in this process, or by a server.

use std::path::Path;
use std::time::Duration;

use indicatif::ProgressBar;
use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::LanguageInfo;
use optimus_core::languages::LanguageBook;
use optimus_core::problem::Labelled;
use optimus_core::{Event, Fault, JobRequest, Problem, Report};
use optimus_server::problems::Limits;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::super::client::Client;
use super::super::run::first_time;
use crate::cli::{ElsewhereArgs, EngineArgs, ServerArgs};
use crate::engine::Engine;
use crate::output::{self, Advised, Output};

/// Errors that are about one submission and not about the package or the judge.
const REFUSALS: [&str; 3] = ["invalid", "unknown_language", "bad_request"];

/// Judges submissions to one package.
pub(super) struct Judge {
    place: Place,
    output: Output,
}

enum Place {
    Here(Box<Engine>),
    There(Box<There>),
}

/// A server, and what it is to be told.
struct There {
    client: Client,
    languages: LanguageBook,
    archive: Vec<u8>,
    /// With which limits the package is there, and what it is called there.
    stored: Option<(Limits, String)>,
}

#[derive(Deserialize)]
struct Stored {
    problem: String,
}

/// The result of a submission of any kind.
pub(super) enum Outcome {
    Judged(Box<Report>),
    /// It was not judged, and why.
    Refused(String),
}

impl Judge {
    /// The server's, if one is named, and else our own. Within a runtime.
    pub(super) fn open(
        package: &Path,
        elsewhere: &ElsewhereArgs,
        engine: &EngineArgs,
        output: Output,
    ) -> anyhow::Result<Self> {
        let Some(server) = elsewhere.server.clone() else {
            let engine = Engine::begin(engine, first_time(output))?;
            return Ok(Self { place: Place::Here(Box::new(engine)), output });
        };
        let client = Client::new(&ServerArgs { server, key: elsewhere.key.clone() });
        let archive = optimus_package::archive(package).map_err(|error| super::bad_package(&error))?;
        let there = There { languages: client.languages()?, client, archive, stored: None };
        Ok(Self { place: Place::There(Box::new(there)), output })
    }

    /// Makes the tests that programs of the package make.
    pub(super) async fn make_tests(&self, problem: &mut Problem) -> anyhow::Result<()> {
        match &self.place {
            _ if problem.generated.is_empty() => Ok(()),
            Place::Here(engine) => super::generate::tests(engine, problem).await,
            Place::There(_) => {
                let message = "the package makes tests with a generator, which a server does not run";
                Err(Advised::new("generator", message, Some("judge it here, without `--server`".to_owned())).into())
            }
        }
    }

    /// Judges a labelled submission. One that cannot be judged, such as one in an unknown language, does not end the command.
    pub(super) async fn try_judge(
        &mut self,
        problem: &Problem,
        own: &Labelled,
        label: &str,
    ) -> anyhow::Result<Outcome> {
        let files = own.files.iter().map(Into::into).collect();
        match self.judge(problem, own, files, label).await {
            Ok(report) => Ok(Outcome::Judged(Box::new(report))),
            Err(error) => match error.downcast::<Advised>() {
                Ok(advised) if REFUSALS.contains(&advised.0.code.as_str()) => Ok(Outcome::Refused(advised.0.message)),
                Ok(advised) => Err(advised.into()),
                Err(error) => Err(error),
            },
        }
    }

    /// Judges a submission, which progress shows as `label`.
    pub(super) async fn judge(
        &mut self,
        problem: &Problem,
        own: &Labelled,
        files: Vec<FileRequest>,
        label: &str,
    ) -> anyhow::Result<Report> {
        let language = self.place.language(own, &files, problem.runs_submissions())?;
        let request = own.request(files, &language.descriptor);
        let bar = output::progress(self.output.is_json(), problem.tests.len() as u64);
        bar.set_message(label.to_owned());
        let report = match &mut self.place {
            Place::Here(engine) => here(engine, problem, own, request, &language, &bar).await,
            Place::There(there) => there.judge(problem, request),
        };
        bar.finish_and_clear();
        report
    }
}

async fn here(
    engine: &Engine,
    problem: &Problem,
    own: &Labelled,
    request: JobRequest,
    language: &LanguageInfo,
    bar: &ProgressBar,
) -> anyhow::Result<Report> {
    let refused = |invalid: optimus_core::Invalid| {
        Advised::new("invalid", format!("`{}`: {invalid}", own.name), invalid.hint.clone())
    };
    let request = problem.job(request, &language.descriptor).map_err(refused)?;
    // The package is the operator's own here.
    let policy = Policy { max_tests: usize::MAX, ..engine.policy.clone() };
    let job = request.into_job(&language.descriptor.id, language.descriptor.extension(), &policy).map_err(refused)?;
    let events = |event: Event| {
        if let Event::Test { .. } = event {
            bar.inc(1);
        }
    };
    let report = engine.judge.judge(&job, Duration::ZERO, &events, &CancellationToken::new()).await;
    Ok(report.map_err(|fault: Fault| Advised(fault))?)
}

impl There {
    fn judge(&mut self, problem: &Problem, request: JobRequest) -> anyhow::Result<Report> {
        let problem = Some(self.store(problem)?);
        self.client.wait(self.client.submit(&JobRequest { problem, ..request })?.id)
    }

    /// The problem's name there. A server has a package once for all the limits that it was brought with.
    fn store(&mut self, problem: &Problem) -> anyhow::Result<String> {
        let number = |limit: &Option<Value>| limit.as_ref().and_then(Value::as_u64);
        let limits = &problem.limits;
        let [cpu_ms, wall_ms, memory_bytes] = [&limits.cpu_ms, &limits.wall_ms, &limits.memory_bytes].map(number);
        let limits = Limits { cpu_ms, wall_ms, memory_bytes };
        if let Some((_, name)) = self.stored.as_ref().filter(|(with, _)| *with == limits) {
            return Ok(name.clone());
        }
        let query: Vec<String> = limits.given().map(|(name, limit)| format!("{name}={limit}")).collect();
        let Stored { problem } = self.client.upload(&format!("/v1/problems?{}", query.join("&")), &self.archive)?;
        self.stored = Some((limits, problem.clone()));
        Ok(problem)
    }
}

impl Place {
    /// The language of a submission: as it says itself, or else of the first file whose extension tells one. Here its
    /// plugin alone is loaded.
    fn language(&self, own: &Labelled, files: &[FileRequest], is_run: bool) -> anyhow::Result<LanguageInfo> {
        let mut extensions = files.iter().filter_map(|file| Path::new(&file.path).extension()?.to_str());
        let found = match &own.language {
            Some(name) => self.find(name),
            None => extensions.find_map(|extension| self.find_by_extension(extension)),
        };
        // Answers are in no language, and any will do.
        let found = if found.is_none() && !is_run { self.any()? } else { found };
        Ok(found.ok_or_else(|| {
            let message = format!("`{}` is in no language that is here", own.name);
            Advised::new("unknown_language", message, Some("see `optimus languages`".to_owned()))
        })?)
    }

    fn find(&self, name: &str) -> Option<LanguageInfo> {
        match self {
            Self::Here(engine) => engine.language(name),
            Self::There(there) => there.languages.find(name),
        }
    }

    fn find_by_extension(&self, extension: &str) -> Option<LanguageInfo> {
        match self {
            Self::Here(engine) => engine.language_by_extension(extension),
            Self::There(there) => there.languages.by_extension(extension),
        }
    }

    fn any(&self) -> anyhow::Result<Option<LanguageInfo>> {
        let book = match self {
            Self::Here(engine) => {
                engine.load_all()?;
                &*engine.book
            }
            Self::There(there) => &there.languages,
        };
        Ok(book.any())
    }
}
