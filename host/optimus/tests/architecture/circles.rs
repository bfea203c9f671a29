//! Circles of files: each file of one needs all others to be understood.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::imports::{Import, Target};
use super::source::Module;

/// Sets of files that import each other, directly or by way of others.
pub(crate) fn circles(modules: &[Module], imports: &[Import]) -> Vec<BTreeSet<PathBuf>> {
    let file = |path: &[String]| modules.iter().find(|module| module.path == path).map(|module| module.file.clone());
    let mut edges: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    for import in imports {
        let Target::Own(target) = &import.target else { continue };
        // A room and its parts are one thing in several files: neither is understood without the other.
        if target.starts_with(&import.from) || import.from.starts_with(target) {
            continue;
        }
        edges.entry(import.file.clone()).or_default().extend(file(target).filter(|to| *to != import.file));
    }
    let reach: BTreeMap<&PathBuf, BTreeSet<PathBuf>> =
        edges.keys().map(|from| (from, reachable(from, &edges))).collect();
    let mut found: BTreeSet<BTreeSet<PathBuf>> = BTreeSet::new();
    for (from, reached) in &reach {
        if reached.contains(*from) {
            let back = |to: &&PathBuf| reach.get(to).is_some_and(|reached| reached.contains(*from));
            found.insert(reached.iter().filter(back).cloned().collect());
        }
    }
    found.into_iter().collect()
}

fn reachable(from: &PathBuf, edges: &BTreeMap<PathBuf, BTreeSet<PathBuf>>) -> BTreeSet<PathBuf> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        for to in edges.get(file).into_iter().flatten() {
            if seen.insert(to.clone()) {
                next.push(to);
            }
        }
    }
    seen
}
