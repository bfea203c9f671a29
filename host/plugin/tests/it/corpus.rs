//! Every way in which a file is no plugin. Each is refused by name, with what is wrong and what to do about it; beside all
//! of them at once, a good one serves.

mod rows;

use std::panic::{AssertUnwindSafe, catch_unwind};

use optimus_plugin::PluginState;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::puppet::{Place, request, wasm};
use rows::{Broken, broken};

/// Plugins whose `describe` goes wrong, or says something impossible.
fn described() -> Option<Vec<Broken>> {
    let mistake = "a mistake in the plugin";
    let calls = [
        ("panic", "the strings are tangled", mistake),
        ("loop", "`describe` took longer than 2000 ms", "an endless loop"),
        ("log", "`describe` took longer than 2000 ms", "an endless loop"),
        ("allocate", "`describe` wanted more than 64 MiB of memory", "an allocation in the plugin"),
        ("recurse", "`describe` stopped", mistake),
        ("flood", "`describe` returned more than 16 MiB", "a plan is small"),
    ];
    let mut rows = Vec::new();
    for (order, words, remedy) in calls {
        rows.push(broken(&format!("describe: {order}"), wasm(&json!({"describe": order}))?, words, remedy));
    }
    for (said, words, remedy) in fields() {
        rows.push(broken(&said.to_string(), wasm(&json!({"descriptor": said}))?, words, remedy));
    }
    Some(rows)
}

fn fields() -> Vec<(Value, &'static str, &'static str)> {
    let (short, docker, caps) =
        ("use a short lowercase name", "write it as for `docker pull`", "ask the operator to raise");
    let (schema, version) = ("leave it out when the language has no options", "the plugin's own version");
    let (dot, limit, one) = ("write it without the dot", "say a number above 0", "1.0 changes nothing");
    vec![
        (json!({"id": "TOY"}), "`id` `TOY` does not match", short),
        (json!({"id": "-rf"}), "`id` `-rf`", short),
        (json!({"id": "../../etc/passwd"}), "`id`", short),
        (json!({"id": ""}), "`id`", short),
        (json!({"id": "x".repeat(33)}), "`id`", short),
        (json!({"name": ""}), "`name` is empty", ""),
        (json!({"name": "x".repeat(10_000)}), "`name` holds 10000", ""),
        (json!({"name": "\u{1b}[2J"}), "`name` holds a control character", ""),
        (json!({"version": "one two"}), "`version` `one two`", version),
        (json!({"version": ""}), "`version`", version),
        (json!({"aliases": ["ok", "not ok"]}), "`aliases[1]`", short),
        (json!({"extensions": []}), "`extensions` is empty", ""),
        (json!({"extensions": [".toy"]}), "`extensions[0]`", dot),
        (json!({"extensions": ["../x"]}), "`extensions[0]`", dot),
        (json!({"images": []}), "`images` is empty", ""),
        (json!({"images": ["toy:1", "--privileged"]}), "`images[1]`", docker),
        (json!({"images": ["x; rm -rf /"]}), "`images[0]`", docker),
        (json!({"images": ["a/../b"]}), "`images[0]`", docker),
        (json!({"probe": []}), "`probe` names no program", ""),
        (json!({"probe": ["a", "b\u{0}"]}), "`probe[1]` holds a NUL byte", "leave it out"),
        (json!({"time-multiplier": null}), "`time-multiplier` NaN", one),
        (json!({"time-multiplier": -1.0}), "`time-multiplier` -1", one),
        (json!({"memory-multiplier": 1e300}), "`memory-multiplier`", one),
        (json!({"minimum": {"cpu": 0}}), "`minimum.cpu-ms` 0 is not a limit", limit),
        (json!({"minimum": {"memory": u32::MAX}}), "`minimum` asks for more than this server's caps", caps),
        (json!({"options-schema": "{"}), "`options-schema` is not JSON", schema),
        (json!({"options-schema": "[]"}), "`options-schema` is not a JSON object", schema),
        (json!({"ext": [["!root", "1"]]}), "`ext` asks for `!root`", "a newer Optimus may"),
    ]
}

fn corpus() -> Option<Vec<Broken>> {
    let mut all = rows::bytes(&wasm(&json!({}))?);
    all.extend(rows::components());
    all.extend(described()?);
    Some(all)
}

#[tokio::test]
async fn each_is_refused_with_a_reason_and_a_remedy_while_a_good_one_serves() {
    let (Some(corpus), Some(good)) = (corpus(), wasm(&json!({"descriptor": {"id": "good", "aliases": []}}))) else {
        return;
    };
    assert!(corpus.len() >= 80, "{} broken files", corpus.len());
    let mut place = Place::new();
    // What allocates or traps is to be cut off for that, also by a machine that is busy.
    place.config.describe_deadline = std::time::Duration::from_secs(2);
    place.put("good.wasm", &good);
    let catalogue = place.open();
    for (number, row) in corpus.iter().enumerate() {
        place.put(&format!("broken{number}.wasm"), &row.bytes);
    }
    catalogue.rescan().unwrap();
    let statuses = catalogue.statuses();
    let mut wrong = Vec::new();
    for (number, Broken { name, words, remedy, .. }) in corpus.iter().enumerate() {
        let file = format!("broken{number}.wasm");
        let status = statuses.iter().find(|status| status.file == file).expect("every file has a status");
        let error = status.error.clone().unwrap_or_else(|| panic!("{name} was let in"));
        let (message, hint) = (error.message, error.hint.unwrap_or_default());
        let says = message.contains(words) && message.starts_with(&format!("`{file}`: "));
        let helps = hint.contains(remedy) && hint.len() > 10;
        let shown = !message.chars().any(char::is_control);
        if !(status.state == PluginState::Rejected && says && helps && shown) {
            wrong.push(format!("{name}: {message:?} | {hint}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(catalogue.current().len(), 1);
    catalogue.current().get("good").unwrap().plan(&request()).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever stands in a file: it is a plugin or an error, and the process goes on.
    #[test]
    fn anything_is_either_let_in_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512), head in 0_usize..=8) {
        let file = [&b"\0asm\x0d\0\x01\0"[..head], &bytes].concat();
        let place = Place::new();
        let refused = catch_unwind(AssertUnwindSafe(|| {
            place.load(&file).err().map(|error| (error.to_string(), error.hint()))
        }));
        let (message, hint) = refused.expect("no panic").expect("chance makes no plugin");
        prop_assert!(message.contains("`x.wasm`") && hint.is_some(), "{}", message);
    }
}

proptest! {
    // Most of these compile.
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// A good plugin with some bytes changed is the same, another, or an error.
    #[test]
    fn a_damaged_plugin_is_no_danger(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let Some(mut wasm) = wasm(&json!({})) else { return Ok(()) };
        for (at, byte) in changes {
            let at = at.index(wasm.len());
            wasm[at] = byte;
        }
        if let Err(error) = Place::new().load(&wasm) {
            prop_assert!(error.hint().is_some(), "{}", error);
        }
    }
}
