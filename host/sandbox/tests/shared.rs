//! What boxes share with each other, with the next tenant and with the host: nothing that a program can use.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says what it skipped")]

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Exit, Limits, Outcome, Stream};
use optimus_sandbox::{
    BoxStep, Demand, Feed, NativeConfig, NativeSandbox, OpenBox, Sandbox, SandboxError, Sink, Stdin, View,
};
use tempfile::TempDir;

/// A test that cannot run here says why; with `OPTIMUS_TEST_STRICT=1` that is a failure.
fn skip(why: &str) {
    assert!(std::env::var_os("OPTIMUS_TEST_STRICT").is_none_or(|strict| strict != "1"), "skipped: {why}");
    println!("skipped: {why}");
}

fn program() -> Option<Bytes> {
    let given = std::env::var_os("OPTIMUS_TEST_PROGRAMS").map(|given| Path::new(&given).join("shared_program"));
    if let Some(given) = given.filter(|given| given.is_file()) {
        return Some(fs::read(given).unwrap().into());
    }
    let directory = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shared/program.c");
    let target = directory.path().join("program");
    let built = Command::new("cc").args(["-O1", "-static", "-w", "-o"]).arg(&target).arg(source).output();
    match built {
        Ok(output) if output.status.success() => Some(fs::read(&target).unwrap().into()),
        _ => {
            skip("no C compiler `cc` that links statically");
            None
        }
    }
}

fn native(config: NativeConfig) -> Option<NativeSandbox> {
    NativeSandbox::new(config).map_err(|error| skip(&error.to_string())).ok()
}

#[derive(Default)]
struct Text(String);

impl Sink for Text {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.0.push_str(&String::from_utf8_lossy(bytes));
    }
}

/// A box with the suite's program in it.
struct Trial {
    open: Box<dyn OpenBox>,
}

impl Trial {
    async fn new(sandbox: &NativeSandbox, program: &Bytes) -> Self {
        let mut open = sandbox.open("").await.unwrap();
        let path = BoxPath::new("program").unwrap();
        open.stage(&[PlacedFile { path, executable: true, content: program.clone().into() }]).await.unwrap();
        Self { open }
    }

    async fn run(&mut self, words: &[&str]) -> (String, Outcome) {
        self.run_with(words, Stdin::default()).await
    }

    async fn run_with(&mut self, words: &[&str], stdin: Stdin) -> (String, Outcome) {
        let argv: Vec<String> = ["./program"].iter().chain(words).map(|&word| word.to_owned()).collect();
        let mut said = Text::default();
        let step = BoxStep { stdin, view: View::Fresh, ..BoxStep::new(&argv, Limits::DEFAULT) };
        let outcome = self.open.run(&step, &mut said).await.unwrap();
        assert_eq!((&outcome.exit, outcome.limit), (&Exit::Code(0), None), "{words:?}: {outcome:?}");
        (said.0.trim().to_owned(), outcome)
    }

    async fn says(&mut self, words: &[&str]) -> String {
        self.run(words).await.0
    }
}

/// A toolchain's directory that everybody may read, with something in its `bin`.
fn toolchain() -> TempDir {
    let directory = tempfile::Builder::new().prefix("toolchain").tempdir_in("/var/tmp").unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(directory.path().join("bin")).unwrap();
    fs::write(directory.path().join("bin/tool"), "#!/bin/sh\n").unwrap();
    directory
}

fn with_toolchain(directory: &TempDir) -> NativeConfig {
    let mut config = NativeConfig { allow_gaps: true, ..NativeConfig::default() };
    config.toolchains.push(directory.path().to_string_lossy().into_owned());
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_on_a_toolchain_are_a_boxs_own() {
    let Some(program) = program() else { return };
    let Some(sandbox) = native(NativeConfig::default()) else { return };
    let (mut holder, mut other) = (Trial::new(&sandbox, &program).await, Trial::new(&sandbox, &program).await);
    let feed = Arc::<Feed>::default();
    let hold = ["hold", "/usr/bin/env"];
    let held = holder.run_with(&hold, Stdin::Live(Arc::clone(&feed)));
    let look = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let seen = other.says(&["locked", "/usr/bin/env"]).await;
        feed.close();
        seen
    };
    let (held, seen) = tokio::join!(held, look);
    assert_eq!(held.0, "0 0", "the locks were taken");
    assert_eq!(seen, "free 0", "and nobody else saw them");
    let host = fs::File::open("/usr/bin/env").unwrap();
    assert!(host.try_lock().is_ok());
}

