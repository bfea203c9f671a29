//! A server's answers about schedules, as text for people.

use serde::Deserialize;

/// All rows of all pages.
#[derive(Deserialize)]
pub(super) struct Rows {
    schedules: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: Option<String>,
    state: String,
    next_at: Option<String>,
}

/// A schedule, as far as it is shown.
#[derive(Deserialize)]
pub(super) struct Shown {
    id: String,
    name: Option<String>,
    state: String,
    note: Option<String>,
    stopped: Option<Stopped>,
    info: Info,
}

#[derive(Deserialize)]
struct Stopped {
    reason: String,
}

#[derive(Deserialize)]
struct Info {
    actions: u64,
    missed: u64,
    skipped: u64,
    dropped: u64,
    buffered: u64,
    recent: Vec<Firing>,
    next: Vec<Time>,
}

#[derive(Deserialize)]
struct Firing {
    nominal: String,
    job: Option<String>,
    run: Option<String>,
    error: Option<optimus_core::Fault>,
}

#[derive(Deserialize)]
struct Time {
    at: String,
    local: String,
}

/// Times of `GET /v1/schedules/{id}/preview`.
#[derive(Deserialize)]
pub(super) struct Preview {
    firings: Vec<Time>,
}

/// What was asked for will happen.
#[derive(Deserialize)]
pub(super) struct Accepted {
    firings: usize,
}

/// A row for each schedule.
pub(super) fn list(rows: &Rows) -> String {
    let line = |row: &Row| {
        let (next, name) = (row.next_at.as_deref().unwrap_or("-"), row.name.as_deref().unwrap_or_default());
        format!("{}  {:<8}  {next:<24}  {}", row.id, row.state, visible(name)).trim_end().to_owned() + "\n"
    };
    rows.schedules.iter().map(line).collect()
}

impl Shown {
    pub(super) fn text(&self) -> String {
        let Self { id, state, info, .. } = self;
        let name = self.name.as_deref().map(|name| format!("  {}", visible(name))).unwrap_or_default();
        let why = self.stopped.as_ref().map(|stopped| stopped.reason.as_str()).or(self.note.as_deref());
        let why = why.map(|why| format!(": {}", visible(why))).unwrap_or_default();
        let Info { actions, missed, skipped, dropped, buffered, recent, next } = info;
        let mut text = format!("{id}{name}\n  {state}{why}\n");
        text +=
            &format!("  {actions} fired, {missed} missed, {skipped} skipped, {dropped} dropped, {buffered} waiting\n");
        text.extend(recent.iter().map(|firing| format!("  fired at {}  {}\n", firing.nominal, firing.outcome())));
        text.extend(next.iter().map(|time| format!("  next at {}  {}\n", time.at, time.local)));
        text
    }
}

impl Firing {
    fn outcome(&self) -> String {
        match (&self.job, &self.run, &self.error) {
            (Some(job), ..) => format!("job {job}"),
            (None, Some(run), _) => format!("run {run}"),
            (None, None, error) => error.as_ref().map(|fault| visible(&fault.message)).unwrap_or_default(),
        }
    }
}

impl Preview {
    pub(super) fn text(&self) -> String {
        self.firings.iter().map(|time| format!("{}  {}\n", time.at, time.local)).collect()
    }
}

impl Accepted {
    pub(super) fn text(&self) -> String {
        match self.firings {
            1 => "fires once, within about a second\n".to_owned(),
            many => format!("fires {many} times, beginning within about a second\n"),
        }
    }
}

/// A text of other people must not move the reader's cursor.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
