//! The operations on a box, in their order.

use optimus_sandbox::{Collected, Description, OpenBox, Sandbox};

use super::*;
use crate::execute::Ending;

/// Writes down what is done with it; its build area never holds `gone`.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl Sandbox for Recorder {
    async fn open(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        self.note(format!("open {image}"));
        Ok(Box::new(self.clone()))
    }

    async fn open_unpinned(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        self.note(format!("open {image} unpinned"));
        Ok(Box::new(self.clone()))
    }

    fn describe(&self) -> Description {
        Description { name: "recorder", ..Description::default() }
    }
}

#[async_trait]
impl OpenBox for Recorder {
    async fn stage(&mut self, files: &[PlacedFile]) -> Result<(), SandboxError> {
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        self.note(format!("stage {}", paths.join(" ")));
        Ok(())
    }

    async fn run(&mut self, step: &BoxStep<'_>, _: &mut dyn Sink) -> Result<Outcome, SandboxError> {
        self.note(format!("{:?} {} within {} ms", step.view, step.argv.join(" "), step.limits.cpu_ms));
        Ok(FakeSandbox::success(0))
    }

    async fn collect(&mut self, paths: &[Collect]) -> Result<Collected, SandboxError> {
        self.note(format!("collect {paths:?}"));
        match paths {
            [Collect::Path(path)] if path.as_str() == "gone" => {
                Err(SandboxError::Refused("there is no `gone`".to_owned()))
            }
            _ => Ok(Collected::new(Bytes::from_static(b"archive"))),
        }
    }

    async fn restore(&mut self, collected: &Collected) -> Result<(), SandboxError> {
        self.note(format!("restore {} bytes", collected.size()));
        Ok(())
    }
}

fn recorded() -> (Toys, Recorder) {
    let recorder = Recorder::default();
    let executor = Executor::new(Arc::new(recorder.clone()), JudgeConfig::default());
    (Toys { executor, ..Toys::default() }, recorder)
}

fn placed(path: &str) -> PlacedFile {
    PlacedFile { path: BoxPath::new(path).unwrap(), executable: true, content: Default::default() }
}

#[tokio::test]
async fn a_compiled_program_stays_in_its_box_and_is_restored_into_others() {
    let (toys, recorder) = recorded();
    let mut plan = compiled();
    plan.compile[0].files.push(placed("build.toml"));
    plan.compile[0].limits.cpu_ms = Some(1_234);
    plan.compile.push(step("link", &["toyld"]));
    plan.run.files.push(placed("wrapper"));
    plan.run.limits.cpu_ms = Some(u64::MAX);
    toys.execute(&one_test("", ""), &plan).await.unwrap();
    let run = format!("Fresh ./main within {} ms", Limits::CAP.cpu_ms);
    let first = [
        "open toy:1",
        "stage main.toy build.toml",
        "Build toyc main.toy within 1234 ms",
        "Build toyld within 30000 ms",
        "collect [Path(BoxPath(\"main\"))]",
        "stage wrapper",
        &run,
    ];
    assert_eq!(recorder.taken(), first);
    toys.execute(&one_test("", ""), &plan).await.unwrap();
    assert_eq!(recorder.taken(), ["open toy:1", "restore 7 bytes", "stage wrapper", &run]);
}

#[tokio::test]
async fn without_anything_collected_the_sources_are_run() {
    let (toys, recorder) = recorded();
    let mut checked = interpreted();
    checked.compile.push(step("check", &["toy", "--check"]));
    for _ in 0..2 {
        toys.execute(&one_test("", ""), &checked).await.unwrap();
    }
    let run = "Fresh toy main.toy within 2000 ms";
    let check = "Build toy --check within 30000 ms";
    let stage = "stage main.toy";
    assert_eq!(recorder.taken(), ["open toy:1", stage, check, run, "open toy:1", stage, run]);
}

#[tokio::test]
async fn a_compiler_that_leaves_no_program_has_failed() {
    let (toys, _) = recorded();
    let mut plan = compiled();
    plan.compile[0].collect = vec![Collect::Path(BoxPath::new("gone").unwrap())];
    let execution = toys.execute(&one_test("", ""), &plan).await.unwrap();
    assert_eq!(execution.ending, Ending::CompileError);
    assert_eq!(execution.compile.unwrap().message.unwrap(), "compiling left no program: there is no `gone`");
}

#[tokio::test]
async fn the_box_of_a_checker_is_opened_beside_those_whose_times_count() {
    let (toys, recorder) = recorded();
    let (job, plan, hooks) = (one_test("", ""), compiled(), Toy::default());
    let mut spec = BuildSpec {
        job: &job,
        plan: &plan,
        limits: Limits::DEFAULT,
        plugin_digest: "d",
        install_hint: "",
        hooks: &hooks,
        unpinned: true,
    };
    for (unpinned, opened) in [(true, "open toy:1 unpinned"), (false, "open toy:1")] {
        spec.unpinned = unpinned;
        toys.executor.build(&spec, &|_| {}).await.unwrap();
        toys.executor.build(&spec, &|_| {}).await.unwrap();
        let opens: Vec<String> = recorder.taken().into_iter().filter(|done| done.starts_with("open")).collect();
        assert_eq!(opens, [opened, opened], "compiled or not");
    }
}
