//! Bindings to the contract, generated from `sdk/wit`. The types of the first module are the SDK's own: the builders in
//! the other rooms are methods on them, so that nothing is converted on the way out.
//!
//! Each interface is generated on its own, because an export macro carries the description of its world with it: a
//! plugin that does not export `classify` must not claim to.

pub mod language {
    wit_bindgen::generate!({
        path: "../wit",
        world: "plugin",
        pub_export_macro: true,
        export_macro_name: "export_language",
        default_bindings_module: "optimus_sdk::wit::language",
        additional_derives: [Clone, PartialEq],
        generate_unused_types: true,
    });
}

pub mod classify {
    wit_bindgen::generate!({
        path: "../wit",
        world: "host-classify",
        with: { "optimus:plugin/types@1.0.0": crate::wit::language::optimus::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_classify",
        default_bindings_module: "optimus_sdk::wit::classify",
        type_section_suffix: "classify",
    });
}

pub mod warm {
    wit_bindgen::generate!({
        path: "../wit",
        world: "host-warm",
        with: { "optimus:plugin/types@1.0.0": crate::wit::language::optimus::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_warm",
        default_bindings_module: "optimus_sdk::wit::warm",
        type_section_suffix: "warm",
    });
}

pub mod checker {
    wit_bindgen::generate!({
        path: "../wit",
        world: "host-checker",
        pub_export_macro: true,
        export_macro_name: "export_checker",
        default_bindings_module: "optimus_sdk::wit::checker",
        type_section_suffix: "checker",
    });
}
