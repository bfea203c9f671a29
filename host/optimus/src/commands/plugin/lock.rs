//! `optimus.lock`, beside the plugins: which bytes are meant to be there, where they came from, what they may ask for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use optimus_plugin::Plugin;
use serde::{Deserialize, Serialize};

use super::put;

/// What is installed, by language.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    #[serde(default)]
    pub(super) plugins: BTreeMap<String, Entry>,
}

/// One plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) version: String,
    pub(super) sha256: String,
    /// A file's name, a URL, or `built in`.
    pub(super) source: String,
    pub(super) imports: Vec<String>,
    pub(super) images: Vec<String>,
    /// The id of the trusted key that signed it, where signatures were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) signed_by: Option<String>,
    /// What it replaced, which is kept for `rollback`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<String>,
}

impl Entry {
    pub(super) fn of(plugin: &Plugin, source: &str, signed_by: Option<String>) -> Self {
        Self {
            version: plugin.descriptor().version.clone(),
            sha256: plugin.digest().to_owned(),
            source: source.to_owned(),
            imports: plugin.imports().to_vec(),
            images: plugin.descriptor().images.clone(),
            signed_by,
            before: None,
        }
    }

    /// What it asks for that the other did not, a line each.
    pub(super) fn beyond(&self, old: &Self) -> Vec<String> {
        let new = |what: &str, new: &[String], old: &[String]| {
            let more = new.iter().filter(|item| !old.contains(item));
            more.map(|item| format!("{what} {item}")).collect::<Vec<_>>()
        };
        [new("imports", &self.imports, &old.imports), new("may ask for the image", &self.images, &old.images)].concat()
    }
}

impl Lock {
    pub(super) fn read(dir: &Path) -> anyhow::Result<Self> {
        let path = file(dir);
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).with_context(|| format!("`{}` makes no sense", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    pub(super) fn write(&self, dir: &Path) -> anyhow::Result<()> {
        put(&file(dir), toml::to_string_pretty(self)?.as_bytes())
    }
}

fn file(dir: &Path) -> PathBuf {
    dir.join("optimus.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(images: &[&str]) -> Entry {
        Entry {
            version: "1".to_owned(),
            sha256: "00".to_owned(),
            source: "x".to_owned(),
            imports: vec!["optimus:plugin/log@1.0.0".to_owned()],
            images: images.iter().map(|&image| image.to_owned()).collect(),
            signed_by: None,
            before: None,
        }
    }

    #[test]
    fn what_grows_is_named() {
        assert!(entry(&["a:1"]).beyond(&entry(&["a:1", "b:1"])).is_empty());
        assert_eq!(entry(&["a:1", "c:1"]).beyond(&entry(&["a:1"])), ["may ask for the image c:1"]);
    }

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Lock::read(dir.path()).unwrap().plugins.is_empty());
        let lock = Lock { plugins: [("x".to_owned(), entry(&["a:1"]))].into() };
        lock.write(dir.path()).unwrap();
        assert_eq!(Lock::read(dir.path()).unwrap().plugins, lock.plugins);
        std::fs::write(dir.path().join("optimus.lock"), "nonsense").unwrap();
        assert!(Lock::read(dir.path()).is_err());
    }
}
