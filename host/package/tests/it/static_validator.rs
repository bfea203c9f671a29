//! Static validators: each rule of the specification, with a package that depends on it.

use optimus_core::Verdict::Accepted;

use crate::kattis::{all_but, icpc, icpc_error};
use crate::made::score;

/// Points of a test are those of the specification: `(max_score - static_validation_score) / N`.
#[test]
fn a_static_validator_judges_sources_in_a_test_of_its_group() {
    let yaml = "type: scoring\nlimits: {time_limit: 1}\n";
    let program = ("static_validator/check.py", "exit(43)\n");
    let own = |text: &'static str| [program, ("data/secret/test_group.yaml", text)];
    let problem = icpc(yaml, &own("max_score: 50\nstatic_validation_score: 20\nstatic_validator_args: [x]\n"));
    let test = problem.tests.iter().find(|test| test.check_sources).unwrap();
    assert_eq!(
        (test.name.as_deref(), &test.checker_args[..]),
        (Some("secret/static_validation"), &["x".to_owned()][..])
    );
    assert_eq!(problem.source_checker.as_ref().unwrap().files[0].path, "check.py");
    let (all, none) = (score(&problem, |_| Accepted), score(&problem, all_but("secret/static_validation")));
    assert_eq!((all.points, all.max, none.points), (50.0, 50.0, 30.0));
    let pass_fail = icpc("limits: {time_limit: 1}\n", &own("static_validation_score: pass-fail\n"));
    assert!(pass_fail.tests.iter().any(|test| test.check_sources) && pass_fail.scoring.is_none());
    let draft = icpc("limits: {time_limit: 1}\n", &own("static_validation: {args: a b}\n"));
    assert_eq!(draft.tests.iter().find(|test| test.check_sources).unwrap().checker_args, ["a", "b"]);
    let unused = icpc("limits: {time_limit: 1}\n", &[program]);
    assert!(unused.source_checker.is_none() && unused.remarks.iter().any(|own| own.contains("no group of tests asks")));
}

#[test]
fn static_validation_that_means_nothing_is_refused_by_name() {
    let program = ("static_validator/check.py", "exit(43)\n");
    let scoring = "type: scoring\nlimits: {time_limit: 1}\n";
    let plain = "limits: {time_limit: 1}\n";
    for (yaml, text, why) in [
        (plain, "static_validation_score: 20\n", "only for problems of type `scoring`"),
        (plain, "static_validator_args: [x]\n", "needs `static_validation_score`"),
        (plain, "static_validation_score: often\n", "neither `pass-fail` nor a whole number"),
        (scoring, "max_score: 50\nstatic_validation_score: 60\n", "is above `max_score`"),
        (scoring, "score_aggregation: pass-fail\nstatic_validation_score: 6\n", "is `pass-fail`"),
        (scoring, "static_validation_score: pass-fail\n", "needs points"),
    ] {
        let error = icpc_error(yaml, &[program, ("data/secret/test_group.yaml", text)]);
        assert!(error.contains(why), "{text}: {error}");
    }
    let missing = icpc_error(plain, &[("data/secret/test_group.yaml", "static_validation_score: pass-fail\n")]);
    assert!(missing.contains("`static_validator/` is missing"), "{missing}");
}
