//! `cargo xtask attack`: the groups of attacks that the field has suffered, and what stood against each on this machine.
//!
//! In: the index of the attack suite, the transcript of `cargo test`, and what the two tables of attacks noted. Out: one
//! line a group. A group holds when every test that the index names for it was run and passed.

mod channels;
mod load;
pub(crate) mod planted;
mod transcript;
mod witness;

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use crate::shell::{cargo, is_strict, say};
use crate::{daemon, images, plugins, setup};
use transcript::Transcript;

/// Options of the attack suite.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Tear one wall down at a time, in a copy, and demand that the suite notices
    #[arg(long, value_name = "HOLE", num_args = 0..)]
    planted: Option<Vec<String>>,
    /// Measure how long a good tenant waits next to silent connections, slow uploads and half-sent heads
    #[arg(long, conflicts_with = "planted")]
    load: bool,
    /// Measure how much two boxes can tell each other through the page cache
    #[arg(long, conflicts_with_all = ["planted", "load"])]
    channels: bool,
    /// Write the witness table into docs/security.md
    #[arg(long)]
    write: bool,
}

const INDEX: &str = "host/optimus/tests/attack/index.toml";

#[derive(Deserialize)]
struct Index {
    group: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    id: u8,
    title: String,
    tests: Vec<String>,
}

/// Runs what the index names, and prints the table.
pub(crate) fn attack(root: &Path, args: &Args) -> anyhow::Result<()> {
    if let Some(holes) = &args.planted {
        return planted::planted(root, holes);
    }
    if args.load {
        return load::load(root);
    }
    if args.channels {
        return channels::channels(root);
    }
    setup::targets()?;
    setup::test_tools()?;
    let daemon = daemon::ensure()?;
    if daemon::answers() {
        images::some(root, &crate::test::IMAGES)?;
    }
    plugins::build(root, &[])?;
    let mut command = cargo(root);
    command.args(["test", "--workspace", "--no-fail-fast", "--lib"]);
    for suite in ["api", "attack", "cli", "contract", "docker", "embedded", "hostile", "it", "programs", "warm"] {
        command.args(["--test", suite]);
    }
    let transcript = Transcript::of(root, &mut command)?;
    drop(daemon);
    table(root, &transcript)?;
    if args.write {
        witness::write(root, &transcript)?;
    }
    Ok(())
}

/// `cargo test`, with the table behind it. All failures are shown in one run, not only those of the first suite.
pub(crate) fn all_tests(root: &Path) -> anyhow::Result<()> {
    let transcript = Transcript::of(root, cargo(root).args(["test", "--workspace", "--no-fail-fast"]))?;
    table(root, &transcript)
}

fn table(root: &Path, transcript: &Transcript) -> anyhow::Result<()> {
    let path = root.join(INDEX);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let index: Index = toml::from_str(&text).with_context(|| path.display().to_string())?;
    say("\n== attacks ==");
    say(&format!("{:>3}  {:<90} {:>7} {:>7} {:>7} {:>7}", "", "", "native", "docker", "warm", "others"));
    let mut open = Vec::new();
    for group in &index.group {
        let row = Row::of(group, transcript);
        let Row { native, docker, warm, others, open: _ } = &row;
        say(&format!("{:>3}  {:<90} {native:>7} {docker:>7} {warm:>7} {others:>7}", group.id, group.title));
        open.extend(row.open.into_iter().map(|test| format!("{}: {test}", group.id)));
    }
    let [native, docker, warm, warm_docker] =
        ["native", "docker", "warm", "warm-docker"].map(|backend| transcript.held_on(backend));
    witness::Table::of(transcript).lines().iter().for_each(|line| say(line));
    say(&format!(
        "{} groups; {native} attacks held in native boxes, {docker} in containers; as warm children {warm} and {warm_docker}",
        index.group.len()
    ));
    anyhow::ensure!(!is_strict() || open.is_empty(), "not tried, or not held:\n{}", open.join("\n"));
    open.iter().for_each(|test| say(&format!("not tried: {test}")));
    Ok(())
}

#[derive(Default)]
struct Row {
    native: Count,
    docker: Count,
    /// As warm children, in both kinds of boxes.
    warm: Count,
    others: Count,
    /// Attacks that did not run or failed. In containers, only those that failed: not every language has its image
    /// here.
    open: Vec<String>,
}

/// Held, of how many.
#[derive(Default)]
struct Count(usize, usize);

impl Count {
    fn add(&mut self, held: bool) {
        self.0 += usize::from(held);
        self.1 += 1;
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = if self.1 == 0 { "–".to_owned() } else { format!("{}/{}", self.0, self.1) };
        f.pad(&text)
    }
}

impl Row {
    fn of(group: &Group, transcript: &Transcript) -> Self {
        let mut row = Self::default();
        for test in &group.tests {
            if let Some((_, name)) = test.split_once('/') {
                let native = transcript.attack("native", name);
                row.native.add(native == Some(true));
                let docker = transcript.attack("docker", name);
                docker.into_iter().for_each(|held| row.docker.add(held));
                let warm = ["warm", "warm-docker"].map(|backend| transcript.attack(backend, name));
                warm.into_iter().flatten().for_each(|held| row.warm.add(held));
                if (native != Some(true) || docker == Some(false) || warm.contains(&Some(false)))
                    && !transcript.is_known_open(name)
                {
                    row.open.push(test.clone());
                }
            } else {
                let held = transcript.passed(test);
                row.others.add(held);
                row.open.extend((!held).then(|| test.clone()));
            }
        }
        row
    }
}
