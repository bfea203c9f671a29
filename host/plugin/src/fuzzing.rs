//! Entry points of the fuzz targets only: the load gate over bytes, and the rules for plans.

use std::sync::Arc;

use crate::engine::Host;
use crate::plugin::Shared;
use crate::{Config, Plugin, PluginError, gate};

pub use crate::plan::{PlanRules, check};
pub use crate::wit::types;

/// The load gate, with an engine behind it.
pub struct Gate(Arc<Shared>);

impl Gate {
    /// Opens one.
    ///
    /// # Errors
    /// There can be no engine here.
    pub fn new(config: Config) -> Result<Self, PluginError> {
        let host = Host::new(config.memory_bytes, None)?;
        Ok(Self(Arc::new(Shared::new(config, host))))
    }

    /// Loads a file with these bytes, as a catalogue does.
    ///
    /// # Errors
    /// What it would say of it.
    pub fn load(&self, wasm: &[u8]) -> Result<Plugin, PluginError> {
        gate::load(&self.0, "fuzz.wasm", wasm).map_err(|error| error.in_file("fuzz.wasm"))
    }
}
