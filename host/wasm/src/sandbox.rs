//! The backend: boxes, each with an engine process of its own.

mod link;
mod open_box;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use optimus_sandbox::{Ability, Description, OpenBox, Sandbox, SandboxError};

use crate::{IMAGE_PREFIX, RuntimeError, Runtimes};
use link::EngineLink;
use open_box::WasmBox;

/// How an engine process is started: a program that calls [`engine_process`](crate::engine_process) with the paths of a
/// runtime and of compiled code, given as the last two arguments; an empty one stands for none.
#[derive(Debug, Clone)]
pub struct EngineCommand {
    /// The program; often the one that is running.
    pub program: PathBuf,
    /// Its first arguments.
    pub args: Vec<OsString>,
    /// Passes the paths in these variables instead.
    pub by_environment: Option<[&'static str; 2]>,
}

/// What the backend needs.
#[derive(Debug, Clone)]
pub struct WasmConfig {
    /// The runtimes.
    pub runtimes: Runtimes,
    /// How an engine process is started.
    pub engine: EngineCommand,
    /// Engine processes that wait, for each image.
    pub pool: usize,
}

/// Programs inside WebAssembly.
#[derive(Clone)]
pub struct WasmSandbox {
    inner: Arc<Inner>,
}

struct Inner {
    config: WasmConfig,
    ready: Mutex<HashMap<String, Vec<EngineLink>>>,
}

impl WasmSandbox {
    /// A backend over the runtimes that are installed. Nothing is started yet.
    pub fn new(config: WasmConfig) -> Self {
        Self { inner: Arc::new(Inner { config, ready: Mutex::default() }) }
    }

    /// Whether an image is of this backend.
    pub fn is_image(image: &str) -> bool {
        image.starts_with(IMAGE_PREFIX)
    }
}

impl Inner {
    async fn start(&self, image: &str) -> Result<EngineLink, SandboxError> {
        let (runtimes, named) = (self.config.runtimes.clone(), image.to_owned());
        // Reads the whole module, to compare it with its digest.
        let found = tokio::task::spawn_blocking(move || module(&runtimes, &named)).await;
        let module = found.map_err(|error| link::lost(&format!("the search for the runtime: {error}")))??;
        EngineLink::start(&self.config.engine, module.as_deref(), &self.config.runtimes.code()).await
    }

    fn take(&self, image: &str) -> Option<EngineLink> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).get_mut(image)?.pop()
    }

    fn is_full(&self, image: &str) -> bool {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.get(image).map_or(0, Vec::len) >= self.config.pool
    }

    fn keep(&self, image: &str, link: EngineLink) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.entry(image.to_owned()).or_default().push(link);
    }
}

/// The module of an image; none for the empty one, whose programs bring their own.
fn module(runtimes: &Runtimes, image: &str) -> Result<Option<PathBuf>, SandboxError> {
    if image.is_empty() {
        return Ok(None);
    }
    runtimes.find(image).map(Some).map_err(|error| unavailable(&error))
}

/// Starts engines until as many wait as should.
async fn refill(inner: Arc<Inner>, image: String) {
    while !inner.is_full(&image) {
        match inner.start(&image).await {
            Ok(link) => inner.keep(&image, link),
            // The next job that needs one gets the error.
            Err(error) => return tracing::warn!(image, "no engine waits for the next job: {error}"),
        }
    }
}

fn unavailable(error: &RuntimeError) -> SandboxError {
    SandboxError::Unavailable { message: error.to_string(), hint: error.hint().unwrap_or_default() }
}

#[async_trait]
impl Sandbox for WasmSandbox {
    async fn open(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        let link = match self.inner.take(image) {
            Some(link) => link,
            None => self.inner.start(image).await?,
        };
        tokio::spawn(refill(Arc::clone(&self.inner), image.to_owned()));
        let restart = Arc::clone(&self.inner);
        Ok(Box::new(WasmBox::new(link, image.to_owned(), restart)))
    }

    fn describe(&self) -> Description {
        let wall = match cfg!(target_os = "linux") {
            true => "each box an engine process without files, processes and network",
            false => "each box an engine process, without a filter of system calls: this system has none for it",
        };
        Description {
            name: "wasm",
            summary: format!(
                "WASI preview 1 in wasmtime, {wall}; time is counted in fuel; no processes, threads, signals or sockets"
            ),
            gaps: Vec::new(),
            missing: Ability::OF_MACHINES.to_vec(),
            by_image: Vec::new(),
        }
    }
}

/// What stands for no path in an argument.
fn argument(path: Option<&Path>) -> &Path {
    path.unwrap_or(Path::new(""))
}
