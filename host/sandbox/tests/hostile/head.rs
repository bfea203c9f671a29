//! What an attack says about itself in its head comment: a sentence, then one `key: value` a line.
//!
//! Keys: `limits`, `stdin`, `args`, `case` (arguments, and perhaps `=>` an end of its own), `ends` (`code N`,
//! `signal N`, `limit NAME`, with `|` between alternatives; `code 0` when absent), `stdout` (`ok` when absent and it
//! ends with code 0), `stdout_bytes`, `truncated`, `cpu_at_least_ms`, `view`, `collect`, `collected`. `hold` marks a program
//! that keeps what it took until its input ends (`held.rs`), `pair` one that runs in two boxes at once (`pair.rs`), `works`
//! names what the witness does, `open` marks an attack against which a wall is missing, and `account` names works that fail
//! meanwhile where all boxes are one account of the kernel's, as without root.

use optimus_core::{Exit, LimitHit, Limits, Outcome, Stream};

/// A parsed head comment.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) limits: Limits,
    pub(crate) stdin: Vec<u8>,
    /// Each is one run.
    pub(crate) cases: Vec<Case>,
    /// Exact, but for white space at the end. Absent, it is `ok` for whoever must end with code 0.
    pub(crate) stdout: Option<String>,
    pub(crate) stdout_bytes: Option<u64>,
    pub(crate) truncated: Option<Stream>,
    pub(crate) cpu_at_least_ms: u64,
    pub(crate) build: bool,
    pub(crate) collect: Option<String>,
    /// Whether collecting may succeed, and whether it may be refused.
    pub(crate) collected: (bool, bool),
    pub(crate) kind: Kind,
    pub(crate) works: Vec<String>,
    /// It is known that a wall is missing: what it does is shown, and fails nothing.
    pub(crate) open: bool,
    /// Works of the witness that this takes from others of its account.
    pub(crate) account: Vec<String>,
}

/// How a program is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Alone, to its end.
    Plain,
    /// Until the witnesses have seen what it holds.
    Held,
    /// In two boxes at once.
    Pair,
}

/// One run of an attack.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) args: Vec<String>,
    /// One of these.
    pub(crate) ends: Vec<End>,
}

/// A way to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself, within every limit.
    Code(i32),
    /// By a signal, within every limit.
    Signal(i32),
    /// By this limit.
    Limit(LimitHit),
}

impl End {
    /// Whether the outcome is this end.
    pub(crate) fn is(self, outcome: &Outcome) -> bool {
        match self {
            Self::Code(code) => outcome.limit.is_none() && outcome.exit == Exit::Code(code),
            Self::Signal(signal) => outcome.limit.is_none() && outcome.exit == Exit::Signal(signal),
            Self::Limit(limit) => outcome.limit == Some(limit),
        }
    }
}

/// Time is generous: only attacks that must run out of it say how much there is.
const LIMITS: Limits = Limits {
    cpu_ms: 30_000,
    wall_ms: 90_000,
    memory_bytes: 256 << 20,
    output_bytes: 1 << 20,
    processes: 64,
    open_files: 256,
    file_bytes: 64 << 20,
    work_bytes: 64 << 20,
    fuel: None,
};

