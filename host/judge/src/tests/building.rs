//! Compiling, and what is kept of it.

use super::*;
use crate::execute::Ending;

#[tokio::test]
async fn a_program_is_compiled_once_for_all_tests_and_all_equal_jobs() {
    let toys = Toys::default();
    let job = job(json!({"tests": [{"stdin": "1"}, {"stdin": "2"}]}));
    let events = Mutex::new(Vec::new());
    let note = |event: Event| events.lock().unwrap().push(event.name());
    for _ in 0..2 {
        let cancel = CancellationToken::new();
        toys.execute_with(&job, &compiled(), &Toy::default(), &note, &cancel).await.unwrap();
    }
    assert_eq!(toys.times_compiled(), 1);
    let events = events.into_inner().unwrap();
    assert_eq!(events, ["compiling", "compiled", "test", "test", "compiled", "test", "test"]);
}

#[tokio::test]
async fn what_would_change_the_program_changes_its_name() {
    let toys = Toys::default();
    let first = one_test("1", "1");
    toys.execute(&first, &compiled()).await.unwrap();
    let mut flags = compiled();
    flags.compile[0].argv.push("-O2".to_owned());
    let again = toys.execute(&first, &flags).await.unwrap();
    assert!(!again.compile.unwrap().cached);
    let mut env = compiled();
    env.compile[0].env.push(("A".to_owned(), "b".to_owned()));
    toys.execute(&first, &env).await.unwrap();
    let other = job(json!({"files": [{"path": "main.toy", "content": "x"}, {"path": "b.toy", "content": ""}]}));
    toys.execute(&other, &compiled()).await.unwrap();
    assert_eq!(toys.times_compiled(), 4);
    let tests_differ = one_test("2", "2");
    let cached = toys.execute(&tests_differ, &compiled()).await.unwrap();
    assert!(cached.compile.unwrap().cached);
    assert_eq!(cached.tests[0].verdict, Verdict::Accepted);
}

#[tokio::test]
async fn equal_jobs_at_the_same_time_compile_once() {
    let toys = Toys::default();
    let (one, other) = (one_test("1", "1"), one_test("2", "2"));
    let plan = compiled();
    // Both wait for the same flight, which a third holds.
    let spec = BuildSpec {
        job: &one,
        plan: &plan,
        limits: Limits::DEFAULT,
        plugin_digest: "d",
        install_hint: "",
        is_command: false,
        hooks: &Toy::default(),
        unpinned: false,
    };
    let flight = toys.executor.artefacts.flight(crate::artefacts::key(&spec, toys.executor.sandbox_name(""), ""));
    let held = flight.lock().await;
    let both = async { tokio::join!(toys.execute(&one, &plan), toys.execute(&other, &plan)) };
    let release = async {
        tokio::task::yield_now().await;
        drop(held);
    };
    let ((a, b), ()) = tokio::join!(both, release);
    let cached = [a, b].map(|execution| execution.unwrap().compile.unwrap().cached);
    assert_eq!(cached.iter().filter(|cached| **cached).count(), 1);
    assert_eq!(toys.times_compiled(), 1);
}

#[tokio::test]
async fn another_tenants_compilation_does_not_show() {
    let toys = Toys::default();
    let of = |tenant: &str| Job { tenant: Some(tenant.to_owned()), ..one_test("1", "1") };
    let mut told = Vec::new();
    for tenant in ["a", "a", "b", "b", "a"] {
        let events = Mutex::new(Vec::new());
        let note = |event: Event| events.lock().unwrap().push(event.name());
        let cancel = CancellationToken::new();
        let execution = toys.execute_with(&of(tenant), &compiled(), &Toy::default(), &note, &cancel).await.unwrap();
        let report = execution.compile.unwrap();
        assert_eq!(events.lock().unwrap().contains(&"compiling"), !report.cached, "as the events say");
        assert!(report.cached || execution.compile_time.as_secs_f64() * 1_000.0 >= report.wall_ms - 0.001);
        told.push(report.cached);
    }
    assert_eq!((told, toys.times_compiled()), (vec![false, true, false, true, true], 1));
}

