//! Maps an outcome to a verdict: one table, without side effects.
//!
//! The order is: forbidden call, memory, CPU time, wall time, output, signal, exit code, and last the output. A
//! limit comes before the signal that enforced it, so that no report hides a limit behind a signal. A program
//! that exits with a failure has failed, whatever it printed before.

use optimus_core::compare::{Difference, Match};
use optimus_core::report::DifferenceReport;
use optimus_core::{Exit, Fault, LimitHit, Limits, Outcome, Verdict};
use optimus_plugin::Finding;

/// A verdict with its reason, for people.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ruling {
    pub(super) verdict: Verdict,
    pub(super) message: Option<String>,
    pub(super) score: Option<f64>,
    /// The first difference between output and expectation.
    pub(super) difference: Option<Box<DifferenceReport>>,
}

impl Ruling {
    pub(super) fn new(verdict: Verdict, message: impl Into<String>) -> Self {
        Self { verdict, message: Some(message.into()), score: None, difference: None }
    }

    pub(super) fn accepted() -> Self {
        Self { verdict: Verdict::Accepted, message: None, score: None, difference: None }
    }

    /// A ruling with the place of the first difference.
    fn differs(verdict: Verdict, message: String, difference: &Difference) -> Self {
        Self { difference: Some(Box::new(difference.into())), ..Self::new(verdict, message) }
    }

    /// Removes everything that reveals the expected output.
    pub(super) fn hidden(self) -> Self {
        Self { message: None, difference: None, ..self }
    }
}

/// Judges a run that ended badly. `None` for a run that ended well, which is judged by its output.
///
/// `Exit::NotStarted` gives `None` as well: whether it is the program's failure depends on the plan.
pub(super) fn of_ending(outcome: &Outcome, limits: &Limits) -> Option<Ruling> {
    use Verdict::{OutputLimitExceeded, RuntimeError};
    let ruling = match (outcome.limit, &outcome.exit) {
        (Some(limit), _) if limit != LimitHit::Output && limit != LimitHit::FileSize => {
            of_limit(limit, outcome, limits)
        }
        (Some(LimitHit::FileSize), _) => {
            Ruling::new(OutputLimitExceeded, format!("wrote a file of more than {}", size(limits.file_bytes)))
        }
        (Some(_), _) => too_much_output(limits),
        (None, _) if outcome.stdout_truncated || outcome.stderr_truncated => too_much_output(limits),
        (None, Exit::Signal(signal)) => Ruling::new(RuntimeError, format!("ended by {}", signal_name(*signal))),
        (None, Exit::Code(0) | Exit::NotStarted(_)) => return None,
        (None, Exit::Code(code)) => Ruling::new(RuntimeError, format!("exited with code {code}")),
    };
    Some(noted(ruling, outcome))
}

/// The one call that ends a program: all others that are not allowed are answered with an error (host/agent/src/step/seccomp).
const FORBIDDEN_CALL: &str = "made a system call by another architecture's numbers (SIGSYS: 32-bit code's `int 0x80`, x32), \
                              which is never allowed: build it for 64 bits";

fn of_limit(limit: LimitHit, outcome: &Outcome, limits: &Limits) -> Ruling {
    use Verdict::{IdlenessLimitExceeded, MemoryLimitExceeded, SecurityViolation, TimeLimitExceeded};
    match limit {
        LimitHit::ForbiddenCall => Ruling::new(SecurityViolation, FORBIDDEN_CALL),
        LimitHit::KernelMemory => Ruling::new(SecurityViolation, "made the kernel hold memory that no limit counts"),
        LimitHit::Memory => {
            Ruling::new(MemoryLimitExceeded, format!("used more than {} of memory", size(limits.memory_bytes)))
        }
        LimitHit::CpuTime => Ruling::new(TimeLimitExceeded, format!("used more than {} ms of CPU time", limits.cpu_ms)),
        LimitHit::Fuel => {
            Ruling::new(TimeLimitExceeded, format!("used more than {} units of fuel", limits.fuel.unwrap_or_default()))
        }
        // "Idle" would be untrue of a program that computed for most of the time, or would have.
        LimitHit::WallTime if outcome.cpu_us + outcome.waited_us >= outcome.wall_us / 2 => {
            let message = format!("was still computing after {} ms", limits.wall_ms);
            let waited = (outcome.waited_us >= outcome.wall_us / 10)
                .then(|| format!(", and waited {} ms for a processor of this busy machine", outcome.waited_us / 1_000));
            Ruling::new(TimeLimitExceeded, message + &waited.unwrap_or_default())
        }
        LimitHit::WallTime => Ruling::new(
            IdlenessLimitExceeded,
            format!("took longer than {} ms, and waited for most of it", limits.wall_ms),
        ),
        LimitHit::Output | LimitHit::FileSize => too_much_output(limits),
    }
}

