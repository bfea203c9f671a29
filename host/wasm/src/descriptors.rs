//! What a program has open, by number.

use std::rc::Rc;

use crate::errno::Errno;
use crate::fs::{Fs, Node, ROOTS};

/// Something open.
#[derive(Debug, Clone)]
pub(crate) enum Open {
    Stdin,
    Stdout,
    Stderr,
    Directory {
        node: Rc<Node>,
        /// Of those that are open from the start, the path that it stands for.
        preopened: Option<&'static str>,
    },
    File(File),
}

/// An open file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) node: Rc<Node>,
    pub(crate) at: u64,
    pub(crate) appends: bool,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Descriptors {
    table: Vec<Option<Open>>,
    /// How many may be open, besides the directories that are from the start.
    most: usize,
}

impl Descriptors {
    /// Standard streams, and a directory for each tree.
    pub(crate) fn new(fs: &Fs, most: u64) -> Self {
        let trees = fs.roots.iter().zip(ROOTS);
        let trees = trees.map(|(node, path)| Open::Directory { node: Rc::clone(node), preopened: Some(path) });
        let table = [Open::Stdin, Open::Stdout, Open::Stderr].into_iter().chain(trees).map(Some).collect();
        Self { table, most: usize::try_from(most).unwrap_or(usize::MAX).saturating_add(ROOTS.len()) }
    }

    pub(crate) fn get(&mut self, number: u32) -> Result<&mut Open, Errno> {
        self.table.get_mut(number as usize).and_then(Option::as_mut).ok_or(Errno::BadF)
    }

    pub(crate) fn file(&mut self, number: u32) -> Result<&mut File, Errno> {
        match self.get(number)? {
            Open::File(file) => Ok(file),
            Open::Directory { .. } => Err(Errno::IsDir),
            _ => Err(Errno::SPipe),
        }
    }

    pub(crate) fn directory(&mut self, number: u32) -> Result<Rc<Node>, Errno> {
        match self.get(number)? {
            Open::Directory { node, .. } => Ok(Rc::clone(node)),
            _ => Err(Errno::NotDir),
        }
    }

    /// Puts it at the lowest free number.
    pub(crate) fn add(&mut self, open: Open) -> Result<u32, Errno> {
        if self.table.iter().flatten().count() >= self.most {
            return Err(Errno::MFile);
        }
        let free = self.table.iter().position(Option::is_none).unwrap_or(self.table.len());
        if free == self.table.len() {
            self.table.push(None);
        }
        self.table[free] = Some(open);
        u32::try_from(free).map_err(|_| Errno::MFile)
    }

    pub(crate) fn close(&mut self, number: u32) -> Result<Open, Errno> {
        self.table.get_mut(number as usize).and_then(Option::take).ok_or(Errno::BadF)
    }

    /// Moves what is at `from` to `to`, which is closed by that.
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.get(to)?;
        let open = self.get(from)?.clone();
        self.table[to as usize] = Some(open);
        if from != to {
            self.table[from as usize] = None;
        }
        Ok(())
    }
}
