//! The stage as a whole: copied to the build area, and emptied. Nobody but us writes there, so its paths lead where
//! they say.

use std::fs;
use std::path::Path;

use rustix::fs::{CWD, Mode, mkdirat};

use crate::box_state::BoxState;
use crate::fault::{At as _, Fault};
use crate::step;

/// Empties the directory `path`.
pub(crate) fn empty(path: &str) -> Result<(), Fault> {
    for entry in fs::read_dir(path).at("empty the stage")? {
        let entry = entry.at("empty the stage")?;
        if entry.file_type().at("empty the stage")?.is_dir() {
            fs::remove_dir_all(entry.path()).at("empty the stage")?;
        } else {
            fs::remove_file(entry.path()).at("empty the stage")?;
        }
    }
    Ok(())
}

/// Copies the tree `from` into the empty directory `to`, and makes programs its owner.
pub(crate) fn seed(state: &BoxState, from: &str, to: &str) -> Result<(), Fault> {
    copy_tree(state, Path::new(from), Path::new(to))
}

fn copy_tree(state: &BoxState, from: &Path, to: &Path) -> Result<(), Fault> {
    for entry in fs::read_dir(from).at("read the stage")? {
        let entry = entry.at("read the stage")?;
        let target = to.join(entry.file_name());
        if entry.file_type().at("read the stage")?.is_dir() {
            mkdirat(CWD, &target, Mode::from_raw_mode(0o755)).at("copy to the build area")?;
            copy_tree(state, &entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).at("copy to the build area")?;
        }
        step::give(state, &target.to_string_lossy())?;
    }
    Ok(())
}
