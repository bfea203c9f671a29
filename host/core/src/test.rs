//! One test of a job.

use serde::{Deserialize, Serialize};

use crate::{BoxPath, Comparer, Content, SourceFile};

/// One input, and what should come out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// For people; the report says `1`, `2`, … when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the program reads.
    #[serde(default)]
    pub stdin: Content,
    /// What it should print. Without it the program only has to end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Content>,
    /// Arguments for this test, after the job's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Arguments for the checker or interactor in this test, after its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checker_args: Vec<String>,
    /// How the output of this test is compared, where that differs from the job's `compare`; no program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Comparer>,
    /// Files that the program finds beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SourceFile>,
    /// Nothing is run: this file of the submission is what would have been printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted: Option<BoxPath>,
    /// One of `scoring.groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What it is worth, in a group whose score is a sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
}
