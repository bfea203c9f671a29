//! Judges right programs in six languages while one tenant's program holds on to all it can get: each is accepted, as if
//! the machine were theirs alone. The programs that hold are those of the hostile suite, submitted as any job is.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use optimus_core::{Event, Verdict};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::engine::root;
use crate::range::Range;

/// The six, by language and file.
const RIGHT: [(&str, &str); 6] = [
    ("c", "main.c"),
    ("cpp", "main.cpp"),
    ("python", "main.py"),
    ("java", "Main.java"),
    ("javascript", "main.js"),
    ("go", "main.go"),
];
/// The record's name for them, where a witness's works are named.
pub(crate) const WORK: &str = "six_languages";
/// How long a program holds at most; it is cancelled once the six are judged.
const HOLDS_MS: u64 = 30_000;

/// A program of the hostile suite that holds on, and what one of its members is called.
pub(crate) struct Holding {
    pub(crate) name: String,
    member: String,
    source: String,
    /// It is known that a wall against it is missing.
    pub(crate) open: bool,
}

/// All of them, each with the first of its members.
pub(crate) fn holding() -> anyhow::Result<Vec<Holding>> {
    let folder = root().join("host/sandbox/tests/hostile/attacks");
    let mut all = Vec::new();
    for entry in folder.read_dir().with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with("held_") || path.extension().is_none_or(|extension| extension != "c") {
            continue;
        }
        let source = std::fs::read_to_string(&path)?;
        let member = source.lines().find_map(|line| line.strip_prefix(" * case: ")).context("no member")?;
        let member = member.split(' ').next().unwrap_or_default().to_owned();
        let open = source.lines().any(|line| line == " * open: 1");
        all.push(Holding { name, member, source, open });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

impl Range {
    /// The six as requests, as far as their toolchains are here.
    pub(crate) fn right_programs(&self) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        for (language, file) in RIGHT.iter().filter(|(language, _)| self.has(language)) {
            let source = std::fs::read_to_string(root().join("host/optimus/tests/attack/right").join(file))?;
            all.push(json!({"language": language, "source": source, "tests": [{"stdin": "84\n", "expect": "42\n"}],
                            "compare": "tokens", "limits": {"cpu_ms": 10_000, "wall_ms": 60_000}}));
        }
        Ok(all)
    }

    /// What is wrong with the verdicts of right programs, judged now.
    pub(crate) async fn judge_right(&self, right: &[Value]) -> Vec<String> {
        let mut wrong = Vec::new();
        for request in right {
            match self.judged(request).await {
                Ok(report) if report.verdict == Verdict::Accepted => {}
                Ok(report) => wrong.push(format!("a right program: {report:?}")),
                Err(error) => wrong.push(format!("a right program: {error:#}")),
            }
        }
        wrong
    }

    /// The same, judged while another program holds on to what it got.
    pub(crate) async fn judge_right_meanwhile(&self, holding: &Holding, right: &[Value]) -> Vec<String> {
        let request = match holding.request() {
            Ok(request) => request,
            Err(error) => return vec![format!("{error:#}")],
        };
        let cancel = CancellationToken::new();
        let holds = Arc::new(Notify::new());
        let seen = Arc::clone(&holds);
        let events = move |event: Event| {
            if matches!(&event, Event::Output { content, .. } if content.as_bytes().starts_with(b"holding")) {
                seen.notify_one();
            }
        };
        let meanwhile = async {
            // It may have ended by a limit instead, and then holds nothing.
            let _ = tokio::time::timeout(Duration::from_secs(10), holds.notified()).await;
            let wrong = self.judge_right(right).await;
            cancel.cancel();
            wrong
        };
        let (held, mut wrong) = tokio::join!(self.judged_as(&request, &events, &cancel), meanwhile);
        match held {
            Ok(report) if report.verdict == Verdict::Cancelled => {}
            // The watch over the kernel's memory, or the limit of its own.
            Ok(report) if [Verdict::MemoryLimitExceeded, Verdict::SecurityViolation].contains(&report.verdict) => {}
            Ok(report) => wrong.push(format!("what held: {report:?}")),
            Err(error) => wrong.push(format!("what held: {error:#}")),
        }
        wrong
    }
}

impl Holding {
    fn request(&self) -> anyhow::Result<Value> {
        let mut files = vec![json!({"path": "main.c", "content": self.source})];
        for header in ["held.h", "hostile.h"] {
            let path = root().join("host/sandbox/tests/hostile/attacks").join(header);
            files.push(json!({"path": header, "content": std::fs::read_to_string(path)?}));
        }
        let limits =
            json!({"cpu_ms": 10_000, "wall_ms": HOLDS_MS + 10_000, "memory_bytes": 256 << 20, "open_files": 4096});
        Ok(json!({"language": "c", "entry": "main.c", "files": files, "args": [self.member, HOLDS_MS.to_string()],
                  "limits": limits}))
    }
}
