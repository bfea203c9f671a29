//! JavaScript, through Node.js. Its heap is sized from the memory limit, so that it collects before it is killed; running
//! out of it is a `memory_limit_exceeded`. Syntax is checked before anything runs.

use optimus_sdk::{
    Classify, Descriptor, Diagnostic, Error, Language, Limits, Outcome, Plan, Refined, Request, Step, StepLimits,
};

/// The language.
pub struct JavaScript;

const SOURCES: [&str; 3] = ["js", "mjs", "cjs"];

/// Files that are checked, each in a step of its own; a mistake in a later one shows when it is imported.
const CHECKED: usize = 8;

/// Memory of Node.js beyond the heap: its code, its threads' stacks, buffers.
const BESIDE_HEAP_MIB: u32 = 48;

impl Language for JavaScript {
    fn describe() -> Descriptor {
        Descriptor::new("javascript", "JavaScript (Node.js)")
            .aliases(["js", "node", "nodejs"])
            .extensions(SOURCES)
            .image("optimus/javascript:20")
            .probe(["node", "--version"])
            .install_hint("apt-get install nodejs")
            .minimum(StepLimits::new().memory_mib(96).processes(24))
            .options(&[])
            .judge0_ids([63])
            .piston_names(["javascript", "node-javascript", "js", "node"])
            .sample("hello", "main.js", include_str!("../samples/hello.js"), "Hello, world!\n")
    }

    fn plan(request: &Request) -> Result<Plan, Error> {
        request.options(&[])?;
        let main = request.entry_arg()?;
        let others = request.sources(&SOURCES).into_iter().map(|file| file.arg()).filter(|path| *path != main);
        let files = [main.clone()].into_iter().chain(others).take(CHECKED);
        let checks = files.map(|path| Step::new("check", ["node", "--check", &path]));
        let heap = format!("--max-old-space-size={}", heap_mib(&request.limits));
        // V8 has a bound of its own, 984 KiB, whatever the system lets a stack grow to; it counts in KiB.
        let stack = format!("--stack-size={}", request.limits.stack_mib() * 1024);
        Ok(request.run(["node", &heap, &stack, &main]).compile_all(checks))
    }
}

fn heap_mib(limits: &Limits) -> u32 {
    let mib = limits.memory_mib();
    mib.saturating_sub(BESIDE_HEAP_MIB).max(mib / 2).max(16)
}

impl Classify for JavaScript {
    fn diagnostics(outcome: &Outcome) -> Vec<Diagnostic> {
        let stderr = outcome.stderr();
        // First the absolute path of the file and `:3`, then the line, a caret, an empty line, `SyntaxError: …`
        let place = stderr.lines().next().and_then(|line| line.rsplit_once(':'));
        let message = stderr.lines().find(|line| line.starts_with("SyntaxError:"));
        let (Some((path, number)), Some(message)) = (place, message) else { return Vec::new() };
        let file = path.rsplit('/').next().unwrap_or(path);
        vec![Diagnostic {
            path: file.to_owned(),
            line: number.parse().unwrap_or(0),
            column: 0,
            severity: "error".to_owned(),
            message: message.to_owned(),
            code: None,
        }]
    }

    fn refine(outcome: &Outcome) -> Option<Refined> {
        let full = outcome.failed() && outcome.stderr().contains("JavaScript heap out of memory");
        full.then_some(Refined::MemoryLimitExceeded)
    }
}

optimus_sdk::plugin!(JavaScript, classify);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_each_file_and_runs_the_first() {
        let request = Request::of([("main.js", ""), ("lib/a.mjs", ""), ("package.json", "{}")]);
        let plan = JavaScript::plan(&request).unwrap();
        assert_eq!(plan.run.argv, ["node", "--max-old-space-size=208", "--stack-size=32768", "main.js"]);
        let checks: Vec<_> = plan.compile.iter().map(|step| step.argv.join(" ")).collect();
        assert_eq!(checks, ["node --check main.js", "node --check lib/a.mjs"]);
    }

    #[test]
    fn the_heap_leaves_room_for_the_rest() {
        for (limit, heap) in [(96, "48"), (128, "80"), (1024, "976")] {
            let plan = JavaScript::plan(&Request::of([("a.js", "")]).with_memory_mib(limit)).unwrap();
            assert_eq!(plan.run.argv[1], format!("--max-old-space-size={heap}"));
        }
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let text = "/w/main.js:2\nlet = ;\n      ^\n\nSyntaxError: Unexpected token ';'\n    at wrapSafe\n";
        let [found]: [Diagnostic; 1] = JavaScript::diagnostics(&Outcome::exited(1, text)).try_into().unwrap();
        assert_eq!((found.path.as_str(), found.line), ("main.js", 2));
    }

    #[test]
    fn a_full_heap_is_the_limits_fault() {
        let text = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n";
        assert_eq!(JavaScript::refine(&Outcome::killed(6, text)), Some(Refined::MemoryLimitExceeded));
        assert_eq!(JavaScript::refine(&Outcome::exited(1, "Error: x\n")), None);
    }
}
