//! Symbolic links inside a package: "may include symbolic links to other files in the problem package" (Kattis, legacy
//! and 2025-09). A link becomes what it leads to. One that leads out is refused by its name.

use bytes::Bytes;

use super::{Caps, Raw, Tree, refused};
use crate::PackageError;

/// Links that are followed one after the other, as Linux has it (`path_resolution(7)`).
const HOPS: usize = 40;
/// How much larger than its cap a package may become when the same files appear at many places; they are one in memory.
const SHARED: u64 = 4;

/// A link's target, as it is written.
pub(super) fn target(link: &str, bytes: Vec<u8>) -> Result<String, PackageError> {
    let target =
        String::from_utf8(bytes).map_err(|_| refused(link, "is a symbolic link to no UTF-8 path".to_owned()))?;
    if target.is_empty() || target.starts_with('/') || target.contains(['\\', '\0']) {
        return Err(leads_out(link, &target));
    }
    Ok(target)
}

fn leads_out(link: &str, target: &str) -> PackageError {
    refused(link, format!("is a symbolic link that leads out of the package, to `{}`", target.escape_debug()))
}

/// What is still allowed.
struct Left {
    entries: usize,
    bytes: u64,
}

impl Raw {
    /// The files, with those that links lead to at the links' places.
    pub(super) fn resolve(self, caps: &Caps) -> Result<Tree, PackageError> {
        let mut tree = Tree { files: self.files.clone(), remarks: Vec::new() };
        let mut left =
            Left { entries: caps.entries.saturating_sub(self.files.len()), bytes: caps.bytes.saturating_mul(SHARED) };
        for (link, target) in &self.links {
            let place = match self.canonical(link, target) {
                // Contests' repositories share the headers of these programs, and nothing of them is judged by.
                Err(error) if is_aside(link) => {
                    tree.remarks.push(format!("{error}, and was ignored"));
                    continue;
                }
                place => place?,
            };
            match place {
                Some(place) => self.copy(&place, link, &mut tree, &mut left, caps.depth)?,
                None => tree.remarks.push(format!("`{link}` is a link to `{target}`, which is not in the package")),
            }
        }
        Ok(tree)
    }

    /// The place without links that a link leads to, if anything is there.
    fn canonical(&self, link: &str, target: &str) -> Result<Option<String>, PackageError> {
        let mut place: Vec<String> = link.split('/').map(str::to_owned).collect();
        place.pop();
        let mut rest: Vec<String> = target.rsplit('/').map(str::to_owned).collect();
        let mut hops = 0;
        while let Some(part) = rest.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => match place.pop() {
                    Some(_) => continue,
                    None => return Err(leads_out(link, target)),
                },
                _ => place.push(part),
            }
            if let Some(next) = self.links.get(&place.join("/")) {
                hops += 1;
                if hops > HOPS {
                    return Err(refused(link, "is a symbolic link that leads round in a circle".to_owned()));
                }
                place.pop();
                rest.extend(next.rsplit('/').map(str::to_owned));
            }
        }
        let place = place.join("/");
        let exists = self.files.contains_key(&place)
            || self.files.range(format!("{place}/")..).next().is_some_and(|(path, _)| within(path, &place).is_some());
        Ok(exists.then_some(place))
    }

    /// Puts what is at one place also at another.
    fn copy(&self, from: &str, to: &str, tree: &mut Tree, left: &mut Left, depth: usize) -> Result<(), PackageError> {
        if let Some(content) = self.files.get(from) {
            return put(tree, left, to, content);
        }
        if within(to, from).is_some() || depth == 0 {
            return Err(refused(to, "is a symbolic link to a directory that holds it".to_owned()));
        }
        for (path, content) in &self.files {
            if let Some(rest) = within(path, from) {
                put(tree, left, &format!("{to}/{rest}"), content)?;
            }
        }
        for (link, target) in &self.links {
            if let Some(rest) = within(link, from)
                && let Some(place) = self.canonical(link, target)?
            {
                self.copy(&place, &format!("{to}/{rest}"), tree, left, depth - 1)?;
            }
        }
        Ok(())
    }
}

/// Directories of packages that judging has no part in; an importer that wants one of their files misses it by its name.
const ASIDE: [&str; 10] = [
    "answer_validators",
    "attachments",
    "generators",
    "input_format_validators",
    "input_validators",
    "input_visualizer",
    "output_visualizer",
    "problem_statement",
    "solution",
    "statement",
];

/// Whether a link lies in one of them, at the top or in the one directory that an archive may hold.
fn is_aside(link: &str) -> bool {
    link.split('/').take(2).any(|part| ASIDE.contains(&part))
}

/// The path from a directory to what is inside.
fn within<'a>(path: &'a str, dir: &str) -> Option<&'a str> {
    if dir.is_empty() { Some(path) } else { path.strip_prefix(dir)?.strip_prefix('/') }
}

fn put(tree: &mut Tree, left: &mut Left, path: &str, content: &Bytes) -> Result<(), PackageError> {
    let too_large =
        || refused(path, "makes the package too large: links bring the same files to too many places".to_owned());
    left.entries = left.entries.checked_sub(1).ok_or_else(too_large)?;
    left.bytes = left.bytes.checked_sub(content.len() as u64).ok_or_else(too_large)?;
    tree.files.insert(path.to_owned(), content.clone());
    Ok(())
}
