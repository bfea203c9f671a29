//! `cargo xtask sdk`: the clients of `sdk/client`. Their types follow from openapi.json; each is checked, built as it is published,
//! installed from that, and used against real servers.

mod python;
mod typescript;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::shell::{build_program, has, is_strict, say};
use crate::{parts, plugins, setup};

const OPENAPI: &str = "host/server/src/api/openapi.json";

/// What has to be here already, and the Debian packages that hold it.
const NEEDED: [(&str, &str); 5] =
    [("python3", "python3"), ("pip3", "python3-pip"), ("node", "nodejs"), ("npm", "npm"), ("gcc", "gcc")];

/// What to do with the clients.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Args {
    /// Write the types, after a change of openapi.json, instead of comparing them; nothing is tested
    #[arg(long)]
    pub(crate) write: bool,
}

/// Builds what the clients talk to first.
pub(crate) fn built(root: &Path, args: &Args) -> anyhow::Result<()> {
    if !args.write {
        setup::targets()?;
        build_program(root, "optimus")?;
        plugins::crates(root, &["bash", "c", "python"].map(str::to_owned))?;
    }
    sdk(root, args)
}

/// With the binary and the plugins that are built already.
///
/// # Errors
/// Types differ from what openapi.json says, a check complains, or a test fails.
pub(crate) fn sdk(root: &Path, args: &Args) -> anyhow::Result<()> {
    let missing: Vec<_> = NEEDED.into_iter().filter(|(program, _)| !has(program)).map(|(_, package)| package).collect();
    if !missing.is_empty() {
        ensure!(!is_strict(), "these packages are not here, and nothing may be skipped: {}", missing.join(" "));
        parts::skip(&format!("the clients: apt-get install {}", missing.join(" ")));
        return Ok(());
    }
    let place = Place { root, dir: root.join("target/sdk") };
    if args.write {
        python::write(&place)?;
        return typescript::write(&place);
    }
    python::check(&place)?;
    typescript::check(&place)
}

/// Where tools are installed, and where things are made.
struct Place<'a> {
    root: &'a Path,
    dir: PathBuf,
}

impl Place<'_> {
    /// An empty folder for what is made.
    fn made(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.dir.join("made").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn openapi(&self) -> PathBuf {
        self.root.join(OPENAPI)
    }

    /// Compares a file that is made of openapi.json with the one that is committed.
    fn is_committed(&self, file: &str, made: &str) -> anyhow::Result<()> {
        let kept = fs::read_to_string(self.root.join(file))?;
        ensure!(made == kept, "`{file}` does not follow from openapi.json: run `cargo xtask sdk --write`");
        Ok(())
    }
}

fn timed(what: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let began = Instant::now();
    work().with_context(|| format!("the clients: {what}"))?;
    say(&format!("{what}: {:.1} s", began.elapsed().as_secs_f64()));
    Ok(())
}
