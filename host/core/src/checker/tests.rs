//! The call and the answers of each protocol: vectors, each with the rule that it proves.

use super::*;
use crate::policy::Policy;

fn checker(protocol: Protocol) -> Checker {
    Checker { protocol, language: "toy".to_owned(), source: Some(Content::from("x")), ..Checker::default() }
}

fn said(code: i32, stdout: &str, stderr: &str) -> CheckerOutput {
    CheckerOutput { code, stdout: stdout.to_owned().into(), stderr: stderr.to_owned().into(), files: Vec::new() }
}

fn wrote(code: i32, files: &[(&str, &str)]) -> CheckerOutput {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned().into())).collect();
    CheckerOutput { files, ..said(code, "", "") }
}

/// `=` right, `x` wrong, `f` bad form, `!` nonsense, or the score.
fn mark(checker: &Checker, said: &CheckerOutput) -> String {
    match checker.read(said) {
        Err(_) => "!".to_owned(),
        Ok(Answer { score: Some(score), .. }) => score.to_string(),
        Ok(Answer { decision, .. }) => match decision {
            Decision::Right => "=",
            Decision::Wrong => "x",
            Decision::BadForm => "f",
        }
        .to_owned(),
    }
}

#[test]
fn each_protocol_is_called_in_its_way() {
    use Protocol::*;
    for (protocol, args) in [
        (Exit, "judge/input judge/output judge/answer"),
        (Testlib, "judge/input judge/output judge/answer"),
        (Kattis, "judge/input judge/answer judge/feedback/"),
        (Cms, "judge/input judge/answer judge/output"),
        (Coci, "judge/input judge/output judge/answer"),
        (Peg, "judge/answer judge/output judge/input"),
        (Hustoj, "judge/input judge/answer judge/output"),
        (Qduoj, "judge/input judge/output"),
        (Lemon, "judge/input judge/output judge/answer 100 judge/feedback/score judge/feedback/message"),
        (Syzoj, ""),
    ] {
        let call = checker(protocol).invocation();
        assert_eq!(call.args.join(" "), args, "{protocol:?}");
        assert_eq!(call.output_on_stdin, protocol == Kattis);
        let files: Vec<&str> = call.files.iter().map(|(path, _)| *path).collect();
        assert!(call.args.iter().all(|arg| files.contains(&arg.as_str()) || arg.contains("feedback") || arg == "100"));
    }
    assert_eq!(checker(Syzoj).invocation().files.len(), 4);
    let more = Checker { args: vec!["-x".to_owned()], ..checker(Qduoj) };
    assert_eq!(more.invocation().args.last().unwrap(), "-x", "its own arguments come last");
}

