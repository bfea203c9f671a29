//! Standard input, output and error.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use optimus_core::{Exit, LimitHit, Limits, Stream};
use optimus_sandbox::{BoxStep, Discard, Feed, Sink, Stdin, View};

use super::{DEFAULT, MIB};
use crate::lab::Lab;

pub(crate) async fn bytes_come_back_as_they_went(lab: &Lab<'_>) {
    let input: Vec<u8> = (0..MIB).map(|i| ((i * 31) >> 3) as u8).collect();
    let ran = lab.run(&["echo"], input.clone(), DEFAULT).await;
    assert_eq!(ran.outcome.exit, Exit::Code(0));
    assert!(ran.stdout == input, "the bytes differ");
    assert_eq!(ran.outcome.stdout_bytes, MIB);
    assert_eq!(lab.run(&["count"], "", DEFAULT).await.ok(), "0\n");
    assert_eq!(lab.run(&["complain", "words"], "", DEFAULT).await.stderr, b"words");
}

pub(crate) async fn both_directions_flow_at_once(lab: &Lab<'_>) {
    let ran = lab.run(&["both", "300000"], vec![7; 300_000], DEFAULT).await;
    assert_eq!(ran.outcome.exit, Exit::Code(0));
    assert!(ran.stdout.ends_with(b"300000") && ran.stdout.len() == 300_006);
}

/// Two programs that read each other's output; the host passes it on.
pub(crate) async fn a_live_input_is_answered_while_both_run(lab: &Lab<'_>) {
    let (mut one, mut other) = (lab.bench().await, lab.bench().await);
    let (to_one, to_other) = (Arc::<Feed>::default(), Arc::<Feed>::default());
    to_one.write(b"ball");
    let argv = ["./program".to_owned(), "pass".to_owned(), "200".to_owned()];
    let step = |feed: &Arc<Feed>| BoxStep { stdin: Stdin::Live(Arc::clone(feed)), ..BoxStep::new(&argv, DEFAULT) };
    let (mut out_of_one, mut out_of_other) = (Pass(&to_other, 0), Pass(&to_one, 0));
    let play = async {
        let first = async {
            let outcome = one.open.run(&step(&to_one), &mut out_of_one).await;
            to_other.close();
            outcome
        };
        let second = async {
            let outcome = other.open.run(&step(&to_other), &mut out_of_other).await;
            to_one.close();
            outcome
        };
        tokio::join!(first, second)
    };
    let (first, second) = tokio::time::timeout(Duration::from_secs(60), play).await.unwrap();
    assert!(first.unwrap().is_success() && second.unwrap().is_success());
    assert_eq!((out_of_one.1, out_of_other.1), (800, 800));
    let ran = one.run(View::Fresh, &["count"]).await;
    assert_eq!(ran.ok(), "0\n", "what was left over must not reach the next step");
}

/// Passes on what a program prints, and counts its bytes.
struct Pass<'a>(&'a Feed, usize);

impl Sink for Pass<'_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        if stream == Stream::Stdout {
            self.1 += bytes.len();
            self.0.write(bytes);
        }
    }
}

pub(crate) async fn a_live_input_without_a_writer_ends_at_the_wall_limit(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let feed = Arc::<Feed>::default();
    let argv = ["./program".to_owned(), "count".to_owned()];
    let limits = Limits { wall_ms: 300, ..DEFAULT };
    let stdin = Stdin::Live(feed);
    let step = BoxStep { stdin, ..BoxStep::new(&argv, limits) };
    let outcome = bench.open.run(&step, &mut Discard).await.unwrap();
    assert_eq!(outcome.limit, Some(LimitHit::WallTime));
    assert_eq!(bench.run(View::Fresh, &["count"]).await.ok(), "0\n");
}

/// A held end is sent once the program has read everything and waits for more.
pub(crate) async fn a_held_end_reports_whether_it_was_awaited(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let programs = [("count", true), ("poll", true), ("glance", false), ("poll-another", false)];
    // A program that ends while its end is held back must not look as if it waited, not even once.
    let many = std::iter::repeat_n(("take", false), 100);
    for (what, awaited) in programs.into_iter().chain(many) {
        let feed = Arc::new(Feed::holding_end());
        feed.write(b"abc");
        feed.close();
        let argv = ["./program".to_owned(), what.to_owned()];
        let step = BoxStep { stdin: Stdin::Live(Arc::clone(&feed)), ..BoxStep::new(&argv, DEFAULT) };
        let outcome = bench.open.run(&step, &mut Discard).await.unwrap();
        assert!(outcome.is_success(), "{what}: {outcome:?}");
        assert_eq!(feed.end_was_awaited(), awaited, "{what}");
    }
}

/// A program may close its stdout and go on. A reader of that stdout must not wait for the end of the program.
pub(crate) async fn an_early_end_of_stdout_is_reported(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let feed = Arc::<Feed>::default();
    let argv = ["./program".to_owned(), "mute".to_owned()];
    let step = BoxStep { stdin: Stdin::Live(Arc::clone(&feed)), ..BoxStep::new(&argv, DEFAULT) };
    let mut sink = ClosesAtEnd { feed: &feed, stdout: Vec::new() };
    let outcome = bench.open.run(&step, &mut sink).await.unwrap();
    assert!(outcome.is_success(), "{outcome:?}");
    assert_eq!(sink.stdout, b"word");
}

/// Ends the program's stdin when its stdout has ended.
struct ClosesAtEnd<'a> {
    feed: &'a Feed,
    stdout: Vec<u8>,
}

impl Sink for ClosesAtEnd<'_> {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.stdout.extend_from_slice(bytes);
        if bytes.is_empty() {
            self.feed.close();
        }
    }
}

pub(crate) async fn unread_output_blocks_the_program(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let argv = ["./program".to_owned(), "print".to_owned(), (16 * MIB).to_string()];
    let limits = Limits { wall_ms: 500, ..DEFAULT };
    let mut sink = NeverReady(0);
    let outcome = bench.open.run(&BoxStep::new(&argv, limits), &mut sink).await.unwrap();
    assert_eq!(outcome.limit, Some(LimitHit::WallTime), "{outcome:?}");
    assert!(sink.0 < 4 * MIB as usize, "{} bytes came", sink.0);
}

/// Is never ready, and counts the bytes that arrive.
struct NeverReady(usize);

impl Sink for NeverReady {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

pub(crate) async fn unread_input_blocks_nothing(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let stdin = Bytes::from(vec![1; 100 * MIB as usize]);
    let ran = bench.run_with(View::Fresh, &["exit", "0"], &[], stdin, DEFAULT).await.unwrap();
    assert_eq!(ran.ok(), "");
    assert_eq!(bench.run(View::Fresh, &["count"]).await.ok(), "0\n", "the rest must not reach the next step");
}

pub(crate) async fn output_is_cut_at_the_limit(lab: &Lab<'_>) {
    let limits = Limits { output_bytes: 100_000, ..DEFAULT };
    let ran = lab.run(&["print", "100000"], "", limits).await;
    assert_eq!((ran.ok().len(), ran.outcome.stdout_truncated), (100_000, false));
    for args in [["print", "100001"], ["print", "2000000000"]] {
        let ran = lab.run(&args, "", limits).await;
        assert_eq!(ran.outcome.limit, Some(LimitHit::Output));
        assert_eq!((ran.stdout.len(), ran.outcome.stdout_bytes), (100_000, 100_000));
        assert!(ran.outcome.stdout_truncated && !ran.outcome.stderr_truncated);
    }
}
