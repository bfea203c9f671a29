//! What a box tells of the machine in `/proc`: the number of processors, the memory and the kernel's version, which a
//! program learns by system calls as well, and values that are the same on every machine.
//!
//! A kernel's own files would tell of other boxes (how busy processors are, how much memory is free), so none is shown.

use std::fmt::Write as _;
use std::time::SystemTime;

use rustix::system::{sysinfo, uname};
use rustix::time::{ClockId, clock_gettime};

/// Where the files are in a box's root. A step binds each over its name in `/proc`.
pub(crate) const PLACE: &str = "/.machine";
/// What there is: files, and one directory.
pub(crate) const ENTRIES: [&str; 6] = ["cpuinfo", "loadavg", "meminfo", "stat", "version", "sys"];

/// Below `/proc/sys`, proc_sys(5): defaults of Linux 6.x. What differs with each reading, such as `random/uuid`, cannot
/// be a file, and is left out.
const SETTINGS: [(&str, &str); 11] = [
    ("fs/file-max", "9223372036854775807"),
    ("fs/nr_open", "1048576"),
    ("fs/pipe-max-size", "1048576"),
    ("kernel/cap_last_cap", "40"),
    ("kernel/hostname", "box"),
    ("kernel/ngroups_max", "65536"),
    ("kernel/pid_max", "32768"),
    ("kernel/threads-max", "32768"),
    ("net/core/somaxconn", "4096"),
    ("vm/max_map_count", "65530"),
    ("vm/overcommit_memory", "0"),
];

/// The files: path and text.
pub(super) fn files() -> Vec<(String, String)> {
    let kernel = uname();
    let [system, release, version] =
        [kernel.sysname(), kernel.release(), kernel.version()].map(|text| text.to_string_lossy());
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let of_kernel = [("kernel/ostype", &system), ("kernel/osrelease", &release), ("kernel/version", &version)];
    let settings =
        SETTINGS.iter().map(|&(path, text)| (path, text)).chain(of_kernel.map(|(path, text)| (path, &**text)));
    let settings = settings.map(|(path, text)| (format!("{PLACE}/sys/{path}"), format!("{text}\n")));
    let texts = [
        ("cpuinfo", cpuinfo(processors)),
        ("loadavg", "0.00 0.00 0.00 1/1 1\n".to_owned()),
        ("meminfo", meminfo()),
        ("stat", stat(processors)),
        ("version", format!("{system} version {release} {version}\n")),
    ];
    texts.into_iter().map(|(name, text)| (format!("{PLACE}/{name}"), text)).chain(settings).collect()
}

/// proc_cpuinfo(5). The instructions are those that every processor of the architecture has.
fn cpuinfo(processors: usize) -> String {
    let mut text = String::new();
    for processor in 0..processors {
        let _ = match std::env::consts::ARCH {
            "aarch64" => write!(
                text,
                "processor\t: {processor}\nBogoMIPS\t: 2000.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x00\n\
                 CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0x000\nCPU revision\t: 0\n\n"
            ),
            arch => write!(
                text,
                "processor\t: {processor}\nvendor_id\t: unknown\ncpu family\t: 6\nmodel\t\t: 0\n\
                 model name\t: {arch} processor\nstepping\t: 0\ncpu MHz\t\t: 1000.000\ncache size\t: 1024 KB\n\
                 physical id\t: 0\nsiblings\t: {processors}\ncore id\t\t: {processor}\ncpu cores\t: {processors}\n\
                 fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 1\nwp\t\t: yes\n\
                 flags\t\t: fpu tsc msr pae cx8 cmov mmx fxsr sse sse2 syscall nx lm\nbogomips\t: 2000.00\n\
                 clflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: 48 bits physical, 48 bits virtual\n\
                 power management:\n\n"
            ),
        };
    }
    text
}

/// proc_meminfo(5). The total is what sysinfo(2) tells; all of it counts as free.
fn meminfo() -> String {
    let machine = sysinfo();
    let kib = machine.totalram * u64::from(machine.mem_unit) / 1024;
    let mut text = String::new();
    for (name, kib) in [("MemTotal", kib), ("MemFree", kib), ("MemAvailable", kib), ("Buffers", 0), ("Cached", 0)]
        .into_iter()
        .chain([("SwapCached", 0), ("Active", 0), ("Inactive", 0), ("SwapTotal", 0), ("SwapFree", 0), ("Shmem", 0)])
    {
        let _ = writeln!(text, "{:<15} {kib:>8} kB", format!("{name}:"));
    }
    text
}

/// proc_stat(5). No processor has done anything; the time of the boot is what `CLOCK_BOOTTIME` tells.
fn stat(processors: usize) -> String {
    let since_boot = u64::try_from(clock_gettime(ClockId::Boottime).tv_sec).unwrap_or(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let mut text = "cpu  0 0 0 0 0 0 0 0 0 0\n".to_owned();
    for processor in 0..processors {
        let _ = writeln!(text, "cpu{processor} 0 0 0 0 0 0 0 0 0 0");
    }
    let _ = writeln!(
        text,
        "intr 0\nctxt 0\nbtime {}\nprocesses 1\nprocs_running 1\nprocs_blocked 0",
        now.saturating_sub(since_boot)
    );
    text
}
