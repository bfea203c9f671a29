//! The operations on a box, in their order.

use optimus_core::collect::Pattern;
use optimus_sandbox::{Collected, Description, Gather, GatherFiles, Gathered, OpenBox, Sandbox};

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

/// Its programs leave a text and a program in `out`, and a symlink.
#[async_trait]
impl GatherFiles for Recorder {
    async fn gather(&mut self, search: Gather<'_>) -> Result<Gathered, SandboxError> {
        let patterns: Vec<_> = search.patterns.iter().map(Pattern::as_str).collect();
        self.note(format!("gather {patterns:?}, the build area {}", if search.drop_build { "ends" } else { "stays" }));
        let left = [left("out/a.txt", false, b"text".to_vec()), left("out/run", true, vec![0; 4 << 20])];
        let is_meant = |file: &PlacedFile| search.patterns.iter().any(|pattern| pattern.matches(file.path.as_str()));
        let files = left.into_iter().filter(is_meant).collect();
        Ok(Gathered { files, notes: vec!["`link` is a symlink, not a file".to_owned()] })
    }
}

fn left(path: &str, executable: bool, content: Vec<u8>) -> PlacedFile {
    PlacedFile { path: BoxPath::new(path).unwrap(), executable, content: content.into() }
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
        is_command: false,
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

#[tokio::test]
async fn what_a_run_left_is_reported_with_what_is_missing() {
    let (toys, recorder) = recorded();
    let wanted = json!({"tests": [{}, {}], "collect": ["out/*.txt", "out/r*"]});
    let execution = toys.execute(&job(wanted), &interpreted()).await.unwrap();
    let shown = |test: &optimus_core::TestReport| -> Vec<_> {
        test.files.iter().map(|file| (file.path.clone(), file.bytes, file.executable)).collect()
    };
    let [first, second] = &execution.tests[..] else { panic!("{:?}", execution.tests) };
    assert_eq!(shown(first), [("out/a.txt".to_owned(), 4, false), ("out/run".to_owned(), 4 << 20, true)]);
    assert_eq!(first.files[0].content.as_ref().unwrap().as_bytes(), b"text");
    let text = "sha256:982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1";
    assert_eq!(first.files[0].sha256.to_string(), text);
    assert_eq!(first.files_message.as_deref(), Some("`link` is a symlink, not a file"));
    assert_eq!(shown(second), [("out/a.txt".to_owned(), 4, false)]);
    let full = "`link` is a symlink, not a file; `out/run` does not fit: the files of a job take at most 8388608 bytes";
    assert_eq!(second.files_message.as_deref(), Some(full));
    assert!(execution.tests.iter().all(|test| test.verdict == Verdict::Accepted));
    // Each test has a build area of its own, which is new in a new box only.
    let run = "Build toy main.toy within 2000 ms";
    let gather = r#"gather ["out/*.txt", "out/r*"], the build area ends"#;
    let (opened, ran) = (["open toy:1", "stage main.toy"], [run, gather]);
    assert_eq!(recorder.taken(), [opened, opened, ran, opened, ran].concat());
}

#[tokio::test]
async fn a_run_that_is_repeated_finds_nothing_of_the_first() {
    let (toys, recorder) = recorded();
    let wanted = json!({"tests": [{"expect": "text"}], "file_io": {"output": "out/a.txt"}, "collect": ["out/a.txt"]});
    let execution = toys.execute(&job(wanted), &interpreted()).await.unwrap();
    assert_eq!(execution.tests[0].verdict, Verdict::Accepted);
    let gathered: Vec<_> = recorder.taken().into_iter().filter(|done| done.starts_with("gather")).collect();
    let gather = |end| format!(r#"gather ["out/a.txt"], the build area {end}"#);
    assert_eq!(gathered, [gather("stays"), gather("ends")]);
}
