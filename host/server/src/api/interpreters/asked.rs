//! What a client asks of a session.

use std::time::Duration;

use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::Availability;
use optimus_core::{BoxPath, Descriptor, Invalid, Limits, SourceFile, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::super::caller::Caller;
use super::super::submission::language_is_known;
use super::super::{ApiError, ApiState};
use crate::interpreters::{Info, Rules, Wanted};

/// What a cell may show, where a request does not say; and at most.
const OUTPUT: (u64, u64) = (1 << 20, 8 << 20);
/// The time of a cell, where a request does not say.
const CELL: Duration = Duration::from_secs(10);
/// All that an interpreter may print in its life.
const PRINTED: u64 = 4 << 30;
/// The longest source of a cell.
const SOURCE: usize = 1 << 20;

/// `POST /v1/sessions`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSession {
    language: String,
    #[serde(default)]
    files: Vec<FileRequest>,
    #[serde(default)]
    limits: NewLimits,
    /// The longest time without a cell.
    idle_s: Option<u64>,
    /// The longest life.
    life_s: Option<u64>,
}

/// What the cells of a session may use.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLimits {
    /// Each cell's time by the clock.
    cell_ms: Option<u64>,
    /// CPU time of all cells together.
    cpu_ms: Option<u64>,
    memory_bytes: Option<u64>,
    processes: Option<u64>,
    /// What each cell may show.
    output_bytes: Option<u64>,
}

/// `POST /v1/sessions/{id}/cells`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCell {
    pub(super) source: String,
    /// Its time by the clock, at most the session's.
    limit_ms: Option<u64>,
}

impl NewSession {
    pub(super) async fn check(self, state: &ApiState, caller: &Caller) -> Result<(Info, Wanted), ApiError> {
        let descriptor = self.language(state).await?;
        let (rules, policy) = (&state.parts.interpreters.rules, &state.parts.policy);
        let idle = seconds("idle_s", self.idle_s, rules.idle)?;
        let life = seconds("life_s", self.life_s, rules.life)?;
        let cell_cap = ms(life).min(policy.cap.wall_ms);
        let cell = number("limits.cell_ms", self.limits.cell_ms, ms(CELL).min(cell_cap), cell_cap)?;
        let output_bytes = number("limits.output_bytes", self.limits.output_bytes, OUTPUT.0, OUTPUT.1)?;
        let language = descriptor.id;
        let mut limits = self.limits.resolve(rules, policy, life)?;
        // As the box will have it.
        limits.memory_bytes = limits.memory_bytes.max(descriptor.minimum.memory_bytes.unwrap_or(0));
        let files = files(self.files, policy)?;
        let tenant = caller.tenant.clone();
        let info = Info {
            id: Uuid::now_v7().to_string(),
            tenant: tenant.clone(),
            language: language.clone(),
            created_at: Timestamp::now(),
            limits,
            cell: Duration::from_millis(cell),
            idle,
            life,
            output_bytes,
            cells: 0,
        };
        Ok((info, Wanted { language, tenant, files, limits, output_bytes }))
    }

    /// The language, which has to run cells.
    async fn language(&self, state: &ApiState) -> Result<Descriptor, ApiError> {
        let name: String = self.language.chars().take(100).collect();
        language_is_known(state, &name).await?;
        let invalid = |message: String| Invalid::new("language", message);
        let Some(found) = state.parts.languages.find(&name) else {
            let invalid = invalid(format!("`{}` is not a language here", name.escape_debug()));
            return Err(invalid.hint("GET /v1/languages lists them").into());
        };
        let descriptor = &found.descriptor;
        if let Availability::Unavailable { reason, hint } = &found.availability {
            return Err(invalid(format!("`{}` cannot run here: {reason}", descriptor.id)).hint(hint).into());
        }
        // Of one that is still being loaded only the names are known: its plugin refuses cells itself.
        let is_loaded = !found.plugin_digest.is_empty();
        if is_loaded && !descriptor.takes_cells() {
            let invalid = invalid(format!("`{}` does not run cells", descriptor.id));
            return Err(invalid.hint("choose one whose `options_schema` has `cells`").into());
        }
        Ok(found.descriptor)
    }
}

impl NewLimits {
    /// The limits of the session's box.
    fn resolve(&self, rules: &Rules, policy: &Policy, life: Duration) -> Result<Limits, Invalid> {
        let (default, cap) = (&policy.default_limits, &policy.cap);
        let memory = number("limits.memory_bytes", self.memory_bytes, default.memory_bytes, cap.memory_bytes)?;
        let room = policy.machine_bytes.into_iter().chain(rules.memory_bytes).min();
        if let Some(room) = room.filter(|room| memory > *room) {
            let message = format!("{memory} is more than the {room} bytes that this machine has for sessions");
            return Err(Invalid::new("limits.memory_bytes", message).hint("ask for less"));
        }
        Ok(Limits {
            cpu_ms: number("limits.cpu_ms", self.cpu_ms, ms(rules.cpu), ms(rules.cpu))?,
            wall_ms: ms(life),
            memory_bytes: memory,
            output_bytes: PRINTED,
            processes: number("limits.processes", self.processes, default.processes, cap.processes)?,
            ..*default
        })
    }
}

impl NewCell {
    pub(super) fn limit(&self, session: &Info) -> Result<Option<Duration>, Invalid> {
        if self.source.len() > SOURCE {
            return Err(
                Invalid::new("source", format!("has more than {SOURCE} bytes")).hint("send it as several cells")
            );
        }
        let most = ms(session.cell);
        let limit = self.limit_ms.map(|limit| number("limit_ms", Some(limit), most, most)).transpose()?;
        Ok(limit.map(Duration::from_millis))
    }
}

fn files(given: Vec<FileRequest>, policy: &Policy) -> Result<Vec<SourceFile>, Invalid> {
    if given.len() > policy.max_files {
        return Err(Invalid::new("files", format!("has {} files; the maximum is {}", given.len(), policy.max_files)));
    }
    let mut files: Vec<SourceFile> = Vec::with_capacity(given.len());
    for (i, FileRequest { path, content }) in given.into_iter().enumerate() {
        let invalid = |why: String| Invalid::new(format!("files[{i}].path"), why);
        let path = BoxPath::new(path.as_str()).map_err(|why| invalid(format!("the path {why}")))?;
        if files.iter().any(|other| collides(other.path.as_str(), path.as_str())) {
            return Err(invalid(format!("`{path}` is another file, or a directory of one")));
        }
        files.push(SourceFile { path, content });
    }
    Ok(files)
}

fn collides(a: &str, b: &str) -> bool {
    let under = |dir: &str, path: &str| path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
    a == b || under(a, b) || under(b, a)
}

/// A number from 1 to `cap`.
fn number(field: &str, given: Option<u64>, default: u64, cap: u64) -> Result<u64, Invalid> {
    match given {
        None => Ok(default),
        Some(number) if (1..=cap).contains(&number) => Ok(number),
        Some(number) => Err(Invalid::new(field, format!("{number} is not a number from 1 to {cap}"))),
    }
}

fn seconds(field: &str, given: Option<u64>, cap: Duration) -> Result<Duration, Invalid> {
    number(field, given, cap.as_secs(), cap.as_secs()).map(Duration::from_secs)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