#[tokio::test]
async fn what_eight_tests_print_is_bounded_as_it_is_encoded() {
    // The fake program prints its input.
    let ones = "\u{1}".repeat(16 << 20);
    let mut job = job(json!({"tests": [{}, {}, {}, {}, {}, {}, {}, {}]}));
    let stdin: optimus_core::Content = ones.into();
    job.tests.iter_mut().for_each(|test| test.stdin = stdin.clone());
    job.capture_bytes = 16 << 20;
    let execution = Toys::default().execute(&job, &interpreted()).await.unwrap();
    let json = serde_json::to_vec(&execution.tests).unwrap();
    assert!(json.len() < (64 << 20) + (8 << 10), "{}", json.len());
    let cut: Vec<bool> = execution.tests.iter().map(|test| test.stdout.truncated).collect();
    assert_eq!(cut, [false, false, true, true, true, true, true, true]);
}

#[tokio::test]
async fn failures_are_not_kept() {
    let toys = Toys::default();
    let bad = job(json!({"source": "exit 1", "tests": [{}, {}]}));
    for times in 1..3 {
        let execution = toys.execute(&bad, &compiled()).await.unwrap();
        assert_eq!(execution.ending, Ending::CompileError);
        assert!(execution.tests.iter().all(|test| test.verdict == Verdict::Skipped));
        assert_eq!(toys.times_compiled(), times);
        let report = execution.compile.unwrap();
        assert!(!report.ok && !report.cached);
        assert_eq!(report.failed_step.as_deref(), Some("compile"));
        assert_eq!(report.message.as_deref(), Some("`compile` exited with code 1"));
        assert_eq!(report.output.content.as_bytes(), b"bad line\n");
        assert_eq!(report.diagnostics[0].message, "bad line\n");
    }
}

#[tokio::test]
async fn a_compilers_limits_are_named() {
    let slow = job(json!({"source": "limit cpu_time"}));
    let report = Toys::default().execute(&slow, &compiled()).await.unwrap().compile.unwrap();
    assert_eq!(report.message.unwrap(), "compiling took longer than 30000 ms of CPU time (step `compile`)");
}

#[tokio::test]
async fn a_missing_compiler_is_ours_and_a_missing_script_is_not() {
    let missing = job(json!({"source": "missing"}));
    let execution = Toys::default().execute(&missing, &compiled()).await.unwrap();
    let Ending::Fault(fault) = execution.ending else { panic!("{:?}", execution.ending) };
    assert_eq!(fault.code, "toolchain_missing");
    assert_eq!(fault.hint.as_deref(), Some("install toy"));
    assert_eq!(execution.compile, None);

    let mut own_script = compiled();
    own_script.compile[0].argv = vec!["./configure".to_owned()];
    let execution = Toys::default().execute(&missing, &own_script).await.unwrap();
    assert_eq!(execution.ending, Ending::CompileError);
    let message = execution.compile.unwrap().message.unwrap();
    assert_eq!(message, "`./configure` cannot be started: no such file or directory");
}

#[tokio::test]
async fn what_cannot_be_collected_is_no_program() {
    let refused = job(json!({"source": "refused"}));
    let execution = Toys::default().execute(&refused, &compiled()).await.unwrap();
    assert_eq!(execution.ending, Ending::CompileError);
    assert_eq!(execution.compile.unwrap().message.as_deref(), Some("`main` is a symlink"));
}

#[tokio::test]
async fn a_plan_that_needs_a_directory_where_a_source_is_a_file_is_ours() {
    let mut plan = compiled();
    plan.run.files.push(PlacedFile {
        path: BoxPath::new("main.toy/x").unwrap(),
        executable: false,
        content: Default::default(),
    });
    let execution = Toys::default().execute(&one_test("", ""), &plan).await.unwrap();
    let Ending::Fault(fault) = execution.ending else { panic!("{:?}", execution.ending) };
    assert_eq!(fault.code, "plan_invalid");
}

#[tokio::test]
async fn a_small_cache_forgets() {
    let toys = Toys::new(JudgeConfig { artefact_cache_bytes: 0, ..JudgeConfig::default() });
    for times in 1..3 {
        toys.execute(&one_test("1", "1"), &compiled()).await.unwrap();
        assert_eq!(toys.times_compiled(), times);
    }
}

#[tokio::test]
async fn plans_without_compiling_have_no_compile_report() {
    let execution = Toys::default().execute(&one_test("1", "1"), &interpreted()).await.unwrap();
    assert_eq!(execution.compile, None);
}
