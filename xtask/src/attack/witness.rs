//! The table of what the witnesses saw: one row for each thing that they keep doing, one column for each class of attacks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;

use super::transcript::Transcript;
use crate::shell::root;

const PAGE: &str = "docs/security.md";
const BEGIN: &str = "<!-- Written by `cargo xtask attack --write`. -->";
const END: &str = "<!-- The end of what is written. -->";
/// Programs that hold on to what they took; all others are one column.
const HELD: &str = "held_";
const OTHERS: &str = "all others";

/// The table, as Markdown.
pub(crate) struct Table {
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    pub(crate) fn of(transcript: &Transcript) -> Self {
        let mut columns = BTreeMap::<String, Column>::new();
        for seen in transcript.witnesses() {
            let name = seen.attack.strip_prefix(HELD).unwrap_or(OTHERS).to_owned();
            let column = columns.entry(name).or_default();
            for work in &seen.failed {
                column.failed.entry(work.clone()).or_default().insert(seen.backend.clone());
            }
            column.uncharged_kib = column.uncharged_kib.max(seen.uncharged_kib);
        }
        let mut rows = Vec::new();
        for work in works() {
            let cells = columns.values().map(|column| match column.failed.get(&work) {
                None => "✓".to_owned(),
                Some(backends) => format!("✗ {}", backends.iter().cloned().collect::<Vec<_>>().join(", ")),
            });
            rows.push((work.replace('_', " "), cells.collect()));
        }
        let uncharged = columns.iter().map(|(name, column)| match &**name {
            OTHERS => "–".to_owned(),
            _ => column.uncharged_kib.to_string(),
        });
        rows.push(("uncharged, KiB".to_owned(), uncharged.collect()));
        Self { columns: columns.into_keys().collect(), rows }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        if self.columns.is_empty() {
            return Vec::new();
        }
        let line = |first: &str, cells: &[String]| format!("| {first} | {} |", cells.join(" | "));
        let mut lines =
            vec![line("still works", &self.columns), line("---", &vec!["---".to_owned(); self.columns.len()])];
        lines.extend(self.rows.iter().map(|(work, cells)| line(work, cells)));
        lines
    }
}

#[derive(Default)]
struct Column {
    /// Work, and where it failed.
    failed: BTreeMap<String, BTreeSet<String>>,
    uncharged_kib: u64,
}

/// The operations that the witness reports, and further observations.
fn works() -> Vec<String> {
    let source =
        std::fs::read_to_string(root().join("host/sandbox/tests/hostile/attacks/witness.c")).unwrap_or_default();
    let works = source.lines().find_map(|line| line.strip_prefix(" * works: ")).unwrap_or_default();
    let works = works.trim_end_matches("*/").split_whitespace();
    works.chain(["new_box", "six_languages"]).map(str::to_owned).collect()
}

/// Puts the table where the page has it.
pub(crate) fn write(root: &Path, transcript: &Transcript) -> anyhow::Result<()> {
    let path = root.join(PAGE);
    let page = std::fs::read_to_string(&path).context(PAGE)?;
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{PAGE} lacks `{BEGIN}`"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{PAGE} lacks `{END}`"))?;
    let table = Table::of(transcript).lines().join("\n");
    std::fs::write(&path, format!("{before}{BEGIN}\n{table}\n{END}{after}")).context(PAGE)
}

#[test]
fn a_failure_is_named_with_its_backend() {
    let mut transcript = Transcript::default();
    transcript.read_record(
        "native held_timers witness 12 -\ndocker held_timers witness 40 timer,signal\nnative zombies witness 0 -\n",
    );
    let lines = Table::of(&transcript).lines();
    assert_eq!(lines[0], "| still works | all others | timers |");
    assert!(lines.contains(&"| timer | ✓ | ✗ docker |".to_owned()), "{lines:?}");
    assert!(
        lines.contains(&"| watch | ✓ | ✓ |".to_owned()) && lines.contains(&"| uncharged, KiB | – | 40 |".to_owned())
    );
}
