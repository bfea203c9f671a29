//! The client against agents that answer wrongly.

use optimus_agent::protocol::{self, Ended, Kind, Reply, Start};
use optimus_core::{Exit, Limits, Outcome};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;

use super::AgentClient;
use crate::{BoxStep, Discard, SandboxError};

/// The result of a run whose agent sends `said` and then closes the stream.
async fn run_against(said: Vec<u8>) -> Result<Outcome, SandboxError> {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(&said).await.unwrap();
    drop(theirs);
    let argv = ["x".to_owned()];
    let limits = Limits { wall_ms: 1_000, ..Limits::DEFAULT };
    let step = BoxStep::new(&argv, limits);
    AgentClient::new(ours).run(&step, &mut Discard).await
}

fn ended(stdout_bytes: u64) -> Vec<u8> {
    let ended = Ended {
        exit: Exit::Code(0),
        limit: None,
        cpu_us: 1,
        wall_us: 1,
        waited_us: 0,
        memory_peak_bytes: 1,
        memory_is_estimate: false,
        stdout_bytes,
        stderr_bytes: 0,
        stdout_truncated: false,
        stderr_truncated: false,
        stdin_end_awaited: false,
        channel_ends_awaited: 0,
        notes: Vec::new(),
        start: Start::Cold,
        warm_fault: None,
    };
    let mut said = Vec::new();
    protocol::push_message(&mut said, &Reply::Ended(Box::new(ended))).unwrap();
    said
}

fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    protocol::push(&mut said, kind, payload);
    said
}

#[tokio::test]
async fn frames_that_break_the_protocol_end_the_box() {
    assert!(run_against(ended(0)).await.unwrap().is_success());
    assert!(run_against([frame(Kind::Stdout, b"abc"), ended(3)].concat()).await.unwrap().is_success());
    for (said, why) in [
        (Vec::new(), "ended"),
        (vec![9; 64], "protocol error"),
        (vec![1, 255, 255, 255, 255], "protocol error"),
        (frame(Kind::Message, b"no message"), "protocol error"),
        (frame(Kind::Data, b"nobody asked"), "protocol error"),
        ([frame(Kind::Stdout, b"abc"), ended(7)].concat(), "miscounted"),
        (frame(Kind::Stdout, b"abc")[..5].to_vec(), "ended"),
    ] {
        match run_against(said.clone()).await {
            Err(SandboxError::Lost(text)) => assert!(text.contains(why), "{text}"),
            other => panic!("{said:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_failed_stage_is_named() {
    let mut said = Vec::new();
    let failed = Reply::Failed { stage: "pivot_root".to_owned(), errno: 1 };
    protocol::push_message(&mut said, &failed).unwrap();
    let error = run_against(said).await.unwrap_err();
    assert!(error.to_string().starts_with("box set-up: pivot_root: Operation not permitted"), "{error}");
}
