//! The worker hears what a box sends: whatever that is, it ends, is counted, and costs no more than its own bytes.
//!
//! The first byte says in which pieces the others come; they are frames, or ought to be.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use optimus_agent::protocol::{Cgroup, Hello, Ids, Wall};
use optimus_core::collect::MAX_COLLECTED_FILES;
use optimus_core::plan::Collect;
use optimus_core::{Limits, Outcome, Stream};
use optimus_sandbox::fuzzing::{AgentClient, Transport};
use optimus_sandbox::{BoxStep, Gather, SandboxError, Sink, Stdin};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime on this thread");
}

/// Everything that a worker may have asked, and this for an answer.
pub fn fuzz(bytes: &[u8]) {
    let Some((piece, said)) = bytes.split_first() else { return };
    let hear = || AgentClient::new(Said { left: Bytes::copy_from_slice(said), piece: usize::from(*piece) + 1 });
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            settle(hear().hello(hello()).await);
            settle(hear().reset().await);
            collect(&mut hear(), said.len()).await;
            // Each answer takes bytes, of which there is an end.
            let mut agent = hear();
            while run(&mut agent, said.len()).await.is_ok() {
                settle(agent.reset().await);
                collect(&mut agent, said.len()).await;
            }
        });
    });
}

async fn run(agent: &mut AgentClient<Said>, most: usize) -> Result<Outcome, SandboxError> {
    let argv = ["program".to_owned()];
    let limits = Limits { wall_ms: 1_000, ..Limits::DEFAULT };
    let stdin = Stdin::from(&b"input"[..]);
    let mut sink = Count::default();
    let step = BoxStep { stdin, ..BoxStep::new(&argv, limits) };
    let ended = agent.run(&step, &mut sink).await;
    assert!(sink.stdout + sink.stderr <= most as u64, "more was heard than was said");
    if let Ok(outcome) = &ended {
        assert_eq!((outcome.stdout_bytes, outcome.stderr_bytes), (sink.stdout, sink.stderr));
    }
    ended
}

async fn collect(agent: &mut AgentClient<Said>, most: usize) {
    if let Ok(gathered) = agent.gather(Gather { patterns: &[], cap_bytes: 1 << 10, drop_build: false }).await {
        let bytes: usize = gathered.files.iter().map(|file| file.content.len()).sum();
        assert!(bytes <= most && gathered.files.len() <= MAX_COLLECTED_FILES);
    }
    if let Ok(collected) = agent.collect(&[Collect::All], 1 << 10).await {
        assert!(collected.size() <= most as u64);
        assert_eq!(collected.archive().map(|archive| archive.len() as u64).ok(), Some(collected.size()));
    }
}

/// Fine, or an error that can be shown.
fn settle(result: Result<(), SandboxError>) {
    if let Err(error) = result {
        assert!(!error.to_string().is_empty());
    }
}

fn hello() -> Hello {
    let wall = Wall {
        views: Vec::new(),
        hidden: Vec::new(),
        shares_inodes: false,
        links: Vec::new(),
        files: Vec::new(),
        ids: Ids::Same,
    };
    Hello { wall, cgroup: Cgroup::None, path: "/bin".to_owned(), env: Vec::new(), stage_bytes: 1 << 20, warm: false }
}

#[derive(Default)]
struct Count {
    stdout: u64,
    stderr: u64,
}

impl Sink for Count {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout += bytes.len() as u64,
            Stream::Stderr => self.stderr += bytes.len() as u64,
        }
    }
}

/// An agent that has said all it will ever say, and hears everything.
struct Said {
    left: Bytes,
    piece: usize,
}

impl AsyncRead for Said {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let length = self.piece.min(self.left.len()).min(buffer.remaining());
        buffer.put_slice(&self.left.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Said {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Transport for Said {
    const CARRIES_FILES: bool = false;

    fn poll_send(
        &mut self,
        _: &mut Context<'_>,
        bytes: &[u8],
        _: Option<std::os::fd::BorrowedFd<'_>>,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }
}
