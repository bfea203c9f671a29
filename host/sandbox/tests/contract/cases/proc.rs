//! What `/proc` tells a program of the machine.

use optimus_sandbox::View;

use crate::lab::Lab;

/// Files of `/proc` that runtimes and programs read; the rest of the machine is not shown.
pub(crate) async fn proc_tells_how_large_the_machine_is(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    for (path, part) in [
        ("cpuinfo", "processor\t: 0\n"),
        ("stat", "\ncpu0 0 "),
        ("meminfo", "MemTotal: "),
        ("loadavg", "0.00 "),
        ("version", "Linux version "),
        ("sys/kernel/ostype", "Linux\n"),
        ("self/comm", "program\n"),
        ("uptime", "errno 2"),
        ("sys/kernel/core_pattern", "errno 2"),
    ] {
        let ran = bench.run(View::Fresh, &["read", &format!("/proc/{path}")]).await;
        assert!(ran.ok().contains(part), "{path}: {}", ran.ok());
    }
}
