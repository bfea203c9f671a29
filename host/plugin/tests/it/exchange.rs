//! Versions of a plugin: looked at before they serve, put in by consent, put back.

use optimus_plugin::{Catalogue, Consent, PluginState, Review, SecretKey, Signatures, Trust, signature_file};
use serde_json::{Value, json};

use crate::puppet::{Place, wasm};

fn version(version: &str) -> Option<Vec<u8>> {
    wasm(&json!({"descriptor": {"version": version}}))
}

fn serving(catalogue: &Catalogue) -> Option<String> {
    catalogue.current().get("toy").map(|plugin| plugin.descriptor().version.clone())
}

fn kept(catalogue: &Catalogue) -> Vec<String> {
    catalogue.replaced("toy").unwrap().into_iter().map(|replaced| replaced.version).collect()
}

/// The fields that differ.
fn changed(review: &Review) -> Value {
    let fields = review.fields.iter().filter(|field| field.before != field.after && field.name != "digest");
    fields.map(|field| json!([field.name, field.before, field.after, field.asks_for_more])).collect()
}

fn consent(review: &Review) -> Consent {
    let replaces = review.replaces.clone().unwrap_or_else(|| "none".to_owned());
    Consent { digest: Some(review.digest.clone()), replaces: Some(replaces) }
}

#[test]
fn what_would_change_is_said_and_nothing_is_written() {
    let Some(one) = version("1") else { return };
    let orders = json!({"descriptor": {
        "version": "2", "images": ["toy:2", "toy:3"], "extensions": ["toy", "ty"], "time-multiplier": 2.5,
        "memory-multiplier": 0.5,
        "options-schema": "{\"type\": \"object\", \"properties\": {\"std\": {\"enum\": [\"17\", \"20\"]}}}",
    }});
    let Some(two) = wasm(&orders) else { return };
    let place = Place::new();
    let catalogue = place.open();
    let first = catalogue.review("toy", &one).unwrap();
    assert_eq!((first.id.as_str(), first.replaces.as_deref()), ("toy", None));
    assert!(first.fields.iter().all(|field| field.before.is_empty() && !field.asks_for_more), "{first:?}");
    catalogue.install("toy", &one, &consent(&first)).unwrap();
    let review = catalogue.review("toy", &two).unwrap();
    assert_eq!(review.replaces.as_deref(), Some(first.digest.as_str()));
    let expected = json!([
        ["version", ["1"], ["2"], false],
        ["images", ["toy:1", "toy:2"], ["toy:2", "toy:3"], true],
        ["time_multiplier", ["1"], ["2.5"], true],
        ["memory_multiplier", ["1"], ["0.5"], false],
        ["options", [], ["std {\"enum\":[\"17\",\"20\"]}", "type: \"object\""], false],
        ["extensions", ["toy"], ["toy", "ty"], false],
    ]);
    assert_eq!(changed(&review), expected);
    assert_eq!(changed(&catalogue.review("toy", &one).unwrap()), json!([]));
    assert_eq!((serving(&catalogue).as_deref(), kept(&catalogue).len()), (Some("1"), 0));
    for (id, wasm, words) in [
        ("toy", &one[..one.len() / 2], "is cut off"),
        ("other", &one[..], "is the plugin of `toy`, not of `other`"),
        ("../toy", &one[..], "is the plugin of `toy`, not of `../toy`"),
    ] {
        let refused = catalogue.review(id, wasm).unwrap_err();
        assert!(refused.to_string().contains(words) && refused.hint().is_some(), "{refused}");
    }
}

#[test]
fn what_is_put_in_is_what_was_looked_at() {
    let (Some(one), Some(two), Some(three)) = (version("1"), version("2"), version("3")) else { return };
    let place = Place::new();
    let catalogue = place.open();
    catalogue.install("toy", &one, &Consent::default()).unwrap();
    let looked = consent(&catalogue.review("toy", &two).unwrap());
    let refused = catalogue.install("toy", &three, &looked).unwrap_err();
    assert_eq!(refused.code(), "other_bytes", "{refused}");
    // Another process puts one in meanwhile.
    place.put("toy.wasm", &three);
    catalogue.rescan().unwrap();
    let refused = catalogue.install("toy", &two, &looked).unwrap_err();
    assert_eq!(refused.code(), "plugin_changed", "{refused}");
    assert!(refused.hint().is_some());
    assert_eq!((serving(&catalogue).as_deref(), kept(&catalogue)), (Some("3"), vec![]));
    catalogue.install("toy", &two, &consent(&catalogue.review("toy", &two).unwrap())).unwrap();
    assert_eq!((serving(&catalogue).as_deref(), kept(&catalogue)), (Some("2"), vec!["3".to_owned()]));
}

