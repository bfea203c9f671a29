//! The plugins of the tests' server: one that was rejected, and one that is there.

use optimus_core::Fault;
use optimus_server::api::PluginStatus;

pub(crate) fn plugins() -> Vec<PluginStatus> {
    let error = Some(Fault::new("not_a_component", "it is text"));
    let bad = PluginStatus {
        file: "bad.wasm".to_owned(),
        id: None,
        version: None,
        digest: None,
        state: "rejected".to_owned(),
        signed_by: None,
        error,
        notes: vec!["it is a note".to_owned()],
    };
    let said = |text: &str| Some(text.to_owned());
    let good = PluginStatus {
        file: "toy.wasm".to_owned(),
        id: said("toy"),
        version: said("1.0.0"),
        digest: said("00"),
        state: "active".to_owned(),
        signed_by: said("E7620F1842B4E81F"),
        error: None,
        notes: Vec::new(),
    };
    vec![bad, good]
}
