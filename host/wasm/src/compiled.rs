//! Programs that a compiler makes outside WebAssembly and that run inside it: images `wasm+IMAGE`.

mod two_boxes;

use async_trait::async_trait;
use optimus_sandbox::{Admitted, Demand, Description, OpenBox, Sandbox, SandboxError, SharedSandbox};

use crate::{IMAGE_PREFIX, WasmSandbox};
use two_boxes::TwoBoxes;

/// How an image's name begins whose programs are compiled in the image that follows and run inside WebAssembly:
/// `wasm+optimus/clang:14`.
pub const COMPILED_PREFIX: &str = "wasm+";

/// The image that the machine's own backend needs for a language's `image`: none for a runtime inside WebAssembly, the
/// compiler's for a program that is compiled for it, and any other as it is.
///
/// ```
/// # use optimus_wasm::machine_image;
/// assert_eq!(machine_image("wasm:quickjs@sha256:00"), None);
/// assert_eq!(machine_image("wasm+optimus/clang:14"), Some("optimus/clang:14"));
/// assert_eq!(machine_image("optimus/python:3"), Some("optimus/python:3"));
/// ```
pub fn machine_image(image: &str) -> Option<&str> {
    match image.strip_prefix(COMPILED_PREFIX) {
        Some(compiler) => Some(compiler),
        None if image.starts_with(IMAGE_PREFIX) => None,
        None => Some(image),
    }
}

/// Boxes of two backends, one after the other: steps run in the compiler's image until its result is collected, and
/// inside WebAssembly from then on.
#[derive(Clone)]
pub struct CompiledSandbox {
    compilers: SharedSandbox,
    inside: WasmSandbox,
}

impl CompiledSandbox {
    /// `compilers` runs the compilers, `inside` what they make.
    pub fn new(compilers: SharedSandbox, inside: WasmSandbox) -> Self {
        Self { compilers, inside }
    }
}

#[async_trait]
impl Sandbox for CompiledSandbox {
    async fn open(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        self.open_unpinned(image).await
    }

    /// A compiler's time is never compared, and an engine needs no processor of its own.
    async fn open_unpinned(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        let compiler = machine_image(image).unwrap_or_default().to_owned();
        Ok(Box::new(TwoBoxes::new(self.clone(), compiler)))
    }

    async fn admit(&self, demand: &Demand) -> Result<Admitted, SandboxError> {
        self.compilers.admit(demand).await
    }

    fn describe(&self) -> Description {
        self.inside.describe()
    }
}
