//! Root with few rights: with those that docs/security.md names everything holds, and without one of them it is named.

use std::process::{Command, Output};

use crate::support::{can_judge, command, json, root, skip};

/// As `setpriv` and docs/security.md have them.
const ENOUGH: [&str; 6] = ["sys_admin", "setuid", "setgid", "mknod", "kill", "dac_override"];
/// Without these there is no box at all.
const NEEDED: [&str; 4] = ["sys_admin", "setuid", "setgid", "mknod"];

/// `optimus run` of a sample by a root who has these capabilities and can never have others.
fn run(capabilities: &[&str], language: &str, sample: &str, more: &[&str]) -> Output {
    let sample = root().join("languages").join(language).join("samples").join(sample);
    let args =
        [&["run", sample.to_str().unwrap(), "--json", "--sandbox", "native", "--wall-ms", "30000"], more].concat();
    let optimus = command(&args);
    let set = capabilities.iter().fold("-all".to_owned(), |set, name| format!("{set},+{name}"));
    let mut limited = Command::new("setpriv");
    limited.arg(format!("--bounding-set={set}")).arg(format!("--inh-caps={set}"));
    limited.arg(optimus.get_program()).args(optimus.get_args());
    limited.envs(optimus.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.output().unwrap()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        skip("not root: an ordinary user has no capabilities to drop");
        return false;
    }
    can_judge()
}

#[test]
fn the_documented_capabilities_are_enough() {
    if !is_root() {
        return;
    }
    let samples: [(&str, &str, &[&str], &str); 5] = [
        ("c", "hello.c", &[], "accepted"),
        ("python", "hello.py", &[], "accepted"),
        ("python", "runtime_error.py", &[], "runtime_error"),
        ("python", "endless_loop.py", &["--cpu-ms", "500"], "time_limit_exceeded"),
        ("python", "memory_hog.py", &["--memory-mib", "64"], "memory_limit_exceeded"),
    ];
    for (language, sample, more, verdict) in samples {
        let output = run(&ENOUGH, language, sample, more);
        assert_eq!(json(&output)["verdict"], verdict, "{sample}: {output:?}");
    }
}

#[test]
fn a_missing_capability_is_named() {
    if !is_root() {
        return;
    }
    for missing in NEEDED {
        let left: Vec<&str> = ENOUGH.into_iter().filter(|name| *name != missing).collect();
        let output = run(&left, "bash", "hello.sh", &[]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let message = json(&output)["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&format!("CAP_{}", missing.to_uppercase())), "{message}");
    }
}
