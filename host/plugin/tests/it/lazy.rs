//! A directory whose plugins are loaded when somebody asks for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use optimus_plugin::{BuiltInLanguage, Catalogue, Consent, Names, PluginState};
use serde_json::json;

use crate::puppet::{Place, request, wasm};

/// A plugin of this language whose file says these names.
fn named(id: &str, extensions: &[&str]) -> Option<Vec<u8>> {
    let mut plugin = unnamed(id, extensions)?;
    let names = json!({"id": id, "aliases": [format!("{id}-alias")], "extensions": extensions}).to_string();
    let body = [&[13][..], b"optimus:names", names.as_bytes()].concat();
    plugin.push(0);
    // LEB128 in two bytes.
    plugin.extend([u8::try_from(body.len() & 0x7f).unwrap() | 0x80, u8::try_from(body.len() >> 7).unwrap()]);
    plugin.extend(body);
    Some(plugin)
}

/// A plugin of this language, with this image.
fn with_image(id: &str, extensions: &[&str], image: &str) -> Option<Vec<u8>> {
    wasm(&json!({"descriptor": {"id": id, "aliases": [], "extensions": extensions, "images": [image]}}))
}

fn unnamed(id: &str, extensions: &[&str]) -> Option<Vec<u8>> {
    wasm(&json!({"descriptor": {"id": id, "aliases": [format!("{id}-alias")], "extensions": extensions}}))
}

fn begin(place: &Place) -> Arc<Catalogue> {
    Catalogue::begin(place.config.clone()).unwrap()
}

fn loaded(catalogue: &Catalogue) -> Vec<String> {
    catalogue.current().iter().map(|plugin| plugin.descriptor().id.clone()).collect()
}

#[tokio::test]
async fn only_what_is_asked_for_is_loaded() {
    let (Some(one), Some(two)) = (named("one", &["1"]), named("two", &["2"])) else { return };
    let place = Place::new();
    place.put("a.wasm", &one);
    place.put("b.wasm", &two);
    let catalogue = begin(&place);
    assert!(catalogue.statuses().iter().all(|status| status.state == PluginState::Loading));
    assert_eq!(loaded(&catalogue), [""; 0]);
    assert!(catalogue.find("three").is_none());
    assert_eq!(loaded(&catalogue), [""; 0], "both files say that they are not it");
    let found = catalogue.plugin("two-alias").await.unwrap();
    assert_eq!(loaded(&catalogue), ["two"]);
    found.plan(&request()).await.unwrap();
    assert_eq!(catalogue.find_by_extension("1").unwrap().descriptor().id, "one");
    assert!(!catalogue.rescan().unwrap(), "everything is loaded");
}

