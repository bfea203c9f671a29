//! `cargo xtask attack --channels`: how many bits a second two boxes can tell each other through what the machine cannot
//! give to each of its own: the page cache behind the toolchains. The hostile suite holds both ends; it is not part of the
//! table, since it measures what is said to remain.

use std::path::Path;

use crate::shell::{cargo, run};

pub(super) fn channels(root: &Path) -> anyhow::Result<()> {
    let mut command = cargo(root);
    command.args(["test", "--workspace", "--test", "hostile", "channels::", "--"]);
    run(command.args(["--ignored", "--nocapture", "--test-threads=1"]))
}
