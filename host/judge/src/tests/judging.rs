//! Every verdict that a test can get.

use super::*;
use crate::execute::Ending;

async fn verdict(stdin: &str, expect: &str) -> (Verdict, Option<String>) {
    let execution = Toys::default().execute(&one_test(stdin, expect), &interpreted()).await.unwrap();
    let test = &execution.tests[0];
    (test.verdict, test.message.clone())
}

#[tokio::test]
async fn every_row_of_the_verdict_table_is_reached() {
    use Verdict::*;
    for (stdin, expect, wanted) in [
        ("42", "42\n", Accepted),
        ("41", "42", WrongAnswer),
        ("limit forbidden_call", "", SecurityViolation),
        ("limit memory", "", MemoryLimitExceeded),
        ("limit cpu_time", "", TimeLimitExceeded),
        ("limit output", "", OutputLimitExceeded),
        ("limit file_size", "", OutputLimitExceeded),
        ("signal 11", "", RuntimeError),
        ("exit 1", "", RuntimeError),
        ("exit 1 oom", "", MemoryLimitExceeded),
        ("refused", "", RuntimeError),
    ] {
        assert_eq!(verdict(stdin, expect).await.0, wanted, "{stdin}");
    }
    let message = verdict("exit 1 lang.oom", "").await.1.unwrap();
    assert_eq!(message, "exited with code 1: by what it printed, memory limit exceeded");
}

#[tokio::test]
async fn idleness_needs_a_program_that_waited() {
    let script = |cpu_us| {
        Arc::new(move |_: &BoxStep<'_>, _: &[PlacedFile], _: &mut dyn Sink| {
            Ok(Outcome { cpu_us, wall_us: 6_000_000, ..ended(Exit::Signal(9), Some(LimitHit::WallTime)) })
        })
    };
    for (cpu_us, wanted) in [(1_000, Verdict::IdlenessLimitExceeded), (5_000_000, Verdict::TimeLimitExceeded)] {
        let mut toys = Toys::default();
        toys.executor.sandbox = Arc::new(FakeSandbox::new(script(cpu_us)));
        let execution = toys.execute(&one_test("", ""), &interpreted()).await.unwrap();
        assert_eq!(execution.tests[0].verdict, wanted);
    }
}

#[tokio::test]
async fn a_bad_exit_code_is_an_error_even_when_the_output_is_right() {
    let mut toys = Toys::default();
    toys.executor.sandbox = Arc::new(FakeSandbox::new(Arc::new(|_, _, sink| {
        sink.write(Stream::Stdout, b"42");
        Ok(ended(Exit::Code(1), None))
    })));
    let execution = toys.execute(&one_test("", "42"), &interpreted()).await.unwrap();
    assert_eq!(execution.tests[0].verdict, Verdict::RuntimeError);
}

#[tokio::test]
async fn a_test_may_have_limits_of_its_own() {
    let mut toys = Toys::default();
    toys.executor.sandbox = Arc::new(FakeSandbox::new(Arc::new(|step: &BoxStep<'_>, _: &[PlacedFile], sink| {
        sink.write(Stream::Stdout, format!("{} {}", step.limits.cpu_ms, step.limits.memory_bytes).as_bytes());
        Ok(FakeSandbox::success(1))
    })));
    let own = optimus_core::TestLimits { cpu_ms: Some(1_234), memory_bytes: Some(5 << 20) };
    let mut job = one_test("", "1234 5242880");
    job.tests[0].limits = Some(own);
    let execution = toys.execute(&job, &interpreted()).await.unwrap();
    assert_eq!(execution.tests[0].verdict, Verdict::Accepted, "{:?}", execution.tests[0].stdout);
}

#[tokio::test]
async fn white_space_is_a_presentation_error_only_where_it_counts() {
    let mut job = one_test("42", "42\n");
    job.compare = Some(optimus_core::Comparer::Exact);
    let execution = Toys::default().execute(&job, &interpreted()).await.unwrap();
    assert_eq!(execution.tests[0].verdict, Verdict::PresentationError);
}

#[tokio::test]
async fn the_jobs_comparer_comes_before_the_plans() {
    let mut plan = interpreted();
    plan.comparer = Some(optimus_core::Comparer::Exact);
    let mut job = one_test("1  2", "1 2\n");
    let toys = Toys::default();
    assert_eq!(toys.execute(&job, &plan).await.unwrap().tests[0].verdict, Verdict::PresentationError);
    job.compare = Some(optimus_core::Comparer::Tokens);
    assert_eq!(toys.execute(&job, &plan).await.unwrap().tests[0].verdict, Verdict::Accepted);
}

