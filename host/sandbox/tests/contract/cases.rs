//! The cases: what every backend that runs programs must do.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use optimus_core::plan::Collect;
use optimus_core::{BoxPath, Exit, LimitHit, Limits, Outcome, Stream};
use optimus_sandbox::{BoxStep, Discard, Feed, SandboxError, Sink, Stdin, View, channel_paths};

use super::lab::{Lab, file};
pub(crate) use super::proc::proc_tells_how_large_the_machine_is;

const MIB: u64 = 1 << 20;
const DEFAULT: Limits = Limits::DEFAULT;

pub(crate) async fn exit_codes(lab: &Lab<'_>) {
    for code in [0, 1, 42, 137, 255] {
        let ran = lab.run(&["exit", &code.to_string()], "", DEFAULT).await;
        assert_eq!((ran.outcome.exit, ran.outcome.limit), (Exit::Code(code), None));
    }
}

pub(crate) async fn signals_are_the_programs_own(lab: &Lab<'_>) {
    for (args, signal) in
        [(&["segv"][..], 11), (&["abort"], 6), (&["signal", "15"], 15), (&["signal", "9"], 9), (&["signal", "13"], 13)]
    {
        let ran = lab.run(args, "", DEFAULT).await;
        assert_eq!((ran.outcome.exit, ran.outcome.limit), (Exit::Signal(signal), None), "{args:?}");
    }
}

pub(crate) async fn what_cannot_start_is_not_started(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    bench.open.stage(&[file("text", "no program", false), file("bad", "\u{7f}ELF?", true)]).await.unwrap();
    for (name, expected) in [
        ("no-such-program", "no such file or directory"),
        ("./no-such-file", "no such file or directory"),
        ("./text", "permission denied"),
        ("./bad", "exec format error"),
    ] {
        let argv = [name.to_owned()];
        let step = BoxStep::new(&argv, DEFAULT);
        let outcome = bench.open.run(&step, &mut Discard).await.unwrap();
        assert_eq!(outcome.exit, Exit::NotStarted(expected.to_owned()), "{name}");
    }
}

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

/// Two programs, each of which reads what the other prints, through a host that only passes it on.
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

pub(crate) async fn a_live_input_that_nobody_writes_ends_by_the_clock(lab: &Lab<'_>) {
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

/// The end of such an input comes when the program has read all of it and waits for more, or not at all.
pub(crate) async fn a_held_end_says_whether_it_was_awaited(lab: &Lab<'_>) {
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

/// A program that closes its stdout may go on, and whoever reads that must not wait for the program's own end.
pub(crate) async fn an_early_end_of_stdout_is_told(lab: &Lab<'_>) {
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

pub(crate) async fn output_that_nobody_takes_holds_the_program_up(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let argv = ["./program".to_owned(), "print".to_owned(), (16 * MIB).to_string()];
    let limits = Limits { wall_ms: 500, ..DEFAULT };
    let mut sink = NeverReady(0);
    let outcome = bench.open.run(&BoxStep::new(&argv, limits), &mut sink).await.unwrap();
    assert_eq!(outcome.limit, Some(LimitHit::WallTime));
    assert!(sink.0 < 4 * MIB as usize, "{} bytes came", sink.0);
}

/// Counts what comes all the same.
struct NeverReady(usize);

impl Sink for NeverReady {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// Hands on what a program prints, and counts it.
struct Pass<'a>(&'a Feed, usize);

impl Sink for Pass<'_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        if stream == Stream::Stdout {
            self.1 += bytes.len();
            self.0.write(bytes);
        }
    }
}

