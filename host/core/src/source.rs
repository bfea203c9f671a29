//! Source files, as posted and as checked.

use serde::{Deserialize, Serialize};

use crate::{BoxPath, Content};

/// A source file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Relative to the work area.
    pub path: BoxPath,
    /// Its bytes.
    pub content: Content,
}

/// A source file as it is posted: its path is checked later, so that the error can name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of `SourceFile`")]
pub struct FileRequest {
    pub path: String,
    pub content: Content,
}

impl From<&SourceFile> for FileRequest {
    fn from(file: &SourceFile) -> Self {
        Self { path: file.path.as_str().to_owned(), content: file.content.clone() }
    }
}
