//! Puts the parts together that judging needs: plugins, a sandbox, a judge, and the book of languages.

mod sandbox;
mod trust;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use optimus_core::language::{Availability, Descriptor, LanguageInfo};
use optimus_core::languages::LanguageBook;
use optimus_core::{Exit, Limits, Stream};
use optimus_judge::{Judge, JudgeConfig};
use optimus_plugin::{Catalogue, Compiler, ImagePolicy};
use optimus_sandbox::{BoxStep, DockerSandbox, OpenBox, Processors, Progress, SandboxError, SharedSandbox, Sink};

use crate::cli::{EngineArgs, TrustArgs};
use crate::output::Advised;

pub use sandbox::docker_config;
pub(crate) use trust::trust;

/// The word by which this program is started to compile plugins: no verb, since nobody else starts it so.
pub const COMPILE: &str = "__compile";

/// The parts that judging needs.
pub struct Engine {
    /// Where they are dropped.
    pub plugins: PathBuf,
    /// The plugins.
    pub catalogue: Arc<Catalogue>,
    /// Where programs run.
    pub sandbox: SharedSandbox,
    /// The same, where it is made of containers.
    pub docker: Option<Arc<DockerSandbox>>,
    /// What judges.
    pub judge: Arc<Judge>,
    /// What can be judged here.
    pub book: Arc<LanguageBook>,
    /// Jobs at the same time.
    pub slots: usize,
    /// Images that plugins may name.
    images: ImagePolicy,
}

impl Engine {
    /// Opens everything that `args` name.
    ///
    /// # Errors
    /// No plugin directory, no usable sandbox; each with advice.
    pub fn open(args: &EngineArgs) -> anyhow::Result<Self> {
        let processors = args.pin_cpus.as_ref().map(Processors::find).transpose().map_err(|e| sandbox::advise(&e))?;
        let slots = slots(args, processors.as_deref()).map_err(|e| sandbox::advise(&e))?;
        let plugins = plugins_dir(args.plugins.as_deref())?;
        let catalogue = open_catalogue(&plugins, args, slots)?;
        let sandbox::Opened { sandbox, docker } = sandbox::open(args, slots, processors)?;
        let images = images(args);
        let book = Arc::<LanguageBook>::default();
        let config = JudgeConfig {
            slots,
            book: Arc::clone(&book),
            parallel_tests: args.parallel_tests,
            artefact_cache_bytes: args.artefact_cache_mib << 20,
            ..JudgeConfig::default()
        };
        let judge = Arc::new(Judge::new(Arc::clone(&catalogue), Arc::clone(&sandbox), config));
        let engine = Self { plugins, catalogue, sandbox, docker, judge, book, slots, images };
        engine.refresh_book();
        Ok(engine)
    }

    /// Opens and closes a box, so that the first job finds one ready. Containers need an image: there each language's
    /// probe does this.
    ///
    /// # Errors
    /// No box can be built.
    pub async fn warm(&self) -> Result<(), SandboxError> {
        match &self.docker {
            Some(docker) => docker.ping().await,
            None => self.sandbox.open_beside("").await.map(drop),
        }
    }

    /// Puts the catalogue's present languages into the book, keeping what is known of their toolchains.
    pub fn refresh_book(&self) {
        let known = self.book.all();
        let info = |plugin: &Arc<optimus_plugin::Plugin>| LanguageInfo {
            descriptor: plugin.descriptor().clone(),
            plugin_digest: plugin.digest().to_owned(),
            availability: known
                .iter()
                .find(|l| l.plugin_digest == plugin.digest())
                .map_or(Availability::Unknown, |l| l.availability.clone()),
        };
        self.book.replace(self.catalogue.current().iter().map(info).collect());
    }

    /// Asks each toolchain that nobody has asked yet for its version, in boxes, and notes the answers in the book.
    pub async fn probe(&self) {
        let mut list = self.book.all().as_ref().clone();
        for language in list.iter_mut().filter(|l| l.availability == Availability::Unknown) {
            language.availability = match self.forbidden(&language.descriptor) {
                Some(forbidden) => forbidden,
                None => {
                    self.fetch(&language.descriptor).await;
                    probe(&self.sandbox, &language.descriptor).await
                }
            };
        }
        self.book.replace(list);
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
        for image in language.images.iter().filter(|image| self.images.allows(image)) {
            let progress: Progress = Arc::new(|step| tracing::info!("{step}"));
            if let Err(error) = docker.prepare(image, &progress).await {
                tracing::warn!(language = language.id, hint = error.hint(), "{}", chain(&error));
            }
        }
    }
}

/// What `--slots` says; else as many as there are processors for.
fn slots(args: &EngineArgs, processors: Option<&Processors>) -> Result<usize, SandboxError> {
    let given = args.slots.map(usize::from);
    let Some(processors) = processors else {
        return Ok(given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)));
    };
    let slots = given.unwrap_or(processors.count());
    processors.suffice_for(slots).map(|()| slots)
}

