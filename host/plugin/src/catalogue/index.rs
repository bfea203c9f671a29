//! Descriptions of files from earlier scans, so that a later start knows its languages before it has loaded any.
//!
//! The index lies in the code cache, which is ours alone, and holds for one program, engine and policy. An entry counts
//! only for the file that it was made of, by its place, size and times.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use optimus_core::Descriptor;
use serde::{Deserialize, Serialize};

use super::files::Fingerprint;
use crate::config::Config;
use crate::hex;
use crate::names::Names;
use crate::plugin::Plugin;
use crate::seal::{self, CodeCache};

/// Below the cache's root.
const FOLDER: &str = "index";

/// The description of a file, from its section or from loading it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    fingerprint: Fingerprint,
    /// The names of its language.
    pub(super) names: Names,
    /// The descriptor and the digest, once it has passed the load gate.
    pub(super) passed: Option<(Descriptor, String)>,
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    /// Program, engine and policy.
    made_by: String,
    files: BTreeMap<String, Entry>,
}

pub(super) struct Index {
    code: Arc<CodeCache>,
    path: PathBuf,
    stored: Stored,
    is_saved: bool,
}

impl Index {
    /// Reads it; one that is damaged, or was made by another program, is empty.
    pub(super) fn open(code: Arc<CodeCache>, config: &Config, engine: &str) -> Self {
        let place = config.dir.canonicalize().unwrap_or_else(|_| config.dir.clone());
        let path = PathBuf::from(FOLDER).join(&hex::sha256(place.as_os_str().as_encoded_bytes())[..16]);
        let policy = format!("{:?} {:?} {:?} {}", config.trust, config.images, config.caps, config.max_wasm_bytes);
        let made_by = hex::sha256(format!("{engine} {policy}").as_bytes());
        let read = code.root().read(&path).ok().and_then(|json| serde_json::from_slice::<Stored>(&json).ok());
        let stored = read.filter(|stored| stored.made_by == made_by);
        let is_saved = stored.is_some();
        Self { code, path, stored: stored.unwrap_or(Stored { made_by, ..Stored::default() }), is_saved }
    }

    /// What is known of a file as it is now.
    pub(super) fn get(&self, name: &str, fingerprint: &Fingerprint) -> Option<&Entry> {
        self.stored.files.get(name).filter(|entry| entry.fingerprint == *fingerprint)
    }

    /// A file's own word, before it is loaded.
    pub(super) fn record_names(&mut self, name: &str, fingerprint: &Fingerprint, names: Names) {
        self.put(name, Entry { fingerprint: fingerprint.clone(), names, passed: None });
    }

    /// What the load gate found.
    pub(super) fn record_passed(&mut self, name: &str, fingerprint: &Fingerprint, plugin: &Plugin) {
        let (names, digest) = (Names::from_descriptor(plugin.descriptor()), plugin.digest().to_owned());
        if self
            .get(name, fingerprint)
            .and_then(|entry| entry.passed.as_ref())
            .is_some_and(|(_, known)| *known == digest)
        {
            return;
        }
        self.put(
            name,
            Entry { fingerprint: fingerprint.clone(), names, passed: Some((plugin.descriptor().clone(), digest)) },
        );
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.is_saved &= self.stored.files.remove(name).is_none();
    }

    fn put(&mut self, name: &str, entry: Entry) {
        if self.stored.files.get(name) != Some(&entry) {
            self.stored.files.insert(name.to_owned(), entry);
            self.is_saved = false;
        }
    }

    /// Writes it, if anything is new. Without an index everything still works, only later.
    pub(super) fn save(&mut self) {
        if self.is_saved {
            return;
        }
        let written = serde_json::to_vec(&self.stored).map_err(std::io::Error::other).and_then(|json| {
            self.code.root().create_dir_all(FOLDER)?;
            seal::write(self.code.root(), &self.path, &json)
        });
        match written {
            Ok(()) => self.is_saved = true,
            Err(error) => tracing::warn!("the index of plugins cannot be written: {error}"),
        }
    }
}
