//! `optimus k8s render`: the languages' parts of the manifests, from the plugins that are here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use optimus_plugin::Catalogue;
use optimus_wasm::machine_image;
use serde_json::json;

use super::{NOT_ACCEPTED, runtime};
use crate::cli::{K8s, Render, TrustArgs};
use crate::engine;
use crate::k8s::{self, KUSTOMIZATION, LANGUAGES, RENDERED, Subject};
use crate::output::{Advised, Output};

pub(super) fn k8s(verb: &K8s, output: Output) -> anyhow::Result<ExitCode> {
    let K8s::Render(args) = verb;
    let runtime = runtime()?;
    let _guard = runtime.enter();
    let place = engine::Place::find(args.plugins.as_deref())?;
    let catalogue = engine::offered(&place, (&args.code, args.state.as_deref()), &TrustArgs::default())?;
    catalogue.rescan()?;
    let files = k8s::render(&subjects(&catalogue, &wanted(args)?)?, &args.sizes()).map_err(Advised)?;
    match args.place() {
        None => output.print(&files, |files| files.values().map(|text| format!("---\n{text}")).collect())?,
        Some(out) if args.check => {
            let differ = differences(&out, &files)?;
            let tell = |name: &String| format!("{} is not what would be rendered\n", out.join(name).display());
            output.print(&json!({ "differ": differ }), |_| differ.iter().map(tell).collect())?;
            return Ok(if differ.is_empty() { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() });
        }
        Some(out) => {
            write(&out, &files)?;
            let names: Vec<&String> = files.keys().collect();
            output.print(&json!({ "written": names }), |_| format!("{} files in {}\n", names.len(), out.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Ids that were named, or that are there already; none: all.
fn wanted(args: &Render) -> anyhow::Result<Vec<String>> {
    match args.place() {
        Some(out) if args.check && args.languages.is_empty() => {
            let path = out.join(LANGUAGES);
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            k8s::rendered_languages(&text).with_context(|| format!("`{}` names no languages", path.display()))
        }
        _ => Ok(args.languages.clone()),
    }
}

fn subjects(catalogue: &Catalogue, wanted: &[String]) -> anyhow::Result<Vec<Subject>> {
    let current = catalogue.current();
    let statuses = catalogue.statuses();
    let mut all: Vec<Subject> = current
        .iter()
        .map(|plugin| {
            let descriptor = plugin.descriptor().clone();
            let file = statuses.iter().find(|status| status.id.as_deref() == Some(&descriptor.id));
            // What is built in is in no file, and goes by its id.
            let file = file.map(|status| &status.file).filter(|file| file.ends_with(".wasm"));
            let file = file.map_or_else(|| format!("{}.wasm", descriptor.id), Clone::clone);
            Subject { descriptor, file }
        })
        .collect();
    all.sort_by(|a, b| a.descriptor.id.cmp(&b.descriptor.id));
    for id in wanted {
        if all.iter().all(|subject| subject.descriptor.id != *id) {
            let hint = Some("`optimus plugin list` shows the plugins that are here".to_owned());
            return Err(Advised::new("unknown_language", format!("there is no plugin of `{id}`"), hint).into());
        }
    }
    all.retain(|subject| wanted.is_empty() || wanted.contains(&subject.descriptor.id));
    // A worker's pod is made of its language's image, and a runtime is none.
    let has_no_image =
        |subject: &Subject| subject.descriptor.images.first().is_some_and(|image| machine_image(image).is_none());
    if let Some(inside) = all.iter().find(|subject| has_no_image(subject)).filter(|_| !wanted.is_empty()) {
        let hint = Some(
            "leave it out: a worker that has its runtime installed judges it beside its other languages".to_owned(),
        );
        let message = format!("programs in `{}` run inside Wasm, and need no pods of their own", inside.descriptor.id);
        return Err(Advised::new("no_image", message, hint).into());
    }
    all.retain(|subject| !has_no_image(subject));
    if all.is_empty() {
        let hint = Some("name a directory with `--plugins DIR`".to_owned());
        return Err(Advised::new("no_plugins", "there is no plugin to render anything for", hint).into());
    }
    Ok(all)
}

/// Files that are missing, different, or left from a language that is gone.
fn differences(out: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let differs = |(name, text): (&String, &String)| match fs::read_to_string(out.join(name)) {
        Ok(there) if there == *text => None,
        _ => Some(name.clone()),
    };
    let mut differ: Vec<String> = files.iter().filter_map(differs).collect();
    differ.extend(leftovers(out, files)?);
    Ok(differ)
}

fn write(out: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    fs::create_dir_all(out).with_context(|| format!("cannot create `{}`", out.display()))?;
    for (name, text) in files {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    for name in leftovers(out, files)? {
        fs::remove_file(out.join(&name)).with_context(|| format!("cannot remove `{name}`"))?;
    }
    Ok(())
}

/// Files that were rendered earlier, of languages that are not among `files`. Other files are left alone.
fn leftovers(out: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let mut old = Vec::new();
    for entry in fs::read_dir(out).with_context(|| format!("cannot read `{}`", out.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let ours = || fs::read_to_string(out.join(&name)).is_ok_and(|text| text.starts_with(RENDERED));
        if !files.contains_key(&name) && name.ends_with(".yaml") && name != KUSTOMIZATION && ours() {
            old.push(name);
        }
    }
    old.sort();
    Ok(old)
}