pub(crate) fn open_catalogue(dir: &Path, args: &EngineArgs, slots: usize) -> anyhow::Result<Arc<Catalogue>> {
    let cache = state_dir(args.state.as_deref())?.join("code");
    let mut config = optimus_plugin::Config::new(dir, cache);
    config.calls = (slots * 2).max(4);
    config.images = images(args);
    config.trust = trust(&args.trust)?;
    let compiler =
        args.compiler.as_ref().map_or_else(compiler, |program| Compiler::new([program.as_os_str(), COMPILE.as_ref()]));
    config.compiler = Some(Compiler { memory_bytes: args.compiler_mib << 20, ..compiler });
    Catalogue::open(config).map_err(|e| Advised::new("plugins", chain(&e), e.hint()).into())
}

/// This program again, which compiles plugins and nothing else: see `main`.
fn compiler() -> Compiler {
    Compiler::new(["/proc/self/exe", COMPILE])
}

/// The plugins of `dir`, only to say what they offer: with a code cache in `state`, or one that goes with the process.
///
/// # Errors
/// The directory cannot be read, or whose plugins are trusted makes no sense.
pub fn offered(dir: &Path, state: Option<&Path>, trusted: &TrustArgs) -> anyhow::Result<Arc<Catalogue>> {
    let cache = match state {
        Some(state) => state.to_owned(),
        None => tempfile::tempdir().context("cannot create a directory for the code cache")?.keep(),
    };
    let mut config = optimus_plugin::Config::new(dir, cache.join("code"));
    config.compiler = Some(compiler());
    config.trust = trust(trusted)?;
    Catalogue::open(config).map_err(|e| Advised::new("plugins", chain(&e), e.hint()).into())
}

fn images(args: &EngineArgs) -> ImagePolicy {
    ImagePolicy::new(args.docker.allow_images.iter().cloned())
}

/// `--plugins`, or the first that exists of ./plugins, the one beside the program, and the user's own.
pub(crate) fn plugins_dir(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(dir) = given {
        return Ok(dir.to_owned());
    }
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("plugins")));
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share/optimus/plugins"));
    let candidates = [Some(PathBuf::from("plugins")), beside, home];
    candidates.into_iter().flatten().find(|dir| dir.is_dir()).ok_or_else(|| {
        let hint = "name one with `--plugins DIR`; from a checkout, `cargo xtask plugins` builds ./plugins";
        Advised::new("no_plugins", "there is no directory of plugins here", Some(hint.to_owned())).into()
    })
}

/// `--state`, or the user's own, created when it is missing and open to nobody else.
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
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    Ok(dir)
}

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

/// Runs a language's probe in a box.
pub async fn probe(sandbox: &SharedSandbox, language: &Descriptor) -> Availability {
    let image = language.images.first().map_or("", String::as_str);
    let probed = match sandbox.open_beside(image).await {
        Ok(open) => run_probe(open, language).await.map_err(|reason| (reason, None)),
        // An image that is not there is not remedied by a package of this machine's.
        Err(error) => Err((chain(&error), error.hint())),
    };
    match probed {
        Ok(version) => Availability::Available { version },
        Err((reason, hint)) => {
            Availability::Unavailable { reason, hint: hint.unwrap_or_else(|| language.install_hint.clone()) }
        }
    }
}

async fn run_probe(mut open: Box<dyn OpenBox>, language: &Descriptor) -> Result<String, String> {
    let limits = Limits { cpu_ms: 10_000, wall_ms: 20_000, ..Limits::COMPILE };
    let step = BoxStep::new(&language.probe, limits);
    let mut printed = FirstLine::default();
    let outcome = tokio::time::timeout(Duration::from_secs(30), open.run(&step, &mut printed)).await;
    let outcome = outcome.map_err(|_| "the probe did not end".to_owned())?.map_err(|e| chain(&e))?;
    let program = language.probe.first().map_or("", String::as_str);
    match outcome.exit {
        Exit::NotStarted(why) => Err(format!("`{program}`: {why}")),
        _ if outcome.is_success() => Ok(printed.line()),
        Exit::Code(code) => Err(format!("`{program}` exited with {code}: {}", printed.line())),
        Exit::Signal(signal) => Err(format!("`{program}` was ended by signal {signal}")),
    }
}

/// The first line of what a toolchain says of itself, blank ones aside; some say it on stderr.
#[derive(Default)]
struct FirstLine {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl FirstLine {
    const ENOUGH: usize = 4096;

    fn line(&self) -> String {
        let bytes = if self.stdout.is_empty() { &self.stderr } else { &self.stdout };
        let text = String::from_utf8_lossy(bytes);
        text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
    }
}

impl Sink for FirstLine {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let kept = if stream == Stream::Stdout { &mut self.stdout } else { &mut self.stderr };
        let room = Self::ENOUGH.saturating_sub(kept.len());
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}
