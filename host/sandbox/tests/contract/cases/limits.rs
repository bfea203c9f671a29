//! What ends a program that takes too much.

use bytes::Bytes;
use optimus_core::{Exit, LimitHit, Limits, Outcome};
use optimus_sandbox::View;

use super::{DEFAULT, MIB};
use crate::lab::{Lab, PATIENT};

pub(crate) async fn wall_time_ends_a_sleeper(lab: &Lab<'_>) {
    let ran = lab.run(&["sleep", "60"], "", Limits { wall_ms: 300, cpu_ms: 200, ..DEFAULT }).await;
    assert_eq!(ran.outcome.limit, Some(LimitHit::WallTime));
    assert!((300_000..20_000_000).contains(&ran.outcome.wall_us), "{:?}", ran.outcome);
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

/// More programs that compute than processors: none of them is idle, though the clock ends them all.
pub(crate) async fn a_program_that_waits_for_a_processor_is_not_idle(lab: &Lab<'_>) {
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
    // 1 GiB of zeroes that are never touched.
    lab.run(&["untouched", "5"], "", limits).await.ok();
    let ran = lab.run(&["touch", "30000000"], "", limits).await;
    ran.ok();
    assert!((28_000_000..66_000_000).contains(&ran.outcome.memory_peak_bytes), "{:?}", ran.outcome);
    let ran = lab.run(&["exit", "0"], "", limits).await;
    assert!(ran.outcome.memory_peak_bytes < 20_000_000, "{:?}", ran.outcome);
}

/// The kernel takes back what a namespace held only after the step is over, and the group is charged for it so long.
pub(crate) async fn the_next_step_has_all_of_its_memory(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    for _ in 0..8 {
        let large = Limits { memory_bytes: 128 * MIB, ..PATIENT };
        let filled = bench.run_with(View::Fresh, &["segments", "1000"], &[], Bytes::new(), large).await.unwrap();
        assert_eq!(filled.outcome.limit, Some(LimitHit::Memory), "{:?}", filled.outcome);
        let small = Limits { memory_bytes: 32 * MIB, ..DEFAULT };
        let next = bench.run_with(View::Fresh, &["touch", "20000000"], &[], Bytes::new(), small).await;
        next.unwrap().ok();
    }
}

pub(crate) async fn processes_are_counted(lab: &Lab<'_>) {
    let ran = lab.run(&["forks", "30"], "", Limits { processes: 10, ..DEFAULT }).await;
    assert_eq!(ran.ok(), "9");
    assert_eq!(ran.outcome.notes, ["21 forks were refused"]);
}
