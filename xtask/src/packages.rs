//! `cargo xtask packages`: our importers beside the tools that define the formats. Packages out of a grammar of each format
//! are read by both, and every feature has to come out the same.
//!
//! Of CMS, Hydro and QDUOJ no registry has a program that reads packages.

mod dice;
mod made;
mod ours;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use optimus_core::Problem;
use serde_json::Value;

use self::dice::Dice;
use crate::shell::{read, say};
use crate::tools;

/// Number of packages to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Packages of each format
    #[arg(long, default_value_t = 300)]
    pub(crate) count: u64,
    /// Another seed makes other packages
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// A format, and the tool that defines it.
struct Format {
    name: &'static str,
    script: &'static str,
    make: fn(&mut Dice, &Path) -> anyhow::Result<()>,
    ours: fn(&Problem) -> Value,
}

const FORMATS: [Format; 4] = [
    Format {
        name: "kattis legacy",
        script: include_str!("packages/tools/problemtools.py"),
        make: made::legacy,
        ours: ours::kattis,
    },
    Format {
        name: "kattis 2023-07",
        script: include_str!("packages/tools/problemtools.py"),
        make: made::draft,
        ours: ours::kattis,
    },
    Format {
        name: "kattis 2025-09",
        script: include_str!("packages/tools/bapctools.py"),
        make: made::icpc,
        ours: ours::icpc,
    },
    Format { name: "dmoj", script: include_str!("packages/tools/dmoj.py"), make: made::dmoj, ours: ours::dmoj },
];

/// From PyPI.
const TOOLS: [&str; 2] = ["problemtools==1.20260907", "bapctools==2026.10.0"];
/// Its archive of sources.
const DMOJ: &str = "dmoj==4.1.0";

/// A prime, so that neighbouring seeds share no packages.
const STRIDE: u64 = 1_000_003;

/// Compares all; fails where they differ.
pub(crate) fn packages(root: &Path, args: &Args) -> anyhow::Result<()> {
    let dir = root.join("target/packages");
    let tools = install(&dir)?;
    let (mut count, mut examples) = (0, Vec::new());
    say(&format!("{:<16}{:<16}{:>9}", "format", "feature", "agreed"));
    for format in &FORMATS {
        let place = dir.join("made").join(format.name.replace(' ', "-"));
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        for n in 0..args.count {
            let package = place.join(format!("p{n:04}"));
            fs::create_dir_all(&package)?;
            (format.make)(&mut Dice::new(args.seed * STRIDE + n), &package)?;
        }
        for (feature, (agreed, different)) in compared(format, &place, &tools)? {
            say(&format!("{:<16}{feature:<16}{:>9}", format.name, format!("{agreed}/{}", args.count)));
            count += different.len();
            examples.extend(different.into_iter().next());
        }
    }
    examples.iter().for_each(|one| say(one));
    ensure!(count == 0, "{count} differences from the reference tools, one of each feature above");
    Ok(())
}

/// For each feature, the number of packages that agree, and those that do not.
type Table = BTreeMap<String, (usize, Vec<String>)>;

fn compared(format: &Format, place: &Path, tools: &Tools) -> anyhow::Result<Table> {
    let script = place.with_extension("py");
    fs::write(&script, format.script)?;
    let mut python = Command::new("python3");
    python.arg("-B").arg(&script).arg(place).arg(&tools.dmoj).env("PYTHONPATH", &tools.python);
    let theirs: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_str(&read(&mut python)?)?;
    let mut table = Table::new();
    for (package, theirs) in theirs {
        let path = place.join(&package);
        let problem = optimus_package::open(&path);
        let ours = problem.as_ref().map(|problem| (format.ours)(problem));
        for (feature, theirs) in theirs {
            let row = table.entry(feature.clone()).or_default();
            let ours = match &ours {
                Ok(ours) => ours.get(&feature).context("a feature that only the script knows")?.clone(),
                Err(refused) => refused.to_string().into(),
            };
            if is_same(&ours, &theirs) {
                row.0 += 1;
            } else {
                row.1.push(format!("{}, {feature}:\n  ours   {ours}\n  theirs {theirs}", path.display()));
            }
        }
    }
    Ok(table)
}

/// Numbers may be written as whole ones or not, and sums may be off in their last bits.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() < 1e-5,
            _ => false,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in_other = |(key, one): (&String, &Value)| other.get(key).is_some_and(|other| is_same(one, other));
            one.len() == other.len() && one.iter().all(is_in_other)
        }
        _ => one == other,
    }
}

/// The installed tools.
struct Tools {
    python: PathBuf,
    /// An archive of sources.
    dmoj: PathBuf,
}

fn install(dir: &Path) -> anyhow::Result<Tools> {
    let (python, dmoj) = (dir.join("python"), dir.join("dmoj"));
    tools::from_pypi(&python, &TOOLS)?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    tools::once(&dmoj, pip.args(["--no-binary", ":all:", DMOJ]))?;
    let is_archive = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "gz");
    let mut files = fs::read_dir(&dmoj)?.filter_map(Result::ok).map(|entry| entry.path());
    let dmoj = files.find(is_archive).context("pip downloaded no archive")?;
    Ok(Tools { python, dmoj })
}
