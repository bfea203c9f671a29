//! A plugin file that is known and not loaded yet.

use optimus_core::Descriptor;

use crate::names::Names;

/// A file that is not loaded yet.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Its name in the directory.
    pub(super) file: String,
    /// The names of its language, where the file has the section.
    pub names: Option<Names>,
    /// The descriptor and the digest of these very bytes, where they have passed the load gate before.
    pub passed: Option<(Descriptor, String)>,
}

impl Expected {
    /// Its name in the directory.
    pub fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn is(&self, id: &str) -> bool {
        self.names.as_ref().is_some_and(|names| names.id == id)
    }

    pub(super) fn is_called(&self, alias: &str) -> bool {
        self.names.as_ref().is_some_and(|names| names.aliases.iter().any(|known| known == alias))
    }
}
