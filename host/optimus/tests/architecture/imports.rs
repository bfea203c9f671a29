//! Who imports whom: each path in a crate's code, followed to the file in which the thing is written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::source::{Mention, Module};

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) from: Vec<String>,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) target: Target,
}

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// From a module of the same crate.
    Own(Vec<String>),
    /// From another crate.
    Crate(String),
}

/// Re-exports that are followed at most; a longer chain is a mistake of ours.
const CHAIN: usize = 16;

/// All imports of a crate, in the order of its code. What a module takes from itself is none.
pub(crate) fn imports(modules: &[Module]) -> Vec<Import> {
    let index: BTreeMap<&[String], &Module> = modules.iter().map(|module| (module.path.as_slice(), module)).collect();
    let mut found = Vec::new();
    for module in modules {
        for Mention { line, path } in &module.mentions {
            let target = follow(path, module, &index, CHAIN);
            if target.as_ref().is_some_and(|target| *target != Target::Own(module.path.clone())) {
                let (from, file) = (module.path.clone(), module.file.clone());
                found.extend(target.map(|target| Import { from, file, line: *line, target }));
            }
        }
    }
    found
}

/// `None`: it names something in scope that is no import, like a variant of an enum.
fn follow(path: &[String], module: &Module, index: &BTreeMap<&[String], &Module>, chain: usize) -> Option<Target> {
    let (first, rest) = path.split_first()?;
    let absolute = match first.as_str() {
        "crate" => rest.to_vec(),
        "self" => [&module.path, rest].concat(),
        "super" => {
            let up = path.iter().take_while(|segment| *segment == "super").count();
            let kept = module.path.len().checked_sub(up)?;
            [&module.path[..kept], &path[up..]].concat()
        }
        name => {
            let child: Vec<String> = module.path.iter().cloned().chain([name.to_owned()]).collect();
            if index.contains_key(child.as_slice()) {
                [&child, rest].concat()
            } else if let Some(import) = module.imports.get(name).filter(|import| import.as_slice() != path) {
                // `use a::b; … b::c`: what `b` stands for was counted at its `use`.
                let full = [import.as_slice(), rest].concat();
                return (chain > 0 && full.first() != Some(first)).then(|| follow(&full, module, index, chain - 1))?;
            } else if name.starts_with(char::is_lowercase) && !rest.is_empty() {
                return Some(Target::Crate(name.to_owned()));
            } else {
                return None;
            }
        }
    };
    let depth = (0..=absolute.len()).rev().find(|depth| index.contains_key(&absolute[..*depth]))?;
    let owner = index[&absolute[..depth]];
    // A name that its module imports is written somewhere else.
    match absolute.get(depth).and_then(|name| owner.imports.get(name)) {
        Some(import) if chain > 0 && owner.path != module.path => {
            let full = [import.as_slice(), &absolute[depth + 1..]].concat();
            follow(&full, owner, index, chain - 1)
        }
        _ => Some(Target::Own(owner.path.clone())),
    }
}
