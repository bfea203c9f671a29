//! A file system in memory: all that a program inside Wasm sees of files.
//!
//! No path of the host stands behind it, so there is none to reach; its order, inode numbers and times are the same in
//! every run. Each file and directory costs [`NODE_BYTES`] of the work area besides its content, as a page does on tmpfs.

mod gather;
mod lookup;
mod node;
mod stage;
#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::sync::Arc;

use crate::errno::Errno;

pub(crate) use gather::gather;
pub(crate) use lookup::{Place, node as find, place};
pub(crate) use node::{Body, Node, Space};
pub(crate) use stage::Stage;

/// The cost of a file's or directory's entry.
pub(crate) const NODE_BYTES: u64 = 4096;
/// Limit of directories inside each other: what walks a tree may recurse so deep.
const MAX_DEPTH: usize = 128;
const NAME_BYTES: usize = 255;
/// Limit of a path, and of a symlink's target: no more than what an entry costs.
pub(crate) const PATH_BYTES: usize = NODE_BYTES as usize;

/// The trees of one view.
#[derive(Debug)]
pub(crate) struct Fs {
    /// The work area, `/tmp` and `/dev/shm`.
    pub(crate) roots: [Rc<Node>; 3],
    pub(crate) space: Arc<Space>,
}

/// What programs find the trees of [`Fs::roots`] at.
pub(crate) const ROOTS: [&str; 3] = ["/", "/tmp", "/dev/shm"];

impl Fs {
    /// A view of `stage`, whose files are read-only in it; or a copy that may be changed.
    pub(crate) fn new(stage: &Stage, is_writable: bool) -> Self {
        let space = Arc::<Space>::default();
        let root = || Node::directory(&space, 0, false);
        let roots = [root(), root(), root()];
        stage.place(&roots[0], &space, !is_writable);
        Self { roots, space }
    }
}

/// Makes a directory.
pub(crate) fn make_directory(at: &Rc<Node>, path: &str) -> Result<(), Errno> {
    let place = lookup::parent(at, path)?;
    place.vacant()?;
    let depth = place.parent.depth + 1;
    if depth > MAX_DEPTH {
        return Err(Errno::NameTooLong);
    }
    let space = Arc::clone(&place.parent.space);
    space.take(NODE_BYTES)?;
    let made = Node::directory(&space, depth, false);
    place.insert(made)
}

/// Makes an empty file.
pub(crate) fn make_file(place: &Place) -> Result<Rc<Node>, Errno> {
    place.vacant()?;
    if place.needs_directory {
        return Err(Errno::IsDir);
    }
    let space = Arc::clone(&place.parent.space);
    space.take(NODE_BYTES)?;
    let made = Node::file(&space, bytes::Bytes::new(), false, false);
    place.insert(Rc::clone(&made))?;
    Ok(made)
}

/// Makes a symlink. Its target may be anything; it is checked when it is followed.
pub(crate) fn make_link(at: &Rc<Node>, path: &str, target: &str) -> Result<(), Errno> {
    let place = lookup::parent(at, path)?;
    place.vacant()?;
    let space = Arc::clone(&place.parent.space);
    space.take(NODE_BYTES)?;
    place.insert(Node::link(&space, target))
}

/// Gives a file one more name.
pub(crate) fn link(from: (&Rc<Node>, &str), to: (&Rc<Node>, &str)) -> Result<(), Errno> {
    let node = lookup::node(from.0, from.1, false)?;
    let place = lookup::parent(to.0, to.1)?;
    place.vacant()?;
    if node.is_directory() || node.is_fixed || !Arc::ptr_eq(&node.space, &place.parent.space) {
        return Err(Errno::Perm);
    }
    // Each name is an entry of its own.
    node.add_name()?;
    place.insert(node)
}

/// Removes a name of something that is no directory.
pub(crate) fn unlink(at: &Rc<Node>, path: &str) -> Result<(), Errno> {
    let place = lookup::parent(at, path)?;
    let node = place.node.as_ref().ok_or(Errno::NoEnt)?;
    if node.is_directory() {
        return Err(Errno::IsDir);
    }
    if place.needs_directory {
        return Err(Errno::NotDir);
    }
    place.remove()
}

/// Removes an empty directory.
pub(crate) fn remove_directory(at: &Rc<Node>, path: &str) -> Result<(), Errno> {
    let place = lookup::parent(at, path)?;
    let node = place.node.as_ref().ok_or(Errno::NoEnt)?;
    match &*node.body.borrow() {
        Body::Directory(entries) if entries.is_empty() => {}
        Body::Directory(_) => return Err(Errno::NotEmpty),
        _ => return Err(Errno::NotDir),
    }
    place.remove()
}

/// Moves something, in place of what may be there. A directory keeps its place in the tree: only its name may change,
/// so that no tree grows too deep or into itself.
pub(crate) fn rename(from: (&Rc<Node>, &str), to: (&Rc<Node>, &str)) -> Result<(), Errno> {
    let old = lookup::parent(from.0, from.1)?;
    let new = lookup::parent(to.0, to.1)?;
    let node = Rc::clone(old.node.as_ref().ok_or(Errno::NoEnt)?);
    if node.is_fixed || old.parent.is_fixed || new.parent.is_fixed {
        return Err(Errno::RoFs);
    }
    if node.is_directory() && !Rc::ptr_eq(&old.parent, &new.parent) {
        return Err(Errno::XDev);
    }
    if let Some(there) = &new.node {
        if Rc::ptr_eq(there, &node) {
            return Ok(());
        }
        match (node.is_directory(), &*there.body.borrow()) {
            _ if there.is_fixed => return Err(Errno::RoFs),
            (true, Body::Directory(entries)) if !entries.is_empty() => return Err(Errno::NotEmpty),
            (false, Body::Directory(_)) => return Err(Errno::IsDir),
            (true, Body::File(_) | Body::Link(_)) => return Err(Errno::NotDir),
            _ => {}
        }
        new.remove()?;
    } else if new.needs_directory && !node.is_directory() {
        return Err(Errno::NotDir);
    }
    old.take_out()?;
    new.insert(node)
}
