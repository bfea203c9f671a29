//! What an operator may say about native boxes.

use std::path::PathBuf;
use std::sync::Arc;

use crate::{Isolation, Processors};

/// What an operator may say about native boxes.
#[derive(Debug, Clone)]
pub struct NativeConfig {
    /// Boxes that are kept, built ahead: those that wait, those that are open, and those that are being reset.
    pub pool: usize,
    /// Jobs that a box serves before it is replaced.
    pub jobs_per_box: u32,
    /// Directories of toolchains outside of the system's own, as patterns in which `*` stands for one name and a
    /// leading `~` for the home directory. Of each pattern the match with the highest version is seen in boxes,
    /// read-only, at its own path, with its `bin` at the end of PATH.
    pub toolchains: Vec<String>,
    /// Entries of `/etc` that toolchains need, as patterns; only what everybody may read.
    pub etc: Vec<String>,
    /// Directories of the server's own, each with what it is: no view may show them.
    pub own: Vec<(&'static str, PathBuf)>,
    /// Where plugins are, which are of no use to programs.
    pub plugins: Option<PathBuf>,
    /// How far tenants are kept apart.
    pub isolation: Isolation,
    /// Memory for all programs at once; none: unbounded.
    pub memory_budget: Option<u64>,
    /// The cgroup below which ours are made; found when absent. With version 1, its name in each hierarchy.
    pub cgroup_root: Option<PathBuf>,
    /// Of which each box gets one to itself; all boxes share all, when absent.
    pub processors: Option<Arc<Processors>>,
    /// Share the start-up of commands whose plugin says that it may be (decision 0400).
    pub warm: bool,
    /// Start although a limit cannot be enforced here.
    pub allow_gaps: bool,
    /// The most that the stage of a box may hold.
    pub stage_bytes: u64,
    /// The most that a build may leave.
    pub collect_bytes: u64,
}

impl Default for NativeConfig {
    fn default() -> Self {
        let own = |patterns: &[&str]| patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Self {
            pool: 2,
            jobs_per_box: 256,
            toolchains: own(&[
                "~/.pyenv/versions/*",
                "~/.rbenv/versions/*",
                "~/.rustup/toolchains/*",
                "~/.nvm/versions/*/*",
                "~/.sdkman/candidates/*/current",
                "~/.local/share/mise/installs/*/latest",
                "~/.ghcup",
                "~/.cabal",
                "~/.elan/toolchains/*",
                "~/.juliaup/*",
                "~/.dotnet",
                // Where Debian keeps the packages that a compiler in /usr knows.
                "/var/lib/ghc",
            ]),
            etc: own(&[
                "ld.so.*",
                "alternatives",
                "localtime",
                "mime.types",
                "protocols",
                "services",
                "*jdk*",
                "fpc.cfg",
                "gnucobol*",
                "ldc2.conf",
                "mono",
                "R",
            ]),
            own: Vec::new(),
            plugins: None,
            isolation: Isolation::None,
            memory_budget: None,
            cgroup_root: None,
            processors: None,
            warm: true,
            allow_gaps: false,
            stage_bytes: 1 << 30,
            collect_bytes: 256 << 20,
        }
    }
}
