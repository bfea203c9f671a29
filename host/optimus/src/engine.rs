//! Puts the parts together that judging needs: plugins, a sandbox, a judge, and the book of languages.

mod interpreters;
mod plugins;
mod probe;
mod sandbox;
mod trust;
mod wasm;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use optimus_core::event::EventSink;
use optimus_core::job::Policy;
use optimus_core::language::{Availability, Descriptor, LanguageInfo};
use optimus_core::languages::{LanguageBook, Named};
use optimus_core::{Fault, Job, Report};
use optimus_judge::{Judge, JudgeConfig};
use optimus_plugin::{Catalogue, CompileListener, Expected, ImagePolicy, Names, Plugin, PluginError};
use optimus_sandbox::{DockerSandbox, Processors, Progress, SandboxError, SharedSandbox};
use optimus_server::problems::LanguageSource;
use optimus_server::worker::{Input, Judging};
use optimus_wasm::machine_image;
use tokio_util::sync::CancellationToken;

use crate::cli::{CodeCacheArgs, EngineArgs};

pub use plugins::COMPILE;
pub(crate) use plugins::{Place, language, loaded, offered};
pub use probe::probe;
pub use sandbox::{docker_config, warm_starts};
pub(crate) use trust::trust;
pub use wasm::{COMPILE_RUNTIME, RUN_ENGINE};
pub(crate) use wasm::{install_runtime, runtimes, share_runtimes};

/// The parts that judging needs.
pub struct Engine {
    /// The source of plugins.
    pub(crate) place: Place,
    /// The plugins.
    pub catalogue: Arc<Catalogue>,
    /// The sandbox.
    pub sandbox: SharedSandbox,
    /// The same, where it is made of containers.
    pub docker: Option<Arc<DockerSandbox>>,
    /// The judge.
    pub judge: Arc<Judge>,
    /// The languages that can be judged here.
    pub book: Arc<LanguageBook>,
    /// Jobs at the same time.
    pub slots: usize,
    /// Caps of a job.
    pub policy: Policy,
    /// Images that plugins may name.
    images: ImagePolicy,
}

impl Engine {
    /// Opens everything that `args` name, with every plugin loaded.
    ///
    /// # Errors
    /// No plugin directory, no usable sandbox; each with advice.
    pub fn open(args: &EngineArgs) -> anyhow::Result<Self> {
        let engine = Self::begin(args, CompileListener::default())?;
        engine.load_all().map_err(|error| plugins::refused(&error))?;
        Ok(engine)
    }

    /// The same without loading a plugin: each is loaded when a job needs it. `on_compile` hears which file is compiled,
    /// which takes a moment the first time.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn begin(args: &EngineArgs, on_compile: CompileListener) -> anyhow::Result<Self> {
        let processors = args.pin_cpus.as_ref().map(Processors::find).transpose().map_err(|e| sandbox::advise(&e))?;
        let slots = slots(args, processors.as_deref()).map_err(|e| sandbox::advise(&e))?;
        let place = Place::find(args.plugins.as_deref())?;
        let catalogue = place.begin(args, slots, on_compile)?;
        let sandbox::Opened { sandbox, docker } = sandbox::open(args, slots, processors)?;
        let images = plugins::images(args);
        let book = Arc::<LanguageBook>::default();
        let policy = args.caps.policy();
        let config = JudgeConfig {
            slots,
            book: Arc::clone(&book),
            parallel_tests: args.parallel_tests,
            cap: policy.cap,
            artefact_cache_bytes: args.artefact_cache_mib << 20,
            ..JudgeConfig::default()
        };
        let judge = Arc::new(Judge::new(Arc::clone(&catalogue), Arc::clone(&sandbox), config));
        let engine = Self { place, catalogue, sandbox, docker, judge, book, slots, images, policy };
        engine.refresh_book();
        Ok(engine)
    }

    /// Loads every plugin that is not loaded yet. Blocks while they compile.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn load_all(&self) -> Result<(), PluginError> {
        self.catalogue.rescan()?;
        self.refresh_book();
        Ok(())
    }

    /// The language of this name (id or alias), loading its plugin alone. Blocks meanwhile.
    pub fn language(&self, name: &str) -> Option<LanguageInfo> {
        let plugin = self.catalogue.find(name);
        self.refresh_book();
        self.book.find(&plugin?.descriptor().id)
    }

    /// The language whose files have this extension, loading its plugin alone. Blocks meanwhile.
    pub fn language_by_extension(&self, extension: &str) -> Option<LanguageInfo> {
        let plugin = self.catalogue.find_by_extension(extension);
        self.refresh_book();
        self.book.find(&plugin?.descriptor().id)
    }

    /// Opens and closes a box, so that the first job finds one ready. Containers need an image: there each language's
    /// probe does this.
    ///
    /// # Errors
    /// No box can be built.
    pub async fn warm(&self) -> Result<(), SandboxError> {
        match &self.docker {
            Some(docker) => docker.ping().await,
            None => self.sandbox.open_unpinned("").await.map(drop),
        }
    }

    /// Puts what is known of the catalogue's languages into the book, keeping what is known of their toolchains.
    pub fn refresh_book(&self) {
        let current = self.catalogue.current();
        let loaded = |plugin: &Arc<Plugin>| (plugin.descriptor().clone(), plugin.digest().to_owned());
        let passed = current.expected().iter().filter_map(|file| file.passed.clone());
        let known: Vec<_> = current.iter().map(loaded).chain(passed).collect();
        let named = |file: &Expected| file.passed.is_none().then(|| file.names.clone()).flatten();
        let expected = current.expected().iter().filter_map(named);
        let named = |Names { id, aliases, extensions, commands }| Named { id, aliases, extensions, commands };
        let expected = expected.map(named).collect();
        let is_settled = current.expected().iter().all(|file| file.names.is_some());
        self.book.refresh(&known, expected, is_settled);
    }

    /// Asks each toolchain that has not been asked yet for its version, in boxes, and notes the answers in the book.
    pub async fn probe(&self) {
        while self.probe_next().await {}
    }

    /// Asks one of the toolchains that have not been asked yet; says whether there was one.
    pub async fn probe_next(&self) -> bool {
        let all = self.book.all();
        let Some(language) = all.iter().find(|language| language.availability == Availability::Unknown) else {
            return false;
        };
        let availability = self.availability(&language.descriptor).await;
        self.book.answer(&language.plugin_digest, &availability);
        true
    }

    /// Asks a language's toolchain for its version, in a box.
    pub(crate) async fn availability(&self, language: &Descriptor) -> Availability {
        if let Some(forbidden) = self.forbidden(language) {
            return forbidden;
        }
        self.fetch(language).await;
        probe(&self.sandbox, language).await
    }
}

