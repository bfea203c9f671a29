//! The stage: files that wait for the next view, and their way in and out as an archive.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use optimus_core::BoxPath;
use optimus_core::plan::Collect;

use super::NODE_BYTES;
use super::node::{Body, Node, Space};

/// Files that wait, by path.
#[derive(Debug, Default, Clone)]
pub(crate) struct Stage {
    entries: BTreeMap<String, Staged>,
}

#[derive(Debug, Clone)]
enum Staged {
    Directory,
    File { bytes: Bytes, is_executable: bool },
}

impl Stage {
    pub(crate) fn put(&mut self, path: String, bytes: Bytes, is_executable: bool) {
        self.entries.insert(path, Staged::File { bytes, is_executable });
    }

    /// Puts everything below `root`.
    pub(super) fn place(&self, root: &Rc<Node>, space: &Arc<Space>, is_fixed: bool) {
        for (path, staged) in &self.entries {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            let parent = directory.split('/').filter(|part| !part.is_empty());
            let parent = parent.fold(Rc::clone(root), |at, part| subdirectory(&at, part, space, is_fixed));
            match staged {
                Staged::Directory => drop(subdirectory(&parent, name, space, is_fixed)),
                Staged::File { bytes, is_executable } => {
                    if !is_fixed {
                        charge(space, NODE_BYTES + bytes.len() as u64);
                    }
                    insert(&parent, name, Node::file(space, bytes.clone(), is_fixed, *is_executable));
                }
            }
        }
    }

    /// What `paths` choose of the tree below `root`.
    ///
    /// # Errors
    /// What the program left in place of a file, in words.
    pub(crate) fn collect(root: &Rc<Node>, paths: &[Collect]) -> Result<Self, String> {
        let mut stage = Self::default();
        for path in paths {
            match path {
                Collect::All => stage.take_children("", root)?,
                Collect::Path(path) => {
                    let found = super::find(root, path.as_str(), false);
                    let node = found.map_err(|_| format!("the build left no `{path}`"))?;
                    stage.take(path.as_str(), &node)?;
                }
            }
        }
        Ok(stage)
    }

    fn take(&mut self, path: &str, node: &Rc<Node>) -> Result<(), String> {
        match &*node.body.borrow() {
            Body::Link(_) => return Err(format!("`{path}` is a symlink, not a file")),
            Body::File(content) => {
                self.put(path.to_owned(), content.to_bytes(), node.is_executable);
            }
            Body::Directory(_) => {
                self.entries.insert(path.to_owned(), Staged::Directory);
            }
        }
        self.take_children(path, node)
    }

    /// Recurses no deeper than directories may be in each other.
    fn take_children(&mut self, path: &str, node: &Rc<Node>) -> Result<(), String> {
        let Body::Directory(entries) = &*node.body.borrow() else { return Ok(()) };
        for (name, child) in entries {
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let path = BoxPath::new(path.clone()).map_err(|why| format!("`{}` {why}", path.escape_debug()))?;
            self.take(path.as_str(), child)?;
        }
        Ok(())
    }

    /// As a tar archive.
    pub(crate) fn archive(&self) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, staged) in &self.entries {
            let mut header = tar::Header::new_gnu();
            match staged {
                Staged::Directory => {
                    header.set_entry_type(tar::EntryType::Directory);
                    header.set_mode(0o755);
                    header.set_size(0);
                    archive.append_data(&mut header, format!("{path}/"), io::empty())?;
                }
                Staged::File { bytes, is_executable } => {
                    header.set_entry_type(tar::EntryType::Regular);
                    header.set_mode(if *is_executable { 0o755 } else { 0o644 });
                    header.set_size(bytes.len() as u64);
                    archive.append_data(&mut header, path, &bytes[..])?;
                }
            }
        }
        archive.into_inner()
    }

    /// From a tar archive.
    ///
    /// # Errors
    /// What in it is no file or directory, in words.
    pub(crate) fn from_archive(archive: &[u8]) -> Result<Self, String> {
        let mut stage = Self::default();
        let unreadable = |error: io::Error| format!("the archive cannot be read: {error}");
        for entry in tar::Archive::new(archive).entries().map_err(unreadable)? {
            let mut entry = entry.map_err(unreadable)?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/').to_owned();
            BoxPath::new(path.clone()).map_err(|why| format!("`{}` {why}", path.escape_debug()))?;
            match entry.header().entry_type() {
                tar::EntryType::Directory => {
                    stage.entries.insert(path, Staged::Directory);
                }
                tar::EntryType::Regular => {
                    let is_executable = entry.header().mode().map_err(unreadable)? & 0o100 != 0;
                    let mut bytes = Vec::new();
                    entry.read_to_end(&mut bytes).map_err(unreadable)?;
                    stage.put(path, bytes.into(), is_executable);
                }
                _ => return Err(format!("`{path}` is no file")),
            }
        }
        Ok(stage)
    }
}

fn subdirectory(at: &Rc<Node>, name: &str, space: &Arc<Space>, is_fixed: bool) -> Rc<Node> {
    let found = match &*at.body.borrow() {
        Body::Directory(entries) => entries.get(name).filter(|node| node.is_directory()).map(Rc::clone),
        _ => None,
    };
    found.unwrap_or_else(|| {
        if !is_fixed {
            charge(space, NODE_BYTES);
        }
        let made = Node::directory(space, at.depth + 1, is_fixed);
        insert(at, name, Rc::clone(&made));
        made
    })
}

fn insert(at: &Rc<Node>, name: &str, node: Rc<Node>) {
    if let Body::Directory(entries) = &mut *at.body.borrow_mut() {
        entries.insert(name.to_owned(), node);
    }
}

/// What the host puts there is counted, and never refused.
fn charge(space: &Space, bytes: u64) {
    space.used.set(space.used.get().saturating_add(bytes));
}
