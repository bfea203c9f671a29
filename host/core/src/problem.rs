//! A problem: what is the same for every submission to it. A job is one submission; a problem and a submission make one.
//!
//! Packages of every format become this value, and it can be stored, so that a job names it instead of carrying it.

mod expectation;
mod pattern;
mod time;

use serde::{Deserialize, Serialize};

use crate::job::FileIo;
use crate::source::{FileRequest, SourceFile};
use crate::{
    BoxPath, Checker, Communication, Comparer, Content, Descriptor, Invalid, JobRequest, LimitsRequest, Scoring, Test,
};

pub use expectation::{Expectation, Part};
pub use pattern::fits;
pub use time::TimeRule;

/// A problem: everything that is the same for each submission.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// For people.
    pub name: String,
    /// The format of the package that it came from.
    pub format: String,
    /// In the order in which they are judged.
    pub tests: Vec<Test>,
    /// The limits of each test.
    #[serde(default)]
    pub limits: LimitsRequest,
    /// A language's own multipliers do not stretch them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact_limits: bool,
    /// Maximum size of a submission's files together, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_bytes: Option<u64>,
    /// The rule that derives the time limit from the right submissions, where the package has no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_rule: Option<TimeRule>,
    /// The comparer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Comparer>,
    /// The program that judges the submission's files in tests with `check_sources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_checker: Option<Box<Checker>>,
    /// The interactor that talks to the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactor: Option<Box<Checker>>,
    /// The manager that talks to the submission's processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communication: Option<Box<Communication>>,
    /// The rules that turn tests into points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoring: Option<Scoring>,
    /// By which files submissions read and print.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_io: Option<FileIo>,
    /// The languages that it takes, as the package names them; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Files that are added to a submission. When there are any, one of them has to fit its language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
    /// A language without an extra may still be submitted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extras_are_optional: bool,
    /// Programs whose verdicts its author knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub submissions: Vec<Labelled>,
    /// Tests that a program of the package makes, before any submission is judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generated: Vec<Generated>,
    /// Parts of the package that were ignored, because they do not change how it judges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// A test whose data a program makes: it prints the input, and the output on stderr.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// The number of the test.
    pub test: usize,
    /// The program.
    pub files: Vec<SourceFile>,
    /// Its arguments.
    pub args: Vec<String>,
    /// More flags for its compiler, as an option `flags` of its language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// It makes the input.
    pub input: bool,
    /// It makes the output.
    pub output: bool,
}

/// Files that are added to a submission in some languages: a grader that calls its functions, headers, a library.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    /// Ids or aliases of the languages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Or file extensions of theirs. With neither, it is for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
    /// The files.
    pub files: Vec<SourceFile>,
    /// The file to start with, when that is not the submission's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<BoxPath>,
    /// The file name of the submission's own file, without its extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stem: Option<String>,
    /// Stands before the text of each of the submission's files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prelude: Option<Content>,
    /// Stands after the text of the submission's own file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coda: Option<Content>,
}

impl Extra {
    fn fits(&self, language: &Descriptor) -> bool {
        let of_all = self.languages.is_empty() && self.extensions.is_empty();
        let is_named = self.languages.iter().any(|name| language.is_called(name));
        of_all || is_named || self.extensions.iter().any(|e| language.extensions.contains(e))
    }
}

/// A program whose verdict is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labelled {
    /// Its place in the package.
    pub name: String,
    /// Its files; the first is the one to start with, unless `entry` names another.
    pub files: Vec<SourceFile>,
    /// As the package says; by the first file's extension, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The file to start with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<BoxPath>,
    /// The expected result.
    pub expect: Expectation,
    /// If true, and the package derives the time limit from its submissions, this one has to be within the limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bounds_time: bool,
}

impl Labelled {
    /// The submission with these files, in `language`. The problem's rules are not in it.
    pub fn request(&self, files: Vec<FileRequest>, language: &Descriptor) -> JobRequest {
        let entry = self.entry.as_ref().map(|entry| entry.as_str().to_owned());
        let mut request = JobRequest { language: language.id.clone(), files, entry, ..JobRequest::default() };
        // A text whose language the package names has no file name of its own.
        if let (Some(_), [only]) = (&self.language, &request.files[..])
            && !only.path.contains('.')
        {
            request.source = request.files.pop().map(|file| file.content);
        }
        request
    }
}

impl Problem {
    /// Returns true if a test runs the submission, and does not only look at its files.
    pub fn runs_submissions(&self) -> bool {
        self.tests.iter().any(|test| test.submitted.is_none())
    }

