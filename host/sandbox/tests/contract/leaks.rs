//! Two hundred boxes, opened, used, dropped, some of them in the middle of a run: afterwards the host is as before.

use std::fs;
use std::time::{Duration, Instant};

use bytes::Bytes;
use optimus_core::Limits;
use optimus_sandbox::{BoxStep, Discard, NativeConfig, NativeSandbox, Sandbox};

use super::lab::file;

/// What a box could leave behind.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    descriptors: usize,
    children: usize,
    mounts: usize,
    groups: Vec<String>,
}

fn traces() -> Traces {
    let count = |path: &str| fs::read_dir(path).map_or(0, Iterator::count);
    let pid = std::process::id();
    // `children` needs a kernel option; without it the descriptors of dead children tell as much.
    let children = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let children = children
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .map(|text| text.split_whitespace().count())
        .sum();
    let mut groups = Vec::new();
    find_groups("/sys/fs/cgroup", &format!("optimus.{pid}."), 0, &mut groups);
    Traces {
        descriptors: count("/proc/self/fd"),
        children,
        mounts: fs::read_to_string("/proc/self/mountinfo").map_or(0, |text| mounts(&text)),
        groups,
    }
}

/// A container engine beside us may come and go.
fn mounts(table: &str) -> usize {
    table.lines().filter(|line| !line.contains("docker")).count()
}

/// Groups of boxes: those that stand in ours.
fn find_groups(directory: &str, name: &str, depth: usize, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let path = entry.path().to_string_lossy().into_owned();
        if path.contains(name) && depth < 6 {
            found.push(path.clone());
        }
        if depth < 6 {
            find_groups(&path, name, depth + 1, found);
        }
    }
}

/// Boxes upon boxes.
pub(crate) async fn many_boxes(program: Bytes) {
    let config = NativeConfig { pool: 2, jobs_per_box: 5, ..NativeConfig::default() };
    let Some(sandbox) = super::native(config.clone()) else { return };
    use_box(&sandbox, &program, 0).await;
    drop(sandbox);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = traces();

    let Some(sandbox) = super::native(config) else { return };
    for number in 0..200 {
        use_box(&sandbox, &program, number).await;
    }
    drop(sandbox);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let after = traces();
        if (&after.groups, after.children, after.mounts) == (&before.groups, before.children, before.mounts)
            && after.descriptors <= before.descriptors
        {
            return;
        }
        assert!(Instant::now() < deadline, "left behind: {after:?}, before: {before:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn use_box(sandbox: &NativeSandbox, program: &Bytes, number: usize) {
    let mut open = sandbox.open("").await.unwrap();
    open.stage(&[file("program", program.clone(), true)]).await.unwrap();
    let dropped = number % 10 == 9;
    let argv =
        ["./program", if dropped { "sleep" } else { "exit" }, if dropped { "60" } else { "0" }].map(str::to_owned);
    let step = BoxStep::new(&argv, Limits::DEFAULT);
    if dropped {
        let run = tokio::time::timeout(Duration::from_millis(20), open.run(&step, &mut Discard)).await;
        assert!(run.is_err(), "it sleeps");
    } else {
        assert!(open.run(&step, &mut Discard).await.unwrap().is_success());
    }
}
