//! The languages of a directory of plugins, which is scanned repeatedly.
//!
//! Level-triggered: each scan compares the directory with what is loaded, and readers get a new, complete list. A file
//! that turned bad leaves the last good version in place; a caller that holds a plugin keeps it.

mod expected;
mod files;
mod index;
mod kept;
mod languages;
mod replaced;
mod review;
mod scan;
mod status;
mod watch;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::config::Config;
use crate::consent::Consent;
use crate::engine::Host;
use crate::error::{LoadError, PluginError};
use crate::gate;
use crate::plugin::{Plugin, Shared};
use crate::seal::CodeCache;
use crate::signature::{Signatures, Signer};
pub use expected::Expected;
use files::Found;
pub use languages::Languages;
pub use replaced::Replaced;
pub use review::{Review, ReviewedField};
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

    /// Lists the files and loads none: each is loaded on first use, and all by [`Self::rescan`].
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

    /// The languages now, as a list that does not change later.
    pub fn current(&self) -> Arc<Languages> {
        self.current.load_full()
    }

    /// The plugin of a language, by its id or one of its aliases. Blocks while it is loaded, on first use.
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
            // Nothing is left to load.
            return self.find_by_extension(extension);
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

    /// The plugin for files with this extension (without the dot): of several, the one that names it first among those that
    /// the backend runs ([`Config::image_prefix`]), or else among all. Blocks while it is loaded, and before that each file
    /// that does not name its language.
    pub fn find_by_extension(&self, extension: &str) -> Option<Arc<Plugin>> {
        while let Some(file) = self.current().unknown() {
            self.load(file.file());
        }
        let ids = self.current().ids_of_extension(extension);
        // One that is refused is not found.
        let find = |id: &String| self.find(id).filter(|plugin| plugin.descriptor().id == *id);
        let mut plugins = ids.iter().filter_map(find);
        let first = plugins.next()?;
        let runs = |plugin: &Arc<Plugin>| self.shared.config.runs(&plugin.descriptor().images);
        if runs(&first) {
            return Some(first);
        }
        Some(plugins.find(runs).unwrap_or(first))
    }

    /// Scans the directory and loads changed files. Returns true if anything changed. Blocks while plugins compile.
    ///
    /// # Errors
    /// The directory cannot be read. What was loaded stays.
    pub fn rescan(&self) -> Result<bool, PluginError> {
        self.scan(false)
    }

    /// The difference that bytes would make as a language's plugin. They pass the load gate, and nothing is written. Blocks
    /// while they compile.
    ///
    /// # Errors
    /// The gate refuses them, or they are another language's.
    pub fn review(&self, id: &str, wasm: &[u8]) -> Result<Review, PluginError> {
        self.review_found(id, &Found::unsigned(wasm))
    }

    /// The difference that going back to a replaced version would make.
    ///
    /// # Errors
    /// No such version is kept, or the gate refuses it by now.
    pub fn review_replaced(&self, id: &str, digest: &str) -> Result<Review, PluginError> {
        let kept = self.scanner().kept(id, digest)?;
        self.review_found(id, &kept)
    }

    /// Writes a language's plugin into the directory, over the file that has served it, once it has passed the load gate
    /// and is what was looked at. What served is kept for [`Self::roll_back`]. Blocks while it compiles.
    ///
    /// # Errors
    /// The gate refuses it; it is another language's; it is not what was consented to; or the directory cannot be written.
    pub fn install(&self, id: &str, wasm: &[u8], consent: &Consent) -> Result<PluginStatus, PluginError> {
        self.install_found(id, &Found::unsigned(wasm), consent)
    }

    /// Puts a replaced version back, through the same gate, with the signature that it had.
    ///
    /// # Errors
    /// No such version is kept, or as for [`Self::install`].
    pub fn roll_back(&self, id: &str, digest: &str, consent: &Consent) -> Result<PluginStatus, PluginError> {
        let kept = self.scanner().kept(id, digest)?;
        self.install_found(id, &kept, consent)
    }

    /// The versions of a language's plugin that [`Self::install`] and [`Self::roll_back`] replaced, the latest first.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn replaced(&self, id: &str) -> Result<Vec<Replaced>, PluginError> {
        self.scanner().replaced(id)
    }

    fn review_found(&self, id: &str, found: &Found) -> Result<Review, PluginError> {
        // What serves has to be loaded to be compared with.
        drop(self.find(id));
        self.scanner().review(id, found)
    }

    fn install_found(&self, id: &str, found: &Found, consent: &Consent) -> Result<PluginStatus, PluginError> {
        drop(self.find(id));
        let file = self.scanner().install(id, found, consent)?;
        self.rescan()?;
        let status = self.statuses().into_iter().find(|status| status.file == file);
        status.ok_or_else(|| PluginError::Engine { message: format!("`{file}` was removed while it was loaded") })
    }

    /// Scans the directory every 400 ms (`Config::watch_interval`), until the guard is dropped.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn watch(self: &Arc<Self>) -> Result<WatchGuard, PluginError> {
        watch::start(self)
    }

    /// The status of every file.
    pub fn statuses(&self) -> Vec<PluginStatus> {
        self.current.load().statuses.clone()
    }

    /// Grows by one with each change.
    pub fn generation(&self) -> u64 {
        self.current.load().generation
    }

    /// With `keep_missing`, a file that is missing for the first time is kept, since editors and `cp` unlink and create. The
    /// scanner is free between two files, so that a job waits for its own language only.
    fn scan(&self, keep_missing: bool) -> Result<bool, PluginError> {
        let changes = self.scanner().find_changes(keep_missing)?;
        let mut is_changed = false;
        for name in &changes.changed {
            let mut scanner = self.scanner();
            if scanner.refresh(changes.dir.as_ref(), name) {
                is_changed = true;
                self.publish(&scanner);
            }
        }
        let mut scanner = self.scanner();
        if scanner.finish_scan(&changes) {
            is_changed = true;
            self.publish(&scanner);
        }
        Ok(is_changed)
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

/// The signer of a file, or the reason why it is loaded without a signature.
struct SignatureCheck {
    signer: Option<Signer>,
    unsigned: Option<String>,
}

/// Checks the signature of a file, as the configuration asks.
fn check_signature(config: &Config, file: &str, found: &Found) -> Result<SignatureCheck, LoadError> {
    let without = |unsigned| Ok(SignatureCheck { signer: None, unsigned });
    if config.trust.signatures == Signatures::Off {
        return without(None);
    }
    match config.trust.check(&found.wasm, found.signature.as_deref()) {
        Ok(signer) => Ok(SignatureCheck { signer: Some(signer), unsigned: None }),
        Err(why) if config.trust.signatures == Signatures::Warn => without(Some(format!("`{file}` {why}"))),
        Err(why) => Err(LoadError::Signature(why)),
    }
}

/// A file that passed the load gate.
pub struct Loaded {
    /// The plugin.
    pub plugin: Arc<Plugin>,
    /// The signer, where signatures are checked.
    pub signer: Option<Signer>,
    /// The reason why it is loaded without a signature.
    pub unsigned: Option<String>,
}

/// Puts one file through the load gate, with the same checks and messages as a catalogue.
///
/// # Errors
/// The file is refused.
pub fn load_file(path: &Path, config: &Config) -> Result<Loaded, PluginError> {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let refused = |error: LoadError| error.in_file(&file);
    let found = files::read_path(path, config).map_err(refused)?;
    let SignatureCheck { signer, unsigned } = check_signature(config, &file, &found).map_err(refused)?;
    let host = Host::new(config.memory_bytes, None)?;
    let shared = Arc::new(Shared::new(config.clone(), host));
    let plugin = gate::load(&shared, &file, &found.wasm).map(Arc::new).map_err(refused)?;
    Ok(Loaded { plugin, signer, unsigned })
}

/// [`load_file`] with the defaults, as `optimus plugin check` does.
///
/// # Errors
/// A server with default settings would refuse it, also one that runs commands.
pub fn check_file(path: &Path) -> Result<Arc<Plugin>, PluginError> {
    load_file(path, &Config { commands: true, ..Config::new("", "") }).map(|loaded| loaded.plugin)
}