#[tokio::test]
async fn a_checker_gives_partial_credit() {
    let mut job = one_test("123", "12");
    job.compare = Some(optimus_core::Comparer::Custom);
    let execution = Toys::default().execute(&job, &interpreted()).await.unwrap();
    let test = &execution.tests[0];
    assert_eq!((test.verdict, test.score), (Verdict::Partial, Some(0.5)));
    assert_eq!(test.message.as_deref(), Some("3 2 3"));
}

#[tokio::test]
async fn a_checker_that_traps_is_no_fault_of_the_program() {
    let mut job = job(json!({"tests": [{"expect": ""}, {"expect": ""}]}));
    job.compare = Some(optimus_core::Comparer::Custom);
    let toys = Toys::default();
    let toy = Toy { trapped: true };
    let execution = toys.execute_with(&job, &interpreted(), &toy, &|_| {}, &CancellationToken::new()).await.unwrap();
    assert_eq!(execution.tests[0].verdict, Verdict::InternalError);
    assert_eq!(execution.tests[0].error.as_ref().unwrap().code, "plugin_trapped");
    assert_eq!(execution.tests[1].verdict, Verdict::Skipped);
    let (verdict, fault) = crate::conclude(execution.ending, &execution.tests, None);
    assert_eq!((verdict, fault.unwrap().code.as_str()), (Verdict::InternalError, "plugin_trapped"));
}

#[tokio::test]
async fn a_missing_interpreter_is_ours_and_an_unstartable_program_is_not() {
    let execution = Toys::default().execute(&one_test("missing", ""), &interpreted()).await.unwrap();
    let test = &execution.tests[0];
    assert_eq!(test.verdict, Verdict::InternalError);
    let fault = test.error.clone().unwrap();
    assert_eq!(fault.message, "`toy` cannot be started here: no such file or directory");
    assert_eq!((fault.code.as_str(), fault.hint.as_deref()), ("toolchain_missing", Some("install toy")));
    assert_eq!(test.message, None, "nothing is said about the program");

    let execution = Toys::default().execute(&one_test("missing", ""), &compiled()).await.unwrap();
    assert_eq!(execution.tests[0].verdict, Verdict::CompileError);
    assert!(execution.tests[0].error.is_none());
}

#[tokio::test]
async fn a_command_that_is_not_there_is_the_jobs_own_choice() {
    let mut job = one_test("missing", "");
    job.language = COMMAND.to_owned();
    let execution = Toys::default().execute(&job, &interpreted()).await.unwrap();
    let test = &execution.tests[0];
    assert_eq!((test.verdict, test.error.as_ref()), (Verdict::RuntimeError, None));
    assert_eq!(test.message.as_deref(), Some("`toy` cannot be started: no such file or directory"));
}

#[test]
fn a_jobs_variables_stand_over_those_of_the_plan() {
    let mut plan = interpreted();
    plan.run.env = [("A", "plan"), ("B", "plan")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let own = [("A", "job"), ("C", "job")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let plan = crate::planned::with_env(std::sync::Arc::new(plan), &own.into());
    let env: Vec<_> = plan.run.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(env, ["B=plan", "A=job", "C=job"]);
}

#[tokio::test]
async fn a_lost_box_is_worth_another_attempt() {
    let fault = Toys::default().execute(&one_test("lost", ""), &interpreted()).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.message.as_str()), ("sandbox_failed", "box lost: the agent went silent"));
}

#[tokio::test]
async fn without_expected_output_a_program_only_has_to_end_well() {
    let job = job(json!({"tests": [{"stdin": "anything"}]}));
    let execution = Toys::default().execute(&job, &interpreted()).await.unwrap();
    assert_eq!(execution.tests[0].verdict, Verdict::Accepted);
    assert_eq!(execution.ending, Ending::Tested);
}

#[tokio::test]
async fn output_is_kept_as_far_as_asked_for() {
    let mut job = one_test("12345", "12345");
    job.capture_bytes = 3;
    let execution = Toys::default().execute(&job, &interpreted()).await.unwrap();
    let stdout = &execution.tests[0].stdout;
    assert_eq!((stdout.content.as_bytes(), stdout.truncated), (&b"123"[..], true));
    assert_eq!(execution.tests[0].verdict, Verdict::Accepted);
}
