//! Which tests run, when, and what is heard of them.

use std::time::Duration;

use super::*;
use crate::conclude;
use crate::execute::Ending;

fn numbered(count: usize) -> Value {
    let tests: Vec<Value> = (0..count).map(|n| json!({"stdin": n.to_string(), "expect": n.to_string()})).collect();
    json!({ "tests": tests })
}

#[tokio::test]
async fn after_the_first_failure_the_rest_is_skipped_if_wanted() {
    use Verdict::*;
    let mut job = job(json!({"tests": [{"stdin": "1"}, {"stdin": "exit 1"}, {"stdin": "2", "name": "last"}]}));
    job.stop_at_first_failure = true;
    let parallel = JudgeConfig { slots: 8, parallel_tests: true, ..JudgeConfig::default() };
    for config in [JudgeConfig::default(), parallel] {
        let execution = Toys::new(config).execute(&job, &interpreted()).await.unwrap();
        let verdicts: Vec<Verdict> = execution.tests.iter().map(|test| test.verdict).collect();
        assert_eq!(verdicts, [Accepted, RuntimeError, Skipped]);
        let names: Vec<&str> = execution.tests.iter().map(|test| test.name.as_str()).collect();
        assert_eq!(names, ["1", "2", "last"]);
        assert_eq!(conclude(execution.ending, &execution.tests, None).0, RuntimeError);
    }
    job.stop_at_first_failure = false;
    let execution = Toys::default().execute(&job, &interpreted()).await.unwrap();
    assert_eq!(execution.tests[2].verdict, Accepted);
}

#[tokio::test]
async fn a_tests_arguments_follow_the_plans() {
    let toys = Toys::default();
    let job = job(json!({"tests": [{"args": ["-a", "b"]}, {}]}));
    toys.execute(&job, &interpreted()).await.unwrap();
    let ran = toys.ran.lock().unwrap().clone();
    assert_eq!(ran, [vec!["toy", "main.toy", "-a", "b"], vec!["toy", "main.toy"]]);
}

#[tokio::test]
async fn every_test_is_heard_of_as_it_ends() {
    let toys = Toys::default();
    let captured = Mutex::new(Vec::new());
    let note = |event: Event| {
        if let Event::Test { index, total, report } = event {
            captured.lock().unwrap().push((index, total, report.verdict));
        }
    };
    let cancel = CancellationToken::new();
    toys.execute_with(&job(numbered(3)), &interpreted(), &Toy::default(), &note, &cancel).await.unwrap();
    let accepted = |index| (index, 3, Verdict::Accepted);
    assert_eq!(captured.into_inner().unwrap(), [accepted(0), accepted(1), accepted(2)]);
}

/// A box whose programs take turns: each waits until `together` of them run.
struct Together {
    barrier: tokio::sync::Barrier,
    opened: AtomicUsize,
}

struct TogetherBox(Arc<Together>);

#[async_trait]
impl optimus_sandbox::OpenBox for TogetherBox {
    async fn stage(&mut self, _: &[PlacedFile]) -> Result<(), SandboxError> {
        Ok(())
    }

    async fn run(&mut self, step: &BoxStep<'_>, sink: &mut dyn Sink) -> Result<Outcome, SandboxError> {
        self.0.barrier.wait().await;
        act(&String::from_utf8_lossy(&step.stdin.whole()), sink)
    }

    async fn collect(&mut self, _: &[Collect]) -> Result<optimus_sandbox::Collected, SandboxError> {
        Ok(optimus_sandbox::Collected::new(Bytes::new()))
    }

    async fn restore(&mut self, _: &optimus_sandbox::Collected) -> Result<(), SandboxError> {
        Ok(())
    }
}

#[async_trait]
impl optimus_sandbox::GatherFiles for TogetherBox {
    async fn gather(&mut self, _: optimus_sandbox::Gather<'_>) -> Result<optimus_sandbox::Gathered, SandboxError> {
        Ok(optimus_sandbox::Gathered::default())
    }
}

