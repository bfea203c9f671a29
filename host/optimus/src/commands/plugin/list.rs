//! `optimus plugin list`: what is in the plugins directory, and what of it serves.

use std::process::ExitCode;

use optimus_plugin::PluginStatus;

use crate::cli::Dir;
use crate::engine;
use crate::output::Output;

pub(super) fn list(args: &Dir, output: Output) -> anyhow::Result<ExitCode> {
    let (dir, catalogue) = engine::loaded(&args.engine)?;
    output.print(&catalogue.statuses(), |list| match list.is_empty() {
        true => format!("`{}` holds no plugin; `optimus plugin add LANGUAGE` puts known ones there\n", dir.display()),
        false => list.iter().map(line).collect(),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn line(status: &PluginStatus) -> String {
    let PluginStatus { file, state, id, version, digest, signed_by, error, notes, .. } = status;
    let id = id.as_deref().unwrap_or("-");
    let version = version.as_deref().unwrap_or("-");
    let digest = digest.as_deref().map_or("-", |digest| &digest[..12]);
    let signed = signed_by.as_ref().map(|key| format!("  signed by {key}")).unwrap_or_default();
    let mut text = format!("{id:<16} {version:<10} {state:<9} {digest:<12}  {file}{signed}\n");
    if let Some(error) = error {
        text += &format!("  {}\n", error.message);
        text += &error.hint.as_ref().map(|hint| format!("  hint: {hint}\n")).unwrap_or_default();
    }
    text + &notes.iter().map(|note| format!("  {note}\n")).collect::<String>()
}
