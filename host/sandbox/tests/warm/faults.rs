//! What goes wrong with a parent costs nothing but time.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use optimus_core::{Exit, Limits};
use optimus_sandbox::{BoxStep, NativeConfig, NativeSandbox, Sandbox as _, warm_starts};
use optimus_testing::skip;

use super::lab::{COMMAND, Lab, Said, Wall, alone, sandbox};

/// What is known of a process: its id, its name, and who started it.
struct Process {
    pid: i32,
    name: String,
    parent: i32,
}

fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let read = |pid: i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (before, rest) = stat.rsplit_once(") ")?;
        let name = before.split_once('(')?.1.to_owned();
        Some(Process { pid, name, parent: rest.split(' ').nth(1)?.parse().ok()? })
    };
    pids.filter_map(read).collect()
}

/// The keepers of our boxes: those of native ones descend from us, those in containers from a daemon's shim.
fn keepers(wall: Wall) -> Vec<i32> {
    let all = processes();
    let of = |pid: i32| all.iter().find(|process| process.pid == pid);
    let is_above = |process: &Process| match wall {
        Wall::Native => process.pid.cast_unsigned() == std::process::id(),
        Wall::Docker => process.name.starts_with("containerd-shim"),
    };
    let is_ours = |keeper: &Process| std::iter::successors(of(keeper.parent), |up| of(up.parent)).any(is_above);
    let found = all.iter().filter(|process| process.name == "optimus-warm" && is_ours(process));
    found.map(|process| process.pid).collect()
}

/// Those of `keepers` that they hold.
fn parents(keepers: &[i32]) -> Vec<i32> {
    processes().iter().filter(|process| keepers.contains(&process.parent)).map(|process| process.pid).collect()
}

fn signal(pid: i32, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
}

#[tokio::test]
async fn what_goes_wrong_with_a_parent_costs_no_verdict() {
    use rustix::process::Signal;
    let _turn = alone().await;
    for wall in [Wall::Native, Wall::Docker] {
        for (of_parent, fault) in [(false, Signal::KILL), (false, Signal::STOP), (true, Signal::KILL)] {
            let Some(mut lab) = Lab::warmed_up(wall).await else { break };
            let before = warm_starts();
            let keepers = keepers(wall);
            let victims = if of_parent { parents(&keepers) } else { keepers };
            let what = format!("{wall:?} {fault:?} {}", if of_parent { "parent" } else { "keeper" });
            assert!(!victims.is_empty(), "{what}");
            victims.iter().for_each(|pid| signal(*pid, fault));
            lab.stage("main.py", "import os\nprint(input(), os.getpid())\n").await;
            let (outcome, seen) = lab.run("hello\n").await;
            assert_eq!((outcome.exit, seen.stdout.as_str()), (Exit::Code(0), "hello 2\n"), "{what}");
            assert_eq!(warm_starts().started, before.started, "{what}");
            assert_eq!(warm_starts().failed, before.failed + 1, "{what}");
            assert!(lab.warm().await, "{what}: no parent came again");
        }
    }
}

/// Keepers that are killed at any moment, also while they make a child or have just begun, cost a run no time, and a box
/// that is reset nothing.
#[tokio::test(flavor = "multi_thread")]
async fn keepers_that_are_killed_all_the_time_cost_no_run() {
    let _turn = alone().await;
    for wall in [Wall::Native, Wall::Docker] {
        let is_over = Arc::new(AtomicBool::new(false));
        let killer = std::thread::spawn({
            let is_over = Arc::clone(&is_over);
            move || kill_until(wall, &is_over)
        });
        for _ in 0..12 {
            // A box that has lost three of them starts everything by itself.
            let Some(sandbox) = sandbox(wall, true).await else { break };
            for _ in 0..4 {
                let mut lab = Lab::of(sandbox.open(wall.image()).await.unwrap());
                lab.stage("main.py", "print(input())\n").await;
                for _ in 0..3 {
                    let start = Instant::now();
                    assert_eq!(lab.run("1\n").await.1.stdout, "1\n");
                    assert!(start.elapsed() < Duration::from_secs(15), "a run took {:?}", start.elapsed());
                    tokio::time::sleep(Duration::from_millis(15)).await;
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
        if killer.join().unwrap() == 0 {
            skip("programs cannot be started warm here");
        }
    }
}

/// Kills every keeper soon after it has begun; how many.
fn kill_until(wall: Wall, is_over: &AtomicBool) -> u32 {
    let mut killed = 0;
    while !is_over.load(Ordering::Relaxed) {
        for pid in keepers(wall) {
            // It may have ended by itself.
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            killed += u32::from(rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok());
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    killed
}

/// Where a start cannot be shared up to the program, it is shared up to what it does by itself.
#[tokio::test]
async fn a_command_may_end_without_a_look_at_the_program() {
    let _turn = alone().await;
    let Some(mut lab) = Lab::warmed_up(Wall::Native).await else { return };
    let argv = ["python3", "--no-such-flag"].map(str::to_owned);
    let mut said = Vec::new();
    for _ in 0..12 {
        let mut heard = Said::default();
        let step = BoxStep { warm: true, ..BoxStep::new(&argv, Limits::DEFAULT) };
        let outcome = lab.open.run(&step, &mut heard).await.unwrap();
        assert_eq!(outcome.exit, Exit::Code(2));
        said.push(heard.stderr);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    said.dedup();
    assert_eq!(said.len(), 1);
    let missing = ["no-such-command".to_owned()];
    for _ in 0..8 {
        let step = BoxStep { warm: true, ..BoxStep::new(&missing, Limits::DEFAULT) };
        let outcome = lab.open.run(&step, &mut Said::default()).await.unwrap();
        assert_eq!(outcome.exit, Exit::NotStarted("no such file or directory".to_owned()));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whoever runs an interactor looks at every process of a box, so no parent is there then.
#[tokio::test]
async fn a_live_input_ends_the_parent() {
    let _turn = alone().await;
    let Some(mut lab) = Lab::warmed_up(Wall::Native).await else { return };
    let feed = std::sync::Arc::<optimus_sandbox::Feed>::default();
    feed.write(b"hello\n");
    feed.close();
    let argv = COMMAND.map(str::to_owned);
    let stdin = optimus_sandbox::Stdin::Live(feed);
    let step = BoxStep { stdin, warm: true, ..BoxStep::new(&argv, Limits::DEFAULT) };
    let before = warm_starts();
    assert_eq!(lab.open.run(&step, &mut Said::default()).await.unwrap().exit, Exit::Code(0));
    assert_eq!(warm_starts(), before);
    assert!(lab.warm().await);
}

/// A box that was reset keeps its parent; one that is over leaves nothing.
#[tokio::test]
async fn a_parent_serves_several_jobs_and_ends_with_its_box() {
    let _turn = alone().await;
    let config = NativeConfig { pool: 1, ..NativeConfig::default() };
    let Ok(sandbox) = NativeSandbox::new(config) else { return };
    let before = warm_starts().started;
    for _ in 0..12 {
        let open = sandbox.open("").await.unwrap();
        let mut lab = Lab::of(open);
        lab.stage("main.py", "print(input())\n").await;
        assert_eq!(lab.run("1\n").await.1.stdout, "1\n");
        drop(lab);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    if warm_starts().started == before {
        return skip("programs cannot be started warm here");
    }
    drop(sandbox);
    let end = Instant::now() + Duration::from_secs(5);
    while !keepers(Wall::Native).is_empty() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(keepers(Wall::Native), Vec::<i32>::new());
}
