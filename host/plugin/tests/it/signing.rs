//! Signatures beside the files of a directory that changes.

use optimus_plugin::{Catalogue, PluginState, PluginStatus, SecretKey, Signatures, Trust, signature_file};
use serde_json::json;

use crate::puppet::{Place, wasm};

fn version(version: &str) -> Option<Vec<u8>> {
    wasm(&json!({"descriptor": {"version": version}}))
}

fn key() -> SecretKey {
    SecretKey::generate().unwrap()
}

fn trust(signatures: Signatures, keys: &[&SecretKey]) -> Trust {
    Trust { signatures, keys: keys.iter().map(|key| key.public().parse().unwrap()).collect() }
}

fn place(signatures: Signatures, keys: &[&SecretKey]) -> Place {
    let mut place = Place::new();
    place.config.trust = trust(signatures, keys);
    place
}

fn put_signature(place: &Place, file: &str, wasm: &[u8], by: &SecretKey) {
    place.put(&signature_file(file), by.sign(wasm, "file:toy").as_bytes());
}

fn status(catalogue: &Catalogue) -> PluginStatus {
    let mut all = catalogue.statuses();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn where_signatures_are_required_only_a_trusted_one_lets_a_plugin_in() {
    let Some(one) = version("1") else { return };
    let (ours, theirs) = (key(), key());
    let place = place(Signatures::Require, &[&ours]);
    for file in ["missing.wasm", "theirs.wasm", "nonsense.wasm", "changed.wasm", "long.wasm"] {
        place.put(file, &one);
    }
    put_signature(&place, "theirs.wasm", &one, &theirs);
    put_signature(&place, "changed.wasm", &one[1..], &ours);
    place.put("nonsense.wasm.sig", b"\xff\xfe");
    place.put("long.wasm.sig", &[b'x'; 5_000]);
    let catalogue = place.open();
    assert!(catalogue.current().is_empty());
    let unknown = format!("is signed by key `{}`, which is not trusted here (trusted: {})", theirs.id(), ours.id());
    let changed = format!("is not what key `{}` signed", ours.id());
    for (file, words, remedy) in [
        ("missing.wasm", "is not signed", "optimus plugin sign"),
        ("theirs.wasm", unknown.as_str(), "`--plugin-key`"),
        ("nonsense.wasm", "has a malformed signature", "copy it again"),
        ("changed.wasm", changed.as_str(), "take both the file and its `.sig`"),
        ("long.wasm", "has a malformed signature", "copy it again"),
    ] {
        let status = catalogue.statuses().into_iter().find(|status| status.file == file).unwrap();
        let error = status.error.unwrap();
        assert_eq!((status.state, error.code.as_str()), (PluginState::Rejected, "plugin_signature"));
        assert!(
            error.message.starts_with(&format!("`{file}`: ")) && error.message.contains(words),
            "{}",
            error.message
        );
        assert!(error.hint.as_deref().unwrap().contains(remedy), "{:?}", error.hint);
    }
    // The same words for whoever looks at one file.
    let refused = place.load(&one).unwrap_err();
    assert_eq!(refused.to_string(), "`x.wasm`: is not signed");
}

#[test]
fn a_signature_that_comes_later_is_enough() {
    let Some(one) = version("1") else { return };
    let ours = key();
    let place = place(Signatures::Require, &[&ours]);
    place.put("toy.wasm", &one);
    let catalogue = place.open();
    assert_eq!(status(&catalogue).state, PluginState::Rejected);
    assert!(!catalogue.rescan().unwrap(), "nothing changed");
    put_signature(&place, "toy.wasm", &one, &ours);
    assert!(catalogue.rescan().unwrap());
    let now = status(&catalogue);
    assert_eq!((now.state, now.signed_by, now.error), (PluginState::Active, Some(ours.id()), None));
}

#[test]
fn what_was_tampered_with_leaves_the_last_good_one_for_as_long_as_its_signer_is_trusted() {
    let (Some(one), Some(two)) = (version("1"), version("2")) else { return };
    let (old, new) = (key(), key());
    let mut place = place(Signatures::Require, &[&old]);
    place.put("toy.wasm", &one);
    put_signature(&place, "toy.wasm", &one, &old);
    let catalogue = place.open();
    place.put("toy.wasm", &two);
    assert!(catalogue.rescan().unwrap());
    // Also after a restart; and where a new key is trusted beside the old one.
    place.config.trust = trust(Signatures::Require, &[&new, &old]);
    for catalogue in [catalogue, place.open()] {
        let now = status(&catalogue);
        assert_eq!((now.state, now.version.as_deref()), (PluginState::Degraded, Some("1")));
        assert_eq!(now.signed_by, Some(old.id()));
        assert!(now.error.unwrap().message.contains("is not what key"));
    }
    place.config.trust = trust(Signatures::Require, &[&new]);
    let catalogue = place.open();
    assert_eq!(status(&catalogue).state, PluginState::Rejected);
    assert!(catalogue.current().is_empty(), "nobody trusts its signer any more");
    put_signature(&place, "toy.wasm", &two, &new);
    assert!(catalogue.rescan().unwrap());
    let now = status(&catalogue);
    assert_eq!((now.state, now.version.as_deref(), now.signed_by), (PluginState::Active, Some("2"), Some(new.id())));
}

#[test]
fn what_was_kept_unsigned_does_not_serve_where_signatures_are_required() {
    let Some(one) = version("1") else { return };
    let ours = key();
    let mut place = place(Signatures::Off, &[]);
    place.put("toy.wasm", &one);
    assert_eq!(status(&place.open()).state, PluginState::Active);
    place.config.trust = trust(Signatures::Require, &[&ours]);
    let catalogue = place.open();
    assert_eq!(status(&catalogue).state, PluginState::Rejected);
    assert!(catalogue.current().is_empty());
}

#[test]
fn a_warning_is_a_note_and_the_plugin_serves() {
    let Some(one) = version("1") else { return };
    let ours = key();
    let place = place(Signatures::Warn, &[&ours]);
    place.put("toy.wasm", &one);
    let catalogue = place.open();
    let now = status(&catalogue);
    assert_eq!((now.state, now.signed_by, now.error), (PluginState::Active, None, None));
    assert_eq!(now.notes[0], "`toy.wasm` is not signed");
    assert!(!catalogue.rescan().unwrap(), "it is said once");
    put_signature(&place, "toy.wasm", &one, &ours);
    assert!(catalogue.rescan().unwrap());
    let now = status(&catalogue);
    assert_eq!(now.signed_by, Some(ours.id()));
    assert!(!now.notes.iter().any(|note| note.contains("signed")), "{:?}", now.notes);
}

#[test]
fn where_nobody_asks_signatures_are_not_read() {
    let Some(one) = version("1") else { return };
    let place = place(Signatures::Off, &[]);
    place.put("toy.wasm", &one);
    place.put("toy.wasm.sig", b"nonsense");
    let catalogue = place.open();
    assert_eq!((status(&catalogue).state, status(&catalogue).signed_by), (PluginState::Active, None));
    place.put("toy.wasm.sig", b"other nonsense");
    assert!(!catalogue.rescan().unwrap());
}
