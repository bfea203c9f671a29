//! Verifying a stored problem: the submissions whose verdicts its author knows become jobs like any other, and their
//! reports are compared with what is expected. What the submissions are made of is not given out.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use optimus_core::job::FileRequest;
use optimus_core::language::LanguageInfo;
use optimus_core::languages::LanguageBook;
use optimus_core::problem::Labelled;
use optimus_core::{Digest, JobId, JobRequest, Problem, Verdict};
use serde::Serialize;

use super::caller::Caller;
use super::jobs::{JobView, answer, look};
use super::problems::{stored, unreadable};
use super::query::{job_id, trace};
use super::submission::{Asked, Submission};
use super::{ApiError, ApiState};
use crate::keys::Scope;

/// A submission whose verdict is known.
#[derive(Debug, Serialize)]
pub(super) struct KnownSubmission {
    /// From 1.
    number: usize,
    /// Its place in the package.
    name: String,
    /// What should come of it, in words.
    expected: String,
    /// As the package says; otherwise its files' names tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    files: usize,
    bytes: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct KnownSubmissions {
    submissions: Vec<KnownSubmission>,
}

/// What came of a submission, beside what should have.
#[derive(Debug, Serialize)]
pub(super) struct Verified {
    job: JobId,
    state: &'static str,
    expected: String,
    /// Absent until the job is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    /// Why this is not what was expected; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    mismatch: Option<String>,
}

/// `GET /v1/problems/{id}/submissions`.
pub(super) async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<KnownSubmissions>, ApiError> {
    let known = Known::of(&state, &caller, &id).await?;
    let submission = |(at, own): (usize, &Labelled)| KnownSubmission {
        number: at + 1,
        name: own.name.clone(),
        expected: own.expect.to_string(),
        language: own.language.clone(),
        files: own.files.len(),
        bytes: own.files.iter().map(|file| file.content.len()).sum(),
    };
    let submissions = known.submissions.iter().enumerate().map(submission).collect();
    Ok(Json(KnownSubmissions { submissions }))
}

/// `POST /v1/problems/{id}/submissions/{number}/jobs`.
pub(super) async fn submit(
    State(state): State<ApiState>,
    caller: Caller,
    Path((id, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let known = Known::of(&state, &caller, &id).await?;
    caller.may(Scope::Submit)?;
    let request = known.request(&state, known.submission(&number)?)?;
    let submission = Submission::check(&state, &caller, request).await?;
    caller.spend(&state, 1).await?;
    let pushed = submission.push(&state, Asked { trace: trace(&headers), ..Asked::default() }).await?;
    Ok(answer(JobView::new(pushed.id, "queued", None)))
}

/// `GET /v1/problems/{id}/submissions/{number}/jobs/{job}`.
pub(super) async fn compare(
    State(state): State<ApiState>,
    caller: Caller,
    Path((id, number, job)): Path<(String, String, String)>,
) -> Result<Json<Verified>, ApiError> {
    let known = Known::of(&state, &caller, &id).await?;
    let expect = &known.submission(&number)?.expect;
    caller.may(Scope::Read)?;
    let job = job_id(&job)?;
    caller.owns(&state, job).await?;
    let view = look(&state, job).await?;
    let report = view.report.as_deref();
    Ok(Json(Verified {
        job,
        state: view.state,
        expected: expect.to_string(),
        verdict: report.map(|report| report.verdict),
        mismatch: report.and_then(|report| expect.check(report).err()),
    }))
}

/// A problem with its known submissions.
struct Known {
    digest: Digest,
    problem: Arc<Problem>,
    submissions: Vec<Labelled>,
}

impl Known {
    /// For an operator, and for tenants that brought the package, who know what is in it.
    async fn of(state: &ApiState, caller: &Caller, id: &str) -> Result<Self, ApiError> {
        let (digest, problem) = stored(state, id).await?;
        let problems = &state.parts.problems;
        if let Some(tenant) = caller.sees()
            && !problems.is_owner(&digest, &tenant).await.map_err(|error| unreadable(&error))?
        {
            let message = format!("tenant `{tenant}` has not stored problem `{digest}`");
            let error = ApiError::new(StatusCode::FORBIDDEN, "forbidden", message);
            return Err(error.hint("store its package with POST /v1/problems, or use a key with the scope `admin`"));
        }
        let submissions = problems.submissions(&digest).await.map_err(|error| unreadable(&error))?;
        let Some(submissions) = submissions else {
            let message = format!("an earlier version stored problem `{digest}`, without its submissions");
            let error = ApiError::new(StatusCode::CONFLICT, "no_submissions", message);
            return Err(error.hint("store its package again with POST /v1/problems"));
        };
        Ok(Self { digest, problem, submissions })
    }

    fn submission(&self, number: &str) -> Result<&Labelled, ApiError> {
        let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        at.and_then(|at| self.submissions.get(at)).ok_or_else(|| {
            let message = format!("problem `{}` has no submission `{}`", self.digest, number.escape_debug());
            let hint = format!("it has {}: GET /v1/problems/ID/submissions lists them", self.submissions.len());
            ApiError::new(StatusCode::NOT_FOUND, "no_such_submission", message).hint(hint)
        })
    }

    /// The job of a submission.
    fn request(&self, state: &ApiState, own: &Labelled) -> Result<JobRequest, ApiError> {
        let files: Vec<FileRequest> = own.files.iter().map(Into::into).collect();
        let Some(language) = self.language(&state.parts.languages, own) else {
            let message = format!("submission `{}` is in no language that is here", own.name);
            let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_language", message);
            return Err(error.hint("GET /v1/languages lists them all"));
        };
        Ok(JobRequest { problem: Some(self.digest.to_string()), ..own.request(files, &language.descriptor) })
    }

    /// As the submission says itself, or else that of the first file whose extension tells one.
    fn language(&self, here: &LanguageBook, own: &Labelled) -> Option<LanguageInfo> {
        if let Some(name) = &own.language {
            return here.find(name);
        }
        // Also those that are being loaded: a job for them waits.
        let book = LanguageBook::default();
        book.replace(here.listed());
        let mut extensions =
            own.files.iter().filter_map(|file| FilePath::new(file.path.as_str()).extension()?.to_str());
        let found = extensions.find_map(|extension| book.by_extension(extension));
        // Answers are in no language, and any will do.
        found.or_else(|| book.any().filter(|_| !self.problem.runs_submissions()))
    }
}
