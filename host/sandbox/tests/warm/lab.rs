//! A box with an interpreter, whose runs may be warm.

use std::path::Path;
use std::time::{Duration, Instant};

use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Limits, Outcome, Stream};
use optimus_sandbox::{
    BoxStep, DockerConfig, DockerSandbox, NativeConfig, NativeSandbox, OpenBox, Sandbox, Sink, warm_starts,
};
use optimus_testing::skip;
use tokio::sync::{Mutex, MutexGuard};

/// The count of warm starts is the process's, and keepers are looked for by name.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

pub(crate) const COMMAND: [&str; 5] = ["python3", "-E", "-s", "-B", "main.py"];

/// What a run is compared by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    pub(crate) end: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

#[derive(Default)]
pub(crate) struct Said {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Sink for Said {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout.extend_from_slice(bytes),
            Stream::Stderr => self.stderr.extend_from_slice(bytes),
        }
    }
}

/// Who builds the box.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wall {
    Native,
    Docker,
}

/// Of `dockerfiles/python`.
const IMAGE: &str = "optimus/python:3";

pub(crate) struct Lab {
    pub(crate) open: Box<dyn OpenBox>,
    pub(crate) limits: Limits,
    pub(crate) argv: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
}

impl Wall {
    pub(crate) fn image(self) -> &'static str {
        match self {
            Self::Native => "",
            Self::Docker => IMAGE,
        }
    }
}

/// `None` where no such program is, or no boxes can be.
pub(crate) async fn sandbox(wall: Wall, warm: bool) -> Option<Box<dyn Sandbox>> {
    match wall {
        Wall::Native if !Path::new("/usr/bin/python3").exists() => {
            skip("no /usr/bin/python3");
            None
        }
        Wall::Native => {
            let config = NativeConfig { warm, pool: 1, ..NativeConfig::default() };
            Some(Box::new(NativeSandbox::new(config).map_err(|error| skip(&error.to_string())).ok()?))
        }
        Wall::Docker => {
            let config = DockerConfig { warm, slots: 1, pull: false, ..DockerConfig::default() };
            Some(Box::new(DockerSandbox::connect(config).await.map_err(|error| skip(&error.to_string())).ok()?))
        }
    }
}

impl Lab {
    /// `None` where no such program is, or no boxes can be.
    pub(crate) async fn new(wall: Wall, warm: bool) -> Option<Self> {
        let sandbox = sandbox(wall, warm).await?;
        let open = sandbox.open(wall.image()).await.map_err(|error| skip(&error.to_string())).ok()?;
        let mut lab = Self::of(open);
        lab.stage("helper.py", "VALUE = 5\n").await;
        Some(lab)
    }

    /// A box with the usual command.
    pub(crate) fn of(open: Box<dyn OpenBox>) -> Self {
        Self { open, limits: Limits::DEFAULT, argv: COMMAND.map(str::to_owned).to_vec(), env: Vec::new() }
    }

    /// The same, and a parent waits.
    pub(crate) async fn warmed_up(wall: Wall) -> Option<Self> {
        let mut lab = Self::new(wall, true).await?;
        lab.stage("main.py", "print('hello')\n").await;
        lab.warm().await.then_some(lab)
    }

    /// Runs what is staged until a run is warm.
    pub(crate) async fn warm(&mut self) -> bool {
        let (before, end) = (warm_starts().started, Instant::now() + Duration::from_secs(15));
        while warm_starts().started == before {
            if Instant::now() > end {
                skip("programs cannot be started warm here");
                return false;
            }
            self.run("").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        true
    }

    pub(crate) async fn stage(&mut self, path: &str, text: &str) {
        let path = BoxPath::new(path).unwrap();
        let file = PlacedFile { path, executable: false, content: text.to_owned().into() };
        self.open.stage(&[file]).await.unwrap();
    }

    pub(crate) async fn run(&mut self, stdin: &str) -> (Outcome, Seen) {
        let mut said = Said::default();
        let (stdin, env) = (stdin.to_owned().into(), &*self.env);
        let step = BoxStep { stdin, env, warm: true, ..BoxStep::new(&self.argv, self.limits) };
        let outcome = self.open.run(&step, &mut said).await.unwrap();
        let text = |bytes: Vec<u8>| without_addresses(&String::from_utf8_lossy(&bytes));
        let end = format!("{:?} {:?}", outcome.exit, outcome.limit);
        (outcome, Seen { end, stdout: text(said.stdout), stderr: text(said.stderr) })
    }

    /// Runs it until it was started warm.
    pub(crate) async fn run_warm(&mut self, stdin: &str) -> (Outcome, Seen) {
        for _ in 0..200 {
            let before = warm_starts().started;
            let seen = self.run(stdin).await;
            if warm_starts().started > before {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no run was warm")
    }
}

/// `0x7f…` is another number in every run.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "0x" + part.trim_start_matches(|letter: char| letter.is_ascii_hexdigit()))
}
