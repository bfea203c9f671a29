//! What all steps of a box use: its link to the host, its meter, and the walls around programs.

use optimus_agent::protocol::Hello;
use seccompiler::BpfProgram;

use crate::cgroup::Meter;
use crate::link::Link;
use crate::wall::Programs;
use crate::warm::Warm;

/// What all steps of a box use.
pub(crate) struct BoxState {
    pub(crate) link: Link,
    pub(crate) meter: Meter,
    /// The filter of programs' system calls.
    pub(crate) filter: BpfProgram,
    pub(crate) programs: Programs,
    /// Where programs are looked for.
    pub(crate) path: String,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) processors: u32,
    pub(crate) warm: Warm,
    /// The size of the build area in bytes, if there is one.
    pub(crate) build: Option<u64>,
}

impl BoxState {
    /// That of an empty box.
    pub(crate) fn new(link: Link, meter: Meter, filter: BpfProgram, programs: Programs, hello: &Hello) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
        Self {
            link,
            meter,
            filter,
            programs,
            path: hello.path.clone(),
            env: hello.env.clone(),
            processors,
            warm: Warm::new(hello.warm, programs),
            build: None,
        }
    }
}
