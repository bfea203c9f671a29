//! The client against agents that answer wrongly.

use optimus_agent::protocol::{self, Ended, Kind, Reply, Start};
use optimus_core::{Exit, Limits, Outcome};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;

use super::AgentClient;
use crate::{BoxStep, Discard, Gather, Gathered, SandboxError};

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

/// What is gathered from an agent that sends these entries, each with a kind, a path and the size that it claims.
async fn gathered_from(entries: &[(tar::EntryType, &str, u64)]) -> Result<Gathered, SandboxError> {
    let mut archive = Vec::new();
    for (kind, path, size) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(*size);
        // `set_path` refuses what a hostile agent may send.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive.extend_from_slice(header.as_bytes());
        archive.extend(std::iter::repeat_n(b'x', usize::try_from((*size).min(4 << 20)).unwrap().next_multiple_of(512)));
    }
    archive.extend_from_slice(&[0; 1024]);
    let mut said: Vec<u8> = archive.chunks(1 << 16).flat_map(|chunk| frame(Kind::Data, chunk)).collect();
    protocol::push_message(&mut said, &Reply::Gathered { notes: vec!["note".to_owned()] }).unwrap();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let sending = async move {
        // The client may leave before it has heard everything.
        let _ = theirs.write_all(&said).await;
    };
    let search = Gather { patterns: &[], cap_bytes: 1 << 10, drop_build: true };
    let mut client = AgentClient::new(ours);
    // The client ends with its answer, as it would with its box: the rest is then refused instead of waited for.
    let hearing = async move { client.gather(search).await };
    tokio::join!(hearing, sending).0
}

#[tokio::test]
async fn gathered_files_are_checked_again() {
    use tar::EntryType::{Directory, Link, Regular, Symlink};
    let gathered = gathered_from(&[(Regular, "b/c", 3), (Regular, "a", 0)]).await.unwrap();
    let shown: Vec<_> = gathered.files.iter().map(|file| (file.path.as_str(), file.content.len())).collect();
    assert_eq!((shown, gathered.notes), (vec![("a", 0), ("b/c", 3)], vec!["note".to_owned()]));
    let many = vec![(Regular, "x", 0); optimus_core::collect::MAX_COLLECTED_FILES + 1];
    for entries in [
        &[(Regular, "../x", 1)][..],
        &[(Regular, "/etc/passwd", 1)],
        &[(Symlink, "x", 0)],
        &[(Link, "x", 0)],
        &[(Directory, "x", 0)],
        &[(Regular, "x", 4 << 20)],
        &[(Regular, "x", u64::MAX >> 8)],
        &many,
    ] {
        let result = gathered_from(entries).await;
        assert!(matches!(result, Err(SandboxError::Lost(_))), "{:?}: {result:?}", entries.first());
    }
}
