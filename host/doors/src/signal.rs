//! Names of signals.

/// signal(7), on the processors that boxes run on (x86-64, arm64). What has no name there has its number.
pub(crate) fn name(signal: i32) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];
    let known = usize::try_from(signal - 1).ok().and_then(|index| NAMES.get(index));
    known.map_or_else(|| format!("SIG{signal}"), |name| format!("SIG{name}"))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn signals_have_names() {
        let names = [6, 8, 9, 11, 15, 25, 31].map(name);
        assert_eq!(names, ["SIGABRT", "SIGFPE", "SIGKILL", "SIGSEGV", "SIGTERM", "SIGXFSZ", "SIGSYS"]);
        assert_eq!((name(34), name(0)), ("SIG34".to_owned(), "SIG0".to_owned()));
    }
}
