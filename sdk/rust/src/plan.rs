//! Saying what has to be done.

use crate::{Comparer, EnvVar, File, Plan, Step, StepLimits};

impl Step {
    /// One program to run: its short name for people, and its argv. There is no shell.
    pub fn new(name: impl Into<String>, argv: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            name: name.into(),
            argv: argv.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            files: Vec::new(),
            collect: Vec::new(),
            limits: StepLimits::default(),
            ext: Vec::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.argv.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.argv.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment. PATH, HOME, TMPDIR and LANG are there already.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push(EnvVar { name: name.into(), value: value.into() });
        self
    }

    /// Puts a file into the work area before the step.
    #[must_use]
    pub fn file(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.files.push(File { path: path.into(), executable: false, content: content.into() });
        self
    }

    /// Paths that the run step sees after this compile step, relative to the work area; `.` is all of it. Where no step
    /// collects anything, the run step sees the sources. A path that is collected already, or lies in such a directory,
    /// is left out.
    #[must_use]
    pub fn collect(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for path in paths.into_iter().map(Into::into) {
            let covered = |by: &String| {
                by == "." || *by == path || path.strip_prefix(by.as_str()).is_some_and(|rest| rest.starts_with('/'))
            };
            if !self.collect.iter().any(covered) {
                self.collect.push(path);
            }
        }
        self
    }

    /// Limits of this step, where they differ from the default.
    #[must_use]
    pub fn limits(mut self, limits: StepLimits) -> Self {
        self.limits = limits;
        self
    }
}

impl Plan {
    /// Just this, with the language's default image. [`Request::run`](crate::Request::run) is shorter.
    pub fn new(run: Step) -> Self {
        Self { image: String::new(), compile: Vec::new(), run, comparer: None, ext: Vec::new() }
    }

    /// Adds a compile step; they are run once, in order.
    #[must_use]
    pub fn compile(mut self, step: Step) -> Self {
        self.compile.push(step);
        self
    }

    /// Adds compile steps.
    #[must_use]
    pub fn compile_all(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.compile.extend(steps);
        self
    }

    /// Another of the descriptor's images.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.image = image.into();
        self
    }

    /// The comparer of jobs that name none.
    #[must_use]
    pub fn comparer(mut self, comparer: Comparer) -> Self {
        self.comparer = Some(comparer);
        self
    }

    /// Sets a variable of the run step's environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.run = self.run.env(name, value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_collected_twice() {
        let step = Step::new("x", ["x"]).collect(["main", "a"]).collect(["main", "a/b", "ab", "a"]);
        assert_eq!(step.collect, ["main", "a", "ab"]);
    }
}
