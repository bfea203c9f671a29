//! The languages that are known: a description and samples each, so that `optimus plugin new` has a beginning that
//! already works.

use super::{BuildError, Wrong};
use crate::Manifest;

/// A known language.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its id.
    pub id: &'static str,
    /// Its `language.toml`.
    pub toml: &'static str,
    /// Its samples: the path below `samples/`, and the text.
    pub samples: &'static [(&'static str, &'static str)],
    /// Sources below `src/`, where the plugin is written in Rust.
    pub rust: &'static [(&'static str, &'static str)],
    /// And the samples of that.
    pub rust_samples: &'static [(&'static str, &'static str)],
    /// And what is built from it: a core module.
    pub plugin: Option<&'static [u8]>,
    /// True if it ships with the program, which serves it without a plugins directory.
    pub ships: bool,
}

/// All of them, by id.
pub fn known() -> &'static [Known] {
    include!(concat!(env!("OUT_DIR"), "/known.rs"))
}

impl Known {
    /// The known language of this id or alias.
    pub fn find(name: &str) -> Option<Self> {
        let by_id = known().iter().find(|known| known.id == name);
        by_id.or_else(|| known().iter().find(|known| known.answers_to(name))).copied()
    }

    /// The parsed `language.toml`.
    ///
    /// # Errors
    /// None that a test of every known language would not have found.
    pub fn manifest(&self) -> Result<Manifest, Wrong> {
        super::read(self.toml, Vec::new())
    }

    /// Its plugin: what ships, be it Rust or TOML.
    ///
    /// # Errors
    /// None that a test of every known language would not have found.
    pub fn wasm(&self) -> Result<Vec<u8>, BuildError> {
        let manifest = self.manifest()?;
        match self.plugin {
            Some(module) => super::template::of_module(module, &manifest),
            None => super::fill(&manifest),
        }
    }

    /// The id nearest to a mistyped one.
    pub fn nearest(name: &str) -> Option<&'static str> {
        super::fields::nearest(name, &known().iter().map(|known| known.id).collect::<Vec<_>>())
    }

    fn answers_to(&self, name: &str) -> bool {
        self.manifest().is_ok_and(|manifest| manifest.aliases.iter().any(|alias| alias == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_language_can_be_built() {
        assert!(!known().is_empty());
        for language in known() {
            let manifest = language.manifest().unwrap_or_else(|wrong| panic!("{}: {wrong}", language.id));
            assert_eq!(manifest.id, language.id);
            assert!(language.samples.iter().any(|(path, _)| path.starts_with("hello")), "{}: hello", language.id);
            language.wasm().unwrap();
            assert!(language.rust.is_empty() == language.plugin.is_none());
        }
    }

    #[test]
    fn most_are_fifteen_lines_or_less() {
        let lines = |known: &Known| known.toml.lines().filter(|line| !line.trim().is_empty()).count();
        let long: Vec<_> = known().iter().filter(|known| lines(known) > 15).map(|known| known.id).collect();
        assert!(long.len() * 5 <= known().len(), "{long:?}");
    }
}
