//! `cargo xtask plugin-tour`: from an empty directory to an accepted verdict over HTTP, as a language's author goes, timed.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::demo::Server;
use crate::samples;
use crate::shell::{read, say};

/// Time until a dropped file serves, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Known languages, and an unknown one.
pub(crate) fn tour(root: &Path) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let plugins = place.path().join("plugins");
    std::fs::create_dir(&plugins)?;
    let server = Server::start_with(root, "native", &plugins)?;
    let invented =
        ["--extension", "inv", "--image", "me/invented:1", "--run", "bash {main}", "--hello", "echo 'Hello, world!'"];
    for (name, flags) in [("java", &[][..]), ("lua", &[]), ("ruby", &[]), ("invented", &invented)] {
        let began = Instant::now();
        let optimus = |verb: &str, args: &[&str]| {
            let mut command = Command::new(root.join("target/debug/optimus"));
            command.current_dir(place.path()).args(["plugin", verb, name]).args(args);
            read(command.env("OPTIMUS_STATE", place.path().join("state")))
        };
        optimus("new", flags)?;
        optimus("build", &[])?;
        optimus("test", &[])?;
        let hello = hello(place.path(), name)?;
        let built = place.path().join(name).join(format!("{name}.wasm"));
        std::fs::copy(&built, plugins.join(format!("{name}.wasm")))?;
        let dropped = Instant::now();
        let verdict = loop {
            match server.post(&hello)?["report"]["verdict"].as_str().map(str::to_owned) {
                Some(verdict) => break verdict,
                None => ensure!(dropped.elapsed() < PATIENCE, "`{name}` was dropped and does not serve"),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        ensure!(verdict == "accepted", "the hello of `{name}` is {verdict}");
        let (whole, serving) = (began.elapsed().as_secs_f64(), dropped.elapsed().as_secs_f64());
        say(&format!("{name:<10} from nothing to accepted over HTTP in {whole:.1} s, {serving:.1} s after the drop"));
    }
    Ok(())
}

/// Its first sample, as it is posted.
fn hello(place: &Path, name: &str) -> anyhow::Result<Value> {
    let samples = samples::read_folder(name, &place.join(name).join("samples"))?;
    let hello = samples.into_iter().find(|sample| sample.name == "hello");
    Ok(hello.with_context(|| format!("`{name}` has no hello"))?.request)
}
