//! The catalogue's side of the API's plugin endpoints.

use std::sync::Arc;

use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::{Fault, Timestamp};
use optimus_plugin::{Catalogue, Consent, PluginError, Replaced, Review};
use optimus_server::api::{
    PluginConsent, PluginInstaller, PluginReview, PluginStatus, PluginVersion, ReplacedPlugin, ReviewedField,
};

/// The API's view of a catalogue.
pub(super) struct Plugins {
    pub(super) statuses: Arc<dyn Fn() -> Vec<PluginStatus> + Send + Sync>,
    pub(super) reload: Arc<dyn Fn() -> Result<bool, Fault> + Send + Sync>,
    pub(super) installer: Arc<dyn PluginInstaller>,
}

impl Plugins {
    pub(super) fn of(catalogue: Option<Arc<Catalogue>>) -> Self {
        let listed = catalogue.clone();
        let all = move || listed.as_ref().map(|catalogue| catalogue.statuses()).unwrap_or_default();
        let installer = Installer(catalogue.clone());
        let reload = move || here(catalogue.as_ref())?.rescan().map_err(|error| error.fault());
        Self {
            statuses: Arc::new(move || all().into_iter().map(status).collect()),
            reload: Arc::new(reload),
            installer: Arc::new(installer),
        }
    }
}

/// Puts plugins into the directory of a catalogue, if there is one.
struct Installer(Option<Arc<Catalogue>>);

impl Installer {
    fn ask<T>(&self, ask: impl FnOnce(&Catalogue) -> Result<T, PluginError>) -> Result<T, Fault> {
        ask(here(self.0.as_ref())?).map_err(|error| error.fault())
    }
}

impl PluginInstaller for Installer {
    fn review(&self, id: &str, version: PluginVersion<'_>) -> Result<PluginReview, Fault> {
        let reviewed = self.ask(|catalogue| match version {
            PluginVersion::New(wasm) => catalogue.review(id, wasm),
            PluginVersion::Replaced(digest) => catalogue.review_replaced(id, digest),
        });
        reviewed.map(review)
    }

    fn install(&self, id: &str, version: PluginVersion<'_>, consent: &PluginConsent) -> Result<PluginStatus, Fault> {
        let PluginConsent { digest, replaces } = consent.clone();
        let consent = Consent { digest, replaces };
        let installed = self.ask(|catalogue| match version {
            PluginVersion::New(wasm) => catalogue.install(id, wasm, &consent),
            PluginVersion::Replaced(digest) => catalogue.roll_back(id, digest, &consent),
        });
        installed.map(status)
    }

    fn replaced(&self, id: &str) -> Result<Vec<ReplacedPlugin>, Fault> {
        let versions = self.ask(|catalogue| catalogue.replaced(id))?;
        Ok(versions.into_iter().map(replaced).collect())
    }
}

fn here(catalogue: Option<&Arc<Catalogue>>) -> Result<&Catalogue, Fault> {
    catalogue.map(|catalogue| &**catalogue).ok_or_else(|| {
        Fault::new("no_plugins_here", "this process has no plugins")
            .hint("the plugins are on the workers, which rescan their own directories")
    })
}

fn status(status: optimus_plugin::PluginStatus) -> PluginStatus {
    let optimus_plugin::PluginStatus { file, state, id, version, digest, signed_by, error, notes, .. } = status;
    PluginStatus { file, id, version, digest, state: state.to_string(), signed_by, error, notes }
}

fn review(review: Review) -> PluginReview {
    let Review { id, digest, replaces, fields, notes } = review;
    let field = |field: optimus_plugin::ReviewedField| {
        let optimus_plugin::ReviewedField { name, before, after, asks_for_more } = field;
        ReviewedField { name, before, after, asks_for_more }
    };
    let replaces = replaces.unwrap_or_else(|| "none".to_owned());
    PluginReview { id, digest, replaces, fields: fields.into_iter().map(field).collect(), notes }
}

fn replaced(replaced: Replaced) -> ReplacedPlugin {
    let Replaced { digest, version, bytes, replaced_at_ms, signed_by } = replaced;
    ReplacedPlugin { digest, version, bytes, replaced_at: Timestamp(replaced_at_ms), signed_by }
}

/// The languages of a catalogue in an API process, whose toolchains only workers have.
pub(super) fn languages(catalogue: &Catalogue) -> Vec<LanguageInfo> {
    let current = catalogue.current();
    let loaded = current.iter().map(|plugin| (plugin.descriptor().clone(), plugin.digest().to_owned()));
    let passed = current.expected().iter().filter_map(|file| file.passed.clone());
    let info =
        |(descriptor, plugin_digest)| LanguageInfo { descriptor, plugin_digest, availability: Availability::Unknown };
    loaded.chain(passed).map(info).collect()
}