/// What lies in a toolchain's directory that is no toolchain's.
async fn nothing_private_is_seen(program: Bytes) {
    let directory = toolchain();
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    let listener = UnixListener::bind(path("socket")).unwrap();
    fs::set_permissions(path("socket"), Permissions::from_mode(0o777)).unwrap();
    assert!(Command::new("mkfifo").args(["-m", "666"]).arg(path("fifo")).status().unwrap().success());
    let reader = fs::OpenOptions::new().read(true).write(true).open(path("fifo")).unwrap();
    fs::write(path("key"), "secret").unwrap();
    fs::set_permissions(path("key"), Permissions::from_mode(0o600)).unwrap();
    fs::create_dir(path("store")).unwrap();
    fs::write(path("store/inner"), "secret").unwrap();
    fs::set_permissions(path("store"), Permissions::from_mode(0o700)).unwrap();

    let Some(sandbox) = native(with_toolchain(&directory)) else { return };
    let mut trial = Trial::new(&sandbox, &program).await;
    assert_eq!(trial.says(&["read", &path("bin/tool")]).await, "10", "the toolchain is there");
    for (what, name) in [("connect", "socket"), ("write", "fifo"), ("read", "key"), ("read", "store/inner")] {
        let said = trial.says(&[what, &path(name)]).await;
        let refused =
            ["No such file or directory", "Permission denied", "Connection refused", "No such device or address"];
        assert!(refused.contains(&said.as_str()), "{what} {name}: {said}");
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody connected");
    drop(reader);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_private_of_a_toolchain_is_seen() {
    let Some(program) = program() else { return };
    nothing_private_is_seen(program).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_private_of_a_toolchain_is_seen_without_root() {
    const NAME: &str = "nothing_private_of_a_toolchain_is_seen_without_root";
    if std::env::var_os("OPTIMUS_TEST_INSIDE").is_some() {
        let Some(program) = program() else { return };
        return nothing_private_is_seen(program).await;
    }
    if !rustix::process::geteuid().is_root() {
        return skip("not root, so the test above was this one");
    }
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    let copy = directory.path().join("shared");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let words = ["--reuid", "65534", "--regid", "65534", "--clear-groups"].map(OsStr::new);
    let output = Command::new("setpriv")
        .args(words)
        .arg(&copy)
        .args(["--exact", NAME, "--nocapture"])
        .env("OPTIMUS_TEST_INSIDE", "1")
        .env("TMPDIR", "/tmp")
        .current_dir("/")
        .output();
    let Ok(output) = output else { return skip("no `setpriv`") };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_serves_one_tenant() {
    let Some(program) = program() else { return };
    let Some(sandbox) = native(NativeConfig { pool: 1, ..NativeConfig::default() }) else { return };
    let mut seen = Vec::new();
    for tenant in ["a", "a", "b", "a"] {
        let demand = Demand { tenant: Some(tenant.to_owned()), ..Demand::default() };
        let admitted = sandbox.admit(&demand).await.unwrap();
        let place =
            admitted.run(async { Trial::new(&sandbox, &program).await.says(&["link", "/proc/self/ns/net"]).await });
        seen.push(place.await);
        // The box comes back in the background.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(seen[0], seen[1], "the box was used again");
    assert_ne!(seen[1], seen[2], "another tenant got it");
    assert_ne!(seen[2], seen[3], "another tenant got it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measured_memory_is_the_steps_own() {
    const FILE: usize = 48 << 20;
    let Some(program) = program() else { return };
    let directory = toolchain();
    let path = directory.path().join("bin/archive").to_string_lossy().into_owned();
    fs::write(&path, vec![7; FILE]).unwrap();
    let file = fs::File::open(&path).unwrap();
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    let config = with_toolchain(&directory);
    let Some(sandbox) = native(config) else { return };
    if !sandbox.describe().gaps.is_empty() {
        return skip("nobody counts memory here");
    }
    let mut trial = Trial::new(&sandbox, &program).await;
    let alone = trial.run(&["nothing"]).await.1.memory_peak_bytes;
    assert!(alone < 2 << 20, "{alone}");
    let (read, reader) = trial.run(&["read", &path]).await;
    assert_eq!(read, FILE.to_string());
    assert!(reader.memory_peak_bytes < 8 << 20, "the page cache is nobody's: {}", reader.memory_peak_bytes);
    for _ in 0..10 {
        let (_, after) = trial.run(&["nothing"]).await;
        let apart = after.memory_peak_bytes.abs_diff(alone);
        assert!(apart < 2 << 20 && !after.memory_is_estimate, "{alone}, then {after:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_empties_no_pool_of_its_neighbours() {
    let Some(program) = program() else { return };
    let Some(sandbox) = native(NativeConfig::default()) else { return };
    let feed = Arc::<Feed>::default();
    let (mut greedy, mut other) = (Trial::new(&sandbox, &program).await, Trial::new(&sandbox, &program).await);
    let taken = greedy.run_with(&["inotify"], Stdin::Live(Arc::clone(&feed)));
    let look = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let seen = other.says(&["inotify"]).await;
        let host = rustix::fs::inotify::init(rustix::fs::inotify::CreateFlags::CLOEXEC).is_ok();
        feed.close();
        (seen, host)
    };
    let (taken, (seen, host)) = tokio::join!(taken, look);
    // The filter refuses the call; where it does not, the box's own small limit holds.
    let few = |text: &str| text.parse::<u32>().is_ok_and(|count| count <= 64);
    assert!(few(&taken.0), "{}", taken.0);
    assert_eq!(seen, taken.0, "a neighbour found less");
    assert!(host, "the host found none");
}

#[test]
fn what_is_the_servers_own_is_never_shown() {
    let directory = toolchain();
    let own = directory.path().join("state");
    let config = NativeConfig { own: vec![("the state directory", own.clone())], ..with_toolchain(&directory) };
    let error = NativeSandbox::new(config).err().unwrap();
    let SandboxError::Unavailable { message, hint } = &error else { panic!("{error}") };
    assert!(message.contains(&own.to_string_lossy().into_owned()) && message.contains("programs see"), "{message}");
    assert!(hint.contains("outside"), "{hint}");
    let elsewhere =
        NativeConfig { own: vec![("the state directory", "/var/lib/x".into())], ..with_toolchain(&directory) };
    assert!(NativeSandbox::new(elsewhere).is_ok());
}
