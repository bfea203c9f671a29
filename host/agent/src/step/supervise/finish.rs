//! From what was seen of a step to how it ended. When several limits were passed, the first of these counts: a
//! forbidden call, kernel memory, memory, CPU time, wall time, output, file size. A signal that was ours is never the
//! program's.

use optimus_agent::protocol::{Ended, Start};
use optimus_core::{Exit, LimitHit};

use super::Watch;
use super::streams::Streams;
use crate::box_state::BoxState;
use crate::fault::Fault;
use crate::step::{End, Said};

/// What the init measured, or would have.
struct Measured {
    exit: Exit,
    wall_us: u64,
    cpu_us: u64,
    peak_bytes: u64,
}

/// Says how the step ended.
pub(super) fn finish(
    state: &BoxState,
    watch: &Watch<'_>,
    streams: &Streams,
    said: Option<Said>,
) -> Result<Ended, Fault> {
    let out_of_memory = state.meter.out_of_memory();
    let measured = match said {
        Some(Said::Failed { stage, errno }) => return Err(Fault { stage, errno }),
        Some(Said::Ended { end, wall_us, cpu_us, peak_bytes }) => {
            Measured { exit: exit(end), wall_us, cpu_us, peak_bytes }
        }
        // It died with the program: by our hand, or by the kernel's, which kills a whole group for its memory.
        None if watch.stopped.is_some() || out_of_memory => {
            let wall_us = u64::try_from(watch.start.elapsed().as_micros()).unwrap_or(u64::MAX);
            Measured { exit: Exit::Signal(libc::SIGKILL), wall_us, cpu_us: 0, peak_bytes: 0 }
        }
        None => return Err(Fault { stage: "the step's init died".to_owned(), errno: libc::ECHILD }),
    };
    let cpu_us = state.meter.cpu_us().unwrap_or(measured.cpu_us);
    let (peak, estimate) = state.meter.peak_bytes(watch.memory_seen);
    let limit = limit(watch, streams, &measured, cpu_us, out_of_memory);
    let refused = state.meter.forks_refused();
    let forks = (refused > 0).then(|| format!("{refused} forks were refused"));
    Ok(Ended {
        exit: measured.exit,
        limit,
        cpu_us,
        wall_us: measured.wall_us,
        waited_us: watch.waited_us,
        // Where there is no exact mark, the largest of the processes may say more than what was seen of all.
        memory_peak_bytes: if estimate { peak.max(measured.peak_bytes) } else { peak },
        memory_is_estimate: estimate,
        stdout_bytes: streams.out.kept,
        stderr_bytes: streams.err.kept,
        stdout_truncated: streams.out.truncated,
        stderr_truncated: streams.err.truncated,
        stdin_end_awaited: streams.stdin.end_awaited,
        channel_ends_awaited: streams.channels.ends_awaited(),
        start: Start::Cold,
        warm_fault: None,
        notes: watch.holding.iter().cloned().chain(forks).collect(),
    })
}

fn limit(
    watch: &Watch<'_>,
    streams: &Streams,
    measured: &Measured,
    cpu_us: u64,
    out_of_memory: bool,
) -> Option<LimitHit> {
    let limits = &watch.order.limits;
    let signal = match measured.exit {
        Exit::Signal(signal) => signal,
        _ => 0,
    };
    let stopped_for = |hit| watch.stopped.is_some_and(|(stopped, _)| stopped == hit);
    [
        (LimitHit::ForbiddenCall, signal == libc::SIGSYS),
        (LimitHit::KernelMemory, stopped_for(LimitHit::KernelMemory)),
        (LimitHit::Memory, out_of_memory || stopped_for(LimitHit::Memory)),
        // `RLIMIT_CPU`, which ends what outran this clock, lies above the limit: so then this holds too.
        (LimitHit::CpuTime, stopped_for(LimitHit::CpuTime) || cpu_us > limits.cpu_ms * 1_000),
        (LimitHit::WallTime, stopped_for(LimitHit::WallTime) || measured.wall_us > limits.wall_ms * 1_000),
        (LimitHit::Output, streams.is_over()),
        (LimitHit::FileSize, signal == libc::SIGXFSZ),
    ]
    .into_iter()
    .find_map(|(hit, holds)| holds.then_some(hit))
}

fn exit(end: End) -> Exit {
    match end {
        End::Code(code) => Exit::Code(code),
        End::Signal(signal) => Exit::Signal(signal),
        End::NotStarted(errno) => Exit::NotStarted(words(errno)),
    }
}

/// `no such file or directory`, without the number that Rust appends.
fn words(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
