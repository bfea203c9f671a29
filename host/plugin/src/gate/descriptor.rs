//! Checks a plugin's descriptor, field by field: its values reach lists, file names, images and limits.

use optimus_core::language::Sample;
use optimus_core::{BoxPath, Descriptor};

use crate::check::{self, Field};
use crate::config::Config;
use crate::error::InvalidField;
use crate::wit::types;

const NAMES: usize = 32;
const IMAGES: usize = 64;
const SAMPLES: usize = 64;
const SAMPLE_BYTES: usize = 1 << 20;
const SCHEMA_BYTES: usize = 64 << 10;
const MULTIPLIERS: std::ops::RangeInclusive<f64> = 0.1..=100.0;

/// Turns what `describe` returned into the host's own descriptor.
pub(super) fn check(said: types::Descriptor, config: &Config) -> Result<Descriptor, InvalidField> {
    check::ext("ext", &said.ext)?;
    let commands = commands(&said.ext, config)?;
    id("id", &said.id, false)?;
    check::text("name", &said.name, 1..=64)?;
    version(&said.version)?;
    check::count("aliases", said.aliases.len(), 0..=NAMES)?;
    for (i, alias) in said.aliases.iter().enumerate() {
        id(&format!("aliases[{i}]"), alias, true)?;
    }
    extensions(&said.extensions, commands)?;
    images(&said.images, config)?;
    check::argv("probe", &said.probe)?;
    check::text("install-hint", &said.install_hint, 0..=1024)?;
    multiplier("time-multiplier", said.time_multiplier)?;
    multiplier("memory-multiplier", said.memory_multiplier)?;
    let minimum = check::limits("minimum", &said.minimum)?;
    check::below_caps("minimum", &minimum, &config.caps)?;
    schema(said.options_schema.as_deref())?;
    check::count("judge0-ids", said.judge0_ids.len(), 0..=NAMES)?;
    check::count("piston-names", said.piston_names.len(), 0..=NAMES)?;
    for (i, name) in said.piston_names.iter().enumerate() {
        check::text(&format!("piston-names[{i}]"), name, 1..=64)?;
    }
    Ok(Descriptor {
        samples: samples(said.samples)?,
        id: said.id,
        name: said.name,
        version: said.version,
        aliases: said.aliases,
        extensions: said.extensions,
        commands,
        images: said.images,
        probe: said.probe,
        install_hint: said.install_hint,
        time_multiplier: said.time_multiplier,
        memory_multiplier: said.memory_multiplier,
        minimum,
        options_schema: said.options_schema,
        judge0_ids: said.judge0_ids,
        piston_names: said.piston_names,
    })
}

/// An id stands in URLs, keys and file names; an alias is what people may type, and may start with a digit or hold a dot.
fn id(field: &str, id: &str, alias: bool) -> Field {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+#_-".contains(c) || alias && c == '.';
    let first = |c: char| c.is_ascii_lowercase() || alias && c.is_ascii_digit();
    let good = id.len() <= 32 && id.starts_with(first) && id.chars().all(inner);
    if good {
        return Ok(());
    }
    let pattern = if alias { "[a-z0-9][a-z0-9.+#_-]{0,31}" } else { "[a-z][a-z0-9+#_-]{0,31}" };
    Err(InvalidField::new(field, format!("`{}` does not match {pattern}", crate::text::shown(id)))
        .hint("use a short lowercase name, such as those that the file extensions suggest"))
}

fn version(version: &str) -> Field {
    let good =
        (1..=32).contains(&version.len()) && version.chars().all(|c| c.is_ascii_alphanumeric() || ".+-_".contains(c));
    if good {
        return Ok(());
    }
    Err(InvalidField::new("version", format!("`{}` is not a version", crate::text::shown(version)))
        .hint("use the plugin's own version, like `1.4.0`"))
}

/// Whether a job's arguments are the command to run. The operator has to want that.
fn commands(ext: &[(String, String)], config: &Config) -> Result<bool, InvalidField> {
    match ext.iter().find(|(key, _)| key == "commands").map(|(_, value)| value.as_str()) {
        None | Some("false") => Ok(false),
        Some("true") if config.commands => Ok(true),
        Some("true") => Err(InvalidField::new("ext.commands", "lets jobs run any command, and this server runs none")
            .hint("start with `--commands`, and give the keys that may do so the scope `commands`")),
        Some(other) => Err(InvalidField::new("ext.commands", format!("is `{}`", crate::text::shown(other)))
            .hint("true or false, as JSON")),
    }
}

fn extensions(extensions: &[String], commands: bool) -> Field {
    check::count("extensions", extensions.len(), usize::from(!commands)..=NAMES)?;
    for (i, extension) in extensions.iter().enumerate() {
        let good = (1..=16).contains(&extension.len())
            && extension.chars().all(|c| c.is_ascii_alphanumeric() || "+_-".contains(c));
        if !good {
            let message = format!("`{}` is not a file extension", crate::text::shown(extension));
            return Err(InvalidField::new(format!("extensions[{i}]"), message)
                .hint("write it without the dot, up to 16 letters and digits"));
        }
    }
    Ok(())
}

fn images(images: &[String], config: &Config) -> Field {
    check::count("images", images.len(), 1..=IMAGES)?;
    for (i, image) in images.iter().enumerate() {
        check::image(&format!("images[{i}]"), image)?;
    }
    if images.iter().any(|image| config.images.allows(image)) {
        return Ok(());
    }
    let message = format!("names no image that this server allows ({})", config.images);
    Err(InvalidField::new("images", message).hint("ask the operator to allow one of them"))
}

fn multiplier(field: &str, multiplier: f64) -> Field {
    if MULTIPLIERS.contains(&multiplier) {
        return Ok(());
    }
    Err(InvalidField::new(field, format!("{multiplier} is not between 0.1 and 100")).hint("1.0 changes nothing"))
}

fn schema(schema: Option<&str>) -> Field {
    let Some(schema) = schema else { return Ok(()) };
    let hint = "leave it out when the language has no options";
    check::count("options-schema", schema.len(), 0..=SCHEMA_BYTES)?;
    match serde_json::from_str::<serde_json::Value>(schema) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err(InvalidField::new("options-schema", "is not a JSON object").hint(hint)),
        Err(error) => Err(InvalidField::new("options-schema", format!("is not JSON: {error}")).hint(hint)),
    }
}

fn samples(samples: Vec<types::Sample>) -> Result<Vec<Sample>, InvalidField> {
    check::count("samples", samples.len(), 0..=SAMPLES)?;
    let bytes: usize = samples.iter().map(|sample| sample.source.len() + sample.expect.len()).sum();
    check::count("samples", bytes, 0..=SAMPLE_BYTES)?;
    let mut checked = Vec::with_capacity(samples.len());
    for (i, sample) in samples.into_iter().enumerate() {
        check::text(&format!("samples[{i}].name"), &sample.name, 1..=64)?;
        let path = BoxPath::new(sample.path.as_str());
        path.map_err(|why| check::bad_path(&format!("samples[{i}].path"), &sample.path, why))?;
        checked.push(Sample { name: sample.name, path: sample.path, source: sample.source, expect: sample.expect });
    }
    Ok(checked)
}
