//! Copies of the last good plugins, so that a bad file does not end a language when the host restarts. A signature is kept
//! with its plugin: a copy whose signer is no longer trusted does not serve either.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::Found;
use crate::error::PluginError;
use crate::hex;
use crate::plugin::Shared;
use crate::seal::{self, CodeCache};
use crate::signature::signature_file;

pub(super) struct Kept {
    code: Arc<CodeCache>,
    folder: PathBuf,
}

impl Kept {
    pub(super) fn open(shared: &Shared, code: Arc<CodeCache>) -> Result<Self, PluginError> {
        let dir = &shared.config.dir;
        // Catalogues of several directories may share a cache.
        let place = dir.canonicalize().unwrap_or_else(|_| dir.clone());
        let folder = Path::new("last-good").join(&hex::sha256(place.as_os_str().as_encoded_bytes())[..16]);
        code.root().create_dir_all(&folder).map_err(|error| PluginError::Directory {
            what: "cache",
            path: shared.config.cache_dir.clone(),
            message: error.to_string(),
        })?;
        Ok(Self { code, folder })
    }

    pub(super) fn put(&self, name: &str, found: &Found) {
        let put = |name: &str, bytes: &[u8]| {
            let path = self.folder.join(name);
            if self.code.root().read(&path).is_ok_and(|kept| kept == bytes) {
                return Ok(());
            }
            seal::write(self.code.root(), &path, bytes)
        };
        let signature = || found.signature.as_ref().map_or(Ok(()), |bytes| put(&signature_file(name), bytes));
        if let Err(error) = put(name, &found.wasm).and_then(|()| signature()) {
            tracing::warn!(plugin.file = name, "no copy of a good plugin could be kept: {error}");
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Found> {
        let read = |name: &str| self.code.root().read(self.folder.join(name)).ok();
        Some(Found { wasm: read(name)?, signature: read(&signature_file(name)) })
    }

    pub(super) fn forget(&self, name: &str) {
        // If they stay, they are overwritten by the next file of that name.
        for name in [name, &signature_file(name)] {
            drop(self.code.root().remove_file(self.folder.join(name)));
        }
    }
}
