//! What a program sees, and how it ends, is the same warm and cold.

use optimus_core::Limits;

use super::lab::{Lab, Wall, alone};

const PROBES: &str = include_str!("probes.py");

fn probes() -> Vec<(&'static str, &'static str)> {
    PROBES.split("#: ").skip(1).map(|probe| probe.split_once('\n').unwrap()).collect()
}

#[tokio::test]
async fn nothing_tells_warm_from_cold() {
    let _turn = alone().await;
    for wall in [Wall::Native, Wall::Docker] {
        nothing_in(wall).await;
    }
}

async fn nothing_in(wall: Wall) {
    let (Some(mut cold), Some(mut warm)) = (Lab::new(wall, false).await, Lab::warmed_up(wall).await) else { return };
    let probes = probes();
    assert!(probes.len() >= 60, "{}", probes.len());
    let mut different = Vec::new();
    for (name, program) in probes {
        let mut seen = Vec::new();
        for lab in [&mut cold, &mut warm] {
            lab.limits = Limits { processes: 32, ..Limits::DEFAULT };
            lab.stage("main.py", program).await;
        }
        let stdin = "first line\nsecond line\n";
        seen.push(cold.run(stdin).await.1);
        seen.push(warm.run_warm(stdin).await.1);
        if seen[0] != seen[1] {
            different.push(format!("{name}:\n  cold {:?}\n  warm {:?}", seen[0], seen[1]));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Variables and files that change a start-up change a warm one in the same way: what is read of a job, or because of it,
/// is read by the child.
#[tokio::test]
async fn a_poisoned_environment_means_the_same() {
    let _turn = alone().await;
    let (Some(mut cold), Some(mut warm)) = (Lab::new(Wall::Native, false).await, Lab::warmed_up(Wall::Native).await)
    else {
        return;
    };
    let poison = [
        ("PYTHONPATH", "/w"),
        ("PYTHONSTARTUP", "/w/os.py"),
        ("PYTHONHASHSEED", "7"),
        ("PYTHONHOME", "/w"),
        ("PYTHONINSPECT", "1"),
        ("PYTHONOPTIMIZE", "2"),
        ("PYTHONUSERBASE", "/w"),
        ("LD_PRELOAD", "/w/x.so"),
        ("LC_ALL", "C"),
    ];
    for (name, value) in poison {
        for command in ["python3 main.py", "python3 -E -s -B main.py"] {
            let mut seen = Vec::new();
            for lab in [&mut cold, &mut warm] {
                lab.argv = command.split(' ').map(str::to_owned).collect();
                lab.env = vec![(name.to_owned(), value.to_owned())];
                for file in ["sitecustomize.py", "usercustomize.py", "os.py", "x.so", "x.pth"] {
                    lab.stage(file, "import sys\nprint('poison', file=sys.stderr)\n").await;
                }
                lab.stage(
                    "main.py",
                    "import sys\nprint(sys.flags, sys.path, hash('a') if sys.flags.hash_randomization == 0 else 0)\n",
                )
                .await;
            }
            seen.push(cold.run("").await.1);
            seen.push(warm.run_warm("").await.1);
            assert_eq!(seen[0], seen[1], "{name} {command}");
        }
    }
}

#[tokio::test]
async fn limits_hold_as_after_a_cold_start() {
    let _turn = alone().await;
    for wall in [Wall::Native, Wall::Docker] {
        limits_in(wall).await;
    }
}

async fn limits_in(wall: Wall) {
    let (Some(mut cold), Some(mut warm)) = (Lab::new(wall, false).await, Lab::warmed_up(wall).await) else { return };
    let hog = "blocks = [bytearray(b'x') * (1 << 20) for _ in range(int(input()))]\n";
    let spin = "while True: pass\n";
    // Each counted call waits for the agent, which the child's own filter tells of it.
    let held = "import os, select\nfor _ in range(6):\n    if os.fork() == 0:\n        held = []\n        while True:\n            \
                try: held.append(select.epoll())\n            except OSError: os.read(0, 1)\nos.wait()";
    let fork = "import os\nfor _ in range(40):\n    if os.fork() == 0:\n        os.read(0, 1); os._exit(0)\n";
    for (program, stdin) in
        [(hog, "40"), (hog, "62"), (hog, "80"), (spin, ""), (fork, ""), (held, ""), ("while True: print(1)", "")]
    {
        let mut ends = Vec::new();
        for lab in [&mut cold, &mut warm] {
            lab.limits = Limits {
                memory_bytes: 64 << 20,
                cpu_ms: 2_000,
                // A busy machine has no time for 2 s of work in the usual 10.
                wall_ms: 60_000,
                processes: 8,
                open_files: 2048,
                output_bytes: 1 << 16,
                ..Limits::DEFAULT
            };
            lab.stage("main.py", program).await;
        }
        let (outcome, seen) = cold.run(stdin).await;
        ends.push((seen.end, outcome.memory_peak_bytes));
        // The stack limit follows the memory limit, so this is another parent's child.
        let (outcome, seen) = warm.run_warm(stdin).await;
        ends.push((seen.end, outcome.memory_peak_bytes));
        assert_eq!(ends[0].0, ends[1].0, "{wall:?}: {program}: {ends:?}");
        assert!(ends[0].1.abs_diff(ends[1].1) < 4 << 20, "{program}: {ends:?}");
    }
}
