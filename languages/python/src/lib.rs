//! Python 3. A syntax error anywhere in the sources is a `compile_error`: they are compiled once, without being run, and
//! thrown away. An uncaught `MemoryError` is a `memory_limit_exceeded`.

use optimus_sdk::{
    Classify, Descriptor, Diagnostic, Error, Language, Opt, Outcome, Plan, Refined, Request, Step, StepLimits, Warm,
};

/// The language.
pub struct Python;

/// Given to `python3 -c`. Without `site`, which it does not need, it starts in half the time.
const CHECK: &str = include_str!("check.py");
/// Given to `python3 -c` instead of the program, which it runs.
const STATEMENTS: &str = include_str!("statements.py");

/// Given to `python3 -c`: runs cells that it reads from stdin. docs/plugins.md says what it reads and prints.
const KERNEL: &str = concat!(include_str!("cells/interpreter.py"), include_str!("cells/supervisor.py"));

const OPTIONS: &[Opt] = &[
    Opt::switch("cells", "stdin is cells as lines of JSON, which run one after another in one interpreter", false),
    Opt::text(
        "statements",
        "a file, which each test may bring, whose statements run after the program, with its names: where neither raises \
         anything, the first line of stdin is printed with the seconds that they took, and nothing else",
    ),
];

impl Language for Python {
    fn describe() -> Descriptor {
        Descriptor::new("python", "Python 3")
            .aliases(["python3", "py"])
            .extensions(["py"])
            .image("optimus/python:3")
            .probe(["python3", "--version"])
            .install_hint("apt-get install python3")
            .minimum(StepLimits::new().memory_mib(32))
            .options(OPTIONS)
            .judge0_ids([71])
            .piston_names(["python", "python3", "py"])
            .sample("hello", "main.py", include_str!("../samples/hello.py"), "Hello, world!\n")
    }

    fn plan(request: &Request) -> Result<Plan, Error> {
        let options = request.options(OPTIONS)?;
        if options.switch("cells") {
            // Its files are for the cells to use, and may be anything.
            return Ok(request.run(["python3", "-E", "-s", "-B", "-c", KERNEL]));
        }
        let main = request.entry_arg()?;
        let mut sources: Vec<_> = request.sources(&["py"]).into_iter().map(|file| file.arg()).collect();
        if !sources.contains(&main) {
            sources.push(main.clone());
        }
        let check = Step::new("check", ["python3", "-I", "-S", "-B", "-c", CHECK]).args(sources);
        // -E and -s: only what the job brings counts. -B: nothing beside the sources can be written anyway. Not -I: it
        // would hide the job's other files from `import`.
        let run = match options.text("statements") {
            Some(path) => request.run(["python3", "-E", "-s", "-B", "-c", STATEMENTS, &main, path]),
            None => request.run(["python3", "-E", "-s", "-B", &main]),
        };
        Ok(run.compile(check))
    }
}

impl Classify for Python {
    fn diagnostics(outcome: &Outcome) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = Vec::new();
        let mut place = None;
        for line in outcome.stderr().lines() {
            if let Some(next) = file_line(line) {
                place = Some(next);
            } else if let Some((path, number)) = place.take_if(|_| is_error(line)) {
                found.push(Diagnostic {
                    path,
                    line: number,
                    column: 0,
                    severity: "error".to_owned(),
                    message: line.to_owned(),
                    code: None,
                });
            }
        }
        found
    }

    fn refine(outcome: &Outcome) -> Option<Refined> {
        outcome.died_saying("MemoryError").then_some(Refined::MemoryLimitExceeded)
    }
}

/// `  File "main.py", line 3` → the path and the line, 0 when there is none.
fn file_line(line: &str) -> Option<(String, u32)> {
    let (path, rest) = line.strip_prefix("  File \"")?.rsplit_once('"')?;
    let number = rest.strip_prefix(", line ").and_then(|number| number.parse().ok());
    Some((path.strip_prefix("./").unwrap_or(path).to_owned(), number.unwrap_or(0)))
}

/// `SyntaxError: …`, at the line's beginning; what is quoted from the source is indented.
fn is_error(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    name.ends_with("Error") && name.chars().all(char::is_alphanumeric)
}

/// Up to its first look at the program, the interpreter does the same each time; what could change that (`PYTHON…`
/// variables, the user's packages) is switched off in the command.
impl Warm for Python {
    fn shares_start(run: &Step) -> bool {
        // What runs two files has another first look.
        run.argv.get(5).is_none_or(|word| word != STATEMENTS)
    }
}

optimus_sdk::plugin!(Python, classify, warm);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_every_source_and_runs_the_first() {
        let request = Request::of([("a.py", ""), ("lib/b.py", ""), ("data.txt", "")]).with_args(&["x"]);
        let plan = Python::plan(&request).unwrap();
        assert_eq!(plan.run.argv, ["python3", "-E", "-s", "-B", "a.py", "x"]);
        assert_eq!(plan.compile[0].argv[6..], ["a.py", "lib/b.py"]);
        assert!(plan.compile[0].collect.is_empty(), "the run step sees the sources");
    }

    #[test]
    fn the_entry_needs_no_extension() {
        let plan = Python::plan(&Request::of([("b.py", ""), ("script", "")]).with_entry("script")).unwrap();
        assert_eq!(plan.run.argv.last().unwrap(), "script");
        assert_eq!(plan.compile[0].argv[6..], ["b.py", "script"]);
    }

    #[test]
    fn statements_run_after_the_program() {
        let request = Request::of([("main.py", "")]).with_options(r#"{"statements": "test.py"}"#);
        let run = Python::plan(&request).unwrap().run;
        assert_eq!(run.argv[4..], ["-c", STATEMENTS, "main.py", "test.py"]);
        assert!(!Python::shares_start(&run));
        assert!(Python::shares_start(&Python::plan(&Request::of([("main.py", "")])).unwrap().run));
    }

    #[test]
    fn other_options_are_refused() {
        let request = Request::of([("a.py", "")]).with_options(r#"{"version": "2"}"#);
        assert!(matches!(Python::plan(&request), Err(Error::BadOptions(_))));
    }

    #[test]
    fn cells_are_run_by_the_kernel_and_their_files_are_not_checked() {
        let request = Request::of([("a.py", "(")]).with_options(r#"{"cells": true}"#).with_args(&["x"]);
        let plan = Python::plan(&request).unwrap();
        assert_eq!(plan.run.argv[..5], ["python3", "-E", "-s", "-B", "-c"]);
        assert!(plan.compile.is_empty() && plan.run.argv[5..] == [KERNEL, "x"]);
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let text = "  File \"main.py\", line 2\n    print(\n         ^\nSyntaxError: '(' was never closed\n";
        let [found]: [Diagnostic; 1] = Python::diagnostics(&Outcome::exited(1, text)).try_into().unwrap();
        assert_eq!((found.path.as_str(), found.line), ("main.py", 2));
        assert_eq!(found.message, "SyntaxError: '(' was never closed");
    }

    #[test]
    fn an_uncaught_memory_error_is_the_limits_fault() {
        let text = "Traceback (most recent call last):\n  File \"main.py\", line 1, in <module>\nMemoryError\n";
        assert_eq!(Python::refine(&Outcome::exited(1, text)), Some(Refined::MemoryLimitExceeded));
        assert_eq!(Python::refine(&Outcome::exited(0, text)), None);
        assert_eq!(Python::refine(&Outcome::exited(1, "ValueError: 1\n")), None);
    }
}
