//! Which backend programs run in: the one that was named, or the first that works here.

use std::sync::Arc;

use optimus_sandbox::{
    ByImage, DockerConfig, DockerSandbox, FakeSandbox, Gap, NativeConfig, NativeSandbox, Processors, SandboxError,
    SharedSandbox,
};
use optimus_wasm::{COMPILED_PREFIX, CompiledSandbox, IMAGE_PREFIX, WasmSandbox};
use tokio::runtime::Handle;

use super::{chain, wasm};
use crate::cli::{Apart, Backend, EngineArgs, Isolation, WarmStarts};
use crate::output::{self, Advised};

/// Of which each box gets one, when there are any.
type Pinned = Option<Arc<Processors>>;

/// A backend; of containers, what only they can do is kept at hand.
pub(super) struct Opened {
    pub(super) sandbox: SharedSandbox,
    pub(super) docker: Option<Arc<DockerSandbox>>,
}

/// Opens the backend that `--sandbox` names; `auto` says which it took, and why.
///
/// # Errors
/// It cannot work here, or cannot enforce a limit and `--allow-missing-limits` is not given.
pub(super) fn open(args: &EngineArgs, slots: usize, processors: Pinned) -> anyhow::Result<Opened> {
    let opened = match args.sandbox {
        Backend::Fake => {
            output::note("sandbox: fake: no program runs; each is reported to echo its input");
            return Ok(plain(FakeSandbox::echo()));
        }
        Backend::Native => plain(native(args, slots, processors).map_err(|e| advise(&e))?),
        Backend::Docker => docker(args, slots, processors).map_err(|e| advise(&e))?,
        Backend::Wasm => plain(wasm::sandbox(args, slots)?),
        Backend::Auto => auto(args, slots, processors)?,
    };
    let opened = with_wasm(opened, args, slots)?;
    let description = opened.sandbox.describe();
    tracing::info!(sandbox = description.name, summary = description.summary, "sandbox is open");
    for Gap { what, hint } in &description.gaps {
        tracing::warn!(hint, "{what}");
    }
    Ok(opened)
}

/// How many programs were started warm, and how many times that failed.
pub fn warm_starts() -> [u64; 2] {
    let starts = optimus_sandbox::warm_starts();
    [starts.started, starts.failed]
}

/// Native boxes start faster and need no daemon; containers are for hosts whose kernel does not allow native boxes.
fn auto(args: &EngineArgs, slots: usize, processors: Pinned) -> anyhow::Result<Opened> {
    let refused = match native(args, slots, processors.clone()) {
        Ok(native) => {
            tracing::info!("sandbox: native, because this kernel lets us build boxes and enforce every limit");
            return Ok(plain(native));
        }
        Err(error) => error,
    };
    match docker(args, slots, processors) {
        Ok(opened) => {
            output::note(&format!("sandbox: docker, because {}", chain(&refused)));
            Ok(opened)
        }
        Err(error) => {
            tracing::info!(error = chain(&error), "containers are not available either");
            Err(advise(&refused))
        }
    }
}

/// Programs whose image is a Wasm runtime run inside Wasm, whatever the others run in.
fn with_wasm(opened: Opened, args: &EngineArgs, slots: usize) -> anyhow::Result<Opened> {
    if args.sandbox == Backend::Wasm {
        return Ok(opened);
    }
    let inside: WasmSandbox = wasm::sandbox(args, slots)?;
    let compiled = CompiledSandbox::new(Arc::clone(&opened.sandbox), inside.clone());
    let sandbox = ByImage::new(opened.sandbox, IMAGE_PREFIX, Arc::new(inside));
    let sandbox = ByImage::new(Arc::new(sandbox), COMPILED_PREFIX, Arc::new(compiled));
    Ok(Opened { sandbox: Arc::new(sandbox), ..opened })
}

fn plain(sandbox: impl optimus_sandbox::Sandbox + 'static) -> Opened {
    Opened { sandbox: Arc::new(sandbox), docker: None }
}

fn native(args: &EngineArgs, slots: usize, processors: Pinned) -> Result<NativeSandbox, SandboxError> {
    let mut config = NativeConfig {
        allow_gaps: args.allow_missing_limits,
        cgroup_root: args.cgroup_root.clone(),
        own: vec![
            ("the state directory", super::state_dir(args.state.as_deref()).unwrap_or_default()),
            ("the code cache", super::code_dir(&args.code, args.state.as_deref()).unwrap_or_default()),
        ],
        plugins: super::Place::find(args.plugins.as_deref()).ok().map(|place| place.dir),
        isolation: isolation(args),
        memory_budget: memory_budget(args),
        processors,
        warm: args.warm_starts == WarmStarts::On,
        // For each slot one at work, and one that waits or is being reset.
        pool: slots * 2,
        ..NativeConfig::default()
    };
    config.toolchains.extend(args.toolchains.iter().map(|dir| dir.to_string_lossy().into_owned()));
    NativeSandbox::new(config)
}

fn isolation(args: &EngineArgs) -> optimus_sandbox::Isolation {
    match args.isolation {
        Apart::None => optimus_sandbox::Isolation::None,
        Apart::Tenant => optimus_sandbox::Isolation::PerTenant,
        Apart::Job => optimus_sandbox::Isolation::PerJob,
    }
}

/// Nothing bounds what a machine has that does not say how much that is.
fn memory_budget(args: &EngineArgs) -> Option<u64> {
    optimus_sandbox::machine_memory().map(|machine| args.memory_budget.bytes(machine))
}

fn docker(args: &EngineArgs, slots: usize, processors: Pinned) -> Result<Opened, SandboxError> {
    let config = DockerConfig { processors, ..docker_config(args, slots) };
    let connecting = DockerSandbox::connect(config);
    let docker = tokio::task::block_in_place(|| Handle::current().block_on(connecting))?;
    let docker = Arc::new(docker);
    let description = optimus_sandbox::Sandbox::describe(&*docker);
    if let (Some(gap), false) = (description.gaps.first(), args.allow_missing_limits) {
        return Err(SandboxError::Unavailable { message: gap.what.clone(), hint: gap.hint.clone() });
    }
    Ok(Opened { sandbox: Arc::clone(&docker) as SharedSandbox, docker: Some(docker) })
}

/// The configuration of containers in the flags.
pub fn docker_config(args: &EngineArgs, slots: usize) -> DockerConfig {
    let docker = &args.docker;
    let runtimes = docker.docker_runtime.iter().rev();
    DockerConfig {
        host: docker.docker_host.clone(),
        runtime: runtimes.clone().find(|runtime| runtime.images.is_none()).map(|runtime| runtime.name.clone()),
        runtimes: runtimes.filter_map(|runtime| Some((runtime.images.clone()?, runtime.name.clone()))).collect(),
        container_per_job: docker.docker_isolation == Isolation::Job || args.isolation == Apart::Job,
        isolation: isolation(args),
        memory_budget: memory_budget(args),
        warm: args.warm_starts == WarmStarts::On,
        slots,
        containers: usize::from(docker.docker_containers),
        require_digest: docker.require_digest,
        pull: !docker.no_pull,
        registry: docker.image_registry.clone(),
        ..DockerConfig::default()
    }
}

pub(super) fn advise(error: &SandboxError) -> anyhow::Error {
    Advised::new("sandbox", chain(error), error.hint()).into()
}