    /// The job of a submission in `language`: the problem's rules, the submission's files.
    ///
    /// # Errors
    /// The problem does not take it: its language, or a file that the problem itself brings.
    pub fn job(&self, submission: JobRequest, language: &Descriptor) -> Result<JobRequest, Invalid> {
        if !self.languages.is_empty() && !self.languages.iter().any(|name| language.is_called(name)) {
            let message = format!("the problem does not take `{}`", language.id);
            let hint = format!("it takes {}", self.languages.join(", "));
            return Err(Invalid::new("language", message).hint(hint));
        }
        let extras: Vec<&Extra> = self.extras.iter().filter(|extra| extra.fits(language)).collect();
        if extras.is_empty() && !self.extras.is_empty() && !self.extras_are_optional {
            let message = format!("the problem brings no grader for `{}`", language.id);
            return Err(Invalid::new("language", message));
        }
        let mut files = submission.files;
        if let Some(content) = submission.source {
            let extension = language.extension();
            files.insert(0, FileRequest { path: format!("main.{extension}"), content });
        }
        let bytes: usize = files.iter().map(|file| file.content.len()).sum();
        if let Some(most) = self.source_bytes.filter(|most| *most < bytes as u64) {
            return Err(Invalid::new("files", format!("hold {bytes} bytes, and the problem takes {most}")));
        }
        let mut entry = submission.entry;
        for extra in extras {
            extra.apply(&mut files, &mut entry);
        }
        Ok(JobRequest {
            source: None,
            files,
            entry,
            tests: self.tests.clone(),
            limits: self.limits.clone(),
            exact_limits: self.exact_limits,
            compare: self.compare.clone(),
            source_checker: self.source_checker.clone(),
            interactor: self.interactor.clone(),
            communication: self.communication.clone(),
            scoring: self.scoring.clone(),
            file_io: self.file_io.clone(),
            problem: None,
            ..submission
        })
    }
}

impl Extra {
    /// A file of the problem takes the place of one of the submission's that is called the same.
    fn apply(&self, files: &mut Vec<FileRequest>, entry: &mut Option<String>) {
        if let (Some(stem), [own, ..]) = (&self.stem, &mut files[..]) {
            let extension = own.path.rsplit_once('.').map(|(_, extension)| format!(".{extension}"));
            own.path = format!("{stem}{}", extension.unwrap_or_default());
        }
        if let Some(prelude) = &self.prelude {
            for file in files.iter_mut() {
                file.content = [prelude.as_bytes(), file.content.as_bytes()].concat().into();
            }
        }
        if let (Some(coda), [own, ..]) = (&self.coda, &mut files[..]) {
            own.content = [own.content.as_bytes(), coda.as_bytes()].concat().into();
        }
        for extra in &self.files {
            files.retain(|file| file.path != extra.path.as_str());
            files.push(extra.into());
        }
        if let Some(own) = &self.entry {
            *entry = Some(own.as_str().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toy() -> Descriptor {
        serde_json::from_value(serde_json::json!({
            "id": "toy", "name": "Toy", "version": "1", "aliases": ["toy3"], "extensions": ["toy"], "images": [],
            "probe": [], "install_hint": "", "time_multiplier": 1.0, "memory_multiplier": 1.0, "minimum": {},
            "options_schema": null, "judge0_ids": [], "piston_names": [], "samples": []
        }))
        .unwrap()
    }

    fn extra(path: &str) -> Extra {
        let file = SourceFile { path: BoxPath::new(path).unwrap(), content: "theirs".into() };
        Extra { files: vec![file], ..Extra::default() }
    }

    fn submission() -> JobRequest {
        JobRequest { language: "toy".to_owned(), source: Some("own".into()), ..JobRequest::default() }
    }

    #[test]
    fn a_grader_starts_and_finds_the_submission_under_its_name() {
        let grader = Extra {
            extensions: vec!["toy".to_owned()],
            entry: Some(BoxPath::new("grader.toy").unwrap()),
            stem: Some("sum".to_owned()),
            prelude: Some("first\n".into()),
            ..extra("grader.toy")
        };
        let problem = Problem { extras: vec![grader], ..Problem::default() };
        let job = problem.job(submission(), &toy()).unwrap();
        let paths: Vec<&str> = job.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((paths, job.entry.as_deref()), (vec!["sum.toy", "grader.toy"], Some("grader.toy")));
        assert_eq!(job.files[0].content.as_bytes(), b"first\nown");
    }

    #[test]
    fn languages_that_are_not_taken_are_named() {
        let other = Problem { languages: vec!["other".to_owned()], ..Problem::default() };
        assert_eq!(other.job(submission(), &toy()).unwrap_err().field, "language");
        let alias = Problem { languages: vec!["toy3".to_owned()], ..Problem::default() };
        assert!(alias.job(submission(), &toy()).is_ok());
        let only = Extra { languages: vec!["other".to_owned()], ..extra("x.h") };
        let mut problem = Problem { extras: vec![only], ..Problem::default() };
        assert!(problem.job(submission(), &toy()).unwrap_err().message.contains("no grader"));
        problem.extras_are_optional = true;
        assert_eq!(problem.job(submission(), &toy()).unwrap().files.len(), 1);
    }

    #[test]
    fn the_problems_own_files_win() {
        let problem = Problem { extras: vec![extra("main.toy")], ..Problem::default() };
        let job = problem.job(submission(), &toy()).unwrap();
        assert_eq!(job.files.len(), 1);
        assert_eq!(job.files[0].content.as_bytes(), b"theirs");
    }
}
