//! Files that a program leaves, from a box to a client.

use std::fs;

use serde_json::{Value, json};

use crate::server::Server;
use crate::support::{can_judge, optimus};

const LEAVES: &str = r#"
import os, socket, sys
os.makedirs("plots/deep")
with open("plots/deep/a.bin", "wb") as file:
    file.write(bytes(range(256)))
with open("plots/tool", "w") as file:
    file.write("run me")
os.chmod("plots/tool", 0o755)
os.symlink("/etc/passwd", "plots/passwd")
os.symlink("/etc", "etc")
os.mkfifo("plots/pipe")
socket.socket(socket.AF_UNIX).bind("plots/socket")
with open("big", "wb") as file:
    file.truncate(12 << 20)
for number in range(2000):
    open(f"many-{number:04}", "w").close()
sys.exit(int(sys.argv[1]))
"#;

fn paths(test: &Value) -> Vec<&str> {
    test["files"].as_array().into_iter().flatten().map(|file| file["path"].as_str().unwrap()).collect()
}

#[test]
fn regular_files_are_reported_and_what_leads_elsewhere_is_named() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = Server::start(state.path());
    let tests = json!([{"args": ["0"]}, {"name": "fails", "args": ["3"]}]);
    let collect = ["plots", "main.py", "etc/passwd", "big", "many-1999", "gone"];
    let job = json!({"language": "python", "source": LEAVES, "tests": tests, "collect": collect});
    let done = server.post("/v1/jobs?wait=60s", &job).unwrap();
    let [first, second] = [0, 1].map(|index| &done["report"]["tests"][index]);
    assert_eq!((&first["verdict"], &second["verdict"]), (&json!("accepted"), &json!("runtime_error")), "{done}");
    for test in [first, second] {
        assert_eq!(paths(test), ["main.py", "many-1999", "plots/deep/a.bin", "plots/tool"], "{test}");
        assert_eq!((&test["files"][0]["content"], &test["files"][3]["executable"]), (&json!(LEAVES), &json!(true)));
        let notes: Vec<_> = test["files_message"].as_str().unwrap().split("; ").collect();
        for (note, expected) in notes.iter().zip([
            "`big` has 12582912 bytes",
            "`plots/passwd` is a symlink, not a file",
            "`plots/pipe` is a FIFO, not a file",
            "`plots/socket` is not a readable file",
            "there is no `etc/passwd`",
            "there is no `gone`",
        ]) {
            assert!(note.starts_with(expected), "{note} is not {expected}");
        }
        assert_eq!(notes.len(), 6, "{notes:?}");
    }
    let address = format!("{}/v1/jobs/{}/files/plots/deep/a.bin", server.base, done["id"].as_str().unwrap());
    for query in ["", "?test=fails"] {
        let bytes = ureq::get(format!("{address}{query}")).call().unwrap().body_mut().read_to_vec().unwrap();
        assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
    }
    server.stop();
}

#[test]
fn the_files_of_a_run_are_saved_into_a_directory() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let write = |name: &str, text: &str| fs::write(path(name), text).unwrap();
    let source = "import os\nos.mkdir('out')\nopen('out/' + input(), 'w').write('left')\nos.symlink('/', 'out/root')\n";
    write("main.py", source);
    fs::create_dir(path("tests")).unwrap();
    [("tests/a.in", "x"), ("tests/b.in", "y"), ("tests/a.out", ""), ("tests/b.out", "")]
        .iter()
        .for_each(|(name, text)| write(name, text));
    let saved = ["--collect", "out/*", "--into", &path("saved")];
    let output = optimus(&[&["run", &path("main.py"), "--tests", &path("tests")], &saved[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("saved/a/out/x (4 bytes)") && said.contains("`out/root` is a symlink"), "{said}");
    assert_eq!(fs::read_to_string(path("saved/b/out/y")).unwrap(), "left");
    let output = optimus(&[&["run", &path("main.py"), "--stdin", &path("tests/a.in")], &saved[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(fs::read_to_string(path("saved/out/x")).unwrap(), "left");
    let output = optimus(&["run", &path("main.py"), "--into", &path("saved")]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
