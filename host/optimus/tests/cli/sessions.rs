//! Sessions of cells in real boxes: state that is kept, cells that do their worst, and what becomes of the session then.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::Server;
use crate::support::can_judge;

/// A server and one session on it.
struct Session<'a> {
    server: &'a Server,
    id: String,
}

impl<'a> Session<'a> {
    fn begin(server: &'a Server, more: &Value) -> Self {
        let mut body = json!({"language": "python"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let begun = server.post("/v1/sessions", &body).unwrap();
        Self { server, id: begun["id"].as_str().unwrap().to_owned() }
    }

    fn cell(&self, source: &str) -> Value {
        self.server.post(&format!("/v1/sessions/{}/cells", self.id), &json!({"source": source})).unwrap()
    }

    /// The status and the code of the refusal of a cell.
    fn refused(&self, source: &str) -> u16 {
        refusal(self.server, &self.id, source)
    }

    fn show(&self) -> Value {
        self.server.get(&format!("/v1/sessions/{}", self.id)).unwrap()
    }
}

fn refusal(server: &Server, id: &str, source: &str) -> u16 {
    match server.post(&format!("/v1/sessions/{id}/cells"), &json!({"source": source})) {
        Err(ureq::Error::StatusCode(status)) => status,
        other => panic!("the cell was not refused: {other:?}"),
    }
}

fn start(state: &tempfile::TempDir) -> Server {
    Server::start_as(state.path(), &["--sessions", "4"])
}

#[test]
fn a_session_keeps_its_state_and_no_other_sees_it() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = start(&state);
    let files = json!([{"path": "data/in.txt", "content": "from a file"}, {"path": "own.py", "content": "mine = 1"}]);
    let one = Session::begin(&server, &json!({"files": files}));
    let other = Session::begin(&server, &json!({}));
    assert_eq!(one.cell("x = 41\nopen('/tmp/secret', 'w').write('secret')")["status"], "ok");
    let shown = one.cell("import sys\nprint('out'); print('err', file=sys.stderr)\nx + 1");
    assert_eq!((&shown["stdout"], &shown["stderr"]), (&json!("out\n"), &json!("err\n")), "{shown}");
    assert_eq!(shown["display"], json!([{"text/plain": "42"}]), "{shown}");
    let raised = one.cell("def f():\n    return 1 / 0\nf()");
    assert_eq!((&raised["status"], &raised["error"]["ename"]), (&json!("error"), &json!("ZeroDivisionError")));
    let traceback = raised["error"]["traceback"].to_string();
    assert!(traceback.contains("<cell 3>") && traceback.contains("return 1 / 0"), "{traceback}");
    assert!(!traceback.contains("<string>"), "the kernel's own frames are no part of it: {traceback}");
    assert_eq!(
        one.cell("import own\nopen('data/in.txt').read(), own.mine")["display"][0]["text/plain"],
        "('from a file', 1)"
    );
    let alone = other.cell("import os\n'x' in globals(), os.path.exists('/tmp/secret'), os.path.exists('data')");
    assert_eq!(alone["display"][0]["text/plain"], "(False, False, False)", "{alone}");
    // Nobody of one box sees a process of another.
    let seen = one.cell("import os\nsum(name.isdigit() for name in os.listdir('/proc')) < 8");
    assert_eq!(seen["display"][0]["text/plain"], "True", "{seen}");
    let network = one.cell("import socket\nsocket.create_connection(('127.0.0.1', 80), 1)");
    assert_eq!(network["status"], "error", "{network}");
    server.stop();
}

#[test]
fn an_endless_loop_is_interrupted_and_its_session_goes_on() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = start(&state);
    let session = Session::begin(&server, &json!({"limits": {"cell_ms": 1_000}}));
    session.cell("x = 7");
    let looped = session.cell("while True: pass");
    assert_eq!((&looped["status"], &looped["error"]["ename"]), (&json!("timeout"), &json!("KeyboardInterrupt")));
    assert_eq!(session.cell("x")["display"][0]["text/plain"], "7");
    // One that cannot be interrupted takes the session with it, and that is said.
    let stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass";
    let killed = session.cell(stubborn);
    assert_eq!(
        (&killed["status"], &killed["session_lost"]["reason"]),
        (&json!("timeout"), &json!("cell_time")),
        "{killed}"
    );
    assert_eq!(session.refused("x"), 410);
    assert_eq!((&session.show()["state"], &session.show()["lost"]["reason"]), (&json!("lost"), &json!("cell_time")));
    server.stop();
}

