//! What somebody looked at before changing a plugin. Bytes that are others by then are not put in.

/// Where nothing serves a language, in [`Consent::replaces`].
const NOTHING: &str = "none";

/// What was looked at. What is absent is not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// SHA-256 of the bytes that are to serve, in hex.
    pub digest: Option<String>,
    /// SHA-256 of the bytes that they replace, in hex; `none`, where nothing serves the language.
    pub replaces: Option<String>,
}

/// A change of a plugin that is not what was looked at, or leads to what is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// The bytes are others.
    #[error("the plugin for `{}` has the digest {is}, and consent was given to {}", id.escape_debug(), wanted.escape_debug())]
    OtherBytes {
        /// The language's id.
        id: String,
        /// Their digest.
        is: String,
        /// The digest that was looked at.
        wanted: String,
    },
    /// Something else serves by now.
    #[error("the plugin for `{}` has changed meanwhile: {} serves, and consent was given to replace {}", id.escape_debug(), serves.as_deref().unwrap_or("nothing"), wanted.escape_debug())]
    Changed {
        /// The language's id.
        id: String,
        /// The digest of what serves.
        serves: Option<String>,
        /// The digest that was looked at.
        wanted: String,
    },
    /// No such version is kept.
    #[error("no version {} of `{}` is kept", digest.escape_debug(), id.escape_debug())]
    UnknownVersion {
        /// The language's id.
        id: String,
        /// The digest that was asked for.
        digest: String,
    },
}

impl Consent {
    /// Compares what was looked at with what would be done.
    pub(crate) fn check(&self, id: &str, digest: &str, serves: Option<&str>) -> Result<(), ConsentError> {
        let id = id.to_owned();
        if let Some(wanted) = self.digest.as_ref().filter(|wanted| *wanted != digest) {
            return Err(ConsentError::OtherBytes { id, is: digest.to_owned(), wanted: wanted.clone() });
        }
        match &self.replaces {
            Some(wanted) if wanted != serves.unwrap_or(NOTHING) => {
                Err(ConsentError::Changed { id, serves: serves.map(str::to_owned), wanted: wanted.clone() })
            }
            _ => Ok(()),
        }
    }
}

impl ConsentError {
    /// A word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherBytes { .. } => "other_bytes",
            Self::Changed { .. } => "plugin_changed",
            Self::UnknownVersion { .. } => "unknown_version",
        }
    }

    /// The remedy.
    pub fn hint(&self) -> String {
        match self {
            Self::OtherBytes { .. } => "look at these bytes with POST /v1/plugins/ID/dry-run, then give their digest",
            Self::Changed { .. } => "look at the difference again, then consent to that",
            Self::UnknownVersion { .. } => "GET /v1/plugins/ID/versions lists those that are kept",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_to_these_bytes_in_the_place_of_those() {
        let some = |text: &str| Some(text.to_owned());
        let check = |digest, replaces, serves| {
            Consent { digest, replaces }.check("x", "new", serves).err().map(|error| error.code())
        };
        assert_eq!(check(None, None, Some("old")), None);
        assert_eq!(check(some("new"), some("old"), Some("old")), None);
        assert_eq!(check(some("new"), some("none"), None), None);
        assert_eq!(check(some("other"), None, None), Some("other_bytes"));
        assert_eq!(check(some("new"), some("old"), Some("third")), Some("plugin_changed"));
        assert_eq!(check(some("new"), some("none"), Some("old")), Some("plugin_changed"));
        assert_eq!(check(some("new"), some("old"), None), Some("plugin_changed"));
    }
}
