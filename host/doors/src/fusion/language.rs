//! Languages by the names that SandboxFusion's clients know.

use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::languages::LanguageBook;
use serde_json::json;
use tokio::time::Instant;

use super::fields::Mistake;
use crate::shared::Shared;

/// The language of this id, alias or Piston's name, in any case: `R` is one of SandboxFusion's.
pub(super) fn find(book: &LanguageBook, name: &str) -> Option<LanguageInfo> {
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
pub(super) async fn find_soon(shared: &Shared, name: &str, until: Instant) -> Option<LanguageInfo> {
    if let Some(found) = find(&shared.languages, name) {
        return Some(found);
    }
    shared.languages_are_loaded(until).await;
    find(&shared.languages, name)
}

/// The first language that runs cells.
pub(super) fn first_kernel(book: &LanguageBook) -> Option<LanguageInfo> {
    book.all().iter().find(|info| is_here(info) && info.descriptor.takes_cells()).cloned()
}

/// Names the languages that run cells.
pub(super) fn no_kernel(book: &LanguageBook, name: &str) -> Mistake {
    let all = book.all();
    let kernels = all.iter().filter(|info| is_here(info) && info.descriptor.takes_cells());
    let ids: Vec<_> = kernels.map(|info| format!("'{}'", info.descriptor.id)).collect();
    let expected =
        if ids.is_empty() { "the name of a kernel, and this server has none".to_owned() } else { ids.join(", ") };
    let name: String = name.chars().take(64).collect();
    Mistake::new(&["body", "kernel"], "literal_error", format!("Input should be {expected}"), json!(name))
}

/// Names those that there are.
pub(super) fn unknown(book: &LanguageBook, place: &[&str], name: &str) -> Mistake {
    let name: String = name.chars().take(64).collect();
    Mistake::new(place, "literal_error", format!("Input should be {}", names(book)), json!(name))
}

/// The ids of the languages that are here, as pydantic lists what a field may be.
pub(super) fn names(book: &LanguageBook) -> String {
    let all = book.all();
    let ids = all.iter().filter(|info| is_here(info)).map(|info| format!("'{}'", info.descriptor.id));
    ids.collect::<Vec<_>>().join(", ")
}