struct TogetherSandbox(Arc<Together>);

#[async_trait]
impl optimus_sandbox::Sandbox for TogetherSandbox {
    async fn open(&self, _: &str) -> Result<Box<dyn optimus_sandbox::OpenBox>, SandboxError> {
        self.0.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(TogetherBox(Arc::clone(&self.0))))
    }

    fn describe(&self) -> optimus_sandbox::Description {
        optimus_sandbox::Description { name: "together", ..Default::default() }
    }
}

fn together(count: usize, config: JudgeConfig) -> (Toys, Arc<Together>) {
    let shared = Arc::new(Together { barrier: tokio::sync::Barrier::new(count), opened: AtomicUsize::new(0) });
    let executor = Executor::new(Arc::new(TogetherSandbox(Arc::clone(&shared))), config);
    (Toys { executor, ..Toys::default() }, shared)
}

#[tokio::test]
async fn idle_slots_take_tests_and_the_report_keeps_their_order() {
    let config = JudgeConfig { slots: 3, parallel_tests: true, ..JudgeConfig::default() };
    let (toys, shared) = together(3, config);
    let job = job(numbered(9));
    let _own = toys.executor.slot().await;
    let plan = interpreted();
    let execution = tokio::time::timeout(Duration::from_secs(60), toys.execute(&job, &plan));
    let execution = execution.await.expect("three programs run at once").unwrap();
    let printed: Vec<&[u8]> = execution.tests.iter().map(|test| test.stdout.content.as_bytes()).collect();
    assert_eq!(printed, [b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8"]);
    assert_eq!(conclude(execution.ending, &execution.tests, None).0, Verdict::Accepted);
    assert_eq!(shared.opened.load(Ordering::SeqCst), 3);
    assert_eq!(toys.executor.slots.available_permits(), 2, "slots are given back");
}

#[tokio::test]
async fn other_jobs_slots_are_left_alone() {
    for config in [
        JudgeConfig { slots: 1, parallel_tests: true, ..JudgeConfig::default() },
        JudgeConfig { slots: 8, parallel_tests: false, ..JudgeConfig::default() },
    ] {
        let (toys, shared) = together(1, config);
        let _own = toys.executor.slot().await;
        toys.execute(&job(numbered(4)), &interpreted()).await.unwrap();
        assert_eq!(shared.opened.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_cancelled_job_stops_where_it_is() {
    // The second program waits for a companion who never comes.
    let (toys, _) = together(2, JudgeConfig::default());
    let cancel = CancellationToken::new();
    let job = job(numbered(3));
    let companion = async {
        let mut open = toys.executor.sandbox.open("").await.unwrap();
        open.run(&nothing(), &mut optimus_sandbox::Discard).await.unwrap();
        tokio::task::yield_now().await;
        cancel.cancel();
    };
    let toy = Toy::default();
    let plan = interpreted();
    let run = toys.execute_with(&job, &plan, &toy, &|_| {}, &cancel);
    let (execution, ()) = tokio::join!(run, companion);
    let execution = execution.unwrap();
    let verdicts: Vec<Verdict> = execution.tests.iter().map(|test| test.verdict).collect();
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Cancelled, Verdict::Cancelled]);
    assert_eq!(conclude(execution.ending, &execution.tests, None), (Verdict::Cancelled, None));
}

#[tokio::test]
async fn a_job_that_is_cancelled_before_it_begins_runs_nothing() {
    let toys = Toys::default();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let job = job(numbered(2));
    let execution = toys.execute_with(&job, &compiled(), &Toy::default(), &|_| {}, &cancel).await.unwrap();
    assert_eq!(execution.ending, Ending::Cancelled);
    assert!(execution.tests.iter().all(|test| test.verdict == Verdict::Cancelled));
    assert!(toys.ran.lock().unwrap().is_empty());
}

fn nothing() -> BoxStep<'static> {
    BoxStep::new(&[], Limits::DEFAULT)
}