#[test]
fn what_each_answer_means() {
    use Protocol::*;
    for (protocol, said, wanted, rule) in [
        (Exit, said(0, "", ""), "=", "0 is right"),
        (Exit, said(1, "", ""), "x", "1 is wrong"),
        (Exit, said(2, "", ""), "!", "nothing else is known"),
        (Testlib, said(0, "", "ok 3 numbers"), "=", "OK"),
        (Testlib, said(1, "", "wrong answer differ"), "x", "WA"),
        (Testlib, said(2, "", "wrong output format x"), "f", "PE"),
        (Testlib, said(4, "", ""), "f", "DIRT is PE"),
        (Testlib, said(8, "", "unexpected eof"), "f", "an early end is PE"),
        (Testlib, said(3, "", "FAIL no answer"), "!", "FAIL is the checker's"),
        (Testlib, said(7, "", "points 0.25 a quarter"), "0.25", "points"),
        (Testlib, said(7, "", "points 2"), "!", "more points than there are"),
        (Testlib, said(7, "", "points x"), "!", "no points"),
        (Testlib, said(50, "", "partially correct (40) some"), "0.4", "a share in percent"),
        (Testlib, said(139, "", ""), "!", "nothing else is known"),
        (Kattis, said(42, "", ""), "=", "42 is right"),
        (Kattis, said(43, "", ""), "x", "43 is wrong"),
        (Kattis, said(0, "", ""), "!", "0 is neither"),
        (Kattis, said(1, "", ""), "!", "nor is 1"),
        (Kattis, wrote(42, &[("score.txt", "0.5\n")]), "0.5", "a score"),
        (Kattis, wrote(42, &[("score_multiplier.txt", "0.5")]), "0.5", "a share"),
        (Kattis, wrote(42, &[("score.txt", "1"), ("score_multiplier.txt", "1")]), "!", "one of them only"),
        (Kattis, wrote(43, &[("score.txt", "0.5")]), "!", "no score for what is wrong"),
        (Kattis, wrote(42, &[("score.txt", "many")]), "!", "no number"),
        (Cms, said(0, "1.0\n", "translate:success"), "1", "full score"),
        (Cms, said(0, "0.25\nmore\n", "a quarter"), "0.25", "the first line counts"),
        (Cms, said(0, "2.0", ""), "!", "beyond 1"),
        (Cms, said(0, "nan", ""), "!", "no number"),
        (Cms, said(0, "", ""), "!", "nothing"),
        (Cms, said(1, "1.0", ""), "!", "a bad end"),
        (Coci, said(0, "", ""), "=", "as testlib"),
        (Coci, said(1, "", ""), "x", "as testlib"),
        (Coci, said(7, "", "partial 3/4"), "0.75", "a fraction"),
        (Coci, said(7, "", "half"), "!", "none"),
        (Coci, said(7, "", "partial 1/0"), "!", "of nothing"),
        (Coci, said(7, "", "partial 5/4"), "!", "of more than there is"),
        (Peg, said(0, "", ""), "=", "0 is right"),
        (Peg, said(1, "", ""), "x", "1 is wrong"),
        (Peg, said(1, "hm\n3\n4\n", ""), "0.75", "unless two lines make a fraction"),
        (Peg, said(0, "0.5\n2\n", ""), "0.25", "which counts beside 0, too, and need not be of whole numbers"),
        (Peg, said(0, "0\n4\n", ""), "=", "unless it is of nothing"),
        (Peg, said(1, "0\n4\n", ""), "x", "of something"),
        (Peg, said(2, "", ""), "!", "nothing else is known"),
        (Hustoj, said(0, "", ""), "=", "0 is right"),
        (Hustoj, said(7, "", ""), "x", "all else is wrong"),
        (Qduoj, said(0, "", ""), "=", "0 is right"),
        (Qduoj, said(1, "", ""), "x", "1 is wrong"),
        (Qduoj, said(255, "", ""), "!", "-1 is its own failure"),
        (Lemon, wrote(0, &[("score", "30\n"), ("message", "some")]), "0.3", "a score"),
        (Lemon, wrote(0, &[]), "!", "none"),
        (Lemon, wrote(1, &[("score", "30")]), "!", "a bad end"),
        (Syzoj, said(0, "45\n", "some"), "0.45", "a score of 100"),
        (Syzoj, said(0, "101", ""), "!", "beyond 100"),
        (Syzoj, said(0, "", ""), "!", "none"),
        (Syzoj, said(1, "45", ""), "!", "a bad end"),
    ] {
        assert_eq!(mark(&checker(protocol), &said), wanted, "{protocol:?}: {rule}");
    }
    let points = Checker { scale: Scale::Points, ..checker(Kattis) };
    assert_eq!(mark(&points, &wrote(42, &[("score.txt", "250.5")])), "250.5", "points of any size");
    assert_eq!(mark(&points, &wrote(43, &[("score.txt", "0")])), "0", "also of what is rejected");
    assert_eq!(mark(&points, &wrote(43, &[])), "x", "or none");
    assert_eq!(mark(&points, &wrote(1, &[("score.txt", "1")])), "!", "but the exit codes stay");
    for (full, said_points, share) in [
        (100.0, "20", 0.2),
        (100.0, "100", 1.0),
        (50.0, "20", 0.2),
        (50.0, "0.5", 0.5),
        (50.0, "1", 1.0),
        (7.0, "50", 3.0 / 7.0),
    ] {
        let hydro = Checker { scale: Scale::Percent, full_score: Some(full), ..checker(Testlib) };
        let answer = hydro.read(&said(7, "", &format!("points {said_points} so"))).unwrap();
        assert!((answer.score.unwrap() - share).abs() < 1e-9, "{said_points} of {full}: {answer:?}");
    }
    let ten = Checker { full_score: Some(10.0), ..checker(Testlib) };
    assert_eq!(mark(&ten, &said(7, "", "points 4")), "0.4", "what full points are can be said");
}

