//! The prebuilt plugin, embedded: a core module, made a component once a language is filled in.

use wasm_encoder::{ComponentSection as _, ConstExpr, CustomSection, DataSection, Encode as _, Module, RawSection};
use wasmparser::{BinaryReaderError, DataKind, Operator, Parser, Payload};
use wit_component::ComponentEncoder;

use super::BuildError;
use crate::Manifest;
use crate::region::{self, BYTES, MARK};

/// Built by this crate's build script.
static TEMPLATE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/template.wasm"));

/// The plugin of this language.
///
/// # Errors
/// The language is too large.
pub fn fill(manifest: &Manifest) -> Result<Vec<u8>, BuildError> {
    let region = region::fill(manifest).map_err(BuildError::TooLarge)?;
    let strange = |error: BinaryReaderError| BuildError::Component(format!("the prebuilt plugin: {error}"));
    Ok(named(componentize(&with_region(TEMPLATE, &region).map_err(strange)?)?, manifest))
}

/// The plugin with a last section that says what its language is called, so that a host can tell without compiling it.
pub fn name(mut component: Vec<u8>, names: &serde_json::Value) -> Vec<u8> {
    let names = names.to_string();
    let section = CustomSection { name: "optimus:names".into(), data: names.as_bytes().into() };
    component.push(section.id());
    section.encode(&mut component);
    component
}

fn named(component: Vec<u8>, manifest: &Manifest) -> Vec<u8> {
    let Manifest { id, aliases, extensions, .. } = manifest;
    let mut names = serde_json::json!({ "id": id, "aliases": aliases, "extensions": extensions });
    if manifest.is_command() {
        names["commands"] = true.into();
    }
    name(component, &names)
}

/// The plugin of a known language that is written in Rust.
pub(super) fn of_module(module: &[u8], manifest: &Manifest) -> Result<Vec<u8>, BuildError> {
    Ok(named(componentize(module)?, manifest))
}

/// The module with what is in its region, up to there and no further: memory is zero where no data is put, so the rest
/// of the region takes no room in the file.
fn with_region(module: &[u8], region: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut filled = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::DataSection(section) => {
                let mut data = DataSection::new();
                for segment in section.clone() {
                    let segment = segment?;
                    let offset = offset(&segment.kind)?;
                    let mut put = |offset: usize, bytes: &[u8]| {
                        let offset = ConstExpr::i32_const(i32::try_from(offset).unwrap_or(i32::MAX));
                        data.active(0, &offset, bytes.iter().copied());
                    };
                    match segment.data.windows(MARK.len()).position(|window| window == MARK) {
                        Some(at) => {
                            put(offset, &segment.data[..at]);
                            put(offset + at, region);
                            put(offset + at + BYTES, &segment.data[at + BYTES..]);
                        }
                        None => put(offset, segment.data),
                    }
                }
                filled.section(&data);
            }
            // Nothing in the code asks for it, and its number would have to follow.
            Payload::DataCountSection { .. } => {}
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    filled.section(&RawSection { id, data: module.get(range).unwrap_or_default() });
                }
            }
        }
    }
    Ok(filled.finish())
}

fn offset(kind: &DataKind<'_>) -> Result<usize, BinaryReaderError> {
    match kind {
        DataKind::Active { offset_expr, .. } => match offset_expr.get_operators_reader().read()? {
            Operator::I32Const { value } => Ok(usize::try_from(value).unwrap_or_default()),
            _ => Ok(0),
        },
        DataKind::Passive => Ok(0),
    }
}

/// A component of a core module that was built with an SDK: the module carries its world in a section of its own.
///
/// # Errors
/// It carries none, or is none.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let encode = || ComponentEncoder::default().validate(true).module(module)?.encode();
    encode().map_err(|error| BuildError::Component(format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prebuilt_plugin_has_one_region() {
        assert_eq!(TEMPLATE.windows(MARK.len()).filter(|window| *window == MARK).count(), 1);
    }

    #[test]
    fn a_plugin_is_small_and_always_the_same() {
        let manifest = Manifest { id: "x".to_owned(), ..Manifest::default() };
        let plugin = fill(&manifest).unwrap();
        // 100 KiB is the aim; this keeps it from growing meanwhile. An interface costs some 4 KiB.
        assert!(plugin.len() < 128 << 10, "{} bytes", plugin.len());
        assert_eq!(plugin, fill(&manifest).unwrap());
    }
}
