//! Talks to a server, for the verbs that need one.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use optimus_core::language::LanguageInfo;
use optimus_core::languages::LanguageBook;
use optimus_core::{Fault, JobId, Report};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cli::ServerArgs;
use crate::output::{Advised, Output};

/// A server, as a client sees it.
pub(super) struct Client {
    base: String,
    key: Option<String>,
    agent: ureq::Agent,
}

/// A job, as a server describes it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobState {
    pub(super) id: JobId,
    pub(super) state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) report: Option<Report>,
}

#[derive(Deserialize)]
struct LanguageList {
    languages: Vec<LanguageInfo>,
}

/// Rows of one page.
const PAGE: usize = 500;

/// A page of a list, which has the list's own name.
#[derive(Deserialize)]
struct Page {
    next: Option<String>,
    #[serde(flatten)]
    lists: Map<String, Value>,
}

/// Prints an answer as the server gave it, or as text for people.
pub(super) fn print<T: DeserializeOwned>(
    answer: &Value,
    output: Output,
    text: impl FnOnce(&T) -> String,
) -> anyhow::Result<ExitCode> {
    let read = T::deserialize(answer)?;
    output.print(answer, |_| text(&read))?;
    Ok(ExitCode::SUCCESS)
}

/// A value of a query, with every byte that means something there escaped.
pub(super) fn query(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        match byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            true => text.push(char::from(byte)),
            false => text += &format!("%{byte:02X}"),
        }
        text
    })
}

impl Client {
    /// Nothing is sent yet.
    pub(super) fn new(server: &ServerArgs) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(Duration::from_secs(120)))
            .build();
        let base = server.server.trim_end_matches('/').to_owned();
        Self { base, key: server.key.clone(), agent: config.into() }
    }

    /// Everything in a list of the API, page after page.
    pub(super) fn all(&self, list: &str) -> anyhow::Result<Vec<Value>> {
        let (mut all, mut next) = (Vec::new(), String::new());
        loop {
            let mut page: Page = self.get(&format!("/v1/{list}?limit={PAGE}{next}"))?;
            let rows = page.lists.remove(list).with_context(|| format!("the answer has no `{list}`"))?;
            all.extend(Vec::<Value>::deserialize(rows)?);
            match page.next {
                Some(id) => next = format!("&next={id}"),
                None => return Ok(all),
            }
        }
    }

    /// Says who we are.
    fn signed<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.key {
            Some(key) => request.header("authorization", format!("Bearer {key}")),
            None => request,
        }
    }

    /// Posts a job; the server has it from here on.
    pub(super) fn submit(&self, request: &impl Serialize) -> anyhow::Result<JobState> {
        self.post("/v1/jobs", request)
    }

    /// Waits for the end of a job, and returns its report.
    pub(super) fn wait(&self, id: JobId) -> anyhow::Result<Report> {
        loop {
            let job: JobState = self.get(&format!("/v1/jobs/{id}?wait=30s"))?;
            if let Some(report) = job.report {
                return Ok(report);
            }
        }
    }

    /// The languages that are judged there.
    pub(super) fn languages(&self) -> anyhow::Result<LanguageBook> {
        let list: LanguageList = self.get("/v1/languages")?;
        let book = LanguageBook::default();
        book.replace(list.languages);
        Ok(book)
    }

    /// `GET path`.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.read(self.signed(self.agent.get(format!("{}{path}", self.base))).call())
    }

    /// `GET path`, whose answer has no end; from the event `last` on.
    pub(super) fn stream(&self, path: &str, last: Option<&str>) -> anyhow::Result<impl std::io::Read + use<>> {
        let request = self.signed(self.agent.get(format!("{}{path}", self.base)));
        let request = last.into_iter().fold(request, |request, last| request.header("last-event-id", last));
        let answer = request.config().timeout_global(None).build().call();
        if answer.as_ref().is_ok_and(|answer| !answer.status().is_success()) {
            self.read::<Value>(answer)?;
            anyhow::bail!("`{}` answered an error without a body", self.base);
        }
        Ok(answer.map_err(|error| self.unreachable(&error))?.into_body().into_reader())
    }

    /// `POST path` with JSON.
    pub(super) fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        self.read(self.signed(self.agent.post(format!("{}{path}", self.base))).send_json(body))
    }

    /// `PATCH path` with JSON.
    pub(super) fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        self.read(self.signed(self.agent.patch(format!("{}{path}", self.base))).send_json(body))
    }

    /// `POST path` with an archive.
    pub(super) fn upload<T: DeserializeOwned>(&self, path: &str, archive: &[u8]) -> anyhow::Result<T> {
        let request = self.signed(self.agent.post(format!("{}{path}", self.base)));
        self.read(request.header("content-type", "application/zip").send(archive))
    }

    /// `PUT path` with bytes.
    pub(super) fn put<T: DeserializeOwned>(&self, path: &str, body: &[u8]) -> anyhow::Result<T> {
        let request = self.signed(self.agent.put(format!("{}{path}", self.base)));
        self.read(request.header("content-type", "application/wasm").send(body))
    }

    /// `PUT path` with JSON.
    pub(super) fn put_json<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        self.read(self.signed(self.agent.put(format!("{}{path}", self.base))).send_json(body))
    }

    /// `DELETE path`.
    pub(super) fn delete<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.read(self.signed(self.agent.delete(format!("{}{path}", self.base))).call())
    }

    fn read<T: DeserializeOwned>(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> anyhow::Result<T> {
        let mut answer = answer.map_err(|e| self.unreachable(&e))?;
        let status = answer.status();
        let body: Value =
            answer.body_mut().with_config().limit(1 << 30).read_json().map_err(|e| self.unreachable(&e))?;
        if status.is_success() {
            return Ok(serde_json::from_value(body)?);
        }
        let fault = serde_json::from_value::<Fault>(body["error"].clone());
        Err(Advised(fault.unwrap_or_else(|_| Fault::new("http", format!("`{}` answered {status}", self.base)))).into())
    }

    fn unreachable(&self, error: &ureq::Error) -> Advised {
        let hint = "is `optimus serve` running there? name another with `--server URL`".to_owned();
        Advised::new("unreachable", format!("cannot reach `{}`: {error}", self.base), Some(hint))
    }
}
