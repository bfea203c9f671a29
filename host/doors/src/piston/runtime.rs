//! Runtimes: the languages of the plugins, by the names that Piston's clients use, with the versions that are here.

use optimus_core::language::{Availability, Descriptor, LanguageInfo};
use optimus_core::languages::LanguageBook;
use semver::Version;

use super::selector;
use crate::version;

/// A language, as Piston lists one.
#[derive(Debug, Clone)]
pub(super) struct Runtime {
    pub(super) language: String,
    pub(super) version: Version,
    pub(super) aliases: Vec<String>,
    /// Whether it can run here.
    pub(super) is_installed: bool,
    pub(super) descriptor: Descriptor,
}

impl Runtime {
    fn of(info: &LanguageInfo) -> Self {
        let descriptor = info.descriptor.clone();
        let names = || std::iter::once(&descriptor.id).chain(&descriptor.piston_names).chain(&descriptor.aliases);
        let language = descriptor.piston_names.first().unwrap_or(&descriptor.id).clone();
        let mut aliases: Vec<String> = Vec::new();
        for name in names().filter(|name| **name != language) {
            if !aliases.contains(name) {
                aliases.push(name.clone());
            }
        }
        let said = match &info.availability {
            Availability::Available { version } => version::dotted(version),
            Availability::Unknown | Availability::Unavailable { .. } => None,
        };
        // A toolchain that has no version, or has not been asked yet, has its plugin's.
        let version = said.or(Some(&descriptor.version)).and_then(selector::version);
        Self {
            version: version.unwrap_or(Version::new(0, 0, 0)),
            is_installed: !matches!(info.availability, Availability::Unavailable { .. }),
            language,
            aliases,
            descriptor,
        }
    }

    fn is_called(&self, name: &str) -> bool {
        self.language == name || self.aliases.iter().any(|alias| alias == name)
    }
}

/// All of them, whether or not they can run here.
pub(super) fn all(book: &LanguageBook) -> Vec<Runtime> {
    book.all().iter().map(Runtime::of).collect()
}

/// The newest runtime of this name whose version is in the range.
pub(super) fn find(book: &LanguageBook, name: &str, range: &str) -> Option<Runtime> {
    let fits = |runtime: &Runtime| {
        runtime.is_installed && runtime.is_called(name) && selector::satisfies(&runtime.version, range)
    };
    // Among equals, whose own name it is.
    all(book)
        .into_iter()
        .filter(fits)
        .max_by(|a, b| (&a.version, a.language == name).cmp(&(&b.version, b.language == name)))
}
