//! The difference between the plugin that serves a language and one that would take its place.

use optimus_core::Descriptor;
use serde::Serialize;
use serde_json::Value;

use crate::hex;
use crate::plugin::Plugin;

/// A plugin that passed the load gate, beside the one that serves its language now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// The language's id.
    pub id: String,
    /// SHA-256 of the reviewed bytes, in hex.
    pub digest: String,
    /// SHA-256 of the bytes that serve now, in hex. `None`: nothing serves the language.
    pub replaces: Option<String>,
    /// Everything that the two say of themselves, also what is the same.
    pub fields: Vec<ReviewedField>,
    /// Notes for the operator, such as a missing signature.
    pub notes: Vec<String>,
}

/// One thing that plugins say of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewedField {
    /// `images`, for one.
    pub name: &'static str,
    /// A line for each value of the plugin that serves.
    pub before: Vec<String>,
    /// A line for each value of the reviewed one.
    pub after: Vec<String>,
    /// The reviewed one asks for more of the host than the one that serves, or another signer vouches for it.
    pub asks_for_more: bool,
}

/// A plugin with its signer.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) plugin: &'a Plugin,
    /// The id of the trusted key that signed it.
    pub(super) signed_by: Option<&'a str>,
}

impl Review {
    pub(super) fn of(before: Option<Side<'_>>, after: Side<'_>, unsigned: Option<String>) -> Self {
        let old = before.map(lines).unwrap_or_default();
        let field = |(at, (name, after_lines)): (usize, (&'static str, Vec<String>))| ReviewedField {
            name,
            before: old.get(at).map(|(_, lines)| lines.clone()).unwrap_or_default(),
            after: after_lines,
            asks_for_more: before.is_some_and(|before| asks_for_more(name, before, after)),
        };
        Self {
            id: after.plugin.descriptor().id.clone(),
            digest: after.plugin.digest().to_owned(),
            replaces: before.map(|before| before.plugin.digest().to_owned()),
            fields: lines(after).into_iter().enumerate().map(field).collect(),
            notes: unsigned.into_iter().collect(),
        }
    }
}

/// Everything that a plugin says of itself, in the same order for each.
fn lines(side: Side<'_>) -> Vec<(&'static str, Vec<String>)> {
    let Side { plugin, signed_by } = side;
    let descriptor = plugin.descriptor();
    let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    vec![
        ("version", texts(&[&descriptor.version])),
        ("digest", texts(&[plugin.digest()])),
        ("signed_by", signed_by.map(str::to_owned).into_iter().collect()),
        ("imports", plugin.imports().to_vec()),
        ("images", descriptor.images.clone()),
        ("commands", texts(if descriptor.commands { &["true"] } else { &["false"] })),
        ("time_multiplier", vec![descriptor.time_multiplier.to_string()]),
        ("memory_multiplier", vec![descriptor.memory_multiplier.to_string()]),
        ("minimum", floors(descriptor).into_iter().map(|(name, floor)| format!("{name} {floor}")).collect()),
        ("probe", descriptor.probe.clone()),
        ("options", options(descriptor)),
        ("name", texts(&[&descriptor.name])),
        ("aliases", descriptor.aliases.clone()),
        ("extensions", descriptor.extensions.clone()),
        ("judge0_ids", descriptor.judge0_ids.iter().map(u32::to_string).collect()),
        ("piston_names", descriptor.piston_names.clone()),
        ("install_hint", texts(&[&descriptor.install_hint])),
        ("samples", samples(descriptor)),
        ("exports", plugin.exports().to_vec()),
        ("api", texts(&[plugin.api()])),
        ("sdk", plugin.sdk().map(str::to_owned).into_iter().collect()),
    ]
}

fn asks_for_more(name: &str, before: Side<'_>, after: Side<'_>) -> bool {
    let (was, is) = (before.plugin.descriptor(), after.plugin.descriptor());
    let has_more = |was: &[String], is: &[String]| is.iter().any(|one| !was.contains(one));
    match name {
        "imports" => has_more(before.plugin.imports(), after.plugin.imports()),
        "images" => has_more(&was.images, &is.images),
        "commands" => is.commands && !was.commands,
        "time_multiplier" => is.time_multiplier > was.time_multiplier,
        "memory_multiplier" => is.memory_multiplier > was.memory_multiplier,
        "minimum" => {
            let was = floors(was);
            let floor = |name: &str| was.iter().find(|(own, _)| own == name).map_or(0, |(_, floor)| *floor);
            floors(is).iter().any(|(name, more)| *more > floor(name))
        }
        // A first signature asks for nothing.
        "signed_by" => before.signed_by.is_some() && before.signed_by != after.signed_by,
        _ => false,
    }
}

/// The floors of limits that are set.
fn floors(descriptor: &Descriptor) -> Vec<(String, u64)> {
    let floors = serde_json::to_value(descriptor.minimum).unwrap_or_default();
    let floors = floors.as_object().into_iter().flatten();
    floors.filter_map(|(name, floor)| Some((name.clone(), floor.as_u64()?))).collect()
}

/// A line for each option, and for whatever else the schema says.
fn options(descriptor: &Descriptor) -> Vec<String> {
    let schema = descriptor.options_schema.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(Value::Object(schema)) = schema else { return Vec::new() };
    let mut lines = Vec::new();
    for (key, value) in &schema {
        match value {
            Value::Object(properties) if key == "properties" => {
                lines.extend(properties.iter().map(|(name, schema)| format!("{name} {schema}")));
            }
            _ => lines.push(format!("{key}: {value}")),
        }
    }
    lines
}

/// A line for each sample; the digest tells a program that has changed.
fn samples(descriptor: &Descriptor) -> Vec<String> {
    let line = |sample: &optimus_core::language::Sample| {
        let digest = hex::sha256(format!("{}\0{}", sample.source, sample.expect).as_bytes());
        format!("{} {} {}", sample.name, sample.path, &digest[..12])
    };
    descriptor.samples.iter().map(line).collect()
}
