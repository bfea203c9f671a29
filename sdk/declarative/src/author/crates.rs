//! A language as a Rust crate that needs nothing but cargo: the SDK is beside it, since it is in no registry.

use super::scaffold::{self, Planted};
use super::{Known, eject};
use crate::Manifest;

const CARGO_TOML: &str = include_str!("../../templates/rust/Cargo.toml");
const SDK_CARGO_TOML: &str = include_str!("../../templates/rust/sdk.toml");
const README: &str = include_str!("../../templates/rust/README.md");
const WORKFLOW: &str = include_str!("../../templates/rust/plugin.yml");

/// The SDK and the contract, and how the SDK's own dependency is written.
const SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk.rs"));
const WIT_BINDGEN: &str = env!("OPTIMUS_WIT_BINDGEN");

/// The crate of a language that was described in TOML. `samples` are the paths and texts of its sample programs, below
/// `samples/`.
pub fn ejected(manifest: &Manifest, samples: &[Planted]) -> Vec<Planted> {
    let beside: Vec<_> = samples.iter().map(|(path, text)| (format!("../samples/{path}"), text.clone())).collect();
    let version = if is_semver(&manifest.version) { &manifest.version } else { "1.0.0" };
    let mut files = eject::eject(manifest, &beside);
    files.extend(around(&manifest.id, version));
    files
}

/// The folder of a known language, as a crate, under this id. Nothing where it is known in TOML alone.
pub fn of_known(known: &Known, id: &str) -> Option<Vec<Planted>> {
    if known.rust.is_empty() {
        return None;
    }
    let own = format!("Descriptor::new({:?},", known.id);
    let named = |text: &str| text.replacen(&own, &format!("Descriptor::new({id:?},"), 1);
    let mut files: Vec<Planted> = known.rust.iter().map(|(path, text)| (format!("src/{path}"), named(text))).collect();
    files.extend(around(id, "1.0.0"));
    files.extend(known.rust_samples.iter().map(|(path, text)| (format!("samples/{path}"), (*text).to_owned())));
    let manifest = known.manifest().unwrap_or_default();
    let fill = |text: &str| scaffold::filled(text, &Manifest { id: id.to_owned(), ..manifest.clone() });
    files.push(("README.md".to_owned(), fill(README)));
    files.push(("Dockerfile".to_owned(), fill(scaffold::DOCKERFILE)));
    files.push((".github/workflows/plugin.yml".to_owned(), fill(WORKFLOW)));
    Some(files)
}

/// The manifest and README of an ejected folder, which replace the TOML.
pub fn pages(manifest: &Manifest) -> Vec<Planted> {
    let fill = |text: &str| scaffold::filled(text, manifest);
    vec![("README.md".to_owned(), fill(README)), (".github/workflows/plugin.yml".to_owned(), fill(WORKFLOW))]
}

/// The files of every crate besides its sources.
fn around(id: &str, version: &str) -> Vec<Planted> {
    let name: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let cargo = CARGO_TOML.replace("{{crate}}", &name).replace("{{version}}", version);
    let mut files = vec![
        ("Cargo.toml".to_owned(), cargo),
        (".gitignore".to_owned(), "/target\n/*.wasm\n".to_owned()),
        ("sdk/rust/Cargo.toml".to_owned(), SDK_CARGO_TOML.replace("{{wit-bindgen}}", WIT_BINDGEN)),
    ];
    files.extend(SDK.iter().map(|(path, text)| (format!("sdk/{path}"), (*text).to_owned())));
    files
}

/// Three numbers, which is what cargo wants.
pub(super) fn is_semver(version: &str) -> bool {
    let number = |part: &str| part.parse::<u64>().is_ok_and(|number| number.to_string() == part);
    version.split('.').count() == 3 && version.split('.').all(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_has_all_that_it_names() {
        let manifest = Manifest { id: "c+x".to_owned(), version: "1.2".to_owned(), ..Manifest::default() };
        let files = ejected(&manifest, &[]);
        let text = |path: &str| &files.iter().find(|(known, _)| known == path).unwrap().1;
        assert!(text("Cargo.toml").contains("name = \"optimus-language-c-x\""));
        assert!(text("Cargo.toml").contains("version = \"1.0.0\""));
        assert!(text("src/lib.rs").contains("version: \"1.2\".to_owned()"));
        assert!(text("sdk/rust/Cargo.toml").contains("wit-bindgen = { version"));
        assert!(text("sdk/wit/plugin.wit").starts_with("///"));
        assert!(!text("Cargo.toml").contains("{{") && !text("sdk/rust/Cargo.toml").contains("{{"));
    }
}
