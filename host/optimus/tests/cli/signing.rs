//! Keys, signatures and who is trusted, as an author and an operator use them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{json, plugin_in as plugin, stderr, stdout};

/// A language, built, and a pair of keys: the public one.
fn begin(place: &Path) -> String {
    assert!(plugin(place, &["new", "lua"]).status.success());
    assert!(plugin(place, &["build", "lua", "-o", "lua.wasm"]).status.success());
    let made = plugin(place, &["keygen", "acme", "--json"]);
    json(&made)["key"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned()
}

#[test]
fn a_plugin_is_signed_by_its_author_and_taken_by_who_trusts_them() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let key = begin(place);
    let require = ["--plugin-signatures", "require", "--plugin-key", key.as_str()];
    let with = |args: &[&str]| plugin(place, &[args, &require[..]].concat());
    fs::create_dir(place.join("plugins")).unwrap();
    for verb in ["check", "install"] {
        let refused = with(&[verb, "lua.wasm"]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("`lua.wasm`: is not signed"), "{}", stderr(&refused));
        assert!(
            stderr(&refused).contains("hint: ") && stderr(&refused).contains("plugin sign"),
            "{}",
            stderr(&refused)
        );
    }
    let signed = json(&plugin(place, &["sign", "lua.wasm", "--secret", "acme.key", "--json"]));
    let id = signed["id"].as_str().unwrap().to_owned();
    assert_eq!(signed["signatures"][0], "lua.wasm.sig");
    assert_eq!(fs::metadata(place.join("acme.key")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(stdout(&with(&["check", "lua.wasm"])).contains(&format!("would be loaded, signed by {id}")));
    assert!(stdout(&with(&["inspect", "lua.wasm"])).contains(&format!("by {id}, timestamp:")));
    assert!(with(&["install", "lua.wasm"]).status.success());
    let listed = json(&with(&["list", "--json"]));
    assert_eq!((&listed[0]["state"], &listed[0]["signed_by"]), (&"active".into(), &id.as_str().into()));
    let lock = fs::read_to_string(place.join("plugins/optimus.lock")).unwrap();
    assert!(lock.contains(&format!("signed_by = \"{id}\"")), "{lock}");
    // A public key may stand in a file, beside others; and one that nobody knows is named.
    let by_file = ["check", "lua.wasm", "--plugin-signatures", "require", "--plugin-key", "acme.pub"];
    assert!(plugin(place, &by_file).status.success());
    assert!(plugin(place, &["keygen", "other"]).status.success());
    let stranger = ["check", "lua.wasm", "--plugin-signatures", "require", "--plugin-key", "other.pub"];
    let refused = stderr(&plugin(place, &stranger));
    assert!(refused.contains(&format!("is signed by key `{id}`, which is not trusted here")), "{refused}");
    // What is looked at without trusting anybody says whose it claims to be.
    let inside = stdout(&plugin(place, &["inspect", "lua.wasm"]));
    assert!(inside.contains(&id) && inside.contains("not trusted here (trusted: none)"), "{inside}");

    let mut bytes = fs::read(place.join("lua.wasm")).unwrap();
    bytes.extend(b"\0\x03\x02no");
    fs::write(place.join("lua.wasm"), bytes).unwrap();
    let refused = stderr(&with(&["install", "lua.wasm"]));
    assert!(refused.contains("is not what key"), "{refused}");
    assert!(with(&["remove", "lua"]).status.success());
    assert!(!place.join("plugins/lua.wasm.sig").exists());
    let built_in = stderr(&with(&["add", "lua"]));
    assert!(built_in.contains("signed by nobody"), "{built_in}");
}

#[test]
fn keys_are_guarded_and_what_is_none_is_told() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    begin(place);
    let again = stderr(&plugin(place, &["keygen", "acme"]));
    assert!(again.contains("never overwrites"), "{again}");
    for (secret, words) in
        [("nowhere", "cannot be read"), ("lua.wasm", "cannot be read"), ("acme.pub", "holds no secret key")]
    {
        let refused = stderr(&plugin(place, &["sign", "lua.wasm", "--secret", secret]));
        assert!(refused.contains("hint: ") && refused.contains(words), "{refused}");
    }
    for key in ["nonsense", "acme.key", "lua.wasm"] {
        let refused = plugin(place, &["check", "lua.wasm", "--plugin-signatures", "require", "--plugin-key", key]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains(key), "{}", stderr(&refused));
    }
    let nobody = stderr(&plugin(place, &["list", "--plugin-signatures", "require"]));
    assert!(nobody.contains("no key is trusted"), "{nobody}");
}

/// What their tools wrote, ours takes, and the other way round.
#[test]
fn minisign_s_own_program_reads_and_writes_the_same() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let key = begin(place);
    let minisign = |args: &[&str]| {
        let mut command = Command::new("minisign");
        command.current_dir(place).args(args).stdin(Stdio::null()).output()
    };
    if minisign(&["-v"]).is_err() {
        crate::support::skip("minisign is not installed");
        return;
    }
    assert!(plugin(place, &["sign", "lua.wasm", "--secret", "acme.key"]).status.success());
    let verified = minisign(&["-V", "-P", &key, "-m", "lua.wasm", "-x", "lua.wasm.sig"]).unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let signed = minisign(&["-S", "-s", "acme.key", "-m", "lua.wasm", "-x", "lua.wasm.sig"]).unwrap();
    assert!(signed.status.success(), "{signed:?}");
    let taken = plugin(place, &["check", "lua.wasm", "--plugin-signatures", "require", "--plugin-key", "acme.pub"]);
    assert!(taken.status.success(), "{}", stderr(&taken));
    let made = minisign(&["-G", "-W", "-p", "mini.pub", "-s", "mini.key"]).unwrap();
    assert!(made.status.success(), "{made:?}");
    let signed = minisign(&["-S", "-s", "mini.key", "-m", "lua.wasm", "-x", "lua.wasm.sig"]).unwrap();
    assert!(signed.status.success(), "{signed:?}");
    let trusting = ["check", "lua.wasm", "--plugin-signatures", "require", "--plugin-key", "mini.pub"];
    let taken = plugin(place, &trusting);
    assert!(taken.status.success(), "{}", stderr(&taken));
    assert!(plugin(place, &["sign", "lua.wasm", "--secret", "mini.key"]).status.success());
    assert!(plugin(place, &trusting).status.success());
}
