//! The load gate: everything that can be wrong with a file is found here, and never when a job waits.
//!
//! In order, cheapest first: size, sections (kind, API version, imports), compiling, linking, a first `describe` under
//! its deadline, the descriptor's fields. Whatever fails, fails with words for the author and advice.

mod descriptor;

use std::sync::Arc;

use wasmtime::component::Component;
use wasmtime::{Store, Trap};

use crate::engine::{Guest, Host, Tier};
use crate::error::{CallError, LoadError};
use crate::hex;
use crate::names::Names;
use crate::plugin::{Guests, Plugin, Shared};
use crate::sections::{self, Sections};
use crate::state::State;
use crate::wit;

/// Deep enough for the compiler, whatever thread we are called on.
const STACK_BYTES: usize = 8 << 20;

/// Makes a plugin of a file's bytes, or says why not. `file` is the name that messages use until the plugin has one.
///
/// On a separate thread: a panic over hostile bytes ends there, and a guest with WASI cannot be called on a thread
/// that runs tasks.
pub(crate) fn load(shared: &Arc<Shared>, file: &str, wasm: &[u8]) -> Result<Plugin, LoadError> {
    std::thread::scope(|scope| {
        let gate = std::thread::Builder::new().name("plugin-gate".into()).stack_size(STACK_BYTES);
        match gate.spawn_scoped(scope, || load_here(shared, file, wasm)) {
            Ok(thread) => thread.join().unwrap_or_else(|_| {
                Err(LoadError::Malformed("the plugin compiler panicked; see the log of the host".to_owned()))
            }),
            Err(error) => Err(LoadError::Malformed(format!("no thread to load it on: {error}"))),
        }
    })
}

fn load_here(shared: &Arc<Shared>, file: &str, wasm: &[u8]) -> Result<Plugin, LoadError> {
    let config = &shared.config;
    let bytes = wasm.len() as u64;
    if bytes > config.max_wasm_bytes {
        return Err(LoadError::TooBig { bytes, max: config.max_wasm_bytes });
    }
    let sections = sections::read(wasm)?;
    let host = &shared.host;
    let component =
        Component::from_binary(&host.engine, wasm).map_err(|error| LoadError::Malformed(format!("{error:#}")))?;
    let guests = link(host, &component, &sections)?;
    let said = describe(shared, &guests, sections.tier, file)?;
    check_types(shared, &guests, sections.tier, file)?;
    let descriptor = descriptor::check(said, config).map_err(LoadError::Descriptor)?;
    if sections.names.as_ref().is_some_and(|names| *names != Names::from_descriptor(&descriptor)) {
        return Err(LoadError::Names { id: descriptor.id });
    }
    Ok(Plugin::new(shared.clone(), descriptor, hex::sha256(wasm), sections, guests))
}

/// Finds the functions of each interface, and what the component imports.
fn link(host: &Host, component: &Component, sections: &Sections) -> Result<Guests, LoadError> {
    let refused = |interface: &str| {
        let interface = interface.to_owned();
        move |error: wasmtime::Error| LoadError::Export { interface, message: format!("{error:#}") }
    };
    let ready = host.linker(sections.tier).instantiate_pre(component).map_err(refused("imports"))?;
    let language = wit::language::HostLanguagePre::new(ready.clone()).map_err(refused(sections::LANGUAGE))?;
    let classify = sections
        .exports_interface("classify")
        .then(|| wit::classify::HostClassifyPre::new(ready.clone()))
        .transpose()
        .map_err(refused("optimus:plugin/classify"))?;
    let warm = sections
        .exports_interface("warm")
        .then(|| wit::warm::HostWarmPre::new(ready.clone()))
        .transpose()
        .map_err(refused("optimus:plugin/warm"))?;
    let checker = sections
        .exports_interface("checker")
        .then(|| wit::checker::HostCheckerPre::new(ready))
        .transpose()
        .map_err(refused("optimus:plugin/checker"))?;
    Ok(Guests { language, classify, warm, checker })
}

fn describe(shared: &Shared, guests: &Guests, tier: Tier, file: &str) -> Result<wit::types::Descriptor, LoadError> {
    let guest = Guest { name: file, tier };
    let mut mismatch = None;
    let call = |store: &mut Store<State>| {
        let instance = guests.language.instantiate(&mut *store);
        // What does not fit into the budget is not an instance either, whatever its types.
        mismatch = instance.as_ref().err().filter(|_| !store.data().budget.refused).and_then(type_error);
        instance?.optimus_plugin_language().call_describe(store)
    };
    let said = shared.host.call(&guest, shared.config.describe_deadline, call);
    said.map_err(|error| match mismatch {
        Some(message) => LoadError::Export { interface: sections::LANGUAGE.to_owned(), message },
        None => LoadError::Describe(error),
    })
}

/// The types of an interface's functions are compared only with an instance at hand, so each optional one gets one.
fn check_types(shared: &Shared, guests: &Guests, tier: Tier, file: &str) -> Result<(), LoadError> {
    let guest = Guest { name: file, tier };
    let deadline = shared.config.describe_deadline;
    let refused = |interface: &str| {
        let interface = interface.to_owned();
        move |error: CallError| LoadError::Export { interface, message: error.to_string() }
    };
    if let Some(classify) = &guests.classify {
        let call = |store: &mut Store<State>| classify.instantiate(store).map(drop);
        shared.host.call(&guest, deadline, call).map_err(refused("optimus:plugin/classify"))?;
    }
    if let Some(warm) = &guests.warm {
        let call = |store: &mut Store<State>| warm.instantiate(store).map(drop);
        shared.host.call(&guest, deadline, call).map_err(refused("optimus:plugin/warm"))?;
    }
    if let Some(checker) = &guests.checker {
        let call = |store: &mut Store<State>| checker.instantiate(store).map(drop);
        shared.host.call(&guest, deadline, call).map_err(refused("optimus:plugin/checker"))?;
    }
    Ok(())
}

/// An instance that cannot be made for another reason than a trap of the guest's has functions of another type.
fn type_error(error: &wasmtime::Error) -> Option<String> {
    error.downcast_ref::<Trap>().is_none().then(|| format!("{error:#}"))
}

/// The plugins' directory holds what an operator dropped there, under a name that a person chose.
pub(crate) fn is_candidate(name: &str) -> bool {
    !name.starts_with('.') && (name.ends_with(".wasm") || name.ends_with(".cwasm"))
}
