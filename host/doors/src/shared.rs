//! What all doors of a server share.

use std::sync::Arc;
use std::time::Duration;

use optimus_core::job::Policy;
use optimus_core::languages::LanguageBook;
use tokio::time::Instant;

use crate::engine::Service;

/// How long a language is waited for that may be among the plugins that are being loaded.
pub(crate) const LOADING: Duration = Duration::from_secs(30);
/// Time between two looks at whether all are loaded.
const LOOK: Duration = Duration::from_millis(20);

/// The server, as doors see it.
#[derive(Clone)]
pub struct Shared {
    /// What can be judged.
    pub languages: Arc<LanguageBook>,
    /// What a job may ask for.
    pub policy: Policy,
    /// The longest time that a request is held.
    pub deadline: Duration,
    /// Origins of pages that may call from a browser, as the operator allows them; `*`: all.
    pub origins: Vec<String>,
    /// Admits callers.
    pub service: Arc<dyn Service>,
}

impl Shared {
    /// When a request that comes now has to be answered.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// Waits until all plugins are loaded: ids and names of those that are not yet are unknown. Never past `until`.
    pub(crate) async fn languages_are_loaded(&self, until: Instant) {
        let until = until.min(Instant::now() + LOADING);
        let languages = &self.languages;
        let is_loading = || languages.may_turn_up("") || languages.listed().len() > languages.all().len();
        while is_loading() && Instant::now() < until {
            tokio::time::sleep(LOOK).await;
        }
    }
}
