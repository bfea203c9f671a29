//! What a tree is made of.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;

use super::NODE_BYTES;
use crate::errno::Errno;

/// A number that several have a hand in: the limiter of the engine has to be `Send`, though all is in one thread.
#[derive(Debug, Default)]
pub(crate) struct Number(AtomicU64);

impl Number {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }
}

/// The bytes that a view may take, and those that it has taken.
#[derive(Debug, Default)]
pub(crate) struct Space {
    pub(crate) used: Number,
    pub(crate) peak: Number,
    pub(crate) most: Number,
    /// What the step's memory limit leaves: what is in files is in memory.
    pub(crate) memory_left: Number,
    /// That limit, and not the work area's, has refused something.
    pub(crate) refused_memory: AtomicBool,
    last_inode: Number,
}

impl Space {
    pub(super) fn take(&self, bytes: u64) -> Result<(), Errno> {
        let used = self.used.get().saturating_add(bytes);
        if used > self.most.get() {
            return Err(Errno::NoSpc);
        }
        if used > self.memory_left.get() {
            self.refused_memory.store(true, Ordering::Relaxed);
            return Err(Errno::NoSpc);
        }
        self.used.set(used);
        self.peak.set(self.peak.get().max(used));
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        self.used.set(self.used.get().saturating_sub(bytes));
    }

    fn inode(&self) -> u64 {
        self.last_inode.set(self.last_inode.get() + 1);
        self.last_inode.get()
    }
}

/// A file, a directory or a symlink.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) inode: u64,
    pub(crate) body: RefCell<Body>,
    /// Of the stage: it cannot be changed, and costs nothing.
    pub(crate) is_fixed: bool,
    pub(crate) is_executable: bool,
    /// Of a directory: how many it is in.
    pub(super) depth: usize,
    pub(super) space: Arc<Space>,
    /// Its names besides the first.
    more_names: Cell<u64>,
}

#[derive(Debug)]
pub(crate) enum Body {
    File(Content),
    Directory(BTreeMap<String, Rc<Node>>),
    Link(String),
}

/// A file's bytes: the stage's, until they are written to.
#[derive(Debug)]
pub(crate) enum Content {
    Shared(Bytes),
    Own(Vec<u8>),
}

impl Content {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared(bytes) => bytes,
            Self::Own(bytes) => bytes,
        }
    }

    /// A copy of bytes that may still change.
    pub(crate) fn to_bytes(&self) -> Bytes {
        match self {
            Self::Shared(bytes) => bytes.clone(),
            Self::Own(bytes) => Bytes::copy_from_slice(bytes),
        }
    }
}

impl Node {
    fn new(space: &Arc<Space>, body: Body, is_fixed: bool, is_executable: bool, depth: usize) -> Rc<Self> {
        let body = RefCell::new(body);
        let (inode, space, more_names) = (space.inode(), Arc::clone(space), Cell::default());
        Rc::new(Self { inode, body, is_fixed, is_executable, depth, space, more_names })
    }

    pub(super) fn directory(space: &Arc<Space>, depth: usize, is_fixed: bool) -> Rc<Self> {
        Self::new(space, Body::Directory(BTreeMap::new()), is_fixed, false, depth)
    }

    pub(super) fn file(space: &Arc<Space>, bytes: Bytes, is_fixed: bool, is_executable: bool) -> Rc<Self> {
        Self::new(space, Body::File(Content::Shared(bytes)), is_fixed, is_executable, 0)
    }

    pub(super) fn link(space: &Arc<Space>, target: &str) -> Rc<Self> {
        Self::new(space, Body::Link(target.to_owned()), false, false, 0)
    }

    /// Pays for one more name.
    pub(super) fn add_name(&self) -> Result<(), Errno> {
        self.space.take(NODE_BYTES)?;
        self.more_names.set(self.more_names.get() + 1);
        Ok(())
    }

    /// The last name goes with the node.
    pub(super) fn drop_name(&self) {
        if let Some(left) = self.more_names.get().checked_sub(1) {
            self.more_names.set(left);
            self.space.give_back(NODE_BYTES);
        }
    }

    pub(crate) fn is_directory(&self) -> bool {
        matches!(*self.body.borrow(), Body::Directory(_))
    }

    /// The size of a file, or of a symlink's target.
    pub(crate) fn size(&self) -> u64 {
        match &*self.body.borrow() {
            Body::File(content) => content.bytes().len() as u64,
            Body::Link(target) => target.len() as u64,
            Body::Directory(_) => 0,
        }
    }

    /// Copies what is at `offset` into `into`, and returns how much that was.
    pub(crate) fn read(&self, offset: u64, into: &mut [u8]) -> Result<usize, Errno> {
        let body = self.body.borrow();
        let Body::File(content) = &*body else { return Err(Errno::IsDir) };
        let bytes = content.bytes();
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let length = into.len().min(bytes.len() - from);
        into[..length].copy_from_slice(&bytes[from..from + length]);
        Ok(length)
    }

    /// Writes at `offset`; what lies between the old end and it becomes zero.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        let end = offset.checked_add(bytes.len() as u64).ok_or(Errno::FBig)?;
        if end > self.size() {
            self.resize(end)?;
        }
        self.change(|own| {
            let from = usize::try_from(offset).unwrap_or(usize::MAX);
            own[from..from + bytes.len()].copy_from_slice(bytes);
        })
    }

    /// Cuts a file, or appends zeroes.
    pub(crate) fn resize(&self, size: u64) -> Result<(), Errno> {
        let old = self.size();
        if size > old {
            self.space.take(size - old)?;
        }
        let length = usize::try_from(size).map_err(|_| Errno::FBig)?;
        self.change(|own| own.resize(length, 0))?;
        if size < old {
            self.space.give_back(old - size);
        }
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) -> Result<(), Errno> {
        if self.is_fixed {
            return Err(Errno::RoFs);
        }
        let mut body = self.body.borrow_mut();
        let Body::File(content) = &mut *body else { return Err(Errno::IsDir) };
        if let Content::Shared(bytes) = content {
            *content = Content::Own(bytes.to_vec());
        }
        if let Content::Own(own) = content {
            change(own);
        }
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if !self.is_fixed {
            let content = match &*self.body.borrow() {
                Body::File(content) => content.bytes().len() as u64,
                Body::Directory(_) | Body::Link(_) => 0,
            };
            self.space.give_back(NODE_BYTES * (1 + self.more_names.get()) + content);
        }
    }
}
