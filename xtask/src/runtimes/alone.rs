//! A program inside WebAssembly needs nothing of the machine: an ordinary user judges one in a root directory that holds
//! only Optimus and its state.

use std::path::Path;

use anyhow::ensure;
use optimus_testing::alone::Alone;

use super::install;
use crate::parts;
use crate::shell::{is_strict, read, say};

/// Judges the samples hello of JavaScript and Python there; the language follows from the file's name.
///
/// # Errors
/// It is not accepted.
pub(crate) fn judges_alone(root: &Path) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let program = root.join("target/debug/optimus");
    let alone = match Alone::new(place.path(), &program) {
        Ok(alone) => alone,
        Err(why) => {
            ensure!(!is_strict(), "nothing may be skipped: {why}");
            parts::skip(&why);
            return Ok(());
        }
    };
    let home = alone.home();
    install(root, &program, &home.join(".local/state/optimus"))?;
    for sample in ["javascript-wasm/samples/hello.js", "python-wasm/samples/hello.py"] {
        let name = sample.rsplit('/').next().unwrap_or_default();
        std::fs::copy(root.join("languages").join(sample), home.join(name))?;
        let said = read(&mut alone.command(&["run", &format!("/home/{name}"), "--sandbox", "wasm"])?)?;
        say(&format!("{name}, in a directory of its own, as an ordinary user:\n{said}"));
        ensure!(said.contains("accepted"), "{name} is not accepted there");
    }
    Ok(())
}
