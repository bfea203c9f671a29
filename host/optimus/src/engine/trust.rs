//! Trusted signers, as the command line names them.

use optimus_plugin::{PublicKey, Signatures, Trust};

use crate::cli::{SignaturePolicy, TrustArgs};
use crate::output::Advised;

/// Reads the keys that are named, or are in files that are.
///
/// # Errors
/// One is neither; or signatures are required and no key is trusted.
pub(crate) fn trust(args: &TrustArgs) -> anyhow::Result<Trust> {
    let mut keys = Vec::new();
    for given in &args.plugin_keys {
        keys.extend(named(given)?);
    }
    let signatures = match args.plugin_signatures {
        SignaturePolicy::Off => Signatures::Off,
        SignaturePolicy::Warn => Signatures::Warn,
        SignaturePolicy::Require => Signatures::Require,
    };
    if signatures == Signatures::Require && keys.is_empty() {
        let hint = "name public keys with `--plugin-key`; `optimus plugin keygen` makes a pair".to_owned();
        let message = "plugins have to be signed, and no key is trusted: none could ever be loaded";
        return Err(Advised::new("no_plugin_key", message, Some(hint)).into());
    }
    Ok(Trust { signatures, keys })
}

fn named(given: &str) -> anyhow::Result<Vec<PublicKey>> {
    let refused = |message: String| {
        let hint = "`optimus plugin keygen` writes public keys into `NAME.pub`, and so does `minisign -G`".to_owned();
        Advised::new("bad_plugin_key", message, Some(hint))
    };
    if let Ok(key) = given.parse() {
        return Ok(vec![key]);
    }
    let text = std::fs::read_to_string(given).map_err(|error| {
        refused(format!("`{given}` is no public key, and cannot be read as a file of them: {error}"))
    })?;
    PublicKey::all_of(&text).map_err(|why| refused(format!("`{given}`: {why}")).into())
}