#[test]
fn a_replaced_version_is_put_back_also_after_a_restart() {
    let (Some(one), Some(two)) = (version("1"), version("2")) else { return };
    let place = Place::new();
    let catalogue = place.open();
    for wasm in [&one, &two] {
        catalogue.install("toy", wasm, &Consent::default()).unwrap();
    }
    let before = catalogue.replaced("toy").unwrap().remove(0);
    assert_eq!((before.version.as_str(), before.bytes), ("1", one.len() as u64));
    drop(catalogue);
    let catalogue = place.open();
    assert_eq!(catalogue.current().len(), 1, "what is kept is no plugin");
    let review = catalogue.review_replaced("toy", &before.digest).unwrap();
    assert_eq!(changed(&review), json!([["version", ["2"], ["1"], false]]));
    let status = catalogue.roll_back("toy", &before.digest, &consent(&review)).unwrap();
    assert_eq!((status.state, status.digest.as_deref()), (PluginState::Active, Some(before.digest.as_str())));
    assert_eq!(std::fs::read(place.path("toy.wasm")).unwrap(), one);
    assert_eq!((serving(&catalogue).as_deref(), kept(&catalogue)), (Some("1"), vec!["2".to_owned()]));
    for (id, digest) in [("toy", before.digest.as_str()), ("toy", "../../cache"), ("..", "x"), ("other", "x")] {
        assert_eq!(catalogue.roll_back(id, digest, &Consent::default()).unwrap_err().code(), "unknown_version");
        assert_eq!(catalogue.review_replaced(id, digest).unwrap_err().code(), "unknown_version");
    }
    // A copy that is no longer what it was is not put back.
    let two_digest = catalogue.replaced("toy").unwrap().remove(0).digest;
    std::fs::write(place.path(&format!(".before/toy/{two_digest}.wasm")), &one).unwrap();
    let refused = catalogue.roll_back("toy", &two_digest, &Consent::default()).unwrap_err();
    assert_eq!((refused.code(), serving(&catalogue).as_deref()), ("unknown_version", Some("1")));
}

#[test]
fn the_last_few_versions_are_kept() {
    let place = Place::new();
    let catalogue = place.open();
    for number in 1..=8 {
        let Some(wasm) = version(&number.to_string()) else { return };
        catalogue.install("toy", &wasm, &Consent::default()).unwrap();
        // The same bytes again replace nothing.
        catalogue.install("toy", &wasm, &Consent::default()).unwrap();
        // Versions are sorted by the millisecond in which they were replaced.
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert_eq!(kept(&catalogue), ["7", "6", "5", "4", "3"]);
    let files = std::fs::read_dir(place.path(".before/toy")).unwrap().count();
    assert_eq!(files, 10, "each with its record");
    assert!(catalogue.replaced("../toy").unwrap().is_empty() && catalogue.replaced("").unwrap().is_empty());
}

#[test]
fn a_version_that_turned_bad_leaves_what_served_to_be_put_back() {
    let (Some(one), Some(two)) = (version("1"), version("2")) else { return };
    let place = Place::new();
    place.put("toy.wasm", &one);
    let catalogue = place.open();
    place.put("toy.wasm", b"nonsense");
    catalogue.rescan().unwrap();
    catalogue.install("toy", &two, &Consent::default()).unwrap();
    let before = catalogue.replaced("toy").unwrap().remove(0);
    assert_eq!(before.version, "1", "the last good one, which served");
    catalogue.roll_back("toy", &before.digest, &Consent::default()).unwrap();
    assert_eq!(serving(&catalogue).as_deref(), Some("1"));
}

#[test]
fn a_signature_goes_and_comes_back_with_its_version() {
    let (Some(one), Some(two)) = (version("1"), version("2")) else { return };
    let key = SecretKey::generate().unwrap();
    let mut place = Place::new();
    place.config.trust = Trust { signatures: Signatures::Warn, keys: vec![key.public().parse().unwrap()] };
    place.put(&signature_file("toy.wasm"), key.sign(&one, "file:toy").as_bytes());
    place.put("toy.wasm", &one);
    let catalogue = place.open();
    let review = catalogue.review("toy", &two).unwrap();
    let expected = json!([["version", ["1"], ["2"], false], ["signed_by", [key.id()], [], true]]);
    assert_eq!((changed(&review), review.notes.len()), (expected, 1), "{review:?}");
    catalogue.install("toy", &two, &consent(&review)).unwrap();
    assert!(!place.path(&signature_file("toy.wasm")).exists(), "it was of other bytes");
    let before = catalogue.replaced("toy").unwrap().remove(0);
    assert_eq!(before.signed_by, Some(key.id()));
    let status = catalogue.roll_back("toy", &before.digest, &Consent::default()).unwrap();
    assert_eq!(status.signed_by, Some(key.id()));
    // Where signatures are required, an upload has none, and what is signed comes back.
    place.config.trust.signatures = Signatures::Require;
    let strict = place.open();
    assert_eq!(strict.review("toy", &two).unwrap_err().code(), "plugin_signature");
}
