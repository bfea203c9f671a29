//! A file of the directory, and the result of loading it.

use std::sync::Arc;
use std::time::Instant;

use super::super::expected::Expected;
use super::super::files::{self, Fingerprint};
use super::super::index::Entry;
use super::super::status::{PluginState, PluginStatus};
use super::Loaded;
use crate::error::{LoadError, PluginError};
use crate::plugin::Plugin;

/// A file of the directory, and the result of loading it.
#[derive(Default)]
pub(in super::super) struct PluginFile {
    /// The fingerprint of the file that was read; `None` asks for another scan.
    pub(super) fingerprint: Option<Fingerprint>,
    /// What was known of it before it was read.
    known: Option<Entry>,
    serves: Option<Loaded>,
    error: Option<PluginError>,
    pub(in super::super) missing: bool,
    /// The first file to claim a name keeps it.
    pub(in super::super) since: u64,
    pub(in super::super) is_built_in: bool,
}

impl PluginFile {
    pub(super) fn unread(name: &str, known: Option<Entry>, since: u64) -> Self {
        Self { known, since, is_built_in: files::is_built_in(name), ..Self::default() }
    }

    pub(in super::super) fn plugin(&self) -> Option<&Arc<Plugin>> {
        self.serves.as_ref().map(|serving| &serving.plugin)
    }

    /// The id of the trusted key that signed what serves.
    pub(super) fn signed_by(&self) -> Option<&str> {
        self.serves.as_ref().and_then(|serving| serving.signer.as_ref()).map(|signer| signer.key.as_str())
    }

    /// The id of the language that it provides, or names in its section.
    pub(in super::super) fn id(&self) -> Option<&str> {
        match (self.plugin(), self.is_unread()) {
            (Some(plugin), _) => Some(&plugin.descriptor().id),
            (None, true) => self.known.as_ref().map(|entry| entry.names.id.as_str()),
            (None, false) => None,
        }
    }

    fn is_unread(&self) -> bool {
        self.serves.is_none() && self.error.is_none()
    }

    /// What is known of it while it waits to be loaded.
    pub(in super::super) fn expected(&self, file: &str) -> Option<Expected> {
        let (names, passed) = match &self.known {
            Some(entry) => (Some(entry.names.clone()), entry.passed.clone()),
            None => (None, None),
        };
        self.is_unread().then(|| Expected { file: file.to_owned(), names, passed })
    }

    /// Stores the result of a load. Returns true if anything changed for readers.
    pub(super) fn set_result(
        &mut self,
        name: &str,
        result: Result<Loaded, LoadError>,
        last_good: Option<Loaded>,
        began: Instant,
    ) -> bool {
        let before = (self.serves.as_ref().map(Loaded::mark), self.error.is_some());
        match result {
            Ok(serving) => {
                let ms = began.elapsed().as_secs_f64() * 1e3;
                tracing::debug!(plugin.file = name, plugin.load_ms = ms, "{:?} is loaded", serving.plugin);
                if let Some(why) = &serving.unsigned {
                    tracing::warn!(plugin.file = name, "the plugin is loaded without a valid signature: {why}");
                }
                self.serves = Some(serving);
                self.error = None;
            }
            Err(error) => {
                let error = error.in_file(name);
                tracing::warn!(plugin.file = name, "plugin rejected: {error}");
                self.serves = self.serves.take().or(last_good);
                self.error = Some(error);
            }
        }
        self.error.is_some() || before != (self.serves.as_ref().map(Loaded::mark), false)
    }

    pub(in super::super) fn status(&self, file: &str) -> PluginStatus {
        let plugin = self.plugin();
        let unstamped = plugin.filter(|plugin| plugin.sdk().is_none()).map(|plugin| plugin.unstamped_note());
        PluginStatus {
            file: file.to_owned(),
            state: match (plugin, &self.error) {
                (Some(_), None) => PluginState::Active,
                (Some(_), Some(_)) => PluginState::Degraded,
                (None, _) => PluginState::Rejected,
            },
            id: plugin.map(|plugin| plugin.descriptor().id.clone()),
            version: plugin.map(|plugin| plugin.descriptor().version.clone()),
            digest: plugin.map(|plugin| plugin.digest().to_owned()),
            api: plugin.map(|plugin| plugin.api().to_owned()),
            signed_by: self.signed_by().map(str::to_owned),
            error: self.error.as_ref().map(PluginError::fault),
            notes: self
                .serves
                .as_ref()
                .and_then(|serving| serving.unsigned.clone())
                .into_iter()
                .chain(unstamped)
                .collect(),
        }
    }
}

impl Loaded {
    /// Changes when the plugin that serves changes, or its signature.
    fn mark(&self) -> (String, Option<String>, Option<String>) {
        let signer = self.signer.as_ref().map(|signer| signer.key.clone());
        (self.plugin.digest().to_owned(), signer, self.unsigned.clone())
    }
}
