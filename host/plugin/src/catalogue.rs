//! The languages that there are now: a directory of plugins, looked at again and again.
//!
//! Level-triggered: each look compares what is there with what is loaded, and readers get a new, whole list at once. A
//! file that turned bad leaves the last good version in place; whoever holds a plugin keeps it.

mod files;
mod kept;
mod scan;
mod status;
mod watch;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::config::Config;
use crate::engine::Host;
use crate::error::{LoadError, PluginError};
use crate::gate;
use crate::plugin::{Plugin, Shared};
use crate::seal::CodeCache;
use crate::signature::{Signatures, Signer};
use files::Found;
use scan::Scanner;
pub use status::{PluginState, PluginStatus};
pub use watch::WatchGuard;

/// The plugins of a directory.
pub struct Catalogue {
    shared: Arc<Shared>,
    scanner: Mutex<Scanner>,
    current: ArcSwap<Languages>,
}

impl Catalogue {
    /// Loads the directory. Bad files are statuses, not errors.
    ///
    /// # Errors
    /// One of the directories cannot be used, or there can be no engine here.
    pub fn open(config: Config) -> Result<Arc<Self>, PluginError> {
        let code = CodeCache::open(&config.cache_dir)?;
        let host = Host::new(config.memory_bytes, Some(code.dir()))?;
        let shared = Arc::new(Shared::new(config, host));
        let scanner = Scanner::new(shared.clone(), code)?;
        let catalogue =
            Self { shared, scanner: Mutex::new(scanner), current: ArcSwap::from_pointee(Languages::default()) };
        catalogue.look(false)?;
        Ok(Arc::new(catalogue))
    }

    /// The languages now. They do not change under whoever holds them.
    pub fn current(&self) -> Arc<Languages> {
        self.current.load_full()
    }

    /// Looks at the directory and loads what changed; says whether anything did. Blocks while plugins compile.
    ///
    /// # Errors
    /// The directory cannot be read. What was loaded stays.
    pub fn rescan(&self) -> Result<bool, PluginError> {
        self.look(false)
    }

    /// Puts a language's plugin into the directory, in place of the file that has served it, once it has passed the load
    /// gate. Blocks while it compiles.
    ///
    /// # Errors
    /// What the gate says of it; it is another language's; or the directory cannot be written.
    pub fn offer(&self, id: &str, wasm: &[u8]) -> Result<PluginStatus, PluginError> {
        let file = self.scanner.lock().unwrap_or_else(PoisonError::into_inner).offer(id, wasm)?;
        self.rescan()?;
        let status = self.statuses().into_iter().find(|status| status.file == file);
        status.ok_or_else(|| PluginError::Engine { message: format!("`{file}` was taken away while it was looked at") })
    }

    /// Looks at the directory every few seconds, until the guard is dropped.
    ///
    /// # Errors
    /// There can be no more threads.
    pub fn watch(self: &Arc<Self>) -> Result<WatchGuard, PluginError> {
        watch::start(self)
    }

    /// Every file, and what came of it.
    pub fn statuses(&self) -> Vec<PluginStatus> {
        self.current.load().statuses.clone()
    }

    /// Grows by one with each change.
    pub fn generation(&self) -> u64 {
        self.current.load().generation
    }

    /// `patient`: a file that is gone may be on its way back (editors and `cp` unlink and create).
    fn look(&self, patient: bool) -> Result<bool, PluginError> {
        let mut scanner = self.scanner.lock().unwrap_or_else(PoisonError::into_inner);
        if !scanner.scan(patient)? && self.generation() > 0 {
            return Ok(false);
        }
        let next = scanner.languages(self.generation() + 1);
        self.current.store(Arc::new(next));
        Ok(true)
    }
}

/// The languages at one moment.
#[derive(Default)]
pub struct Languages {
    generation: u64,
    /// By id and alias.
    names: HashMap<String, Arc<Plugin>>,
    /// By id.
    plugins: Vec<Arc<Plugin>>,
    statuses: Vec<PluginStatus>,
}

impl Languages {
    /// The plugin of a language, by its id or one of its aliases.
    pub fn get(&self, id_or_alias: &str) -> Option<Arc<Plugin>> {
        self.names.get(id_or_alias).cloned()
    }

    /// Every language once, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Plugin>> {
        self.plugins.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.plugins.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.plugins.is_empty()
    }

    /// The name nearest to one that is unknown, for advice.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let near = |known: &&String| strsim::damerau_levenshtein(known, name);
        self.names
            .keys()
            .min_by_key(|known| (near(known), known.len(), known.as_str()))
            .filter(|known| {
                let typos = name.len().max(known.len()) / 3;
                near(known) <= typos.max(1)
            })
            .map(String::as_str)
    }

    /// The languages of a file extension (without the dot), by id.
    pub fn by_extension(&self, extension: &str) -> Vec<Arc<Plugin>> {
        let has = |plugin: &&Arc<Plugin>| plugin.descriptor().extensions.iter().any(|known| known == extension);
        self.plugins.iter().filter(has).cloned().collect()
    }
}

/// Who signed a file, or why it is loaded although nobody did.
struct Trusted {
    signer: Option<Signer>,
    unsigned: Option<String>,
}

/// Whether these bytes may be looked into at all.
fn trusted(config: &Config, file: &str, found: &Found) -> Result<Trusted, LoadError> {
    let nobody = |unsigned| Ok(Trusted { signer: None, unsigned });
    if config.trust.signatures == Signatures::Off {
        return nobody(None);
    }
    match config.trust.check(&found.wasm, found.signature.as_deref()) {
        Ok(signer) => Ok(Trusted { signer: Some(signer), unsigned: None }),
        Err(why) if config.trust.signatures == Signatures::Warn => nobody(Some(format!("`{file}` {why}"))),
        Err(why) => Err(LoadError::Signature(why)),
    }
}

/// A file that passed the load gate.
pub struct Loaded {
    /// What it is.
    pub plugin: Arc<Plugin>,
    /// Who signed it, where signatures are looked at.
    pub signer: Option<Signer>,
    /// Why nobody did, where it is loaded all the same.
    pub unsigned: Option<String>,
}

/// Puts one file through the load gate, as a catalogue would: the same checks, the same words.
///
/// # Errors
/// What a catalogue would say of it.
pub fn load_file(path: &Path, config: &Config) -> Result<Loaded, PluginError> {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let refused = |error: LoadError| error.of(&file);
    let found = files::read_path(path, config).map_err(refused)?;
    let Trusted { signer, unsigned } = trusted(config, &file, &found).map_err(refused)?;
    let host = Host::new(config.memory_bytes, None)?;
    let shared = Arc::new(Shared::new(config.clone(), host));
    let plugin = gate::load(&shared, &file, &found.wasm).map(Arc::new).map_err(refused)?;
    Ok(Loaded { plugin, signer, unsigned })
}

/// [`load_file`] with the defaults: what `optimus plugin check` says of a file.
///
/// # Errors
/// What a server with default settings would say of it.
pub fn check_file(path: &Path) -> Result<Arc<Plugin>, PluginError> {
    load_file(path, &Config::new("", "")).map(|loaded| loaded.plugin)
}