#[test]
fn bombs_end_at_the_limits_and_take_their_session_alone() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = start(&state);
    let neighbour = Session::begin(&server, &json!({}));
    neighbour.cell("x = 1");
    let limits = json!({"limits": {"memory_bytes": 128u64 << 20, "cell_ms": 20_000, "processes": 32}});
    let memory = Session::begin(&server, &limits);
    let bombed = memory.cell("parts = []\nwhile True: parts.append(bytearray(b'x') * (1 << 20))");
    assert_eq!((&bombed["status"], &bombed["session_lost"]["reason"]), (&json!("died"), &json!("memory")), "{bombed}");
    assert_eq!(memory.refused("1"), 410);
    let forks = Session::begin(&server, &limits);
    let forked = forks.cell("import os, time\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(60)\nexcept OSError as error:\n    print('refused', error.errno)");
    assert!(forked["stdout"].as_str().unwrap().contains("refused 11"), "{forked}");
    let spent = Session::begin(&server, &json!({"limits": {"cpu_ms": 2_000, "cell_ms": 60_000}}));
    let ended = spent.cell("while True: pass");
    assert_eq!(ended["session_lost"]["reason"], "cpu_time", "{ended}");
    // Threads that go on between cells use what is left.
    let behind = Session::begin(&server, &json!({"limits": {"cpu_ms": 2_000}}));
    behind.cell(
        "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()",
    );
    let begun = Instant::now();
    while behind.show()["state"] != "lost" {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", behind.show());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(behind.show()["lost"]["reason"], "cpu_time");
    assert_eq!(neighbour.cell("x")["display"][0]["text/plain"], "1", "its neighbour lives on");
    server.stop();
}

#[test]
fn prints_are_no_words_of_the_kernel_and_floods_are_cut() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = start(&state);
    let session = Session::begin(&server, &json!({"limits": {"output_bytes": 10_000}}));
    let forged = r#"{"type": "end", "cell": 1, "status": "ok", "alive": false, "wall_ms": 0}"#;
    // By Python's own print, by the descriptor, and by a program that the cell starts.
    let source = format!(
        "import os, subprocess\nline = '{forged}'\nprint(line)\nos.write(1, line.encode() + b'\\n')\n\
         subprocess.run(['echo', line])\nraise SystemExit(3)"
    );
    let said = session.cell(&source);
    assert_eq!(said["stdout"].as_str().unwrap().matches("\"end\"").count(), 3, "{said}");
    assert_eq!(
        (&said["status"], &said["error"]["ename"], &said["error"]["evalue"]),
        (&json!("error"), &json!("SystemExit"), &json!("3"))
    );
    assert_eq!(said["session_lost"], Value::Null);
    let flood = session.cell("for i in range(100_000): print(i)\n1 / 0");
    assert_eq!((&flood["truncated"], &flood["error"]["ename"]), (&json!(true), &json!("ZeroDivisionError")), "{flood}");
    let length = flood["stdout"].as_str().unwrap().len();
    assert!((4_000..=10_000).contains(&length), "{length}");
    let exited = session.cell("import os\nos._exit(3)");
    assert_eq!((&exited["status"], &exited["session_lost"]["reason"]), (&json!("died"), &json!("exited")), "{exited}");
    server.stop();
}

#[test]
fn a_session_ends_with_its_server_and_that_is_said() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = start(&state);
    let session = Session::begin(&server, &json!({"idle_s": 600}));
    session.cell("x = 1");
    let id = session.id.clone();
    server.kill();
    let server = start(&state);
    assert_eq!(refusal(&server, &id, "x"), 410);
    // A new one is new.
    let again = Session::begin(&server, &json!({"idle_s": 1}));
    assert_eq!(again.cell("x")["error"]["ename"], "NameError");
    let begun = Instant::now();
    while again.show()["state"] != "lost" {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", again.show());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(again.show()["lost"]["reason"], "idle");
    let other = Session::begin(&server, &json!({}));
    let ended = ureq::delete(format!("{}/v1/sessions/{}", server.base, other.id)).call().unwrap();
    assert_eq!((ended.status().as_u16(), other.refused("1")), (204, 410));
    server.stop();
}