/// A program that copies one channel after the other: what waits for the second holds up neither the first nor stdin,
/// and the end of the first is heard while the program goes on.
pub(crate) async fn channels_go_both_ways_and_end(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let [first, second] = [0, 1].map(|_| Arc::<Feed>::default());
    let long: Vec<u8> = (0..MIB).map(|i| ((i * 31) >> 3) as u8).collect();
    second.write(&long);
    first.write(b"short");
    first.close();
    let (argv, channels) = (relay(2), [first, Arc::clone(&second)]);
    let stdin = Stdin::from(long.clone());
    let step = BoxStep { stdin, channels: &channels, ..BoxStep::new(&argv, DEFAULT) };
    let mut recorder = ChannelRecorder { closes: Some(second), ..ChannelRecorder::default() };
    let running = tokio::time::timeout(Duration::from_secs(60), bench.open.run(&step, &mut recorder));
    assert!(running.await.unwrap().unwrap().is_success());
    assert_eq!((&recorder.heard[0][..], recorder.stdout), (&b"short"[..], b"1048576".to_vec()));
    assert!(recorder.heard[1] == long, "the bytes differ");
    let ran = bench.run(View::Fresh, &["read", "/stage/.channels/0.in"]).await;
    assert_eq!(ran.ok(), "errno 2", "the next step has none");
}

pub(crate) async fn channels_are_bounded_as_output_is(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let feed = Arc::<Feed>::default();
    feed.write(&vec![7; MIB as usize]);
    let (argv, channels) = (relay(1), [feed]);
    let limits = Limits { output_bytes: 100_000, ..DEFAULT };
    let step = BoxStep { channels: &channels, ..BoxStep::new(&argv, limits) };
    let mut recorder = ChannelRecorder::default();
    let outcome = bench.open.run(&step, &mut recorder).await.unwrap();
    assert_eq!((outcome.limit, recorder.heard[0].len()), (Some(LimitHit::Output), 100_000));
}

fn relay(channels: u8) -> Vec<String> {
    let paths = (0..channels).flat_map(channel_paths);
    ["./program", "relay"].map(str::to_owned).into_iter().chain(paths).collect()
}

/// Records each channel and stdout, and ends a feed once the first channel has ended.
#[derive(Default)]
struct ChannelRecorder {
    heard: [Vec<u8>; 2],
    stdout: Vec<u8>,
    closes: Option<Arc<Feed>>,
}

impl Sink for ChannelRecorder {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.stdout.extend_from_slice(bytes);
    }

    fn hear(&mut self, channel: u8, bytes: &[u8]) {
        self.heard[usize::from(channel)].extend_from_slice(bytes);
        if channel == 0 && bytes.is_empty() {
            self.closes.take().unwrap().close();
        }
    }
}

