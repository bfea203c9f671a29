//! A plugin that takes the place of the one that serves: looked at, put in, put back.

use super::super::files::{self, Found};
use super::super::replaced::{self, Replaced};
use super::super::review::{Review, Side};
use super::{Loaded, PluginFile, Scanner, warn_if_failed};
use crate::consent::{Consent, ConsentError};
use crate::error::{LoadError, PluginError};
use crate::hex;

impl Scanner {
    /// The difference that bytes would make. They pass the load gate, and are not written.
    pub(in super::super) fn review(&mut self, id: &str, found: &Found) -> Result<Review, PluginError> {
        let (_, loaded) = self.candidate(id, found)?;
        let signed_by = loaded.signer.as_ref().map(|signer| signer.key.as_str());
        let serving = self.serving(id);
        let before = serving.and_then(|(_, file)| Some(Side { plugin: file.plugin()?, signed_by: file.signed_by() }));
        Ok(Review::of(before, Side { plugin: &loaded.plugin, signed_by }, loaded.unsigned))
    }

    /// Writes bytes that pass the gate, and are what was looked at, to the language's file; what served is kept. Returns
    /// the file's name.
    pub(in super::super) fn install(
        &mut self,
        id: &str,
        found: &Found,
        consent: &Consent,
    ) -> Result<String, PluginError> {
        let (name, loaded) = self.candidate(id, found)?;
        let digest = loaded.plugin.digest();
        let served = self.serving(id).and_then(|(_, file)| file.plugin()).map(|plugin| plugin.digest().to_owned());
        consent.check(id, digest, served.as_deref())?;
        let config = &self.shared.config;
        files::create(config).map_err(|error| self.unusable(&error))?;
        if served.as_deref() != Some(digest) {
            self.keep_serving(id)?;
        }
        files::write(config, &name, found).map_err(|error| self.unusable(&error))?;
        replaced::forget(config, id, digest).map_err(|error| self.unusable(&error))?;
        Ok(name)
    }

    /// A version that was replaced.
    pub(in super::super) fn kept(&self, id: &str, digest: &str) -> Result<Found, PluginError> {
        let kept = replaced::get(&self.shared.config, id, digest).map_err(|error| self.unusable(&error))?;
        let unknown = || ConsentError::UnknownVersion { id: id.to_owned(), digest: digest.to_owned() };
        Ok(kept.ok_or_else(unknown)?)
    }

    /// The versions that were replaced, the latest first.
    pub(in super::super) fn replaced(&self, id: &str) -> Result<Vec<Replaced>, PluginError> {
        replaced::list(&self.shared.config, id).map_err(|error| self.unusable(&error))
    }

    /// Puts bytes through the gate, as the plugin of this language, under the name of its file.
    fn candidate(&mut self, id: &str, found: &Found) -> Result<(String, Loaded), PluginError> {
        let name = self.file_of(id);
        warn_if_failed(self.code.delete_damaged());
        let loaded = self.load(&name, found).map_err(|error| error.in_file(&name));
        self.settle();
        let loaded = loaded?;
        let is = &loaded.plugin.descriptor().id;
        // Only then is it certain that the id is one, and leads nowhere else.
        if is != id {
            return Err(LoadError::OtherLanguage { id: is.clone(), wanted: id.to_owned() }.in_file(&name));
        }
        Ok((name, loaded))
    }

    /// The file that serves a language, or is to.
    fn file_of(&self, id: &str) -> String {
        let serving = self.serving(id).filter(|(_, file)| !file.is_built_in);
        let known = || self.files.iter().find(|(_, file)| !file.is_built_in && file.id() == Some(id));
        serving.or_else(known).map_or_else(|| format!("{id}.wasm"), |(name, _)| name.clone())
    }

    /// As readers' lists choose it.
    fn serving(&self, id: &str) -> Option<(&String, &PluginFile)> {
        let serves = |file: &PluginFile| file.plugin().is_some_and(|plugin| plugin.descriptor().id == id);
        let serving = self.files.iter().filter(|(_, file)| serves(file));
        serving.min_by_key(|(_, file)| (file.is_built_in, file.missing, file.since))
    }

    fn keep_serving(&self, id: &str) -> Result<(), PluginError> {
        let Some((name, file)) = self.serving(id) else { return Ok(()) };
        let Some(plugin) = file.plugin() else { return Ok(()) };
        let Some(found) = self.bytes_of(name, plugin.digest()) else {
            tracing::warn!(plugin.file = name, "the bytes that served are gone, and cannot be put back later");
            return Ok(());
        };
        let signed_by = file.signed_by().map(str::to_owned);
        let version = Replaced::now(plugin.digest(), &plugin.descriptor().version, found.wasm.len(), signed_by);
        replaced::put(&self.shared.config, id, &version, &found).map_err(|error| self.unusable(&error))
    }

    /// The bytes that serve: the file's, or those of its last good copy.
    fn bytes_of(&self, name: &str, digest: &str) -> Option<Found> {
        let config = &self.shared.config;
        let dir = files::open(config).ok();
        let signature = dir.as_ref().and_then(|dir| files::signature(dir, name));
        let there = files::read_any(dir.as_ref(), name, config).ok().map(|found| Found { signature, ..found });
        let found = [there, self.last_good.get(name)].into_iter().flatten();
        found.into_iter().find(|found| hex::sha256(&found.wasm) == digest)
    }
}