#[test]
fn what_says_nothing_of_itself_is_loaded_before_a_name_is_called_unknown() {
    let (Some(one), Some(two)) = (named("one", &["1"]), unnamed("two", &["2"])) else { return };
    let place = Place::new();
    place.put("a.wasm", &one);
    place.put("b.wasm", &two);
    let catalogue = begin(&place);
    assert_eq!(catalogue.find("one").unwrap().descriptor().id, "one");
    assert_eq!(loaded(&catalogue), ["one"], "an id is certain");
    assert!(catalogue.find("three").is_none());
    assert_eq!(loaded(&catalogue), ["one", "two"]);
    // From now on it is known what is in the file.
    let again = begin(&place);
    assert!(again.find("three").is_none() && loaded(&again).is_empty());
    let known: Vec<_> = again.current().expected().iter().filter_map(|file| file.passed.clone()).collect();
    assert_eq!(known.iter().map(|(descriptor, _)| descriptor.id.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    place.put("b.wasm", &named("three", &["3"]).unwrap());
    assert_eq!(begin(&place).find("three").unwrap().descriptor().id, "three", "another file, another entry");
}

#[test]
fn of_several_languages_the_one_that_names_the_extension_first_is_taken() {
    let (Some(one), Some(two)) = (named("one", &["1", "x"]), named("two", &["x"])) else { return };
    let place = Place::new();
    place.put("a.wasm", &one);
    place.put("b.wasm", &two);
    let catalogue = begin(&place);
    assert_eq!(catalogue.find_by_extension("x").unwrap().descriptor().id, "two");
    assert_eq!(loaded(&catalogue), ["two"]);
    assert!(catalogue.find_by_extension("y").is_none());
}

#[tokio::test]
async fn of_several_languages_one_that_the_backend_runs_is_taken() {
    let (Some(one), Some(two)) = (with_image("one", &["1", "x"], "inside:1"), with_image("two", &["x", "2"], "two:2"))
    else {
        return;
    };
    let mut place = Place::new();
    place.put("a.wasm", &one);
    place.put("b.wasm", &two);
    assert_eq!(begin(&place).find_by_extension("x").unwrap().descriptor().id, "two");
    place.config.image_prefix = Some("inside:".to_owned());
    let catalogue = begin(&place);
    assert_eq!(catalogue.find_by_extension("x").unwrap().descriptor().id, "one");
    assert_eq!(catalogue.plugin_by_extension("x").await.unwrap().descriptor().id, "one");
    assert_eq!(
        catalogue.find_by_extension("2").unwrap().descriptor().id,
        "two",
        "the job gets the error that this toolchain is missing"
    );
}

#[test]
fn names_that_are_not_the_languages_own_are_refused() {
    let Some(wasm) = named("toy", &["toy"]) else { return };
    let place = Place::new();
    let at = wasm.windows(9).rposition(|window| window == b"toy-alias").unwrap();
    let mut lies = wasm;
    lies[at] = b'T';
    place.put("toy.wasm", &lies);
    let catalogue = begin(&place);
    assert!(catalogue.find("toy").is_none());
    let status = catalogue.statuses().remove(0);
    assert_eq!(status.state, PluginState::Rejected);
    let error = status.error.unwrap();
    assert!(error.message.contains("disagrees") && error.hint.is_some(), "{error:?}");
}

#[test]
fn what_is_built_in_needs_no_directory_and_yields_to_a_file() {
    let Some(one) = unnamed("one", &["1"]) else { return };
    let mut place = Place::new();
    let made = Arc::new(AtomicUsize::new(0));
    let built_in = |id: &str| BuiltInLanguage {
        names: Names {
            id: id.to_owned(),
            aliases: vec![format!("{id}-alias")],
            extensions: vec!["1".to_owned()],
            commands: false,
        },
        wasm: {
            let (made, one) = (Arc::clone(&made), one.clone());
            Arc::new(move || {
                made.fetch_add(1, Ordering::Relaxed);
                Ok(one.clone())
            })
        },
    };
    place.config.built_in = vec![built_in("one")];
    place.config.dir = place.dir.path().join("missing");
    assert!(Catalogue::begin(place.config.clone()).is_err(), "a directory that somebody named has to be there");
    place.config.dir_may_be_missing = true;
    let catalogue = begin(&place);
    assert_eq!(made.load(Ordering::Relaxed), 0);
    assert_eq!(catalogue.find_by_extension("1").unwrap().descriptor().id, "one");
    assert_eq!(made.load(Ordering::Relaxed), 1);
    let own = wasm(&json!({"descriptor": {"id": "one", "version": "9"}})).unwrap();
    assert_eq!(
        catalogue.install("one", &own, &Consent::default()).unwrap().version.as_deref(),
        Some("9"),
        "the directory is made"
    );
    assert_eq!(catalogue.find("one").unwrap().descriptor().version, "9");
    assert_eq!(catalogue.statuses().len(), 1);
    std::fs::remove_file(place.path("one.wasm")).unwrap();
    assert!(catalogue.rescan().unwrap());
    assert_eq!(catalogue.find("one").unwrap().descriptor().version, "0.3.1", "it serves again");
}
