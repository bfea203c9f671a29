//! Names of a language in a custom section of its plugin's file: readable without compiling anything.
//!
//! The section `optimus:names` holds `{"id", "aliases", "extensions"}`, and `"commands": true` of commands. It is written by the tools that build plugins. It
//! lets a host choose the one file that a program needs out of many. The load gate refuses a file whose section says
//! something else than its `describe`, so a section that passed once can be relied on.

use optimus_core::Descriptor;
use serde::{Deserialize, Serialize};

/// The custom section, at the end of the component.
pub(crate) const SECTION: &str = "optimus:names";

/// The names that a language goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The id.
    pub id: String,
    /// Other names that jobs may use.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// File extensions without the dot.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// A job's arguments are the command to run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub commands: bool,
}

impl Names {
    /// The names in a descriptor.
    pub fn from_descriptor(descriptor: &Descriptor) -> Self {
        let Descriptor { id, aliases, extensions, commands, .. } = descriptor;
        Self { id: id.clone(), aliases: aliases.clone(), extensions: extensions.clone(), commands: *commands }
    }

    /// The position of an extension in the list: 0 is the language's first one.
    pub(crate) fn rank(&self, extension: &str) -> Option<usize> {
        self.extensions.iter().position(|known| known == extension)
    }
}
