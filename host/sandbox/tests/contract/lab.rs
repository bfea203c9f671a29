//! What each case of the contract works with: a box with the suite's program on its stage.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Exit, Limits, Outcome, Stream};
use optimus_sandbox::{BoxStep, OpenBox, Sandbox, SandboxError, Sink, View};

/// A sandbox, and the program that its boxes are tried with.
pub(crate) struct Lab<'a> {
    pub(crate) sandbox: &'a dyn Sandbox,
    pub(crate) image: &'a str,
    pub(crate) program: Bytes,
}

/// A box with `program` on its stage.
pub(crate) struct Bench {
    pub(crate) open: Box<dyn OpenBox>,
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

#[derive(Default)]
struct Both(Vec<u8>, Vec<u8>);

impl Sink for Both {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.0.extend_from_slice(bytes),
            Stream::Stderr => self.1.extend_from_slice(bytes),
        }
    }
}

/// Builds the suite's program, or says why it cannot be built here. A machine without a compiler is given it.
pub(crate) fn build_program(directory: &Path) -> Result<Bytes, String> {
    let given = std::env::var_os("OPTIMUS_TEST_PROGRAMS").map(|given| Path::new(&given).join("contract_program"));
    if let Some(given) = given.filter(|given| given.is_file()) {
        return std::fs::read(given).map(Bytes::from).map_err(|error| error.to_string());
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/program.c");
    let target = directory.join("program");
    let compile = Command::new("cc").args(["-O1", "-static", "-pthread", "-w", "-o"]).arg(&target).arg(source).output();
    match compile {
        Err(error) => Err(format!("no C compiler `cc`: {error}")),
        Ok(output) if !output.status.success() => {
            Err(format!("`cc` cannot link statically: {}", String::from_utf8_lossy(&output.stderr)))
        }
        Ok(_) => std::fs::read(&target).map(Bytes::from).map_err(|error| error.to_string()),
    }
}

/// A file for the stage.
pub(crate) fn file(path: &str, content: impl Into<Bytes>, executable: bool) -> PlacedFile {
    PlacedFile { path: BoxPath::new(path).unwrap(), executable, content: content.into().into() }
}

impl Lab<'_> {
    /// A box with the program on its stage.
    pub(crate) async fn bench(&self) -> Bench {
        let mut open = self.sandbox.open(self.image).await.unwrap();
        open.stage(&[file("program", self.program.clone(), true)]).await.unwrap();
        Bench { open }
    }

    /// Runs the program once, in a box of its own.
    pub(crate) async fn run(&self, args: &[&str], stdin: impl Into<Bytes>, limits: Limits) -> Ran {
        self.bench().await.run_with(View::Fresh, args, &[], stdin.into(), limits).await.unwrap()
    }
}

/// For cases that are not about time: an emulated machine takes 2 s of CPU time, the default limit, for 10,000 files.
pub(crate) const PATIENT: Limits = Limits { cpu_ms: 20_000, wall_ms: 60_000, ..Limits::DEFAULT };

impl Bench {
    /// Runs the program with default limits, but [`PATIENT`].
    pub(crate) async fn run(&mut self, view: View, args: &[&str]) -> Ran {
        self.run_with(view, args, &[], Bytes::new(), PATIENT).await.unwrap()
    }

    pub(crate) async fn run_with(
        &mut self,
        view: View,
        args: &[&str],
        env: &[(&str, &str)],
        stdin: Bytes,
        limits: Limits,
    ) -> Result<Ran, SandboxError> {
        let argv: Vec<String> = ["./program"].iter().chain(args).map(|&arg| arg.to_owned()).collect();
        let env: Vec<_> = env.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let step = BoxStep { argv: &argv, env: &env, view, stdin: stdin.into(), ..BoxStep::new(&argv, limits) };
        let mut sink = Both::default();
        let outcome = self.open.run(&step, &mut sink).await?;
        Ok(Ran { outcome, stdout: sink.0, stderr: sink.1 })
    }
}

impl Ran {
    /// stdout as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Asserts that it ended by itself with 0, and returns what it printed.
    pub(crate) fn ok(&self) -> &str {
        assert_eq!((&self.outcome.exit, self.outcome.limit), (&Exit::Code(0), None), "{:?}", self.outcome);
        self.text()
    }
}
