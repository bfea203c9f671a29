//! The context of a build: the folder, and for one that fetches over HTTPS also this machine's own authorities, where
//! the network inspects TLS. They are used while fetching and are no part of the image.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::recipe::Recipe;

/// Debian's directory of authorities that were added to a machine.
const AUTHORITIES: &str = "/usr/local/share/ca-certificates";
/// The file that Dockerfiles copy; there is one in each folder that fetches, so that it works without us.
const BUNDLE: &str = "authorities.crt";

/// The directory to send to the daemon.
///
/// # Errors
/// A file that cannot be copied.
pub(crate) fn prepare(recipe: &Recipe, work: &Path) -> anyhow::Result<PathBuf> {
    if !recipe.path.join(BUNDLE).is_file() {
        return Ok(recipe.path.clone());
    }
    // Two tags of a folder may be built at the same time.
    let context = work.join("context").join(recipe.image.replace(['/', ':'], "-"));
    let describe = || format!("`{}`", context.display());
    std::fs::create_dir_all(&context).with_context(describe)?;
    for entry in recipe.path.read_dir().with_context(describe)? {
        let path = entry.with_context(describe)?.path();
        std::fs::copy(&path, context.join(path.file_name().unwrap_or_default())).with_context(describe)?;
    }
    let mut bundle = std::fs::read(recipe.path.join(BUNDLE)).with_context(describe)?;
    for entry in Path::new(AUTHORITIES).read_dir().into_iter().flatten().flatten() {
        // A directory, or what we may not read, is nothing that was meant for us.
        bundle.extend(std::fs::read(entry.path()).unwrap_or_default());
        bundle.push(b'\n');
    }
    std::fs::write(context.join(BUNDLE), bundle).with_context(describe)?;
    Ok(context)
}
