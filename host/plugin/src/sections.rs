//! A file's description in its sections, read before anything is compiled: its kind, imports, exports and API version.

use wasmparser::{Chunk, Encoding, Parser, Payload};

use crate::engine::Tier;
use crate::error::LoadError;
use crate::names::{self, Names};

/// The one required export.
pub(crate) const LANGUAGE: &str = "optimus:plugin/language";
const SUPPORTED: &str = "1.0";
/// The SDK puts this custom section into the module that it builds: `{"package","version","sdk"}`.
const API_SECTION: &str = "optimus:api";
const QUIET_WASI: [&str; 5] = ["wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:random/", "wasi:filesystem/"];

/// The description of a file.
#[derive(Debug, Clone)]
pub(crate) struct Sections {
    pub(crate) tier: Tier,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    /// The version of the contract.
    pub(crate) api: String,
    /// The SDK that stamped it; a component without a stamp is accepted by the versions in its exports' names.
    pub(crate) sdk: Option<String>,
    /// The names of its language, if the file has the section.
    pub(crate) names: Option<Names>,
}

impl Sections {
    /// Returns true if it exports `optimus:plugin/<name>`, in any version.
    pub(crate) fn exports_interface(&self, name: &str) -> bool {
        self.exports.iter().any(|export| split(export).0.strip_prefix("optimus:plugin/") == Some(name))
    }
}

pub(crate) fn read(wasm: &[u8]) -> Result<Sections, LoadError> {
    check_kind(wasm)?;
    let mut imports = Vec::new();
    let mut exports = Vec::new();
    let (mut stamp, mut names) = (None, None);
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| malformed(&error))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(|error| malformed(&error))?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(|error| malformed(&error))?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if section.name() == API_SECTION => {
                stamp = Some(read_stamp(section.data())?)
            }
            Payload::CustomSection(section) if depth == 0 && section.name() == names::SECTION => {
                names = Some(read_names(section.data())?)
            }
            _ => {}
        }
    }
    let tier = check_imports(&imports)?;
    let api = check_version(&exports, stamp.as_ref())?;
    Ok(Sections { tier, imports, exports, api, sdk: stamp.map(|stamp| stamp.sdk), names })
}

fn check_kind(wasm: &[u8]) -> Result<(), LoadError> {
    // What `wasmtime compile` writes is an ELF file.
    if wasm.starts_with(b"\x7fELF") {
        return Err(LoadError::Precompiled);
    }
    match Parser::new(0).parse(wasm, true) {
        Ok(Chunk::Parsed { payload: Payload::Version { encoding: Encoding::Component, .. }, .. }) => Ok(()),
        Ok(Chunk::Parsed { payload: Payload::Version { encoding: Encoding::Module, .. }, .. }) => {
            Err(LoadError::CoreModule)
        }
        _ if wasm.len() < 8 && b"\0asm\x0d\0\x01\0".starts_with(wasm) => {
            Err(LoadError::Truncated(format!("it is {} bytes long", wasm.len())))
        }
        _ => Err(LoadError::NotAComponent),
    }
}

fn malformed(error: &wasmparser::BinaryReaderError) -> LoadError {
    let text = error.to_string();
    if text.contains("unexpected end") { LoadError::Truncated(text) } else { LoadError::Malformed(text) }
}

/// The imports are the permissions: what is not on this list is never linked.
fn check_imports(imports: &[String]) -> Result<Tier, LoadError> {
    let mut tier = Tier::Pure;
    let mut refused = Vec::new();
    for import in imports {
        let (name, version) = split(import);
        if matches!(name, "optimus:plugin/types" | "optimus:plugin/log" | "optimus:plugin/blobs") {
            continue;
        }
        if QUIET_WASI.iter().any(|prefix| name.starts_with(prefix)) && version.starts_with("0.2.") {
            tier = Tier::QuietWasi;
        } else {
            refused.push(import.clone());
        }
    }
    if refused.is_empty() { Ok(tier) } else { Err(LoadError::Imports(refused)) }
}

