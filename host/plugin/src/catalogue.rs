//! The languages that there are now: a directory of plugins, looked at again and again.
//!
//! Level-triggered: each look compares what is there with what is loaded, and readers get a new, whole list at once. A
//! file that turned bad leaves the last good version in place; whoever holds a plugin keeps it.

mod expected;
mod files;
mod index;
mod kept;
mod languages;
mod scan;
mod status;
mod watch;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::config::Config;
use crate::engine::Host;
use crate::error::{LoadError, PluginError};
use crate::gate;
use crate::plugin::{Plugin, Shared};
use crate::seal::CodeCache;
use crate::signature::{Signatures, Signer};
pub use expected::Expected;
use files::Found;
pub use languages::Languages;
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
        let catalogue = Self::begin(config)?;
        catalogue.rescan()?;
        Ok(catalogue)
    }

    /// Learns which files there are and loads none: each is loaded when somebody asks for it, and all by [`Self::rescan`].
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn begin(config: Config) -> Result<Arc<Self>, PluginError> {
        let code = CodeCache::open(&config.cache_dir)?;
        let host = Host::new(config.memory_bytes, Some(code.dir()))?;
        let shared = Arc::new(Shared::new(config, host));
        let mut scanner = Scanner::new(shared.clone(), code)?;
        scanner.begin()?;
        let current = ArcSwap::from_pointee(scanner.languages(1));
        Ok(Arc::new(Self { shared, scanner: Mutex::new(scanner), current }))
    }

    /// The languages now. They do not change under whoever holds them.
    pub fn current(&self) -> Arc<Languages> {
        self.current.load_full()
    }

    /// The plugin of a language, by its id or one of its aliases; it is loaded now if it has not been. Blocks meanwhile.
    pub fn find(&self, id_or_alias: &str) -> Option<Arc<Plugin>> {
        while let Some(file) = self.current().next_for(id_or_alias) {
            self.load(file);
        }
        self.current().get(id_or_alias)
    }

    /// [`Self::find`], for callers that may not block.
    pub async fn plugin(self: &Arc<Self>, id_or_alias: &str) -> Option<Arc<Plugin>> {
        let current = self.current();
        if current.next_for(id_or_alias).is_none() {
            return current.get(id_or_alias);
        }
        let name = id_or_alias.to_owned();
        self.off_thread(move |catalogue| catalogue.find(&name)).await
    }

    /// [`Self::find_by_extension`], for callers that may not block.
    pub async fn plugin_by_extension(self: &Arc<Self>, extension: &str) -> Option<Arc<Plugin>> {
        let current = self.current();
        if current.expected().is_empty() {
            return current.get(&current.id_of_extension(extension)?);
        }
        let extension = extension.to_owned();
        self.off_thread(move |catalogue| catalogue.find_by_extension(&extension)).await
    }

    async fn off_thread(
        self: &Arc<Self>,
        find: impl FnOnce(&Self) -> Option<Arc<Plugin>> + Send + 'static,
    ) -> Option<Arc<Plugin>> {
        let catalogue = Arc::clone(self);
        tokio::task::spawn_blocking(move || find(&catalogue)).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a plugin could not be looked for");
            None
        })
    }

    /// The plugin for files with this extension (without the dot): of several, the one that names it first. Blocks while
    /// it is loaded, and before that what says nothing of itself.
    pub fn find_by_extension(&self, extension: &str) -> Option<Arc<Plugin>> {
        loop {
            let current = self.current();
            if let Some(file) = current.unknown() {
                self.load(file.file());
                continue;
            }
            let id = current.id_of_extension(extension)?;
            // One that is refused is expected no longer.
            if let Some(plugin) = self.find(&id).filter(|plugin| plugin.descriptor().id == id) {
                return Some(plugin);
            }
        }
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
        let file = self.scanner().offer(id, wasm)?;
        self.rescan()?;
        let status = self.statuses().into_iter().find(|status| status.file == file);
        status.ok_or_else(|| PluginError::Engine { message: format!("`{file}` was taken away while it was looked at") })
    }

    /// Looks at the directory every 400 ms (`Config::watch_interval`), until the guard is dropped.
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

    /// `patient`: a file that is gone may be on its way back (editors and `cp` unlink and create). The scanner is free
    /// between two files, so a language that a job waits for need not wait for all the others.
    fn look(&self, patient: bool) -> Result<bool, PluginError> {
        let look = self.scanner().look(patient)?;
        let mut changed = false;
        for name in &look.news {
            let mut scanner = self.scanner();
            if scanner.refresh(look.dir.as_ref(), name) {
                changed = true;
                self.publish(&scanner);
            }
        }
        let mut scanner = self.scanner();
        if scanner.end(&look) {
            changed = true;
            self.publish(&scanner);
        }
        Ok(changed)
    }

    fn load(&self, file: &str) {
        let mut scanner = self.scanner();
        // Another caller may have waited for the same one.
        if self.current.load().expected().iter().any(|expected| expected.file() == file) {
            scanner.load_one(file);
            self.publish(&scanner);
        }
    }

    fn scanner(&self) -> MutexGuard<'_, Scanner> {
        self.scanner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, scanner: &Scanner) {
        self.current.store(Arc::new(scanner.languages(self.generation() + 1)));
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
