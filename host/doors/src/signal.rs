//! Names of signals.

/// Those of the numbers from 1.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];
/// Those that do not end a program which does not handle them.
const HARMLESS: [&str; 8] = ["CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "WINCH"];

/// Whether a signal is called so.
pub(crate) fn is_name(name: &str) -> bool {
    name.strip_prefix("SIG").is_some_and(|name| NAMES.contains(&name))
}

/// Whether a signal of this name ends a program that does not handle it.
pub(crate) fn ends_a_program(name: &str) -> bool {
    is_name(name) && !name.strip_prefix("SIG").is_some_and(|name| HARMLESS.contains(&name))
}

/// signal(7), on the processors that boxes run on (x86-64, arm64). What has no name there has its number.
pub(crate) fn name(signal: i32) -> String {
    let known = usize::try_from(signal - 1).ok().and_then(|index| NAMES.get(index));
    known.map_or_else(|| format!("SIG{signal}"), |name| format!("SIG{name}"))
}

#[cfg(test)]
mod tests {
    use super::{ends_a_program, is_name, name};

    #[test]
    fn signals_have_names() {
        let names = [6, 8, 9, 11, 15, 25, 31].map(name);
        assert_eq!(names, ["SIGABRT", "SIGFPE", "SIGKILL", "SIGSEGV", "SIGTERM", "SIGXFSZ", "SIGSYS"]);
        assert!(is_name("SIGWINCH") && !is_name("KILL") && !is_name("SIG34"));
        assert!(ends_a_program("SIGTERM") && !ends_a_program("SIGCONT") && !ends_a_program("SIGX"));
        assert_eq!((name(34), name(0)), ("SIG34".to_owned(), "SIG0".to_owned()));
    }
}
