//! `cargo xtask endings`: every way in which an interactive problem can end, many times over, on a machine that has other
//! work. A verdict must follow from what was said, so each ending has to get the same one in all its runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context as _;
use serde_json::json;

use crate::demo::Server;
use crate::shell::{build_program, say};
use crate::{plugins, setup};

/// Number of runs and the load.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Runs of all endings together
    #[arg(long, default_value_t = 1_000)]
    pub(crate) runs: usize,
    /// Loops that keep the machine busy meanwhile
    #[arg(long, default_value_t = 8)]
    pub(crate) load: usize,
}

/// One way to end.
struct Ending {
    name: &'static str,
    /// The interactor's input.
    input: &'static str,
    /// The submission's `main`.
    body: &'static str,
    verdict: &'static str,
    /// It ends by the clock.
    waits: bool,
}

const fn ending(name: &'static str, input: &'static str, body: &'static str, verdict: &'static str) -> Ending {
    Ending { name, input, body, verdict, waits: false }
}

const fn waiting(name: &'static str, input: &'static str, body: &'static str, verdict: &'static str) -> Ending {
    Ending { name, input, body, verdict, waits: true }
}

const INTERACTOR: &str = include_str!("endings/interactor.c");

const HEAD: &str = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n\
    static char line[64];\n\
    static int hear(void) { return fgets(line, sizeof line, stdin) != NULL; }\n\
    static void say(const char *text) { puts(text); fflush(stdout); }\n";

const ENDINGS: &[Ending] = &[
    ending(
        "right",
        "guess 7",
        "hear(); int lo = 1, hi = 10; for (;;) { int m = (lo + hi) / 2; printf(\"%d\\n\", m); fflush(stdout); \
         if (!hear() || !strcmp(line, \"right\\n\")) return 0; if (!strcmp(line, \"more\\n\")) lo = m + 1; else hi = m - 1; }",
        "accepted",
    ),
    ending("right, exits with 3", "guess 7", "hear(); say(\"7\"); hear(); return 3;", "runtime_error"),
    ending("right, exits with 3 at once", "guess 7", "hear(); say(\"7\"); return 3;", "runtime_error"),
    ending("right, loops", "guess 7", "hear(); say(\"7\"); for (;;);", "time_limit_exceeded"),
    ending(
        "right, says more",
        "guess 7",
        "hear(); say(\"7\"); hear(); for (int i = 0; i < 5000; i++) puts(\"x\"); return 0;",
        "accepted",
    ),
    ending("nonsense, exits with 1 at once", "guess 7", "hear(); say(\"hello\"); return 1;", "wrong_answer"),
    ending("nonsense, aborts at once", "guess 7", "hear(); say(\"hello\"); abort();", "wrong_answer"),
    ending("nonsense, crashes on the end", "guess 7", "hear(); say(\"hello\"); return hear() ? 0 : 1;", "wrong_answer"),
    ending("nonsense, loops", "guess 7", "hear(); say(\"hello\"); for (;;);", "wrong_answer"),
    ending("nonsense, floods", "guess 7", "hear(); for (;;) puts(\"hello\");", "wrong_answer"),
    ending(
        "nonsense, takes all memory",
        "guess 7",
        "hear(); say(\"hello\"); for (;;) memset(malloc(1 << 20), 1, 1 << 20);",
        "wrong_answer",
    ),
    ending("too many guesses", "guess 7", "while (hear()) say(\"1\"); return 1;", "wrong_answer"),
    ending("ends too early", "guess 7", "hear(); say(\"1\"); hear(); return 0;", "wrong_answer"),
    ending("ends without a word", "guess 7", "return 0;", "wrong_answer"),
    ending("crashes before a word", "guess 7", "return *(volatile int *) 8;", "runtime_error"),
    ending("crashes at its turn", "guess 7", "hear(); say(\"1\"); hear(); abort();", "runtime_error"),
    ending("crashes after a guess", "guess 7", "hear(); say(\"1\"); abort();", "runtime_error"),
    ending(
        "takes all memory at its turn",
        "guess 7",
        "hear(); say(\"1\"); hear(); for (;;) memset(malloc(1 << 20), 1, 1 << 20);",
        "memory_limit_exceeded",
    ),
    ending("loops at its turn", "guess 7", "hear(); say(\"1\"); hear(); for (;;);", "time_limit_exceeded"),
    ending("closes its output, exits well", "guess 7", "hear(); say(\"1\"); fclose(stdout); return 0;", "wrong_answer"),
    ending(
        "closes its output, exits with 1",
        "guess 7",
        "hear(); say(\"1\"); fclose(stdout); usleep(3000); return 1;",
        "runtime_error",
    ),
    ending(
        "closes its input, goes on",
        "guess 7",
        "hear(); fclose(stdin); for (int i = 1; i <= 7; i++) printf(\"%d\\n\", i); return 0;",
        "accepted",
    ),
    ending(
        "reads to the end",
        "half",
        "int n, sum = 0; while (scanf(\"%d\", &n) == 1) sum += n; printf(\"%d\\n\", sum); return 0;",
        "accepted",
    ),
    ending(
        "reads to the end, is wrong",
        "half",
        "int n; while (scanf(\"%d\", &n) == 1); say(\"1\"); return 0;",
        "wrong_answer",
    ),
    ending("is read to the end", "drain 7", "hear(); say(\"7\"); return 0;", "accepted"),
    ending("is read to the end, exits with 1", "drain 7", "hear(); say(\"8\"); return 1;", "runtime_error"),
    ending("is accepted unheard", "accept", "for (int i = 0; i < 5000; i++) puts(\"x\"); return 0;", "accepted"),
    ending("is rejected unheard, exits with 1", "reject", "return 1;", "wrong_answer"),
    ending("the interactor crashes", "abort", "hear(); return 0;", "internal_error"),
    waiting("never flushes", "guess 7", "hear(); printf(\"7\\n\"); hear(); return 0;", "idleness_limit_exceeded"),
    waiting("both wait", "guess 7", "hear(); hear(); return 0;", "idleness_limit_exceeded"),
    waiting("floods a slow interactor", "slow", "for (;;) puts(\"READ 0\");", "idleness_limit_exceeded"),
];

