//! New versions of plugins: what they change is shown, and what asks for more needs somebody's leave.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use crate::support::{json, plugin_in as plugin, stderr, stdout};

/// Builds `lua` with these lines more, or in place of those of the same name.
fn build(place: &Path, file: &str, lines: &[&str]) -> Vec<u8> {
    let toml = fs::read_to_string(place.join("as_it_was.toml")).unwrap();
    let key = |line: &str| line.split_once('=').map(|(key, _)| key.trim().to_owned());
    let kept = toml.lines().filter(|line| !lines.iter().any(|new| key(new).is_some() && key(new) == key(line)));
    let text: String = lines.iter().copied().chain(kept).map(|line| format!("{line}\n")).collect();
    fs::write(place.join("lua/language.toml"), text).unwrap();
    let built = plugin(place, &["build", "lua", "-o", file]);
    assert!(built.status.success(), "{}", stderr(&built));
    fs::read(place.join(file)).unwrap()
}

fn begin(place: &Path) {
    assert!(plugin(place, &["new", "lua"]).status.success());
    fs::copy(place.join("lua/language.toml"), place.join("as_it_was.toml")).unwrap();
    fs::create_dir(place.join("plugins")).unwrap();
}

#[test]
fn an_update_shows_what_changes_and_asks_where_it_grows() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    begin(place);
    let first = build(place, "lua.wasm", &[]);
    assert!(plugin(place, &["install", "lua.wasm"]).status.success());
    assert_eq!(stdout(&plugin(place, &["update"])), "nothing is new\n");

    let bigger = ["version = \"2.0.0\"", "image = \"other/lua:5\"", "time_multiplier = 9.0"];
    let second = build(place, "lua.wasm", &bigger);
    let serving = || fs::read(place.join("plugins/lua.wasm")).unwrap();
    let shown = json(&plugin(place, &["update", "lua", "--dry-run", "--json"]));
    let change = &shown["changes"][0];
    let grows: Vec<&str> = change["grows"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(grows.contains(&"may ask for the image other/lua:5"), "{shown}");
    assert!(grows.iter().any(|line| line.starts_with("time multiplier 9, was ")), "{shown}");
    assert_eq!((&change["to"][0], &shown["updated"]), (&"2.0.0".into(), &false.into()));
    assert!(change["shrinks"][0].as_str().unwrap().starts_with("may ask for the image "), "{shown}");
    for verb in [&["update", "lua"][..], &["update"], &["install", "lua.wasm"]] {
        let refused = plugin(place, verb);
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("may ask for the image other/lua:5"), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("`--accept` agrees"), "{}", stderr(&refused));
        assert_eq!(serving(), first);
    }
    let updated = stdout(&plugin(place, &["update", "lua", "--accept"]));
    assert!(
        updated.contains("  + may ask for the image other/lua:5\n") && updated.contains("  - may ask"),
        "{updated}"
    );
    assert_eq!(serving(), second);
    // Back again: it asks for less of some things and more of others.
    assert!(plugin(place, &["rollback", "lua"]).status.success());
    assert_eq!(serving(), first);
    let nowhere = stderr(&plugin(place, &["update", "lua"]));
    assert!(nowhere.contains("optimus plugin update lua FILE"), "{nowhere}");

    // What somebody dropped by hand is compared, too.
    fs::write(place.join("plugins/lua.wasm"), &second).unwrap();
    let third = build(place, "lua.wasm", &["version = \"3.0.0\"", "image = \"other/lua:5\""]);
    let shrunk = plugin(place, &["update", "lua", "lua.wasm"]);
    assert!(shrunk.status.success() && stdout(&shrunk).contains("  - time multiplier 9"), "{}", stdout(&shrunk));
    assert_eq!(serving(), third);

    assert!(plugin(place, &["add", "perl"]).status.success());
    let other = stderr(&plugin(place, &["update", "perl", "lua.wasm"]));
    assert!(other.contains("what is there now is `lua`"), "{other}");
    assert_eq!(plugin(place, &["update", "cobol"]).status.code(), Some(2));
}

/// Serves one file, to whoever asks for whatever, until it is dropped.
fn serve(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/lua.wasm", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut asked = [0; 4096];
            let length = stream.read(&mut asked).unwrap_or_default();
            let found = asked[..length].starts_with(b"GET /lua.wasm ");
            let (status, body) = if found { ("200 OK", &bytes[..]) } else { ("404 Not Found", &b"no"[..]) };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            // Whoever hangs up has had enough.
            drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)));
        }
    });
    url
}

#[test]
fn a_url_is_taken_for_the_bytes_that_are_pinned() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    begin(place);
    let url = serve(build(place, "lua.wasm", &[]));
    let digest = json(&plugin(place, &["inspect", "lua.wasm", "--json"]))["digest"].as_str().unwrap().to_owned();
    let wrong = stderr(&plugin(place, &["install", &format!("{url}#sha256={}", "0".repeat(64))]));
    assert!(wrong.contains(&format!("has sha256 {digest}, not ")), "{wrong}");
    let pinned = format!("{url}#sha256={digest}");
    assert!(plugin(place, &["install", &pinned]).status.success());
    let lock = fs::read_to_string(place.join("plugins/optimus.lock")).unwrap();
    assert!(lock.contains(&pinned) && lock.contains(&digest), "{lock}");
    // A pin is for ever: another version is another URL, or another pin.
    assert_eq!(stdout(&plugin(place, &["update"])), "nothing is new\n");
    let same = stderr(&plugin(place, &["update", "lua"]));
    assert!(same.contains("which never changes") && same.contains("#sha256=DIGEST"), "{same}");
    let second = serve(build(place, "lua2.wasm", &["version = \"2.0.0\""]));
    let digest = json(&plugin(place, &["inspect", "lua2.wasm", "--json"]))["digest"].as_str().unwrap().to_owned();
    let updated = plugin(place, &["update", "lua", &format!("{second}#sha256={digest}"), "--json"]);
    assert_eq!(json(&updated)["changes"][0]["to"][1], digest.as_str());
    let missing = stderr(&plugin(place, &["update", "lua", &format!("{second}/nowhere#sha256={digest}")]));
    assert!(missing.contains("cannot fetch"), "{missing}");
}
