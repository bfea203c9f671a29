//! The files of a run that its job asks for. The whole of a job is bounded, since they travel in its report.

use std::sync::{Mutex, PoisonError};

use optimus_core::collect::{CollectedFile, MAX_COLLECTED_BYTES, Pattern};
use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Content, Digest};
use optimus_sandbox::{Gather, OpenBox};
use sha2::{Digest as _, Sha256};

use super::failure::{Cause, cause_of};
use super::limits::CHECKED_OUTPUT;
use super::sink::cut;

/// The bytes that the files of a job may still take, as encoded in its report; shared by its tests.
pub(super) struct Allowance(Mutex<u64>);

impl Allowance {
    pub(super) fn new() -> Self {
        Self(Mutex::new(MAX_COLLECTED_BYTES))
    }

    fn left(&self) -> u64 {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves space for a file. Returns false if it does not fit.
    fn take(&self, content: &Content) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = left.checked_sub(Content::encoded_len(content.as_bytes()));
        rest.map(|rest| *left = rest).is_some()
    }
}

/// The files of one run, and why others are missing.
#[derive(Default)]
pub(super) struct CollectedFiles {
    pub(super) files: Vec<CollectedFile>,
    pub(super) message: Option<String>,
}

/// Collects what a run left in the build area, which ends.
pub(super) async fn collect(
    open: &mut dyn OpenBox,
    patterns: &[Pattern],
    allowance: &Allowance,
) -> Result<CollectedFiles, Cause> {
    let search = Gather { patterns, cap_bytes: allowance.left(), drop_build: true };
    let gathered = open.gather(search).await.map_err(|error| cause_of(&error))?;
    let mut notes = gathered.notes;
    let mut files = Vec::new();
    for PlacedFile { path, executable, content } in gathered.files {
        if !allowance.take(&content) {
            notes.push(format!("`{path}` does not fit: the files of a job take at most {MAX_COLLECTED_BYTES} bytes"));
            continue;
        }
        let sha256 = Digest::Sha256(Sha256::digest(content.as_bytes()).into());
        let (path, bytes) = (path.as_str().to_owned(), content.len() as u64);
        files.push(CollectedFile { path, bytes, sha256, executable, content: Some(content) });
    }
    let mut message = Some(notes.join("; ")).filter(|message| !message.is_empty());
    message.iter_mut().for_each(cut);
    Ok(CollectedFiles { files, message })
}

/// Reads the file that the program wrote instead of printing; `None` if there is none.
pub(super) async fn output(open: &mut dyn OpenBox, path: &BoxPath) -> Result<Option<Content>, Cause> {
    let Ok(pattern) = Pattern::new(path.as_str()) else { return Ok(None) };
    let search = Gather { patterns: &[pattern], cap_bytes: CHECKED_OUTPUT, drop_build: false };
    let gathered = open.gather(search).await.map_err(|error| cause_of(&error))?;
    Ok(gathered.files.into_iter().find(|file| file.path == *path).map(|file| file.content))
}
