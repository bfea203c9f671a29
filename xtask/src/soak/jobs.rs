//! Jobs of the soak: small honest programs and hostile ones, each with the verdicts that it may get.

use serde_json::{Value, json};

/// The tenant of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Honest,
    Quiet,
    Flood,
}

pub(super) struct Job {
    pub(super) request: Value,
    pub(super) verdicts: &'static [&'static str],
}

/// Those of the jobs.
pub(super) const LANGUAGES: usize = 3;

/// CPU time of a flood's job, at which its limit ends it.
pub(super) const FLOOD_MS: u64 = 1_000;

/// Right, wrong and broken ones, in three languages; some sources are new, so that they are compiled.
pub(super) fn honest(number: usize) -> Job {
    let input = number.to_string();
    let tests = json!([{"stdin": input, "expect": input}, {"stdin": "7", "expect": "7"}]);
    // One in eight is a source that was never compiled.
    let fresh = if number.is_multiple_of(8) { number } else { 0 };
    let c =
        format!("#include <stdio.h>\nint main(void) {{ int n; scanf(\"%d\", &n); printf(\"%d\\n\", n); }} // {fresh}");
    let (language, source, verdicts): (_, _, &'static [&'static str]) = match number % 5 {
        0 => ("c", c, &["accepted"]),
        1 => ("python", "print(input())".to_owned(), &["accepted"]),
        2 => ("bash", "read -r n; echo \"$n\"".to_owned(), &["accepted"]),
        3 => ("bash", "read -r n; echo \"${n}0\"".to_owned(), &["wrong_answer"]),
        _ => ("c", format!("int main(void) {{ return undeclared{fresh}; }}"), &["compile_error"]),
    };
    let limits = json!({"cpu_ms": 10_000, "wall_ms": 60_000});
    Job { request: json!({"language": language, "source": source, "tests": tests, "limits": limits}), verdicts }
}

/// One attack after another.
pub(super) fn hostile(number: usize) -> Job {
    const ANY_LIMIT: &[&str] = &[
        "time_limit_exceeded",
        "idleness_limit_exceeded",
        "runtime_error",
        "memory_limit_exceeded",
        "output_limit_exceeded",
    ];
    const OVER: &[&str] = &["accepted", "wrong_answer"];
    let (source, verdicts) = match number % 10 {
        0 => (":() { : | : & }; :; wait; sleep 60", ANY_LIMIT),
        1 => ("yes", ANY_LIMIT),
        2 => ("x=$(yes | head -c 400000000); echo ${#x}", ANY_LIMIT),
        3 => ("(setsid sleep 3600 &) ; (trap '' HUP TERM INT; sleep 3600) & disown; echo left", OVER),
        4 => (
            "cat /dev/zero > fill; cat /dev/zero > /tmp/fill; cat /dev/zero > /dev/shm/fill; echo full",
            &["accepted", "runtime_error", "output_limit_exceeded", "memory_limit_exceeded"][..],
        ),
        5 => ("sleep 3600", ANY_LIMIT),
        6 => ("kill -9 -1; kill -STOP $PPID; sleep 3600", ANY_LIMIT),
        7 => ("while :; do :; done", ANY_LIMIT),
        8 => (
            "i=0; while [ $i -lt 20000 ]; do : > f$i || break; i=$((i+1)); done; mkfifo p; ln -s / root; echo many",
            &["accepted", "runtime_error", "time_limit_exceeded"][..],
        ),
        _ => ("exec 0<&- 1>&-; kill -SEGV $$", &["runtime_error"][..]),
    };
    let limits = json!({"cpu_ms": 400, "wall_ms": 1_200, "memory_bytes": 64 << 20, "output_bytes": 1 << 20});
    Job { request: json!({"language": "bash", "source": source, "limits": limits}), verdicts }
}

/// Endless, until its limit.
pub(super) fn flood() -> Value {
    json!({"language": "bash", "source": "while :; do :; done", "limits": {"cpu_ms": FLOOD_MS, "wall_ms": 10 * FLOOD_MS}})
}
