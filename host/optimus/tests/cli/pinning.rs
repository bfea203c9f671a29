//! A processor for each slot, and what is said about it.

use crate::package::{sample, verify};
use crate::support::{can_judge, command, json, optimus, stdout};

/// One that this process may run on.
fn own() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim().to_owned();
    list.split([',', '-']).next().unwrap().to_owned()
}

#[test]
fn what_cannot_be_pinned_is_refused_by_name() {
    let own = own();
    for (args, message, hint) in [
        (["--pin-cpus", "1023", "--slots", "1"], "`--pin-cpus` names 1023", "taskset"),
        (["--pin-cpus", &own, "--slots", "2"], "2 slots need a processor each", "--slots 1"),
    ] {
        let output = optimus(&[&["languages", "--sandbox", "fake", "--json"], &args[..]].concat());
        let error = &json(&output)["error"];
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
        assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
    }
    let output = optimus(&["languages", "--pin-cpus", "5-2"]);
    assert!(crate::support::stderr(&output).contains("no list of processors"), "{output:?}");
}

#[test]
fn a_program_sees_the_one_processor_of_its_slot() {
    if !can_judge() {
        return;
    }
    let (dir, own) = (tempfile::tempdir().unwrap(), own());
    let program = dir.path().join("where.py");
    std::fs::write(&program, "import os\nprint(*os.sched_getaffinity(0))\n").unwrap();
    let mut run = command(&["run", program.to_str().unwrap(), "--json"]);
    let report = json(&run.env("OPTIMUS_PIN_CPUS", &own).output().unwrap());
    assert_eq!(report["tests"][0]["stdout"]["content"], format!("{own}\n"), "{report:#}");
}

/// All boxes but the submission's go without: one that waited for a processor would wait for ever.
#[test]
fn one_processor_is_enough_for_a_submission_and_all_who_judge_it() {
    if !can_judge() {
        return;
    }
    for (name, wall_ms) in [("kattis-interactive", "6000"), ("polygon", "30000"), ("hydro-communication", "30000")] {
        let (code, verification) = verify(&sample(name), wall_ms, &["--pin-cpus", &own(), "--parallel-tests"]);
        assert_eq!((code, verification["ok"].as_bool()), (Some(0), Some(true)), "{name}: {verification:#}");
    }
}

#[test]
fn the_doctor_notes_what_moves_times_and_calls_it_no_problem() {
    let said = stdout(&optimus(&["doctor", "--json"]));
    let findings: Vec<serde_json::Value> = serde_json::from_str(&said).unwrap();
    let of = |what: &str| findings.iter().find(|finding| finding["what"] == what);
    let processors = of("timing: processors").unwrap();
    assert!(processors["ok"] == true && processors["hint"].as_str().unwrap().contains("--pin-cpus"), "{processors}");
    assert_eq!(of("timing: address layout (ASLR)").map(|layout| &layout["ok"]), Some(&true.into()));
}
