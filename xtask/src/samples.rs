//! The samples of every language in this repository.

use std::collections::BTreeMap;
use std::io::Result;
use std::path::Path;

#[path = "../../host/optimus/src/samples.rs"]
mod folder;

use folder::EXPECTED;
pub(crate) use folder::{Sample, read_folder};

use crate::shell::say;

/// Every sample of every language below `root`, by language and name.
///
/// # Errors
/// A sample that cannot be read or says something that makes no sense, by its path.
pub(crate) fn load(root: &Path) -> Result<Vec<Sample>> {
    let mut languages = Vec::new();
    for entry in root.join("languages").read_dir()? {
        languages.push(entry?.file_name().to_string_lossy().into_owned());
    }
    languages.sort();
    let mut samples = Vec::new();
    for language in languages {
        samples.extend(read_folder(&language, &root.join("languages").join(&language).join("samples"))?);
    }
    Ok(samples)
}

/// Prints which language lacks which of them: a line each, and how many lack nothing.
///
/// # Errors
/// As [`load`].
pub(crate) fn missing(root: &Path) -> Result<()> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sample in load(root)? {
        let language = sample.request["language"].as_str().unwrap_or_default().to_owned();
        shown.entry(language).or_default().push(sample.name);
    }
    let lacks = |names: &Vec<String>| -> Vec<&str> {
        EXPECTED.into_iter().filter(|expected| !names.iter().any(|name| name == expected)).collect()
    };
    let mut whole = 0;
    for (language, names) in &shown {
        match lacks(names).as_slice() {
            [] => whole += 1,
            missing => say(&format!("{language:<12} {}", missing.join(", "))),
        }
    }
    say(&format!("\n{} languages, {whole} with all of the {} samples", shown.len(), EXPECTED.len()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_of_this_repository_can_be_read() {
        let samples = load(&crate::shell::root()).unwrap();
        assert!(samples.iter().any(|sample| sample.name == "hello"));
    }
}