fn too_much_output(limits: &Limits) -> Ruling {
    Ruling::new(Verdict::OutputLimitExceeded, format!("printed more than {}", size(limits.output_bytes)))
}

/// Appends the notes of the box, such as `12 forks were refused`.
fn noted(mut ruling: Ruling, outcome: &Outcome) -> Ruling {
    for note in &outcome.notes {
        let message = ruling.message.get_or_insert_default();
        message.push_str("; ");
        message.push_str(note);
    }
    ruling
}

/// Judges the output of a run that ended well.
///
/// # Errors
/// The comparer cannot use the test's expectation.
pub(super) fn of_match(compared: Match) -> Result<Ruling, Fault> {
    use Verdict::{PresentationError, WrongAnswer};
    Ok(match compared {
        Match::Same => Ruling::accepted(),
        Match::OnlyWhiteSpace(difference) => {
            Ruling::differs(PresentationError, format!("only white space differs: {difference}"), &difference)
        }
        Match::Malformed(difference) => {
            Ruling::differs(PresentationError, format!("wrong output format: {difference}"), &difference)
        }
        Match::Different(difference) => Ruling::differs(WrongAnswer, difference.to_string(), &difference),
        Match::Scored { score, message } => {
            let verdict = if score > 0.0 { Verdict::Partial } else { WrongAnswer };
            Ruling { score: Some(score), ..Ruling::new(verdict, message) }
        }
        Match::Unusable(message) => {
            let hint = "choose another comparer, or correct the test's `expect`";
            return Err(Fault::new("bad_expectation", message).hint(hint));
        }
    })
}

/// Judges by a checker's finding. A score strictly between 0 and 1 is partial credit, whatever else the checker
/// says.
pub(super) fn of_finding(finding: Finding) -> Ruling {
    let verdict = match finding.score {
        Some(score) if score > 0.0 && score < 1.0 => Verdict::Partial,
        _ if finding.accepted => Verdict::Accepted,
        _ => Verdict::WrongAnswer,
    };
    Ruling { verdict, message: finding.message, score: finding.score, difference: None }
}

/// The reason why a compile step failed, if it did. A compiler that prints too much has still compiled.
pub(super) fn of_compile(name: &str, outcome: &Outcome, limits: &Limits, said: &[u8]) -> Option<String> {
    let why = match (outcome.limit, &outcome.exit) {
        (None | Some(LimitHit::Output), Exit::Code(0)) => return None,
        (Some(LimitHit::CpuTime), _) => format!("took longer than {} ms of CPU time", limits.cpu_ms),
        (Some(LimitHit::WallTime), _) => format!("took longer than {} ms", limits.wall_ms),
        _ => {
            let message = of_ending(outcome, limits)?.message?;
            let child = if outcome.limit.is_none() { of_child(said, limits) } else { None };
            return Some(match child {
                Some(why) => format!("`{name}` {why} ({message})"),
                None => format!("`{name}` {message}"),
            });
        }
    };
    Some(noted(Ruling::new(Verdict::CompileError, format!("compiling {why} (step `{name}`)")), outcome))
        .and_then(|ruling| ruling.message)
}

/// The limit that a child process of a compiler hit. The compiler prints the C library's text for it
/// (strsignal(3), strerror(3)) and exits with its own code.
fn of_child(said: &[u8], limits: &Limits) -> Option<String> {
    let says = |text: &str| said.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()));
    if says("File size limit exceeded") || says("File too large") {
        return Some(format!("wrote a file of more than {}", size(limits.file_bytes)));
    }
    if says("No space left on device") {
        return Some(format!("filled its work area of {}", size(limits.work_bytes)));
    }
    says("CPU time limit exceeded").then(|| format!("took longer than {} ms of CPU time", limits.cpu_ms))
}

