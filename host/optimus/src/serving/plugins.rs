//! The catalogue's side of the API's plugin endpoints.

use std::sync::Arc;

use optimus_core::Fault;
use optimus_core::language::{Availability, LanguageInfo};
use optimus_plugin::Catalogue;
use optimus_server::api::{Offer, PluginStatus};

/// The API's view of a catalogue.
pub(super) struct Plugins {
    pub(super) statuses: Arc<dyn Fn() -> Vec<PluginStatus> + Send + Sync>,
    pub(super) reload: Arc<dyn Fn() -> Result<bool, Fault> + Send + Sync>,
    pub(super) offer: Arc<Offer>,
}

impl Plugins {
    pub(super) fn of(catalogue: Option<Arc<Catalogue>>) -> Self {
        let listed = catalogue.clone();
        let all = move || listed.as_ref().map(|catalogue| catalogue.statuses()).unwrap_or_default();
        let here = move || catalogue.clone().ok_or_else(elsewhere);
        let asked = here.clone();
        let reload = move || asked()?.rescan().map_err(|error| error.fault());
        let offer = move |id: &str, wasm: &[u8]| here()?.install(id, wasm).map(status).map_err(|error| error.fault());
        Self {
            statuses: Arc::new(move || all().into_iter().map(status).collect()),
            reload: Arc::new(reload),
            offer: Arc::new(offer),
        }
    }
}

fn elsewhere() -> Fault {
    Fault::new("no_plugins_here", "this process has no plugins")
        .hint("the plugins are on the workers, which rescan their own directories")
}

fn status(status: optimus_plugin::PluginStatus) -> PluginStatus {
    let optimus_plugin::PluginStatus { file, state, id, version, digest, signed_by, error, notes, .. } = status;
    PluginStatus { file, id, version, digest, state: state.to_string(), signed_by, error, notes }
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
