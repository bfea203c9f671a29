//! Sources of a plugin, with its signature: a file, a URL whose bytes are pinned, or a registry.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use optimus_declarative::author::Known;
use optimus_plugin::{SIGNATURE_BYTES, sha256, signature_file};

use super::signed_file::SignedFile;
use super::{build, oci};
use crate::output::Advised;

/// The source of known languages in `optimus.lock`.
const BUILT_IN: &str = "built in";
/// Maximum size of a fetched plugin, as in the load gate.
const MAX_BYTES: u64 = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// A plugin that is to be installed.
pub(super) struct Source {
    /// The name in messages.
    pub(super) name: String,
    /// The source in `optimus.lock`.
    pub(super) said: String,
    pub(super) wasm: Vec<u8>,
    pub(super) signature: Option<Vec<u8>>,
}

impl Source {
    /// A file's name, `https://…#sha256=…`, or `oci://…`.
    pub(super) fn open(said: &str) -> anyhow::Result<Self> {
        match said.split_once("://") {
            Some(("http" | "https", _)) => Self::url(said),
            Some(("oci", _)) => Self::registry(said),
            _ => Self::file(Path::new(said)),
        }
    }

    /// A known language, straight from this binary.
    pub(super) fn built_in(name: &str) -> anyhow::Result<Self> {
        let known = Known::find(name).ok_or_else(|| {
            let near = Known::nearest(name).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let hint = format!("{near}`optimus plugin known` lists them");
            Advised::new("unknown_language", format!("`{name}` is not a known language"), Some(hint))
        })?;
        let wasm = known.wasm().map_err(|error| build::refused(&error, known.id))?;
        Ok(Self { name: format!("{}.wasm", known.id), said: BUILT_IN.to_owned(), wasm, signature: None })
    }

    /// The source of a plugin, by its line in `optimus.lock`.
    pub(super) fn again(id: &str, said: &str) -> anyhow::Result<Self> {
        if said == BUILT_IN {
            return Self::built_in(id);
        }
        if !Self::may_have_changed(said) {
            let hint = format!("name what is to replace it: `optimus plugin update {id} FILE|URL#sha256=DIGEST`");
            return Err(Advised::new(
                "pinned",
                format!("`{id}` came from `{said}`, which never changes or is gone"),
                Some(hint),
            )
            .into());
        }
        Self::open(said)
    }

    /// Returns true if the source may have changed: a pinned one never does, and a kept file has no source.
    pub(super) fn may_have_changed(said: &str) -> bool {
        said == BUILT_IN || oci::is_movable(said) || Path::new(said).is_file()
    }

    pub(super) fn file(path: &Path) -> anyhow::Result<Self> {
        let SignedFile { wasm, signature } = SignedFile::read(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let said = path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string();
        Ok(Self { name, said, wasm, signature })
    }

    /// A tag may move; `optimus.lock` keeps the digest of what it stood for.
    fn registry(said: &str) -> anyhow::Result<Self> {
        let oci::Pulled { name, wasm, signature } = oci::pull(said, MAX_BYTES)?;
        Ok(Self { name, said: said.to_owned(), wasm, signature })
    }

    /// Only what is pinned: a URL says nothing of what it will hold tomorrow.
    fn url(said: &str) -> anyhow::Result<Self> {
        let Some((url, pin)) = said.split_once("#sha256=") else {
            let hint = "append `#sha256=DIGEST`, which its author publishes".to_owned();
            return Err(Advised::new("not_pinned", format!("`{said}` does not pin its bytes"), Some(hint)).into());
        };
        let wasm = fetch(url, MAX_BYTES).with_context(|| format!("cannot fetch `{url}`"))?;
        let digest = sha256(&wasm);
        if !digest.eq_ignore_ascii_case(pin) {
            let hint = "somebody changed it, or the pin is another version's: ask its author".to_owned();
            let message = format!("`{url}` has sha256 {digest}, not {pin}");
            return Err(Advised::new("other_digest", message, Some(hint)).into());
        }
        let name = url.rsplit('/').next().filter(|name| is_plain(name)).unwrap_or("plugin.wasm").to_owned();
        // Whether it has to be signed is for the load gate to say.
        let signature = fetch(&signature_file(url), SIGNATURE_BYTES).ok();
        Ok(Self { name, said: said.to_owned(), wasm, signature })
    }
}

/// A name that is a file's, and nothing else.
fn is_plain(name: &str) -> bool {
    name.ends_with(".wasm") && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn fetch(url: &str, max: u64) -> Result<Vec<u8>, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    agent.get(url).call()?.body_mut().with_config().limit(max).read_to_vec()
}