/// `256 MiB`, or bytes when that would not be exact.
fn size(bytes: u64) -> String {
    match bytes {
        mib if mib > 0 && mib.is_multiple_of(1 << 20) => format!("{} MiB", mib >> 20),
        kib if kib > 0 && kib.is_multiple_of(1 << 10) => format!("{} KiB", kib >> 10),
        other => format!("{other} bytes"),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        4 => "SIGILL, an illegal instruction",
        6 => "SIGABRT: it gave up by itself",
        7 => "SIGBUS, a bad memory access",
        8 => "SIGFPE, such as a division by zero",
        9 => "SIGKILL",
        11 => "SIGSEGV, a bad memory access",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal} ({name})")
}

#[cfg(test)]
mod tests {
    use optimus_core::compare::Comparer;
    use optimus_sandbox::FakeSandbox;

    use super::*;

    fn outcome(exit: Exit, limit: Option<LimitHit>) -> Outcome {
        Outcome { exit, limit, ..FakeSandbox::success(0) }
    }

    fn ruling(outcome: &Outcome) -> Option<(Verdict, String)> {
        of_ending(outcome, &Limits::DEFAULT).map(|ruling| (ruling.verdict, ruling.message.unwrap_or_default()))
    }

    #[test]
    fn each_row_of_the_table() {
        use LimitHit::*;
        use Verdict::*;
        let killed = Exit::Signal(9);
        for (exit, limit, verdict, message) in [
            (killed.clone(), Some(ForbiddenCall), SecurityViolation, FORBIDDEN_CALL),
            (killed.clone(), Some(KernelMemory), SecurityViolation, "made the kernel hold memory that no limit counts"),
            (killed.clone(), Some(Memory), MemoryLimitExceeded, "used more than 256 MiB of memory"),
            (killed.clone(), Some(CpuTime), TimeLimitExceeded, "used more than 2000 ms of CPU time"),
            (killed.clone(), Some(Output), OutputLimitExceeded, "printed more than 16 MiB"),
            (Exit::Signal(25), Some(FileSize), OutputLimitExceeded, "wrote a file of more than 64 MiB"),
            (killed.clone(), Some(Fuel), TimeLimitExceeded, "used more than 0 units of fuel"),
            (Exit::Code(0), Some(CpuTime), TimeLimitExceeded, "used more than 2000 ms of CPU time"),
            (Exit::Signal(11), None, RuntimeError, "ended by signal 11 (SIGSEGV, a bad memory access)"),
            (Exit::Signal(40), None, RuntimeError, "ended by signal 40"),
            (Exit::Code(3), None, RuntimeError, "exited with code 3"),
        ] {
            assert_eq!(ruling(&outcome(exit, limit)), Some((verdict, message.to_owned())));
        }
        assert_eq!(ruling(&outcome(Exit::Code(0), None)), None);
    }

    #[test]
    fn waiting_is_idleness_and_computing_is_not() {
        let wall =
            |cpu_us| Outcome { cpu_us, wall_us: 6_000_000, ..outcome(Exit::Signal(9), Some(LimitHit::WallTime)) };
        let idle = "took longer than 6000 ms, and waited for most of it".to_owned();
        assert_eq!(ruling(&wall(2_999_999)), Some((Verdict::IdlenessLimitExceeded, idle)));
        let busy = "was still computing after 6000 ms".to_owned();
        assert_eq!(ruling(&wall(3_000_000)), Some((Verdict::TimeLimitExceeded, busy.clone())));
        let starved = Outcome { waited_us: 2_500_000, ..wall(500_000) };
        let waited = format!("{busy}, and waited 2500 ms for a processor of this busy machine");
        assert_eq!(ruling(&starved), Some((Verdict::TimeLimitExceeded, waited)));
    }

    #[test]
    fn too_much_output_comes_before_how_it_ended_and_after_the_other_limits() {
        let mut flood = outcome(Exit::Signal(13), None);
        flood.stderr_truncated = true;
        assert_eq!(ruling(&flood).unwrap().0, Verdict::OutputLimitExceeded);
        flood.limit = Some(LimitHit::Memory);
        assert_eq!(ruling(&flood).unwrap().0, Verdict::MemoryLimitExceeded);
        flood.limit = Some(LimitHit::CpuTime);
        assert_eq!(ruling(&flood).unwrap().0, Verdict::TimeLimitExceeded);
    }

