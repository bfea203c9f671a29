//! The allow-list: `rooms.toml` says of each room what it may import. A room that it does not list may import nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;

use super::circles;
use super::imports::{Target, imports};
use super::source::Module;

const LIST: &str = include_str!("rooms.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    /// By crate and room.
    rooms: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

fn allowed() -> Allowed {
    toml::from_str(LIST).unwrap()
}

/// What is written in `lib.rs` or `main.rs` itself.
const ROOT: &str = "root";

fn room(path: &[String]) -> &str {
    path.first().map_or(ROOT, String::as_str)
}

/// Imports that the list does not have, each as one line that says where it stands and what to add.
pub(crate) fn violations(name: &str, modules: &[Module]) -> Vec<String> {
    let allowed = allowed();
    let nothing = BTreeMap::new();
    let list = allowed.rooms.get(name).unwrap_or(&nothing);
    let mut wrong = Vec::new();
    for import in imports(modules) {
        let from = room(&import.from);
        let target = match &import.target {
            Target::Own(path) => room(path).to_owned(),
            Target::Crate(name) if name.starts_with("optimus_") => name.clone(),
            Target::Crate(_) => continue,
        };
        if target != from && !list.get(from).is_some_and(|listed| listed.contains(&target)) {
            let place = format!("{}:{}", import.file.display(), import.line);
            wrong.push(format!("{place}: room `{from}` of host/{name} may not import `{target}` (see rooms.toml)"));
        }
    }
    wrong
}

/// Circles of files, each as one line.
pub(crate) fn circles(name: &str, modules: &[Module]) -> Vec<String> {
    let shown = |file: &PathBuf| {
        let shown = file.display().to_string();
        shown.rsplit_once("/src/").map_or(shown.clone(), |(_, file)| file.to_owned())
    };
    let found = circles::circles(modules, &imports(modules)).into_iter();
    found
        .map(|circle| {
            let files: BTreeSet<String> = circle.iter().map(shown).collect();
            format!("host/{name}: these files import each other in a circle: {files:?}")
        })
        .collect()
}