/// The version in the export's name must be ours, and the stamp's too, if there is one.
fn check_version(exports: &[String], stamp: Option<&Stamp>) -> Result<String, LoadError> {
    if let Some(stamp) = stamp.filter(|stamp| stamp.package != "optimus:plugin" || !is_supported(&stamp.version)) {
        let found = format!("{} {}", stamp.package, stamp.version);
        return Err(LoadError::ApiVersion { found, supported: SUPPORTED });
    }
    let exported = exports.iter().map(|export| split(export)).find(|(name, _)| *name == LANGUAGE);
    match exported {
        Some((_, version)) if is_supported(version) => {
            Ok(stamp.map_or_else(|| version.to_owned(), |stamp| stamp.version.clone()))
        }
        Some((_, version)) => Err(LoadError::ApiVersion { found: version.to_owned(), supported: SUPPORTED }),
        None => Err(LoadError::Export {
            interface: LANGUAGE.to_owned(),
            message: match exports {
                [] => "it exports nothing".to_owned(),
                exports => format!("it exports {}", exports.join(", ")),
            },
        }),
    }
}

/// A later patch may only mend words; a later minor version has abilities that we lack.
fn is_supported(version: &str) -> bool {
    version.strip_prefix(SUPPORTED).is_some_and(|rest| rest.starts_with('.'))
}

fn split(name: &str) -> (&str, &str) {
    name.split_once('@').unwrap_or((name, ""))
}

struct Stamp {
    package: String,
    version: String,
    sdk: String,
}

fn read_stamp(data: &[u8]) -> Result<Stamp, LoadError> {
    // A linker may join the sections of several objects, or pad them: the first value counts.
    let mut values = serde_json::Deserializer::from_slice(data).into_iter::<serde_json::Value>();
    let Some(Ok(value)) = values.next() else {
        let text = String::from_utf8_lossy(&data[..data.len().min(64)]).into_owned();
        return Err(LoadError::Malformed(format!("its `{API_SECTION}` section is not JSON: {}", text.escape_debug())));
    };
    let field = |name: &str| value.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    Ok(Stamp { package: field("package"), version: field("version"), sdk: field("sdk") })
}

fn read_names(data: &[u8]) -> Result<Names, LoadError> {
    let wrong = |error| LoadError::Malformed(format!("its `{}` section cannot be read: {error}", names::SECTION));
    serde_json::from_slice(data).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn imports_are_permissions() {
        let tier = |list: &[&str]| check_imports(&names(list));
        assert_eq!(tier(&[]).unwrap(), Tier::Pure);
        assert_eq!(tier(&["optimus:plugin/types@1.0.0", "optimus:plugin/log@1.0.0"]).unwrap(), Tier::Pure);
        assert_eq!(tier(&["wasi:cli/stderr@0.2.6", "wasi:filesystem/types@0.2.6"]).unwrap(), Tier::QuietWasi);
        for bad in ["wasi:sockets/tcp@0.2.6", "wasi:http/types@0.2.0", "wasi:cli/stderr@0.3.0", "env", "wasi:clocks/x"]
        {
            let Err(LoadError::Imports(refused)) = tier(&["optimus:plugin/log@1.0.0", bad]) else { panic!("{bad}") };
            assert_eq!(refused, [bad]);
        }
    }

    #[test]
    fn the_version_is_that_of_the_contract() {
        let language = names(&["optimus:plugin/language@1.0.0"]);
        assert_eq!(check_version(&language, None).unwrap(), "1.0.0");
        for bad in ["1.1.0", "2.0.0", "1.00", ""] {
            let stamp = Stamp { package: "optimus:plugin".into(), version: bad.into(), sdk: String::new() };
            assert!(matches!(check_version(&language, Some(&stamp)), Err(LoadError::ApiVersion { .. })), "{bad}");
        }
        let other = names(&["optimus:plugin/language@2.0.0"]);
        assert!(matches!(check_version(&other, None), Err(LoadError::ApiVersion { .. })));
        assert!(matches!(check_version(&[], None), Err(LoadError::Export { .. })));
    }
}
