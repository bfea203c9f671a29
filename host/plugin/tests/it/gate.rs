//! Files that the load gate refuses, and the messages.

use optimus_plugin::{Config, ImagePolicy, PluginError, check_file};
use serde_json::{Value, json};

use crate::puppet::{Place, wasi_wasm, wasm};

/// The message and the advice, both of which there must be.
fn refusal(place: &Place, bytes: &[u8]) -> String {
    let error = place.load(bytes).unwrap_err();
    let hint = error.hint().expect("a refusal comes with advice");
    assert!(matches!(error, PluginError::Load { .. }), "{error}");
    assert_eq!(error.fault().code, "plugin_rejected");
    format!("{error} | {hint}")
}

#[test]
fn a_good_plugin_is_let_in() {
    let Some(wasm) = wasm(&json!({})) else { return };
    let place = Place::new();
    let plugin = place.load(&wasm).unwrap();
    assert_eq!(plugin.descriptor().id, "toy");
    assert_eq!(plugin.descriptor().aliases, ["t"]);
    assert_eq!(plugin.api(), "1.0.0");
    assert_eq!(plugin.digest().len(), 64);
    assert!(plugin.imports().iter().all(|import| import.starts_with("optimus:plugin/")), "{:?}", plugin.imports());
    assert_eq!(check_file(&place.path("x.wasm")).unwrap().digest(), plugin.digest());
}

#[test]
fn a_file_that_is_cut_off_says_so_wherever_it_is_cut() {
    let Some(wasm) = wasm(&json!({})) else { return };
    let place = Place::new();
    for part in [9, wasm.len() / 3, wasm.len() / 2, wasm.len() - 1] {
        let refusal = refusal(&place, &wasm[..part]);
        assert!(refusal.contains("is cut off") || refusal.contains("does not export"), "{part}: {refusal}");
    }
}

#[test]
fn a_file_above_the_cap_is_not_read() {
    let mut place = Place::new();
    place.config.max_wasm_bytes = 100;
    let refusal = refusal(&place, &[0; 101]);
    assert!(refusal.contains("is 101 bytes, more than the 100 that are allowed"), "{refusal}");
}

#[test]
fn what_a_later_host_may_know_is_overlooked() {
    let Some(good) = wasm(&json!({"descriptor": {"ext": [["future", "1"]], "options-schema": "{}"}})) else { return };
    Place::new().load(&good).unwrap();
}

#[test]
fn a_language_whose_images_are_all_forbidden_is_refused() {
    let Some(wasm) = wasm(&json!({})) else { return };
    let mut place = Place::new();
    place.config.images = ImagePolicy::new(["other:*"]);
    let refusal = refusal(&place, &wasm);
    assert!(refusal.contains("`images` names no image that this server allows (other:*)"), "{refusal}");
}

#[test]
fn quiet_wasi_is_let_in_and_finds_nothing() {
    let Some(wasm) = wasi_wasm(&json!({})) else { return };
    let place = Place::new();
    let plugin = place.load(&wasm).unwrap();
    assert!(plugin.imports().iter().any(|import| import.starts_with("wasi:")), "{:?}", plugin.imports());
}

/// Loading may be asked for by a task; what WASI does with a thread must not affect it.
#[tokio::test]
async fn quiet_wasi_may_speak_while_a_task_waits() {
    let Some(wasm) = wasi_wasm(&json!({"describe": "panic"})) else { return };
    let refusal = refusal(&Place::new(), &wasm);
    assert!(refusal.contains("`describe` stopped") && refusal.contains("the strings are tangled"), "{refusal}");
}

#[test]
fn the_default_configuration_is_a_bounded_one() {
    let config = Config::new("a", "b");
    assert!(config.calls > 0 && config.memory_bytes <= 64 << 20);
    assert_eq!(Value::from(config.images.to_string()), "*");
}
