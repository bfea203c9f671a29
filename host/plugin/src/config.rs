//! The operator's configuration.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use optimus_core::Limits;

use crate::names::Names;
use crate::signature::Trust;

/// Configuration of loading and calling plugins.
#[derive(Debug, Clone)]
pub struct Config {
    /// Directory of the `.wasm` files.
    pub dir: PathBuf,
    /// Languages that serve where no file of the directory provides them.
    pub built_in: Vec<BuiltInLanguage>,
    /// The directory may be missing: it is the default one, and built-in languages serve.
    pub dir_may_be_missing: bool,
    /// Compiled code and last good copies. Ours alone (mode 0700): it is trusted like the binary.
    pub cache_dir: PathBuf,
    /// Larger files are not even read.
    pub max_wasm_bytes: u64,
    /// Linear memory of one call, all memories together.
    pub memory_bytes: usize,
    /// For `plan` and the `classify` calls.
    pub plan_deadline: Duration,
    /// For `describe`, once per load.
    pub describe_deadline: Duration,
    /// For `checker.check`.
    pub check_deadline: Duration,
    /// The compiler process; without one, plugins are compiled in this process.
    pub compiler: Option<Compiler>,
    /// Called with a file's name before it is compiled, which takes a moment; not for what is in the cache.
    pub on_compile: CompileListener,
    /// Images that this operator lets plans name.
    pub images: ImagePolicy,
    /// How the images begin that the backend runs, where it does not run all: of several languages for a file, one with
    /// such an image is taken.
    pub image_prefix: Option<String>,
    /// Plugins whose jobs are commands are loaded.
    pub commands: bool,
    /// Signers whose plugins are loaded.
    pub trust: Trust,
    /// The operator's caps: a language whose floor is above them can never run.
    pub caps: Limits,
    /// Maximum number of concurrent guest calls.
    pub calls: usize,
    /// Memory for memoised plans.
    pub memo_bytes: u64,
    /// Interval between two scans of a watched directory.
    pub watch_interval: Duration,
}

impl Config {
    /// The defaults, for these two directories.
    pub fn new(dir: impl Into<PathBuf>, cache_dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            built_in: Vec::new(),
            dir_may_be_missing: false,
            cache_dir: cache_dir.into(),
            max_wasm_bytes: 64 << 20,
            memory_bytes: 64 << 20,
            // A plan takes some 50 µs. The deadline is for plugins that hang, not for machines that are busy.
            plan_deadline: Duration::from_millis(500),
            describe_deadline: Duration::from_secs(2),
            check_deadline: Duration::from_secs(10),
            compiler: None,
            on_compile: CompileListener::default(),
            images: ImagePolicy::default(),
            image_prefix: None,
            commands: false,
            trust: Trust::default(),
            caps: Limits::CAP,
            calls: 2 * std::thread::available_parallelism().map_or(2, usize::from),
            memo_bytes: 16 << 20,
            // A look costs one `stat` a file; what is dropped should serve within a second.
            watch_interval: Duration::from_millis(400),
        }
    }

    /// Whether the backend runs a language with these images.
    pub(crate) fn runs(&self, images: &[String]) -> bool {
        let Some(prefix) = &self.image_prefix else { return true };
        images.iter().any(|image| image.starts_with(prefix))
    }
}

/// A language that is part of the program: trusted as the program is.
#[derive(Clone)]
pub struct BuiltInLanguage {
    /// Its names.
    pub names: Names,
    /// Makes the plugin's bytes.
    pub wasm: Arc<dyn Fn() -> Result<Vec<u8>, String> + Send + Sync>,
}

impl std::fmt::Debug for BuiltInLanguage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BuiltInLanguage").field(&self.names.id).finish()
    }
}

/// A compiler that runs as a separate process.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The command that starts the child: a program and arguments. It has to call [`crate::compile_child`] with the
    /// directory that follows.
    pub argv: Vec<OsString>,
    /// Address space of the child.
    pub memory_bytes: u64,
    /// Maximum wall time for one file. The CPU time is bounded by this times the number of cores.
    pub timeout: Duration,
}

impl Compiler {
    /// A compiler with the default bounds.
    pub fn new(argv: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let argv = argv.into_iter().map(Into::into).collect();
        Self { argv, memory_bytes: 3 << 30, timeout: Duration::from_secs(60) }
    }
}

/// A callback for files that are about to be compiled; the default does nothing.
#[derive(Clone, Default)]
pub struct CompileListener(Option<Arc<Callback>>);

type Callback = dyn Fn(&str) + Send + Sync;

impl CompileListener {
    /// A listener that calls `callback` with the name of each file.
    pub fn new(callback: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(callback)))
    }

    pub(crate) fn notify(&self, file: &str) {
        if let Some(callback) = &self.0 {
            callback(file);
        }
    }
}

impl std::fmt::Debug for CompileListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CompileListener").field(&self.0.is_some()).finish()
    }
}

/// An allow-list of image names, in which `*` stands for any text. Empty allows all.
#[derive(Debug, Clone, Default)]
pub struct ImagePolicy {
    globs: Vec<String>,
}

impl ImagePolicy {
    /// Allows what matches one of these, and all when there are none.
    pub fn new(globs: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { globs: globs.into_iter().map(Into::into).collect() }
    }

    /// Whether a plan may name this image.
    pub fn allows(&self, image: &str) -> bool {
        self.globs.is_empty() || self.globs.iter().any(|glob| matches(glob, image))
    }
}

impl std::fmt::Display for ImagePolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.globs.is_empty() { f.write_str("*") } else { f.write_str(&self.globs.join(", ")) }
    }
}

/// Greedy from the left is enough when `*` is the only wildcard, and it cannot blow up.
fn matches(glob: &str, text: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else { return glob == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (glob, image, expected) in [
            ("gcc:14", "gcc:14", true),
            ("gcc:14", "gcc:140", false),
            ("gcc:*", "gcc:14", true),
            ("*", "", true),
            ("docker.io/*/x:*", "docker.io/library/x:1", true),
            ("docker.io/*/x:*", "docker.io/library/y:1", false),
            ("*@sha256:*", "gcc@sha256:ab", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(glob, image), expected, "{glob} {image}");
        }
    }

    #[test]
    fn no_list_allows_all() {
        assert!(ImagePolicy::default().allows("anything"));
        assert!(!ImagePolicy::new(["gcc:*"]).allows("node:22"));
    }
}
