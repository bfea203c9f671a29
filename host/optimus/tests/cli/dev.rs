//! `optimus plugin dev`: a language that is being written, beside a server that runs.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::Server;
use crate::support::{can_judge, command, json, optimus, shell};

/// Ends what it holds, also where a test fails.
struct Watching {
    child: Child,
    said: Receiver<String>,
    complained: Receiver<String>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Watching {
    fn start(folder: &Path, server: &Server) -> Self {
        let args = ["plugin", "dev", folder.to_str().unwrap(), "--server", &server.base];
        let mut child = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (said, complained) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, said, complained }
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (say, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            drop(say.send(line));
        }
    });
    lines
}

/// What is said up to a line that has these words.
fn until(lines: &Receiver<String>, words: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    while said.last().is_none_or(|line| !line.contains(words)) {
        let next = lines.recv_timeout(Duration::from_secs(120));
        said.push(next.unwrap_or_else(|_| panic!("nobody says `{words}`: {said:?}")));
    }
    said.join("\n")
}

#[test]
fn each_change_is_built_put_into_the_server_and_judged_there() {
    if !can_judge() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let (folder, plugins) = (place.path().join("shell"), place.path().join("plugins"));
    std::fs::create_dir_all(folder.join("samples")).unwrap();
    std::fs::create_dir(&plugins).unwrap();
    shell(&folder, "1.0.0");
    let sample = "# optimus: verdict=accepted expect=\"1.0.0\\n\"\necho $RELEASE\n";
    std::fs::write(folder.join("samples/release.sh"), sample).unwrap();
    let server = Server::start_with(&place.path().join("state"), &plugins);

    let once = optimus(&["plugin", "dev", folder.to_str().unwrap(), "--server", &server.base, "--json"]);
    let round = json(&once);
    assert_eq!(
        round["samples"],
        json!([{"name": "release", "expected": "accepted", "verdict": "accepted"}]),
        "{round}"
    );
    let listed: Value = server.get("/v1/plugins").unwrap();
    assert_eq!(
        (&listed["plugins"][0]["file"], &listed["plugins"][0]["digest"]),
        (&"shell.wasm".into(), &round["digest"])
    );

    let watching = Watching::start(&folder, &server);
    let said = until(&watching.said, "1 of 1 samples as expected");
    assert!(said.contains(&format!("ok  {:<18} accepted", "release")), "{said}");
    shell(&folder, "2.0.0");
    let said = until(&watching.said, "0 of 1 samples as expected");
    assert!(said.contains("plan of release\n") && said.contains("  + ") && said.contains("2.0.0"), "{said}");
    assert!(said.contains(&format!("NOT {:<18} wrong_answer", "release")), "{said}");
    // A mistake is told, and what serves goes on serving.
    let toml = folder.join("language.toml");
    let text = std::fs::read_to_string(&toml).unwrap();
    std::fs::write(&toml, text.replace("{main}", "{mian}")).unwrap();
    until(&watching.complained, "did you mean `{main}`?");
    assert_eq!(server.get("/v1/plugins").unwrap()["plugins"][0]["version"], "2.0.0");
    drop(watching);
    server.stop();
    let nobody = optimus(&["plugin", "dev", folder.to_str().unwrap(), "--once", "--server", "http://127.0.0.1:1"]);
    assert_eq!(nobody.status.code(), Some(2));
}
