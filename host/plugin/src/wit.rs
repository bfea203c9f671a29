//! Bindings of the contract, generated from `sdk/wit`.
//!
//! One world per exported interface, so that each optional one has its own look-up and its absence breaks nothing.

#[expect(missing_docs, reason = "generated, from a text that says it all")]
pub(crate) mod language {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "host-language",
        with: { "optimus:plugin/blobs.blob": crate::blob::Blob },
    });
}

pub(crate) mod classify {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "host-classify",
        with: { "optimus:plugin/types": super::language::optimus::plugin::types },
    });
}

pub(crate) mod warm {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "host-warm",
        with: { "optimus:plugin/types": super::language::optimus::plugin::types },
    });
}

pub(crate) mod checker {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "host-checker",
        with: { "optimus:plugin/blobs": super::language::optimus::plugin::blobs },
    });
}

pub(crate) use language::optimus::plugin::log::Level;
pub use language::optimus::plugin::types;

impl Default for types::StepLimits {
    /// No wishes, for those who make plans by hand.
    fn default() -> Self {
        Self {
            cpu_ms: None,
            wall_ms: None,
            memory_kib: None,
            output_kib: None,
            processes: None,
            open_files: None,
            file_kib: None,
            work_kib: None,
        }
    }
}
