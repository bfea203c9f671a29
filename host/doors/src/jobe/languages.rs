//! `GET restapi/languages`: the languages of the plugins, by every name that a run may use.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use optimus_core::language::{Availability, LanguageInfo};

use super::Room;
use crate::version;

/// Each name with the version of its toolchain: CodeRunner looks for the one that a question has.
pub(super) async fn list(State(room): State<Room>) -> Json<Vec<(String, String)>> {
    room.shared.languages_are_loaded(room.shared.until()).await;
    let (all, mut rows) = (room.shared.languages.all(), BTreeMap::new());
    for (language, version) in all.iter().filter_map(|language| Some((language, version(language)?))) {
        let descriptor = &language.descriptor;
        for name in std::iter::once(&descriptor.id).chain(&descriptor.aliases) {
            rows.entry(name.clone()).or_insert_with(|| version.clone());
        }
    }
    Json(rows.into_iter().collect())
}

/// As Jobe says it; none of a language that cannot run here.
fn version(language: &LanguageInfo) -> Option<String> {
    match &language.availability {
        Availability::Available { version } => Some(version::dotted(version).unwrap_or("Unknown").to_owned()),
        Availability::Unknown => Some("Unknown".to_owned()),
        Availability::Unavailable { .. } => None,
    }
}