    #[test]
    fn remarks_of_the_box_explain_bad_endings() {
        let mut refused = outcome(Exit::Code(1), None);
        refused.notes = vec!["12 forks were refused".to_owned()];
        assert_eq!(ruling(&refused).unwrap().1, "exited with code 1; 12 forks were refused");
    }

    #[test]
    fn output_decides_last() {
        let compare = |comparer: Comparer, found: &[u8]| {
            let mut comparison = comparer.against(bytes::Bytes::from_static(b"42\n")).unwrap();
            comparison.feed(found);
            of_match(comparison.finish()).unwrap()
        };
        assert_eq!(compare(Comparer::Exact, b"42\n"), Ruling::accepted());
        let space = compare(Comparer::Exact, b"42");
        assert_eq!(space.verdict, Verdict::PresentationError);
        assert!(space.message.unwrap().starts_with("only white space differs: line 1, column 3"));
        let wrong = compare(Comparer::Tokens, b"41");
        let difference = wrong.difference.clone().unwrap();
        assert_eq!((difference.line, difference.column), (1, 1));
        assert_eq!(difference.expected.unwrap().content.as_bytes(), b"42");
        assert_eq!(difference.found.unwrap().content.as_bytes(), b"41");
        assert_eq!(wrong.message.as_deref(), Some("line 1, column 1: expected \"42\", found \"41\""));
        let hidden = wrong.hidden();
        assert_eq!((hidden.verdict, hidden.message, hidden.difference), (Verdict::WrongAnswer, None, None));
        let numbers = Comparer::Testlib(optimus_core::compare::Testlib::Ncmp);
        assert_eq!(compare(numbers.clone(), b"x").verdict, Verdict::PresentationError);
        let unusable = numbers.against(bytes::Bytes::from_static(b"x")).unwrap();
        let fault = {
            let mut unusable = unusable;
            unusable.feed(b"1");
            of_match(unusable.finish()).unwrap_err()
        };
        assert_eq!(fault.code, "bad_expectation");
    }

    #[test]
    fn a_checkers_score_is_partial_credit_only_between_nothing_and_all() {
        let of = |accepted, score| of_finding(Finding { accepted, score, message: None }).verdict;
        assert_eq!(of(true, None), Verdict::Accepted);
        assert_eq!(of(true, Some(1.0)), Verdict::Accepted);
        assert_eq!(of(false, None), Verdict::WrongAnswer);
        assert_eq!(of(false, Some(0.0)), Verdict::WrongAnswer);
        assert_eq!(of(false, Some(0.5)), Verdict::Partial);
        assert_eq!(of(true, Some(0.5)), Verdict::Partial);
    }

    #[test]
    fn compiling_fails_by_code_signal_or_limit_but_not_by_talking() {
        let of = |exit, limit| of_compile("build", &outcome(exit, limit), &Limits::COMPILE, b"");
        assert_eq!(of(Exit::Code(0), None), None);
        assert_eq!(of(Exit::Code(0), Some(LimitHit::Output)), None);
        assert_eq!(of(Exit::Code(1), None).unwrap(), "`build` exited with code 1");
        assert_eq!(
            of(Exit::Signal(9), Some(LimitHit::CpuTime)).unwrap(),
            "compiling took longer than 30000 ms of CPU time (step `build`)"
        );
        assert_eq!(of(Exit::Signal(9), Some(LimitHit::Memory)).unwrap(), "`build` used more than 1024 MiB of memory");
        assert_eq!(of(Exit::Code(0), Some(LimitHit::FileSize)).unwrap(), "`build` wrote a file of more than 256 MiB");
        let said = |said: &[u8]| of_compile("build", &outcome(Exit::Code(1), None), &Limits::COMPILE, said).unwrap();
        assert_eq!(
            said(b"gcc: fatal error: File size limit exceeded signal terminated program as\ncompilation terminated.\n"),
            "`build` wrote a file of more than 256 MiB (exited with code 1)"
        );
        assert_eq!(
            said(b"/tmp/x.s: No space left on device\n"),
            "`build` filled its work area of 512 MiB (exited with code 1)"
        );
    }
}
