//! `optimus.lock`, beside the plugins: which bytes are meant to be there, where they came from, what they may ask for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use optimus_core::Descriptor;
use optimus_plugin::Plugin;
use serde::{Deserialize, Serialize};

use super::put;

/// The installed plugins, by language.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    #[serde(default)]
    pub(super) plugins: BTreeMap<String, Entry>,
}

/// One plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) version: String,
    pub(super) sha256: String,
    /// A file's name, a URL, a registry's reference, or `built in`.
    pub(super) source: String,
    pub(super) imports: Vec<String>,
    pub(super) images: Vec<String>,
    /// The id of the trusted key that signed it, where signatures were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) signed_by: Option<String>,
    /// The version that it replaced, which is kept for `rollback`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<String>,
    /// The least time, memory and so on that its programs are given.
    #[serde(default)]
    pub(super) limits: BTreeMap<String, f64>,
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
            limits: limits(plugin.descriptor()),
        }
    }
}

/// The floors that it sets, and what it multiplies limits by.
fn limits(descriptor: &Descriptor) -> BTreeMap<String, f64> {
    let floors = serde_json::to_value(descriptor.minimum).unwrap_or_default();
    let floors = floors.as_object().into_iter().flatten();
    let floors = floors.filter_map(|(name, value)| Some((format!("minimum {name}"), value.as_f64()?)));
    let times = [("time multiplier", descriptor.time_multiplier), ("memory multiplier", descriptor.memory_multiplier)];
    floors.chain(times.map(|(name, value)| (name.to_owned(), value))).collect()
}

impl Lock {
    pub(super) fn read(dir: &Path) -> anyhow::Result<Self> {
        let path = file(dir);
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).with_context(|| format!("`{}` is malformed", path.display())),
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

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Lock::read(dir.path()).unwrap().plugins.is_empty());
        let entry = Entry {
            version: "1".to_owned(),
            sha256: "00".to_owned(),
            source: "x".to_owned(),
            imports: vec!["optimus:plugin/log@1.0.0".to_owned()],
            images: vec!["a:1".to_owned()],
            signed_by: None,
            before: None,
            limits: [("time multiplier".to_owned(), 1.5)].into(),
        };
        let lock = Lock { plugins: [("x".to_owned(), entry)].into() };
        lock.write(dir.path()).unwrap();
        assert_eq!(Lock::read(dir.path()).unwrap().plugins, lock.plugins);
        let text = std::fs::read_to_string(file(dir.path())).unwrap();
        // As it was before limits stood in it.
        std::fs::write(file(dir.path()), text.split("[plugins.x.limits]").next().unwrap()).unwrap();
        assert!(Lock::read(dir.path()).unwrap().plugins["x"].limits.is_empty());
        std::fs::write(file(dir.path()), "nonsense").unwrap();
        assert!(Lock::read(dir.path()).is_err());
    }
}
