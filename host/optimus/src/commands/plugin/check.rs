//! `optimus plugin check` and `inspect`: what a server would say of a file, and what is in it.

use std::process::ExitCode;

use optimus_core::Descriptor;
use optimus_core::limits::PartialLimits;
use optimus_plugin::{Loaded, Signatures};
use serde::Serialize;
use serde_json::{Value, json};

use super::load_trusting;
use crate::cli::File;
use crate::engine;
use crate::output::Output;

/// The content of a file.
#[derive(Debug, Serialize)]
struct Inside {
    id: String,
    version: String,
    digest: String,
    bytes: u64,
    api: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdk: Option<String>,
    imports: Vec<String>,
    exports: Vec<String>,
    /// The trusted key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_by: Option<String>,
    /// The signer's comment, which is signed, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_as: Option<String>,
    /// The reason why no signature counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    unsigned: Option<String>,
    descriptor: Descriptor,
}

pub(super) fn check(args: &File, output: Output) -> anyhow::Result<ExitCode> {
    let Loaded { plugin, signer, unsigned } = load_trusting(&args.file, engine::trust(&args.trust)?)?;
    let Descriptor { id, version, .. } = plugin.descriptor();
    let key = signer.map(|signer| signer.key);
    let said = json!({
        "ok": true, "id": id, "version": version, "digest": plugin.digest(), "signed_by": key, "unsigned": unsigned
    });
    output.print(&said, |_| {
        let by = key.map(|key| format!(", signed by {key}")).or(unsigned.map(|why| format!(", although {why}")));
        format!("ok: {id} {version} would be loaded{}\n", by.unwrap_or_default())
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn inspect(args: &File, output: Output) -> anyhow::Result<ExitCode> {
    let mut trust = engine::trust(&args.trust)?;
    // Looking at a signature needs no trusted key.
    if trust.signatures == Signatures::Off {
        trust.signatures = Signatures::Warn;
    }
    let Loaded { plugin, signer, unsigned } = load_trusting(&args.file, trust)?;
    let descriptor = plugin.descriptor().clone();
    let (signed_by, signed_as) = signer.map(|signer| (signer.key, signer.comment)).unzip();
    let inside = Inside {
        id: descriptor.id.clone(),
        version: descriptor.version.clone(),
        digest: plugin.digest().to_owned(),
        bytes: std::fs::metadata(&args.file)?.len(),
        api: plugin.api().to_owned(),
        sdk: plugin.sdk().map(str::to_owned),
        imports: plugin.imports().to_vec(),
        exports: plugin.exports().to_vec(),
        signed_by,
        signed_as,
        unsigned,
        descriptor,
    };
    output.print(&present(serde_json::to_value(&inside)?), |_| words(&inside))?;
    Ok(ExitCode::SUCCESS)
}

/// Without what is not there: a null says nothing that a missing field does not.
fn present(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, present(value)))
            .collect(),
        value => value,
    }
}

fn words(inside: &Inside) -> String {
    let Descriptor { name, extensions, images, probe, install_hint, minimum, options_schema, .. } = &inside.descriptor;
    let sdk = inside.sdk.as_deref().unwrap_or("nobody said with what");
    let options: serde_json::Value =
        options_schema.as_ref().and_then(|schema| serde_json::from_str(schema).ok()).unwrap_or_default();
    let options: Vec<&str> =
        options["properties"].as_object().into_iter().flat_map(|fields| fields.keys().map(String::as_str)).collect();
    let rows = [
        ("language", format!("{} ({name}), version {}", inside.id, inside.version)),
        ("made for", format!("plugin API {}, with {sdk}", inside.api)),
        ("file", format!("{} bytes, sha256 {}", inside.bytes, inside.digest)),
        ("signature", signature(inside)),
        ("imports", inside.imports.join(", ")),
        ("exports", inside.exports.join(", ")),
        ("images", images.join(", ")),
        ("extensions", extensions.join(", ")),
        ("probe", probe.join(" ")),
        ("install", install_hint.clone()),
        ("options", options.join(", ")),
        ("minimum", least(minimum)),
    ];
    rows.iter().filter(|(_, value)| !value.is_empty()).map(|(what, value)| format!("{what:<11} {value}\n")).collect()
}

/// `memory_bytes 67108864, processes 16`.
fn least(minimum: &PartialLimits) -> String {
    let fields = present(serde_json::to_value(minimum).unwrap_or_default());
    let fields = fields.as_object().into_iter().flatten();
    fields.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

fn signature(inside: &Inside) -> String {
    match (&inside.signed_by, &inside.unsigned) {
        (Some(key), _) => format!("by {key}, {}", inside.signed_as.as_deref().unwrap_or_default()),
        (None, why) => why.clone().unwrap_or_default(),
    }
}
