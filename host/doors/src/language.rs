//! Languages by the names that clients of other engines know.

use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::languages::LanguageBook;
use serde_json::Value;
use tokio::time::Instant;

use crate::shared::Shared;

/// The language of this id, alias or Piston's name, in any case: `R` is one of SandboxFusion's.
pub(crate) fn find(book: &LanguageBook, name: &str) -> Option<LanguageInfo> {
    let is_called = |info: &&LanguageInfo| {
        let descriptor = &info.descriptor;
        let names = std::iter::once(&descriptor.id).chain(&descriptor.aliases).chain(&descriptor.piston_names);
        names.into_iter().any(|own| own.eq_ignore_ascii_case(name))
    };
    book.all().iter().find(|info| is_here(info) && is_called(info)).cloned()
}

fn is_here(info: &LanguageInfo) -> bool {
    !matches!(info.availability, Availability::Unavailable { .. })
}

/// The same, once all plugins are loaded where it is not among those that are; never past `until`.
pub(crate) async fn find_soon(shared: &Shared, name: &str, until: Instant) -> Option<LanguageInfo> {
    if let Some(found) = find(&shared.languages, name) {
        return Some(found);
    }
    shared.languages_are_loaded(until).await;
    find(&shared.languages, name)
}

/// The first language that runs cells.
pub(crate) fn first_kernel(book: &LanguageBook) -> Option<LanguageInfo> {
    book.all().iter().find(|info| is_here(info) && info.descriptor.takes_cells()).cloned()
}

/// The ids of those that do, in the same way as `names`.
pub(crate) fn kernels(book: &LanguageBook) -> String {
    let all = book.all();
    let kernels = all.iter().filter(|info| is_here(info) && info.descriptor.takes_cells());
    kernels.map(|info| format!("'{}'", info.descriptor.id)).collect::<Vec<_>>().join(", ")
}

/// The ids of the languages that are here, as pydantic lists what a field may be.
pub(crate) fn names(book: &LanguageBook) -> String {
    let all = book.all();
    let ids = all.iter().filter(|info| is_here(info)).map(|info| format!("'{}'", info.descriptor.id));
    ids.collect::<Vec<_>>().join(", ")
}

/// Whether the plugin has an option of this name.
pub(crate) fn has_option(info: &LanguageInfo, name: &str) -> bool {
    let schema = info.descriptor.options_schema.as_deref();
    let schema = schema.and_then(|schema| serde_json::from_str::<Value>(schema).ok());
    schema.is_some_and(|schema| schema["properties"].get(name).is_some())
}