#[test]
fn messages_lose_their_prefix_and_stay_short() {
    let message = |protocol, said: CheckerOutput| checker(protocol).read(&said).unwrap().message;
    assert_eq!(message(Protocol::Testlib, said(1, "", "wrong answer 1st differ\n")).unwrap(), "1st differ");
    assert_eq!(message(Protocol::Cms, said(0, "0", "translate:wrong")).unwrap(), "Output isn't correct");
    let file = ("judgemessage.txt", "line 3");
    assert_eq!(message(Protocol::Kattis, wrote(43, &[file])).unwrap(), "line 3");
    assert_eq!(message(Protocol::Exit, said(0, "", "")), None);
    let long = message(Protocol::Exit, said(1, &"é".repeat(10_000), "")).unwrap();
    assert_eq!(long.chars().count(), 1_001);
    let failed = checker(Protocol::Testlib).read(&said(3, "", "FAIL no answer")).unwrap_err();
    assert_eq!(failed, "says that it failed: no answer");
    let beyond = checker(Protocol::Testlib).read(&said(7, "", "points 20")).unwrap_err();
    assert!(beyond.contains("full_score"), "{beyond}");
}

#[test]
fn a_checker_that_is_no_program_is_refused() {
    let policy = Policy::default();
    assert!(checker(Protocol::Exit).check(&policy).is_ok());
    let refused = |checker: Checker| checker.check(&policy).unwrap_err().field;
    assert_eq!(refused(Checker { source: None, ..checker(Protocol::Exit) }), "source");
    assert_eq!(refused(Checker { full_score: Some(0.0), ..checker(Protocol::Exit) }), "full_score");
    assert_eq!(refused(Checker { entry: Some("y".to_owned()), ..checker(Protocol::Exit) }), "entry");
}

#[test]
fn an_interactor_is_called_without_an_output() {
    let args = |protocol| checker(protocol).interactive_invocation().args;
    assert_eq!(args(Protocol::Kattis), ["judge/input", "judge/answer", "judge/feedback/"]);
    assert_eq!(args(Protocol::Testlib), ["judge/input", "judge/feedback/output", "judge/answer"]);
    assert_eq!(args(Protocol::Exit), ["judge/input", "judge/answer"]);
    let call = checker(Protocol::Kattis).interactive_invocation();
    assert!(call.files.iter().all(|(_, what)| *what != CheckerFile::Output) && !call.output_on_stdin);
    assert_eq!(Checker::interactor_output(&wrote(0, &[("output", "42\n")])).as_ref(), b"42\n");
    let policy = Policy::default();
    assert!(checker(Protocol::Coci).check_interactive(&policy).is_ok());
    for protocol in [Protocol::Cms, Protocol::Lemon, Protocol::Syzoj, Protocol::Peg] {
        assert_eq!(checker(protocol).check_interactive(&policy).unwrap_err().field, "protocol");
    }
}

#[test]
fn another_pass_is_for_those_that_accept_and_have_one_left() {
    let two = Checker { passes: Some(2), ..checker(Protocol::Kattis) };
    let next = |code| wrote(code, &[("nextpass.in", "again")]);
    assert_eq!(two.next_pass(&next(42), 1).unwrap().as_deref(), Some(&b"again"[..]));
    assert_eq!(two.next_pass(&wrote(42, &[]), 1), Ok(None));
    assert!(two.next_pass(&next(42), 2).unwrap_err().contains("after 2 of 2 passes"));
    assert!(two.next_pass(&next(43), 1).unwrap_err().contains("exited with code 43"));
    assert!(checker(Protocol::Kattis).next_pass(&next(42), 1).is_err(), "one pass is the rule");
    assert_eq!(checker(Protocol::Cms).next_pass(&next(0), 1), Ok(None), "others do not know of passes");
    let policy = Policy::default();
    assert!(two.check(&policy).is_ok());
    for (protocol, passes) in [(Protocol::Kattis, 0), (Protocol::Kattis, 101), (Protocol::Exit, 2)] {
        let bad = Checker { passes: Some(passes), ..checker(protocol) };
        assert_eq!(bad.check(&policy).unwrap_err().field, "passes");
    }
}
