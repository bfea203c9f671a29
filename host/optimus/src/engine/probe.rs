//! Asks a toolchain for its version, in a box.

use std::time::Duration;

use optimus_core::language::{Availability, Descriptor};
use optimus_core::{Exit, Limits, Stream};
use optimus_sandbox::{BoxStep, OpenBox, SandboxError, SharedSandbox, Sink};
use optimus_wasm::WasmSandbox;

use super::chain;

/// Runs a language's probe in a box.
pub async fn probe(sandbox: &SharedSandbox, language: &Descriptor) -> Availability {
    let image = language.images.first().map_or("", String::as_str);
    let probed = match sandbox.open_unpinned(image).await {
        Ok(open) => run_probe(open, language).await,
        // Its plugin knows where a language's runtime comes from.
        Err(error @ SandboxError::Unavailable { .. }) if WasmSandbox::is_image(image) => Err((chain(&error), None)),
        // An image that is not there is not remedied by a package of this machine's.
        Err(error) => Err((chain(&error), error.hint())),
    };
    match probed {
        Ok(version) => Availability::Available { version },
        Err((reason, hint)) => {
            Availability::Unavailable { reason, hint: hint.unwrap_or_else(|| language.install_hint.clone()) }
        }
    }
}

/// The version; or why there is none, and advice where the toolchain's package is none.
async fn run_probe(mut open: Box<dyn OpenBox>, language: &Descriptor) -> Result<String, (String, Option<String>)> {
    let limits = Limits { cpu_ms: 10_000, wall_ms: 20_000, ..Limits::COMPILE };
    let step = BoxStep::new(&language.probe, limits);
    let mut printed = FirstLine::default();
    let outcome = tokio::time::timeout(Duration::from_secs(30), open.run(&step, &mut printed)).await;
    let probe = format!("the probe `{}`", language.probe.join(" "));
    // What was started is installed: installing it again is no remedy.
    let hint =
        || Some(format!("{probe} has to print the toolchain's version and exit with 0: correct it, or what it starts"));
    let outcome = outcome.map_err(|_| (format!("{probe} did not end"), hint()))?;
    let outcome = outcome.map_err(|error| (chain(&error), error.hint()))?;
    let said = printed.line();
    let said = if said.is_empty() { said } else { format!(": {said}") };
    match outcome.exit {
        Exit::NotStarted(why) => Err((format!("{probe} cannot start: {why}"), None)),
        _ if outcome.is_success() => Ok(printed.line()),
        Exit::Code(code) => Err((format!("{probe} exited with code {code}{said}"), hint())),
        Exit::Signal(signal) => Err((format!("{probe} was ended by signal {signal}{said}"), hint())),
    }
}

/// The first line of what a toolchain says of itself, blank ones aside; some say it on stderr.
#[derive(Default)]
struct FirstLine {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl FirstLine {
    const ENOUGH: usize = 4096;

    fn line(&self) -> String {
        let bytes = if self.stdout.is_empty() { &self.stderr } else { &self.stdout };
        let text = String::from_utf8_lossy(bytes);
        text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
    }
}

impl Sink for FirstLine {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let kept = if stream == Stream::Stdout { &mut self.stdout } else { &mut self.stderr };
        let room = Self::ENOUGH.saturating_sub(kept.len());
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}
