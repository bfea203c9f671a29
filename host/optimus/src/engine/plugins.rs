//! Which plugins there are: those of a directory, and the languages that are built into this program.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use optimus_core::Descriptor;
use optimus_declarative::{Manifest, author};
use optimus_plugin::{BuiltInLanguage, Catalogue, CompileListener, Compiler, Config, ImagePolicy, Names, PluginError};
use optimus_sandbox::own_program;
use optimus_wasm::IMAGE_PREFIX;

use super::{chain, code_dir, trust};
use crate::cli::{Backend, CodeCacheArgs, EngineArgs, TrustArgs};
use crate::output::Advised;

/// The argument that starts this program as a compiler of plugins: internal, and therefore not a verb.
pub const COMPILE: &str = "__compile";

/// The source of languages.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Directory of plugins. It need not exist where languages are built in.
    pub(crate) dir: PathBuf,
    built_in: Vec<BuiltInLanguage>,
}

impl Place {
    /// A directory, and nothing else.
    pub(crate) fn alone(dir: PathBuf) -> Self {
        Self { dir, built_in: Vec::new() }
    }

    /// `--plugins`, ./plugins or the directory next to the program: each of these names its languages explicitly. Without
    /// one, the built-in languages serve, and the user's own directory adds to them.
    ///
    /// # Errors
    /// There is no home directory for the user's own.
    pub(crate) fn find(given: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(dir) = given {
            return Ok(Self::alone(dir.to_owned()));
        }
        let exe = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("plugins")));
        let set_up = [Some(PathBuf::from("plugins")), exe].into_iter().flatten();
        if let Some(dir) = set_up.into_iter().find(|dir| holds_plugins(dir)) {
            return Ok(Self::alone(dir));
        }
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share/optimus/plugins"));
        let dir = home.context("no HOME: name a directory of plugins with `--plugins DIR`")?;
        Ok(Self { dir, built_in: built_in() })
    }

    /// Knows the languages, and has loaded none.
    pub(super) fn begin(
        &self,
        args: &EngineArgs,
        slots: usize,
        on_compile: CompileListener,
    ) -> anyhow::Result<Arc<Catalogue>> {
        let mut config = self.config(code_dir(&args.code, args.state.as_deref())?);
        config.calls = (slots * 2).max(4);
        config.images = images(args);
        config.image_prefix = (args.sandbox == Backend::Wasm).then(|| IMAGE_PREFIX.to_owned());
        config.commands = args.commands;
        config.built_in.extend(args.commands.then(|| commands(&args.command_images)).transpose()?);
        config.caps = args.caps.limits();
        config.trust = trust(&args.trust)?;
        let compiler = args.compiler.as_ref();
        let compiler =
            compiler.map_or_else(compiler_child, |program| Compiler::new([program.as_os_str(), COMPILE.as_ref()]));
        config.compiler = Some(Compiler { memory_bytes: args.compiler_mib << 20, ..compiler });
        config.on_compile = on_compile;
        begin(config)
    }

    /// The same languages again, with this code cache.
    pub(crate) fn config(&self, cache: PathBuf) -> Config {
        let dir_may_be_missing = !self.built_in.is_empty();
        Config { built_in: self.built_in.clone(), dir_may_be_missing, ..Config::new(self.dir.clone(), cache) }
    }
}

/// A folder of that name may be anything: it counts as set up when a plugin is in it.
fn holds_plugins(dir: &Path) -> bool {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().extension().is_some_and(|extension| extension == "wasm"))
}

fn begin(config: Config) -> anyhow::Result<Arc<Catalogue>> {
    Catalogue::begin(config).map_err(|error| refused(&error))
}

/// The languages that ship, made into plugins on first use.
fn built_in() -> Vec<BuiltInLanguage> {
    let ships = author::known().iter().filter(|known| known.ships);
    let built_in = ships.filter_map(|known| {
        // A test of every known language holds that it can be read.
        let manifest = known.manifest().ok()?;
        Some(BuiltInLanguage {
            names: names(manifest),
            wasm: Arc::new(|| known.wasm().map_err(|error| error.to_string())),
        })
    });
    built_in.collect()
}

/// The language of commands, which serves where the operator wants it.
fn commands(images: &[String]) -> anyhow::Result<BuiltInLanguage> {
    let (manifest, images) = (author::commands(images)?, images.to_vec());
    let wasm = move || author::commands_wasm(&images).map_err(|error| error.to_string());
    Ok(BuiltInLanguage { names: names(manifest), wasm: Arc::new(wasm) })
}

fn names(manifest: Manifest) -> Names {
    let commands = manifest.is_command();
    let Manifest { id, aliases, extensions, .. } = manifest;
    Names { id, aliases, extensions, commands }
}

/// This program again, which compiles plugins and nothing else: see `main`.
fn compiler_child() -> Compiler {
    Compiler::new([own_program().into_os_string(), COMPILE.into()])
}

/// Every plugin of a server with these arguments, loaded; and where they are dropped.
///
/// # Errors
/// The directory cannot be read.
pub(crate) fn loaded(args: &EngineArgs) -> anyhow::Result<(PathBuf, Arc<Catalogue>)> {
    let place = Place::find(args.plugins.as_deref())?;
    let catalogue = place.begin(args, 1, CompileListener::default())?;
    catalogue.rescan().map_err(|e| refused(&e))?;
    Ok((place.dir, catalogue))
}

/// The description of a language by its plugin; no other is loaded.
///
/// # Errors
/// There is no such language here.
pub(crate) fn language(args: &EngineArgs, name: &str) -> anyhow::Result<Descriptor> {
    let catalogue = Place::find(args.plugins.as_deref())?.begin(args, 1, CompileListener::default())?;
    let plugin = catalogue.find(name).ok_or_else(|| {
        let hint = "`optimus languages` lists them".to_owned();
        Advised::new("unknown_language", format!("unknown language `{name}`"), Some(hint))
    })?;
    Ok(plugin.descriptor().clone())
}

/// Plugins, only to say what they offer. None is loaded yet.
///
/// # Errors
/// A directory cannot be read or created, or whose plugins are trusted makes no sense.
pub(crate) fn offered(
    place: &Place,
    (code, state): (&CodeCacheArgs, Option<&Path>),
    trusted: &TrustArgs,
) -> anyhow::Result<Arc<Catalogue>> {
    let mut config = place.config(code_dir(code, state)?);
    config.compiler = Some(compiler_child());
    config.trust = trust(trusted)?;
    begin(config)
}

/// An error of a catalogue, with its hint.
pub(super) fn refused(error: &PluginError) -> anyhow::Error {
    Advised::new("plugins", chain(error), error.hint()).into()
}

/// Images that plugins may name.
pub(super) fn images(args: &EngineArgs) -> ImagePolicy {
    ImagePolicy::new(args.docker.allow_images.iter().cloned())
}
