//! Every place of a submission where a file's content stands, and so may name a stored blob.

use super::{Job, JobRequest};
use crate::{Checker, Communication, Comparer, Content, Digest, Scoring, SourceFile, Test};

/// Blobs that are named, each with its place in the JSON.
#[derive(Default)]
struct Named(Vec<(String, Digest)>);

impl JobRequest {
    /// The blobs that it names, each with its place in the JSON: `tests[0].stdin.sha256`.
    pub fn blobs(&self) -> Vec<(String, Digest)> {
        let mut named = Named::default();
        named.add(self.source.as_ref(), || "source".to_owned());
        named.of_files(self.files.iter().map(|file| &file.content), "");
        self.tests.iter().enumerate().for_each(|(i, test)| named.of_test(test, i));
        let programs = [self.source_checker.as_deref(), self.interactor.as_deref()];
        named.of_programs(self.compare.as_ref(), programs, self.communication.as_deref(), self.scoring.as_ref());
        named.0
    }
}

impl Job {
    /// The blobs that it names; the first of its files may have been the request's `source`.
    pub fn blobs(&self) -> Vec<(String, Digest)> {
        let mut named = Named::default();
        named.of_files(self.files.iter().map(|file| &file.content), "");
        self.tests.iter().enumerate().for_each(|(i, test)| named.of_test(test, i));
        let programs = [self.source_checker.as_deref(), self.interactor.as_deref()];
        named.of_programs(self.compare.as_ref(), programs, self.communication.as_deref(), self.scoring.as_ref());
        named.0
    }
}

impl Named {
    fn add(&mut self, content: Option<&Content>, place: impl FnOnce() -> String) {
        if let Some(name) = content.and_then(Content::blob) {
            self.0.push((format!("{}.sha256", place()), name));
        }
    }

    fn of_files<'a>(&mut self, contents: impl Iterator<Item = &'a Content>, place: &str) {
        for (i, content) in contents.enumerate() {
            self.add(Some(content), || format!("{place}files[{i}].content"));
        }
    }

    fn of_test(&mut self, test: &Test, i: usize) {
        self.add(Some(&test.stdin), || format!("tests[{i}].stdin"));
        self.add(test.expect.as_ref(), || format!("tests[{i}].expect"));
        for (n, file) in test.files.iter().enumerate() {
            self.add(Some(&file.content), || format!("tests[{i}].files[{n}].content"));
        }
    }

    /// The programs that judge: checkers, interactors, managers, graders.
    fn of_programs(
        &mut self,
        compare: Option<&Comparer>,
        [source_checker, interactor]: [Option<&Checker>; 2],
        communication: Option<&Communication>,
        scoring: Option<&Scoring>,
    ) {
        let compare = match compare {
            Some(Comparer::Program(program)) => Some(&**program),
            _ => None,
        };
        let tree = scoring.and_then(|scoring| scoring.tree.as_ref());
        let programs = [
            ("compare.program", compare),
            ("source_checker", source_checker),
            ("interactor", interactor),
            ("communication.manager", communication.map(|own| &own.manager)),
            ("scoring.tree.grader", tree.and_then(|tree| tree.grader.as_ref())),
        ];
        for (place, program) in programs {
            program.into_iter().for_each(|program| self.of_checker(program, place));
        }
    }

    fn of_checker(&mut self, checker: &Checker, place: &str) {
        self.add(checker.source.as_ref(), || format!("{place}.source"));
        self.of_files(checker.files.iter().map(|file| &file.content), &format!("{place}."));
        for (i, other) in checker.also.iter().enumerate() {
            self.of_checker(other, &format!("{place}.also[{i}]"));
        }
    }
}

