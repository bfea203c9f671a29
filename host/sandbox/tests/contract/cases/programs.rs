//! How a program starts and ends: exit codes, signals, arguments, environment.

use bytes::Bytes;
use optimus_core::Exit;
use optimus_sandbox::{BoxStep, Discard, View};

use super::DEFAULT;
use crate::lab::{Lab, file};

pub(crate) async fn exit_codes(lab: &Lab<'_>) {
    for code in [0, 1, 42, 137, 255] {
        let ran = lab.run(&["exit", &code.to_string()], "", DEFAULT).await;
        assert_eq!((ran.outcome.exit, ran.outcome.limit), (Exit::Code(code), None));
    }
}

pub(crate) async fn signals_are_the_programs_own(lab: &Lab<'_>) {
    for (args, signal) in
        [(&["segv"][..], 11), (&["abort"], 6), (&["signal", "15"], 15), (&["signal", "9"], 9), (&["signal", "13"], 13)]
    {
        let ran = lab.run(args, "", DEFAULT).await;
        assert_eq!((ran.outcome.exit, ran.outcome.limit), (Exit::Signal(signal), None), "{args:?}");
    }
}

pub(crate) async fn a_missing_program_is_not_started(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    bench.open.stage(&[file("text", "no program", false), file("bad", "\u{7f}ELF?", true)]).await.unwrap();
    for (name, expected) in [
        ("no-such-program", "no such file or directory"),
        ("./no-such-file", "no such file or directory"),
        ("./text", "permission denied"),
        ("./bad", "exec format error"),
    ] {
        let argv = [name.to_owned()];
        let step = BoxStep::new(&argv, DEFAULT);
        let outcome = bench.open.run(&step, &mut Discard).await.unwrap();
        assert_eq!(outcome.exit, Exit::NotStarted(expected.to_owned()), "{name}");
    }
}

pub(crate) async fn environment_and_arguments_are_exact(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let args = ["argv", "", "a b", "$HOME", "*", "é\n\"", "--"];
    let ran = bench.run(View::Fresh, &args).await;
    let seen: Vec<&str> = ran.ok().split_terminator('\0').skip(1).collect();
    assert_eq!(seen, args);
    let env = [("A", "1=2"), ("HOME", "/w")];
    let ran = bench.run_with(View::Fresh, &["env"], &env, Bytes::new(), DEFAULT).await.unwrap();
    let mut seen: Vec<&str> = ran.ok().split_terminator('\0').collect();
    seen.sort_unstable();
    assert!(seen[3].starts_with("PATH=/"), "{seen:?}");
    seen.remove(3);
    assert_eq!(seen, ["A=1=2", "HOME=/w", "LANG=C.UTF-8", "TMPDIR=/tmp"]);
}
