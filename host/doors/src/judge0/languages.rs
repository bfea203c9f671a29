//! Languages by Judge0's ids, as the plugins' descriptors give them.

use std::collections::BTreeMap;

use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::languages::LanguageBook;

use crate::language::has_option;
use crate::version;

/// Each id with its language. Where several plugins have an id, a language that can run here comes before one that cannot,
/// then the plugin with the fewest ids, which is the most exact one.
pub(super) fn by_id(book: &LanguageBook) -> BTreeMap<u32, LanguageInfo> {
    let mut languages = book.all().to_vec();
    languages.sort_by_key(|language| (is_archived(language), language.descriptor.judge0_ids.len()));
    let mut ids = BTreeMap::new();
    for language in languages {
        for id in &language.descriptor.judge0_ids {
            ids.entry(*id).or_insert_with(|| language.clone());
        }
    }
    ids
}

/// A language that cannot run here, which is the nearest to what Judge0 no longer runs.
pub(super) fn is_archived(language: &LanguageInfo) -> bool {
    matches!(language.availability, Availability::Unavailable { .. })
}

/// `C (gcc 12.2.0)`: the language's name, with the version of the toolchain that is here.
pub(super) fn name(language: &LanguageInfo) -> String {
    let name = &language.descriptor.name;
    let version = match &language.availability {
        Availability::Available { version } => version::dotted(version),
        Availability::Unknown | Availability::Unavailable { .. } => None,
    };
    match (version, name.strip_suffix(')')) {
        (Some(version), Some(open)) => format!("{open} {version})"),
        (Some(version), None) => format!("{name} ({version})"),
        (None, _) => name.clone(),
    }
}

/// What the source is called in the box.
pub(super) fn source_file(language: &LanguageInfo) -> String {
    format!("main.{}", language.descriptor.extension())
}

/// Whether the plugin takes flags for its compiler.
pub(super) fn takes_flags(language: &LanguageInfo) -> bool {
    has_option(language, "flags")
}