impl Job {
    /// Calls `f` with every content that may name a blob.
    pub fn for_each_content(&mut self, f: &mut impl FnMut(&mut Content)) {
        of_files(&mut self.files, f);
        for test in &mut self.tests {
            f(&mut test.stdin);
            test.expect.iter_mut().for_each(&mut *f);
            of_files(&mut test.files, f);
        }
        if let Some(Comparer::Program(program)) = &mut self.compare {
            of_checker(program, f);
        }
        let programs = [self.source_checker.as_deref_mut(), self.interactor.as_deref_mut()];
        let manager = self.communication.as_deref_mut().map(|own| &mut own.manager);
        let tree = self.scoring.as_mut().and_then(|scoring| scoring.tree.as_deref_mut());
        let grader = tree.and_then(|tree| tree.grader.as_mut());
        programs.into_iter().chain([manager, grader]).flatten().for_each(|program| of_checker(program, f));
    }
}

fn of_files(files: &mut [SourceFile], f: &mut impl FnMut(&mut Content)) {
    files.iter_mut().for_each(|file| f(&mut file.content));
}

fn of_checker(checker: &mut Checker, f: &mut impl FnMut(&mut Content)) {
    checker.source.iter_mut().for_each(&mut *f);
    checker.files.iter_mut().for_each(|file| f(&mut file.content));
    checker.also.iter_mut().for_each(|other| of_checker(other, f));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::job::Policy;

    /// A blob of its own for each place.
    fn blob(n: u8) -> Value {
        json!({"sha256": format!("{n:02x}").repeat(32)})
    }

    fn checker(n: u8) -> Value {
        let file = json!({"path": "a", "content": blob(n)});
        let also = json!([{"language": "t", "protocol": "exit", "source": blob(n + 1)}]);
        json!({"language": "t", "protocol": "exit", "files": [file], "also": also})
    }

    fn check(request: Value, places: &[&str]) {
        let named = request.to_string().matches("sha256").count();
        let request: JobRequest = serde_json::from_value(request).unwrap();
        let blobs = request.blobs();
        assert_eq!(blobs.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>(), places);
        assert_eq!(blobs.len(), named, "a place is not looked at");

        let mut job = request.into_job("toy", "toy", &Policy::default()).unwrap();
        let stored = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&stored).unwrap(), job);
        let mut found = Vec::new();
        job.for_each_content(&mut |content| found.extend(content.blob()));
        assert_eq!((found.len(), job.blobs().len()), (named, named), "a place of the job is not looked at");
        assert!(blobs.iter().all(|(_, name)| found.contains(name)));
    }

    #[test]
    fn every_place_of_a_content_may_name_a_blob() {
        let tests = json!([
            {"group": "all", "stdin": blob(2), "expect": blob(3), "files": [{"path": "x", "content": blob(4)}]},
            {"group": "all", "stdin": "in", "check_sources": true},
        ]);
        let scoring = json!({"tree": {"root": {"name": "all"}, "grader": {
            "language": "t", "protocol": "exit", "source": blob(9)}}});
        let files = json!([{"path": "m", "content": blob(1)}, {"path": "n", "content": "x"}]);
        let request = json!({"language": "t", "files": files, "tests": tests, "scoring": scoring,
            "compare": {"program": checker(5)},
            "source_checker": {"language": "t", "protocol": "kattis", "source": blob(8)}});
        check(
            request,
            &[
                "files[0].content.sha256",
                "tests[0].stdin.sha256",
                "tests[0].expect.sha256",
                "tests[0].files[0].content.sha256",
                "compare.program.files[0].content.sha256",
                "compare.program.also[0].source.sha256",
                "source_checker.source.sha256",
                "scoring.tree.grader.source.sha256",
            ],
        );
        let program = |n| json!({"language": "t", "protocol": "testlib", "source": blob(n)});
        let request = json!({"language": "t", "source": blob(1), "interactor": program(2)});
        check(request, &["source.sha256", "interactor.source.sha256"]);
        let manager = json!({"language": "t", "protocol": "cms", "source": blob(2)});
        let request = json!({"language": "t", "source": blob(1), "communication": {"manager": manager}});
        check(request, &["source.sha256", "communication.manager.source.sha256"]);
    }
}