impl Head {
    /// Reads the first comment of a C file.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        let comment = source.strip_prefix("/*").and_then(|rest| rest.split_once("*/")).ok_or("no head comment")?.0;
        let mut head = Self {
            limits: LIMITS,
            stdin: Vec::new(),
            cases: Vec::new(),
            stdout: None,
            stdout_bytes: None,
            truncated: None,
            cpu_at_least_ms: 0,
            build: false,
            collect: None,
            collected: (true, false),
            kind: Kind::Plain,
            works: Vec::new(),
            open: false,
            account: Vec::new(),
        };
        let mut ends = vec![End::Code(0)];
        let mut args = Vec::new();
        let mut cases = Vec::new();
        for line in comment.lines().map(|line| line.trim().trim_start_matches("* ")) {
            let Some((key, value)) = key_value(line) else { continue };
            match key {
                "ends" => ends = parse_ends(value)?,
                "args" => args = words(value),
                "case" => cases.push(value),
                _ => head.set(key, value).map_err(|e| format!("`{key}`: {e}"))?,
            }
        }
        for case in cases {
            let (args, own) = case.split_once("=>").map_or((case, None), |(args, own)| (args, Some(own)));
            let ends = own.map_or_else(|| Ok(ends.clone()), parse_ends)?;
            head.cases.push(Case { args: words(args), ends });
        }
        if head.cases.is_empty() {
            head.cases.push(Case { args, ends });
        }
        Ok(head)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "limits" => value.split_whitespace().try_for_each(|word| self.limit(word))?,
            "stdin" => self.stdin = parse_stdin(value)?,
            "stdout" => self.stdout = Some(value.to_owned()),
            "stdout_bytes" => self.stdout_bytes = Some(size(value)?),
            "truncated" if value == "stdout" => self.truncated = Some(Stream::Stdout),
            "truncated" if value == "stderr" => self.truncated = Some(Stream::Stderr),
            "cpu_at_least_ms" => self.cpu_at_least_ms = size(value)?,
            "view" if value == "build" => self.build = true,
            "collect" => self.collect = Some(value.to_owned()),
            "hold" => self.kind = Kind::Held,
            "pair" => self.kind = Kind::Pair,
            "open" => self.open = true,
            "account" => self.account = words(value),
            "works" => self.works = words(value),
            "collected" => self.collected = (value.contains("taken"), value.contains("refused")),
            _ => return Err(format!("cannot be `{value}`")),
        }
        Ok(())
    }

    fn limit(&mut self, word: &str) -> Result<(), String> {
        let (name, value) = word.split_once('=').ok_or("a limit is `name=value`")?;
        let field = match name {
            "cpu_ms" => &mut self.limits.cpu_ms,
            "wall_ms" => &mut self.limits.wall_ms,
            "memory" => &mut self.limits.memory_bytes,
            "output" => &mut self.limits.output_bytes,
            "processes" => &mut self.limits.processes,
            "open_files" => &mut self.limits.open_files,
            "file" => &mut self.limits.file_bytes,
            "work" => &mut self.limits.work_bytes,
            _ => return Err(format!("no limit is called `{name}`")),
        };
        *field = size(value)?;
        Ok(())
    }
}

/// A line that begins with a lowercase word and a colon; anything else is prose.
fn key_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let word = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    word.then_some((key, value.trim()))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn size(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let shift = match &text[split..] {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        unit => return Err(format!("no unit is called `{unit}`")),
    };
    text[..split].parse::<u64>().map(|n| n << shift).map_err(|e| format!("`{text}`: {e}"))
}

fn parse_stdin(text: &str) -> Result<Vec<u8>, String> {
    match text.split_once(' ') {
        Some(("zeros", count)) => Ok(vec![0; usize::try_from(size(count)?).map_err(|e| e.to_string())?]),
        Some(("text", text)) => Ok(format!("{text}\n").into_bytes()),
        _ => Err(format!("cannot be `{text}`")),
    }
}

fn parse_ends(text: &str) -> Result<Vec<End>, String> {
    text.split('|').map(|end| parse_end(end.trim())).collect()
}

fn parse_end(text: &str) -> Result<End, String> {
    let number = |n: &str| n.parse::<i32>().map_err(|e| format!("`{text}`: {e}"));
    match text.split_once(' ') {
        Some(("code", n)) => number(n).map(End::Code),
        Some(("signal", n)) => number(n).map(End::Signal),
        Some(("limit", "memory")) => Ok(End::Limit(LimitHit::Memory)),
        Some(("limit", "cpu_time")) => Ok(End::Limit(LimitHit::CpuTime)),
        Some(("limit", "wall_time")) => Ok(End::Limit(LimitHit::WallTime)),
        Some(("limit", "output")) => Ok(End::Limit(LimitHit::Output)),
        Some(("limit", "file_size")) => Ok(End::Limit(LimitHit::FileSize)),
        Some(("limit", "kernel_memory")) => Ok(End::Limit(LimitHit::KernelMemory)),
        Some(("limit", "forbidden_call")) => Ok(End::Limit(LimitHit::ForbiddenCall)),
        _ => Err(format!("no end is called `{text}`")),
    }
}

#[test]
fn a_head_is_read_and_a_mistake_in_it_is_named() {
    let text =
        "/* Does harm: much.\n * limits: memory=64M\n * case: a b => signal 9 | limit memory\n * case: c */ int x;";
    let head = Head::parse(text).unwrap();
    assert_eq!(head.limits.memory_bytes, 64 << 20);
    assert_eq!(head.cases[0].args, ["a", "b"]);
    assert_eq!(head.cases[0].ends, [End::Signal(9), End::Limit(LimitHit::Memory)]);
    assert_eq!(head.cases[1].ends, [End::Code(0)]);
    assert!(Head::parse("/* X.\n * limit: memory=1 */").unwrap_err().contains("limit"));
    assert!(Head::parse("/* X.\n * ends: limit memroy */").unwrap_err().contains("memroy"));
}
