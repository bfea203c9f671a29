//! From a manifest and a job to a plan, and back from what a toolchain prints to what it means.

use optimus_sdk::{Diagnostic, Error, Outcome, Plan, Refined, Request, Step, diagnostics};

use crate::expand::Filler;
use crate::manifest::{Command, Manifest};
use crate::pattern;

/// Maximum number of sources for which a command with `{each}` is repeated; a mistake in a later one shows when it runs.
const EACH: usize = 8;

impl Manifest {
    /// The plan of a request.
    ///
    /// # Errors
    /// The job's options are wrong, or it has no file that a command asks for.
    pub fn plan(&self, request: &Request) -> Result<Plan, Error> {
        let filler = Filler::new(self, request)?;
        let mut plan = Plan::new(step(&filler, &self.run, None)?.args(&request.args));
        plan.image = filler.image();
        plan.comparer = self.compare.map(|compare| compare.comparer());
        for command in &self.compile {
            if !command.words.iter().any(|word| word.contains("{each}")) {
                plan = plan.compile(step(&filler, command, None)?);
                continue;
            }
            let extensions: Vec<&str> = self.extensions.iter().map(String::as_str).collect();
            for source in request.source_args(&extensions)?.iter().take(EACH) {
                plan = plan.compile(step(&filler, command, Some(source))?);
            }
        }
        Ok(plan)
    }

    pub(crate) fn diagnostics_of(&self, outcome: &Outcome) -> Vec<Diagnostic> {
        let printed = [outcome.stdout(), outcome.stderr()].join("\n");
        match self.diagnostics.is_empty() {
            true => diagnostics::colons(&printed),
            false => pattern::read(&self.diagnostics, &printed),
        }
    }

    pub(crate) fn refine(&self, outcome: &Outcome) -> Option<Refined> {
        let says = |text: &String| outcome.stderr().contains(text.as_str()) || outcome.stdout().ends_with(text);
        (outcome.failed() && self.memory_errors.iter().any(says)).then_some(Refined::MemoryLimitExceeded)
    }
}

fn step(filler: &Filler<'_>, command: &Command, each: Option<&str>) -> Result<Step, Error> {
    let step = Step::new(&command.name, filler.words(&command.words, each)?)
        .collect(filler.words(&command.collect, each)?)
        .limits(command.limits.wishes());
    let step = command.files.iter().fold(step, |step, (path, content)| step.file(path, content.as_bytes()));
    command.env.iter().try_fold(step, |step, (name, value)| {
        let value = filler.words(std::slice::from_ref(value), each)?.join(" ");
        Ok(step.env(name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Choice, Kind};

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn command(name: &str, text: &str) -> Command {
        Command { name: name.to_owned(), words: words(text), ..Command::default() }
    }

    fn pascal() -> Manifest {
        let mut compile = command("compile", "fpc -O{level} {flags} {debug} -omain {main}");
        compile.collect = words("main {data}");
        let option = |name: &str, kind| Choice { name: name.to_owned(), about: String::new(), kind };
        Manifest {
            id: "pascal".to_owned(),
            extensions: words("pas"),
            images: words("optimus/pascal:3"),
            compile: vec![compile],
            run: command("run", "./main"),
            options: vec![
                option("level", Kind::Values(words("2 1"))),
                option("flags", Kind::Flags),
                option("debug", Kind::Switch("-g".to_owned(), false)),
            ],
            memory_errors: vec!["Heap overflow".to_owned()],
            ..Manifest::default()
        }
    }

    #[test]
    fn slots_are_filled_in_for_each_job() {
        let request = Request::of([("a.pas", ""), ("in.txt", "")]).with_args(&["7"]);
        let plan = pascal().plan(&request).unwrap();
        assert_eq!(plan.image, "optimus/pascal:3");
        assert_eq!(plan.compile[0].argv, ["fpc", "-O2", "-omain", "a.pas"]);
        assert_eq!(plan.compile[0].collect, ["main", "in.txt"]);
        assert_eq!(plan.run.argv, ["./main", "7"]);
        let chosen = request.with_options(r#"{"level": "1", "flags": ["-v", "-w"], "debug": true}"#);
        let plan = pascal().plan(&chosen).unwrap();
        assert_eq!(plan.compile[0].argv, ["fpc", "-O1", "-v", "-w", "-g", "-omain", "a.pas"]);
    }

    #[test]
    fn each_source_has_a_step() {
        let mut language = pascal();
        language.compile = vec![command("check", "lua -p {each}")];
        let plan = language.plan(&Request::of([("a.pas", ""), ("x", ""), ("-b.pas", "")])).unwrap();
        let steps: Vec<_> = plan.compile.iter().map(|step| step.argv.join(" ")).collect();
        assert_eq!(steps, ["lua -p a.pas", "lua -p ./-b.pas"]);
    }

    #[test]
    fn what_a_job_lacks_is_said() {
        let mut language = pascal();
        language.compile = vec![command("compile", "x {sources}")];
        let Err(Error::BadSource(message)) = language.plan(&Request::of([("a.c", "")])) else { panic!("no source") };
        assert_eq!(message, "no file ends in `.pas`");
        let wrong = Request::of([("a.pas", "")]).with_options(r#"{"level": "9"}"#);
        assert!(matches!(language.plan(&wrong), Err(Error::BadOptions(_))));
    }

    #[test]
    fn refused_memory_is_the_limits_fault() {
        let outcome = |code| Outcome::exited(code, "Runtime error 203\nHeap overflow error\n");
        assert_eq!(pascal().refine(&outcome(203)), Some(Refined::MemoryLimitExceeded));
        assert_eq!(pascal().refine(&outcome(0)), None);
    }
}