pub(crate) async fn unread_input_holds_nothing_up(lab: &Lab<'_>) {
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

pub(crate) async fn wall_time_ends_a_sleeper(lab: &Lab<'_>) {
    let ran = lab.run(&["sleep", "60"], "", Limits { wall_ms: 300, cpu_ms: 200, ..DEFAULT }).await;
    assert_eq!(ran.outcome.limit, Some(LimitHit::WallTime));
    assert!((300_000..20_000_000).contains(&ran.outcome.wall_us), "{:?}", ran.outcome);
}

pub(crate) async fn cpu_time_is_summed(lab: &Lab<'_>) {
    let limits = Limits { cpu_ms: 300, wall_ms: 60_000, ..DEFAULT };
    let ran = lab.run(&["spin", "60000"], "", limits).await;
    assert_eq!(ran.outcome.limit, Some(LimitHit::CpuTime));
    // No thread reaches the limit, all together do.
    let ran = lab.run(&["threads", "150"], "", limits).await;
    assert_eq!(ran.outcome.limit, Some(LimitHit::CpuTime), "{:?}", ran.outcome);
    let ran = lab.run(&["threads", "50"], "", DEFAULT).await;
    assert_eq!(ran.outcome.limit, None);
    assert!(ran.outcome.cpu_us >= 190_000, "{:?}", ran.outcome);
}

pub(crate) async fn memory_counts_when_it_is_touched(lab: &Lab<'_>) {
    let limits = Limits { memory_bytes: 64 * MIB, ..DEFAULT };
    let ran = lab.run(&["touch", "200000000"], "", limits).await;
    assert_eq!(ran.outcome.limit, Some(LimitHit::Memory), "{:?}", ran.outcome);
    let ran = lab.run(&["child-touch", "200000000"], "", limits).await;
    assert_eq!(ran.outcome.limit, Some(LimitHit::Memory), "a child alone was killed: {:?}", ran.outcome);
    // 1 GiB of zeroes that nobody looks at.
    lab.run(&["untouched", "5"], "", limits).await.ok();
    let ran = lab.run(&["touch", "30000000"], "", limits).await;
    ran.ok();
    assert!((28_000_000..66_000_000).contains(&ran.outcome.memory_peak_bytes), "{:?}", ran.outcome);
    let ran = lab.run(&["exit", "0"], "", limits).await;
    assert!(ran.outcome.memory_peak_bytes < 20_000_000, "{:?}", ran.outcome);
}

pub(crate) async fn processes_are_counted(lab: &Lab<'_>) {
    let ran = lab.run(&["forks", "30"], "", Limits { processes: 10, ..DEFAULT }).await;
    assert_eq!(ran.ok(), "9");
    assert_eq!(ran.outcome.notes, ["21 forks were refused"]);
}

/// More programs that compute than processors: none of them is idle, though the clock ends them all.
pub(crate) async fn who_waits_for_a_processor_is_not_idle(lab: &Lab<'_>) {
    let crowd = 4 * std::thread::available_parallelism().unwrap().get();
    let limits = Limits { wall_ms: 1_000, cpu_ms: 60_000, ..DEFAULT };
    let spinning = (0..crowd).map(|_| lab.run(&["spin", "60000"], "", limits));
    for ran in futures::future::join_all(spinning).await {
        let Outcome { limit, cpu_us, waited_us, wall_us, .. } = ran.outcome;
        assert_eq!(limit, Some(LimitHit::WallTime));
        assert!(cpu_us + waited_us > wall_us / 2, "{cpu_us} us of CPU, {waited_us} us waited, of {wall_us} us");
    }
    let asleep = lab.run(&["sleep", "60"], "", limits).await.outcome;
    assert!(asleep.cpu_us + asleep.waited_us < asleep.wall_us / 2, "{asleep:?}");
}

pub(crate) async fn file_sizes_are_bounded(lab: &Lab<'_>) {
    let limits = Limits { file_bytes: MIB, ..DEFAULT };
    let ran = lab.run(&["write-raw", "big", "1048577"], "", limits).await;
    assert_eq!((ran.outcome.exit, ran.outcome.limit), (Exit::Signal(25), Some(LimitHit::FileSize)));
    assert_eq!(lab.run(&["write", "big", "1048576"], "", limits).await.ok(), "0");
}

pub(crate) async fn the_work_area_is_bounded(lab: &Lab<'_>) {
    const ENOSPC: &str = "28";
    let limits = Limits { work_bytes: 4 * MIB, ..DEFAULT };
    for path in ["big", "/tmp/big", "/dev/shm/big"] {
        assert_eq!(lab.run(&["write", path, "5000000"], "", limits).await.ok(), ENOSPC, "{path}");
        assert_eq!(lab.run(&["write", path, "3000000"], "", limits).await.ok(), "0", "{path}");
    }
}

pub(crate) async fn open_files_are_bounded(lab: &Lab<'_>) {
    let ran = lab.run(&["open-many"], "", Limits { open_files: 20, ..DEFAULT }).await;
    assert_eq!(ran.ok(), "17", "20, less the three that it has");
}

pub(crate) async fn environment_and_arguments_are_exact(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let args = ["argv", "", "a b", "$HOME", "*", "é\n\"", "--"];
    let ran = bench.run(View::Fresh, &args).await;
    let seen: Vec<&str> = ran.ok().split_terminator('\0').skip(1).collect();
    assert_eq!(seen, args);
    let env = [("A", "1=2"), ("HOME", "/w")];
    let ran = bench.run_with(View::Fresh, &["env"], &env, Bytes::new(), DEFAULT).await.unwrap();
    let mut seen: Vec<&str> = ran.ok().split_terminator('\0').collect();
    seen.sort_unstable();
    assert!(seen[3].starts_with("PATH=/"), "{seen:?}");
    seen.remove(3);
    assert_eq!(seen, ["A=1=2", "HOME=/w", "LANG=C.UTF-8", "TMPDIR=/tmp"]);
}

pub(crate) async fn a_fresh_view_is_fresh_each_time(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    for path in ["mark", "/tmp/mark", "/dev/shm/mark"] {
        assert_eq!(bench.run(View::Fresh, &["write", path]).await.ok(), "0", "{path}");
        assert_eq!(bench.run(View::Fresh, &["read", path]).await.ok(), "errno 2", "{path}");
    }
}

pub(crate) async fn the_stage_cannot_be_changed(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    bench.open.stage(&[file("data", "constant", false), file("dir/inner", "inner", false)]).await.unwrap();
    for args in
        [["write", "data"], ["write", "dir/inner"], ["write", "dir/new"], ["chmod", "data"], ["unlink", "dir/inner"]]
    {
        let ran = bench.run(View::Fresh, &args).await;
        assert_ne!(ran.ok(), "0", "{args:?}");
    }
    // A program may hide a file from itself, and only from itself.
    bench.run(View::Fresh, &["unlink", "data"]).await;
    assert_eq!(bench.run(View::Fresh, &["read", "data"]).await.ok(), "constant");
    assert_eq!(bench.run(View::Fresh, &["read", "dir/inner"]).await.ok(), "inner");
    bench.open.stage(&[file("data", "replaced", false)]).await.unwrap();
    assert_eq!(bench.run(View::Fresh, &["read", "data"]).await.ok(), "replaced");
    assert_eq!(bench.run(View::Fresh, &["read", "dir/inner"]).await.ok(), "inner");
}

pub(crate) async fn a_build_goes_from_step_to_step_and_box_to_box(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    bench.open.stage(&[file("source", "text", false)]).await.unwrap();
    assert_eq!(bench.run(View::Build, &["write", "source", "3"]).await.ok(), "0", "the copy of the stage is its own");
    assert_eq!(bench.run(View::Build, &["write", "left", "100000"]).await.ok(), "0");
    bench.run(View::Build, &["make", "out"]).await.ok();
    assert_eq!(bench.run(View::Build, &["write", "out/deep", "5"]).await.ok(), "0");
    assert_eq!(bench.run(View::Build, &["read", "out/deep"]).await.ok().len(), 5);
    assert_eq!(bench.run(View::Fresh, &["read", "left"]).await.ok(), "errno 2", "not collected yet");
    let collected = bench.open.collect(&[Collect::All]).await.unwrap();
    assert_eq!(bench.run(View::Fresh, &["read", "left"]).await.ok().len(), 100_000);
    drop(bench);

    let mut other = lab.bench().await;
    other.open.stage(&[file("old", "old", false)]).await.unwrap();
    other.open.restore(&collected).await.unwrap();
    assert_eq!(other.run(View::Fresh, &["read", "out/deep"]).await.ok().len(), 5);
    assert_eq!(other.run(View::Fresh, &["read", "source"]).await.ok().len(), 3);
    assert_eq!(other.run(View::Fresh, &["read", "old"]).await.ok(), "errno 2", "the stage was replaced");
}

/// Long enough that a backend may hand it over in another way, and to several boxes at the same time.
pub(crate) async fn a_long_result_goes_to_several_boxes_at_once(lab: &Lab<'_>) {
    let sizes = [("large", 3 << 20), ("odd", 300_001), ("small", 7)];
    let text = |size: usize, salt: usize| -> Bytes { (0..size).map(|i| ((i * 31 + salt) >> 3) as u8).collect() };
    let mut bench = lab.bench().await;
    for (salt, (path, size)) in sizes.into_iter().enumerate() {
        bench.open.stage(&[file(path, text(size, salt), false)]).await.unwrap();
    }
    bench.run(View::Build, &["exit", "0"]).await;
    let collected = bench.open.collect(&[Collect::All]).await.unwrap();
    assert!(collected.archive().unwrap().len() as u64 == collected.size() && collected.size() > 3 << 20);
    let read = async || {
        let mut other = lab.bench().await;
        other.open.restore(&collected).await.unwrap();
        for (salt, (path, size)) in sizes.into_iter().enumerate() {
            let ran = other.run(View::Fresh, &["read", path]).await;
            assert!(ran.stdout == text(size, salt), "`{path}` is another");
        }
    };
    tokio::join!(read(), read(), read());
}

pub(crate) async fn only_what_is_named_is_collected(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    for path in ["keep", "drop"] {
        assert_eq!(bench.run(View::Build, &["write", path]).await.ok(), "0");
    }
    let named = ["keep", "program"].map(|path| Collect::Path(BoxPath::new(path).unwrap()));
    bench.open.collect(&named).await.unwrap();
    assert_eq!(bench.run(View::Fresh, &["read", "keep"]).await.ok().len(), 1);
    assert_eq!(bench.run(View::Fresh, &["read", "drop"]).await.ok(), "errno 2");
}

pub(crate) async fn what_is_no_file_is_refused_by_name(lab: &Lab<'_>) {
    for (args, expected) in [
        (&["link", "/etc/passwd", "out"][..], "`out` is a symlink, not a file"),
        (&["link", "/", "out"], "`out` is a symlink, not a file"),
        (&["fifo", "out"], "`out` is a FIFO, not a file"),
        (&["exit", "0"], "the build left no `out`"),
    ] {
        let mut bench = lab.bench().await;
        bench.run(View::Build, args).await.ok();
        let refused = bench.open.collect(&[Collect::Path(BoxPath::new("out").unwrap())]).await;
        match refused {
            Err(SandboxError::Refused(why)) => assert_eq!(why, expected),
            other => panic!("{args:?}: {other:?}"),
        }
    }
}

pub(crate) async fn nothing_outlives_its_step(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let ran = bench.run(View::Fresh, &["daemon"]).await;
    assert_eq!(ran.ok(), "early");
    assert!(ran.outcome.wall_us < 900_000, "nobody waits for a daemon: {:?}", ran.outcome);
    // Were the daemon alive, it would count.
    let limits = Limits { processes: 1, ..DEFAULT };
    let ran = bench.run_with(View::Fresh, &["forks", "1"], &[], Bytes::new(), limits).await.unwrap();
    assert_eq!(ran.ok(), "0");
}

pub(crate) async fn nothing_is_left_for_the_next_box(lab: &Lab<'_>) {
    for _ in 0..3 {
        let mut bench = lab.bench().await;
        for path in ["left", "/tmp/left"] {
            assert_eq!(bench.run(View::Build, &["read", path]).await.ok(), "errno 2", "{path}");
            assert_eq!(bench.run(View::Build, &["write", path]).await.ok(), "0", "{path}");
        }
        bench.open.stage(&[file("also", "left", false)]).await.unwrap();
        drop(bench);
        // Time for the box to come back into the pool.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut bench = lab.bench().await;
        assert_eq!(bench.run(View::Fresh, &["read", "also"]).await.ok(), "errno 2");
    }
}

pub(crate) async fn a_dropped_run_is_over(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let argv = ["./program", "sleep", "60"].map(str::to_owned);
    let limits = Limits { wall_ms: 60_000, ..DEFAULT };
    let step = BoxStep::new(&argv, limits);
    let mut sink = Discard;
    let run = bench.open.run(&step, &mut sink);
    assert!(tokio::time::timeout(Duration::from_millis(300), run).await.is_err(), "it sleeps");
    let again = bench.run_with(View::Fresh, &["exit", "0"], &[], Bytes::new(), DEFAULT).await;
    assert!(matches!(again, Err(SandboxError::Lost(_))), "the box is condemned: {again:?}");
    drop(bench);
    lab.run(&["exit", "0"], "", DEFAULT).await.ok();
}
