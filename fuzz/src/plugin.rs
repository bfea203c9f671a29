//! The load gate: any bytes are a plugin, or refused in few words that move no terminal's cursor, with advice.
//!
//! What begins with `(` is assembled first, so that seeds can be text.

use std::sync::LazyLock;
use std::time::Duration;

use optimus_plugin::fuzzing::Gate;
use optimus_plugin::{Config, PluginError};

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let config = Config { describe_deadline: Duration::from_millis(100), memory_bytes: 1 << 20, ..Config::new("", "") };
    Gate::new(config).expect("an engine")
});

/// Lets it in, or not.
pub fn fuzz(bytes: &[u8]) {
    let assembled = std::str::from_utf8(bytes).ok().filter(|text| text.starts_with('('));
    let refused = match assembled.map(wat::parse_str) {
        Some(Ok(wasm)) => GATE.load(&wasm).err(),
        Some(Err(_)) => None,
        None => GATE.load(bytes).err(),
    };
    if let Some(error) = refused {
        shown(&error);
    }
}

fn shown(error: &PluginError) {
    let said = error.to_string();
    assert!(said.len() < 4 << 10, "{} bytes: {said}", said.len());
    assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{said}");
}
