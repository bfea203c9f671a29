//! From a path to what it names. No path leads above the directory that it starts at.

use std::rc::Rc;

use super::node::{Body, Node};
use super::{NAME_BYTES, PATH_BYTES};
use crate::errno::Errno;

/// symlink(7): so many are followed in one path.
const MAX_LINKS: usize = 8;

/// A name in a directory, and what is there.
#[derive(Debug)]
pub(crate) struct Place {
    pub(super) parent: Rc<Node>,
    name: String,
    pub(crate) node: Option<Rc<Node>>,
    /// The path ends in `/`.
    pub(super) needs_directory: bool,
}

impl Place {
    /// Whether nothing is in the place, and something may be put there.
    pub(super) fn vacant(&self) -> Result<(), Errno> {
        match &self.node {
            Some(_) => Err(Errno::Exist),
            None if self.parent.is_fixed => Err(Errno::RoFs),
            None => Ok(()),
        }
    }

    pub(super) fn insert(&self, node: Rc<Node>) -> Result<(), Errno> {
        let mut body = self.parent.body.borrow_mut();
        let Body::Directory(entries) = &mut *body else { return Err(Errno::NotDir) };
        entries.insert(self.name.clone(), node);
        Ok(())
    }

    /// Removes the name that is here.
    pub(super) fn remove(&self) -> Result<(), Errno> {
        self.take_out().map(|node| node.drop_name())
    }

    /// The same for a name that is put elsewhere.
    pub(super) fn take_out(&self) -> Result<Rc<Node>, Errno> {
        if self.parent.is_fixed || self.node.as_ref().is_some_and(|node| node.is_fixed) {
            return Err(Errno::RoFs);
        }
        let mut body = self.parent.body.borrow_mut();
        let Body::Directory(entries) = &mut *body else { return Err(Errno::NotDir) };
        entries.remove(&self.name).ok_or(Errno::NoEnt)
    }
}

/// What `path` names, which must be there.
pub(crate) fn node(at: &Rc<Node>, path: &str, follow: bool) -> Result<Rc<Node>, Errno> {
    let walk = Walk::new(at, path)?;
    match walk.reach(follow)? {
        Reached::Node(node) => Ok(node),
        Reached::Place(place) => {
            let node = place.node.ok_or(Errno::NoEnt)?;
            if place.needs_directory && !node.is_directory() { Err(Errno::NotDir) } else { Ok(node) }
        }
    }
}

/// The place that `path` names, whether something is there or not.
pub(crate) fn parent(at: &Rc<Node>, path: &str) -> Result<Place, Errno> {
    place(at, path, false)
}

/// The same; with `follow`, where a symlink there leads to.
pub(crate) fn place(at: &Rc<Node>, path: &str, follow: bool) -> Result<Place, Errno> {
    match Walk::new(at, path)?.reach(follow)? {
        Reached::Place(place) => Ok(place),
        // `.` or `..`: a directory that is there already.
        Reached::Node(_) => Err(Errno::Inval),
    }
}

enum Reached {
    /// The start, or what `.` or `..` led to.
    Node(Rc<Node>),
    Place(Place),
}

struct Walk {
    /// From where the path starts down to where it has come.
    above: Vec<Rc<Node>>,
    /// The parts that are left, the next one last.
    left: Vec<String>,
    links: usize,
    needs_directory: bool,
}

impl Walk {
    fn new(at: &Rc<Node>, path: &str) -> Result<Self, Errno> {
        let mut walk =
            Self { above: vec![Rc::clone(at)], left: Vec::new(), links: 0, needs_directory: path.ends_with('/') };
        walk.push(path)?;
        Ok(walk)
    }

    fn push(&mut self, path: &str) -> Result<(), Errno> {
        if path.is_empty() {
            return Err(Errno::NoEnt);
        }
        if path.len() > PATH_BYTES || path.split('/').any(|part| part.len() > NAME_BYTES) {
            return Err(Errno::NameTooLong);
        }
        if path.starts_with('/') {
            return Err(Errno::NotCapable);
        }
        self.left.extend(path.split('/').rev().filter(|part| !part.is_empty()).map(str::to_owned));
        Ok(())
    }

    fn reach(mut self, follow: bool) -> Result<Reached, Errno> {
        while let Some(part) = self.left.pop() {
            let here = self.above.last().map(Rc::clone).ok_or(Errno::NotCapable)?;
            if !here.is_directory() {
                return Err(Errno::NotDir);
            }
            match part.as_str() {
                "." => continue,
                ".." => {
                    if self.above.len() < 2 {
                        return Err(Errno::NotCapable);
                    }
                    self.above.pop();
                    continue;
                }
                _ => {}
            }
            let found = match &*here.body.borrow() {
                Body::Directory(entries) => entries.get(&part).map(Rc::clone),
                _ => return Err(Errno::NotDir),
            };
            let is_last = self.left.is_empty();
            let target = found.as_ref().and_then(|node| match &*node.body.borrow() {
                Body::Link(target) if !is_last || follow || self.needs_directory => Some(target.clone()),
                _ => None,
            });
            if let Some(target) = target {
                self.links += 1;
                if self.links > MAX_LINKS {
                    return Err(Errno::Loop);
                }
                self.push(&target)?;
                continue;
            }
            if is_last {
                let needs_directory = self.needs_directory;
                return Ok(Reached::Place(Place { parent: here, name: part, node: found, needs_directory }));
            }
            self.above.push(found.ok_or(Errno::NoEnt)?);
        }
        self.above.pop().map(Reached::Node).ok_or(Errno::NotCapable)
    }
}