impl Engine {
    /// A language whose image is not allowed here is not started even to be asked.
    fn forbidden(&self, language: &Descriptor) -> Option<Availability> {
        let image = self.docker.as_ref().and(language.images.first())?;
        (!self.images.allows(image)).then(|| Availability::Unavailable {
            reason: format!("image `{image}` is not among the images that this server allows ({})", self.images),
            hint: "allow it with `--allow-image`".to_owned(),
        })
    }

    /// Has all of a language's images at hand before the first job asks for one.
    async fn fetch(&self, language: &Descriptor) {
        let Some(docker) = &self.docker else { return };
        let allowed = language.images.iter().filter(|image| self.images.allows(image));
        for image in allowed.filter_map(|image| machine_image(image)) {
            let progress: Progress = Arc::new(|step| tracing::info!("{step}"));
            if let Err(error) = docker.prepare(image, &progress).await {
                tracing::warn!(language = language.id, hint = error.hint(), "{}", chain(&error));
            }
        }
    }
}

#[async_trait]
impl LanguageSource for Engine {
    async fn descriptor(&self, language: &str) -> Option<Descriptor> {
        Some(self.catalogue.plugin(language).await?.descriptor().clone())
    }
}

#[async_trait]
impl Judging for Engine {
    async fn judge(
        &self,
        job: &Job,
        waited: Duration,
        input: Option<Input>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Fault> {
        self.judge.judge_live(job, waited, input, events, cancel).await
    }
}

/// The value of `--slots`; by default the number of slots that the processors allow.
fn slots(args: &EngineArgs, processors: Option<&Processors>) -> Result<usize, SandboxError> {
    let given = args.slots.map(usize::from);
    let Some(processors) = processors else {
        return Ok(given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)));
    };
    let slots = given.unwrap_or(processors.count());
    processors.suffice_for(slots).map(|()| slots)
}

/// `--code-cache`, or `code` in the state directory.
///
/// # Errors
/// There is neither, and the state directory cannot be created.
fn code_dir(given: &CodeCacheArgs, state: Option<&Path>) -> anyhow::Result<PathBuf> {
    match &given.code_cache {
        Some(dir) => std::path::absolute(dir).with_context(|| format!("`{}` is no path", dir.display())),
        None => Ok(state_dir(state)?.join("code")),
    }
}

/// `--state`, or the user's state directory; created when it is missing, and closed to other users.
///
/// # Errors
/// It cannot be created.
pub fn state_dir(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;

    let fallback = || {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        home.map(|home| home.join(".local/state/optimus")).context("no HOME: name a directory with `--state DIR`")
    };
    let dir = given.map(Path::to_owned).map_or_else(fallback, Ok)?;
    // Processes that work elsewhere are given it, too.
    let dir = std::path::absolute(&dir).with_context(|| format!("`{}` is no path", dir.display()))?;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    close_to_others(&dir)?;
    Ok(dir)
}

/// Takes the rights of others away that an older version, or a wide umask, gave them. A directory that holds nothing of
/// ours yet may be anybody's, and stays as it is.
fn close_to_others(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let ours: Vec<PathBuf> = OURS.iter().map(|name| dir.join(name)).filter(|path| path.exists()).collect();
    let dir = ours.iter().any(|path| path.is_file()).then(|| dir.to_owned());
    for path in ours.into_iter().chain(dir) {
        let metadata = std::fs::symlink_metadata(&path)?;
        let mode = metadata.permissions().mode();
        if mode & 0o077 != 0 && mode & 0o1000 == 0 && !metadata.is_symlink() {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode & 0o700))
                .with_context(|| format!("cannot close `{}` to other users: `chmod go= {0}`", path.display()))?;
        }
    }
    Ok(())
}

/// Entries of a state directory.
const OURS: [&str; 5] = ["queue.redb", "keys.json", "webhook-secret", "code", "problems"];

/// An error and its causes, `a: b: c`.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text += &format!(": {inner_text}");
        }
        cause = inner.source();
    }
    text
}
