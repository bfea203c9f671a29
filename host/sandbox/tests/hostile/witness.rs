//! Two witnesses, one in another tenant's box and one on the host, that keep doing one of everything that a pool stands
//! behind, from before the first attack to after the last. What a witness could do before the first attack, and cannot
//! do while an attack runs, fails the attack.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use optimus_core::Stream;
use optimus_sandbox::{BoxStep, Feed, Sandbox, SandboxError, Sink, Stdin};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::programs::Program;
use crate::run::placed;

/// Far beyond a round, also on an emulated machine while a fork bomb runs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both of them.
pub(crate) struct Witnesses {
    boxed: Witness,
    host: Witness,
    feed: Arc<Feed>,
    child: Child,
    running: JoinHandle<Result<String, SandboxError>>,
}

/// One of them.
struct Witness {
    place: &'static str,
    said: Arc<Said>,
}

/// What a witness has said.
#[derive(Default)]
struct Said {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    rounds: u64,
    /// `WORK=ERROR` of the first round: what is refused there anyway.
    always: BTreeSet<String>,
    /// Since the last look: `WORK=ERROR`.
    failed: BTreeSet<String>,
}

impl Witnesses {
    /// Starts both, and waits until each knows what it can do.
    pub(crate) async fn start(sandbox: &dyn Sandbox, image: &str, program: &Program) -> Result<Self, SandboxError> {
        let [boxed, host] = ["in another box", "on the host"].map(|place| Witness { place, said: Arc::default() });
        let feed = Arc::new(Feed::default());
        let mut open = sandbox.open(image).await?;
        open.stage(&[placed(program)]).await?;
        let (limits, stdin) = (program.head.limits, Stdin::Live(Arc::clone(&feed)));
        let mut lines = Lines { said: Arc::clone(&boxed.said), part: Vec::new() };
        let running = tokio::spawn(async move {
            let argv = ["./witness".to_owned()];
            let step = BoxStep { stdin, ..BoxStep::new(&argv, limits) };
            open.run(&step, &mut lines).await.map(|outcome| format!("{outcome:?}"))
        });
        let child = on_host(program, Arc::clone(&host.said))
            .map_err(|source| SandboxError::SetUp { stage: "start the witness".to_owned(), source })?;
        let witnesses = Self { boxed, host, feed, child, running };
        match witnesses.look().await.as_slice() {
            [] => Ok(witnesses),
            stuck => panic!("the witnesses cannot begin: {stuck:?}"),
        }
    }

    /// Waits until each has gone through a whole round that began after now; names the one that has not.
    pub(crate) async fn look(&self) -> Vec<String> {
        let (boxed, host) = tokio::join!(self.boxed.round(), self.host.round());
        boxed.into_iter().chain(host).collect()
    }

    /// What they could not do since the last time, by work, and in words.
    pub(crate) fn failed(&self) -> (BTreeSet<String>, Vec<String>) {
        let (mut works, mut words) = (BTreeSet::new(), Vec::new());
        for witness in [&self.boxed, &self.host] {
            let failed = std::mem::take(&mut witness.said.lock().failed);
            works.extend(failed.iter().filter_map(|failure| Some(failure.split_once('=')?.0.to_owned())));
            if !failed.is_empty() {
                words.push(format!(
                    "the witness {}: {}",
                    witness.place,
                    failed.into_iter().collect::<Vec<_>>().join(" ")
                ));
            }
        }
        if self.running.is_finished() {
            words.push("the witness in another box has ended".to_owned());
        }
        (works, words)
    }

    /// What is refused to the one in the box, and always was.
    pub(crate) fn refused_in_boxes(&self) -> Vec<String> {
        self.boxed.said.lock().always.iter().cloned().collect()
    }

    /// Ends both; says how the one in the box ended, unless well.
    pub(crate) async fn stop(mut self) -> Option<String> {
        self.feed.close();
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        match self.running.await {
            Ok(Ok(outcome)) if outcome.contains("exit: Code(0), limit: None") => None,
            other => Some(format!("the witness in another box: {other:?}")),
        }
    }
}

impl Witness {
    async fn round(&self) -> Option<String> {
        let (state, news) = (|| self.said.lock().rounds, &self.said.news);
        // The one that goes on now, and then a whole one.
        let enough = state() + 2;
        let wait = async {
            loop {
                let heard = news.notified();
                if state() >= enough {
                    break;
                }
                // The witness on the host is heard by another thread, between the look and the wait.
                let _ = tokio::time::timeout(Duration::from_millis(50), heard).await;
            }
        };
        let late = tokio::time::timeout(PATIENCE, wait).await.is_err();
        late.then(|| format!("the witness {} says nothing for {PATIENCE:?}", self.place))
    }
}

impl Said {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, line: &str) {
        let mut state = self.lock();
        let failed: BTreeSet<_> = line.split_whitespace().skip(1).map(str::to_owned).collect();
        if state.rounds == 0 {
            state.always = failed;
        } else {
            let fresh: Vec<_> = failed.difference(&state.always).cloned().collect();
            state.failed.extend(fresh);
        }
        state.rounds += 1;
        drop(state);
        self.news.notify_waiters();
    }
}

fn on_host(program: &Program, said: Arc<Said>) -> std::io::Result<Child> {
    let mut child = Command::new(&program.path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let lines = child.stdout.take().map(BufReader::new);
    std::thread::spawn(move || {
        for line in lines.into_iter().flat_map(|lines| lines.lines().map_while(Result::ok)) {
            said.hear(&line);
        }
    });
    Ok(child)
}

/// Hands on what a witness prints, line by line.
struct Lines {
    said: Arc<Said>,
    part: Vec<u8>,
}

impl Sink for Lines {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        if stream == Stream::Stdout {
            self.part.extend_from_slice(bytes);
            while let Some(end) = self.part.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.part.drain(..=end).collect();
                self.said.hear(&String::from_utf8_lossy(&line));
            }
        }
    }
}