/// Builds, serves, runs every ending, prints a row for each. Fails when one got another verdict, or more than one.
pub(crate) fn endings(root: &Path, args: &Args) -> anyhow::Result<()> {
    setup::targets()?;
    build_program(root, "optimus")?;
    plugins::crates(root, &["c".to_owned()])?;
    judge(root, args)
}

/// The same, with the binary and the plugins that are built already.
pub(crate) fn judge(root: &Path, args: &Args) -> anyhow::Result<()> {
    let server = Server::start_with(root, "native", &root.join("plugins"))?;
    let each = args.runs.div_ceil(ENDINGS.len());
    let stop = AtomicBool::new(false);
    let rows = thread::scope(|scope| {
        for _ in 0..args.load {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let running: Vec<_> = ENDINGS.iter().map(|ending| scope.spawn(|| verdicts(&server, ending, each))).collect();
        let rows: Vec<_> = running.into_iter().map(thread::ScopedJoinHandle::join).collect();
        stop.store(true, Ordering::Relaxed);
        rows
    });
    let mut wrong = 0;
    say(&format!("{:<38} {:>5}  verdict", "ending", "runs"));
    for (ending, verdicts) in ENDINGS.iter().zip(rows) {
        let verdicts = verdicts.map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        let fits = verdicts.len() == 1 && verdicts.contains_key(ending.verdict);
        let text: Vec<String> = match fits {
            true => verdicts.into_keys().collect(),
            false => verdicts.into_iter().map(|(verdict, count)| format!("{verdict} ({count})")).collect(),
        };
        let remark = if fits { String::new() } else { format!("  expected {}", ending.verdict) };
        say(&format!("{:<38} {each:>5}  {}{remark}", ending.name, text.join(", ")));
        wrong += usize::from(!fits);
    }
    anyhow::ensure!(wrong == 0, "{wrong} of {} endings did not get the one verdict that they should", ENDINGS.len());
    say(&format!(
        "{} endings, {} runs, {} busy loops: one verdict each",
        ENDINGS.len(),
        each * ENDINGS.len(),
        args.load
    ));
    Ok(())
}

/// Number of runs for each verdict.
fn verdicts(server: &Server, ending: &Ending, runs: usize) -> anyhow::Result<BTreeMap<String, usize>> {
    let test = json!({"stdin": format!("{}\n", ending.input)});
    // Our own failure ends a job, so each run is a separate job.
    let (jobs, tests) = if ending.verdict == "internal_error" { (runs, 1) } else { (1, runs) };
    let limits = match ending.waits {
        true => json!({"cpu_ms": 1000, "wall_ms": 1500, "memory_bytes": 64 << 20}),
        // A busy machine must not end a program by the wall limit that should end otherwise.
        false => json!({"cpu_ms": 300, "wall_ms": 60_000, "memory_bytes": 64 << 20}),
    };
    let request = json!({
        "language": "c",
        "source": format!("{HEAD}int main(void) {{ {} }}\n", ending.body),
        "tests": vec![test; tests],
        "limits": limits,
        "capture_bytes": 256,
        "interactor": {"protocol": "kattis", "language": "c", "source": INTERACTOR},
    });
    let mut verdicts = BTreeMap::new();
    for _ in 0..jobs {
        let answer = server.post_and_wait(&request)?;
        let tests = answer["report"]["tests"].as_array().with_context(|| format!("no report: {answer}"))?;
        for test in tests {
            *verdicts.entry(test["verdict"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    Ok(verdicts)
}
