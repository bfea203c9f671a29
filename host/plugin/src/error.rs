//! Errors of plugins. Each message names the plugin and is written for the person who can fix it: the author of the
//! sources, the plugin's author, or the operator. Advice is separate, in `hint`.

use std::path::PathBuf;
use std::time::Duration;

use optimus_core::Fault;

use crate::consent::ConsentError;
use crate::signature::SignatureError;
use crate::text::{legible, shown};

/// A plugin, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginName {
    /// The language's id.
    pub id: String,
    /// The plugin's version.
    pub version: String,
}

impl std::fmt::Display for PluginName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "plugin `{}` {}", self.id, self.version)
    }
}

/// A plugin that could not be loaded, or a call that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The sources cannot be what they claim: the job's verdict is `compile_error`, with this message.
    #[error("{plugin}: {message}")]
    BadSource {
        /// The plugin.
        plugin: PluginName,
        /// The fault.
        message: String,
    },
    /// The job's `options` are wrong: the client's mistake.
    #[error("{plugin}: {message}")]
    BadOptions {
        /// The plugin.
        plugin: PluginName,
        /// The fault.
        message: String,
    },
    /// The plugin cannot do what this job needs.
    #[error("{plugin}: {message}")]
    Unsupported {
        /// The plugin.
        plugin: PluginName,
        /// The missing feature.
        message: String,
    },
    /// The plugin gave no answer.
    #[error("{plugin}: `{call}` {error}")]
    Misbehaved {
        /// Which one.
        plugin: PluginName,
        /// The function that was called.
        call: &'static str,
        /// The failure.
        error: CallError,
    },
    /// The plugin answered with something that the host does not take.
    #[error("{plugin}: invalid {what}: {error}")]
    Invalid {
        /// Which one.
        plugin: PluginName,
        /// `plan`, `finding`.
        what: &'static str,
        /// The fault.
        error: Box<InvalidField>,
    },
    /// The plugin does not export an interface that was asked for.
    #[error("{plugin}: exports no `{interface}`")]
    NotExported {
        /// Which one.
        plugin: PluginName,
        /// `checker`.
        interface: &'static str,
    },
    /// A file was refused.
    #[error("`{file}`: {error}")]
    Load {
        /// Its name.
        file: String,
        /// Why.
        error: LoadError,
    },
    /// A change is not what was consented to.
    #[error("{0}")]
    Consent(#[from] ConsentError),
    /// The directory of plugins, or that of compiled code, cannot be used.
    #[error("{what} directory `{}`: {message}", path.display())]
    Directory {
        /// `plugin` or `cache`.
        what: &'static str,
        /// The directory.
        path: PathBuf,
        /// The system's message.
        message: String,
    },
    /// The WebAssembly engine cannot work here, or a call of it was cut off by our own failure.
    #[error("plugin engine: {message}")]
    Engine {
        /// The engine's message.
        message: String,
    },
}

/// A guest's failure to answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It panicked, or did what WebAssembly forbids.
    #[error("stopped: {reason}")]
    Trapped {
        /// The panic's text when it sent one, otherwise the trap's.
        reason: String,
    },
    /// It did not come back.
    #[error("took longer than {} ms", .0.as_millis())]
    Deadline(Duration),
    /// It wanted more memory than a call may have.
    #[error("wanted more than {} MiB of memory", .0 >> 20)]
    Memory(usize),
    /// It returned, or logged in one piece, more than a call may.
    #[error("returned more than {} MiB", .0 >> 20)]
    TooMuchData(usize),
}

/// A field of a guest's answer that the host does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {message}")]
pub struct InvalidField {
    /// The field, in the words of the contract: `compile[0].argv[2]`.
    pub field: String,
    /// The fault: `holds a NUL byte`.
    pub message: String,
    /// The remedy for the plugin's author.
    pub hint: Option<String>,
}

impl InvalidField {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Why a file was refused.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    /// It is larger than the operator allows.
    #[error("is {bytes} bytes, more than the {max} that are allowed")]
    TooBig {
        /// Its size.
        bytes: u64,
        /// The operator's cap.
        max: u64,
    },
    /// It is not WebAssembly.
    #[error("is not a WebAssembly component")]
    NotAComponent,
    /// It is a core module, not a component.
    #[error("is a core WebAssembly module, not a component")]
    CoreModule,
    /// It is compiled machine code.
    #[error("is precompiled code, which is never loaded from here")]
    Precompiled,
    /// It ends too early.
    #[error("is cut off: {}", legible(.0))]
    Truncated(String),
    /// It is WebAssembly that makes no sense, or asks for features that are off.
    #[error("does not compile: {}", legible(.0))]
    Malformed(String),
    /// The process that compiles it gave up.
    #[error("cannot be compiled: the compiler failed: {0}")]
    Compiler(String),
    /// It wants what no plugin gets.
    #[error("has imports that plugins are not given: {}", list(.0))]
    Imports(Vec<String>),
    /// It lacks a required export, or that has another type.
    #[error("does not export `{interface}` with the type of the contract: {}", legible(message))]
    Export {
        /// Which one.
        interface: String,
        /// The engine's message.
        message: String,
    },
    /// It is made for another version of the contract.
    #[error("needs plugin API {}; this host speaks {supported}", shown(found))]
    ApiVersion {
        /// The version that it names.
        found: String,
        /// The version that this host speaks.
        supported: &'static str,
    },
    /// `describe` gave no answer.
    #[error("`describe` {0}")]
    Describe(CallError),
    /// Its descriptor says something impossible.
    #[error("invalid descriptor: {0}")]
    Descriptor(InvalidField),
    /// Its section of names disagrees with its descriptor.
    #[error("its section `{section}` disagrees with its descriptor of language `{id}`", section = crate::names::SECTION)]
    Names {
        /// The language's id, as `describe` gives it.
        id: String,
    },
    /// It has no signature of a trusted key.
    #[error("{0}")]
    Signature(SignatureError),
    /// It was meant to be another language's.
    #[error("is the plugin of `{id}`, not of `{}`", wanted.escape_debug())]
    OtherLanguage {
        /// The language that it is for.
        id: String,
        /// The language that it was installed for.
        wanted: String,
    },
    /// Its language is there already.
    #[error("language `{id}` is already provided by `{by}`")]
    Duplicate {
        /// The language's id.
        id: String,
        /// The other file.
        by: String,
    },
}

/// The first names of a list.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = names.len().saturating_sub(SHOWN);
    let rest = (more > 0).then(|| format!("and {more} more"));
    let shown = names.iter().take(SHOWN).map(|name| format!("`{}`", shown(name)));
    shown.chain(rest).collect::<Vec<_>>().join(", ")
}

impl PluginError {
    /// The remedy.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::BadSource { .. } => return None,
            Self::BadOptions { .. } => "`optimus languages --json` shows the language's `options_schema`",
            Self::Unsupported { .. } => "see what the language supports with `optimus languages`",
            Self::Misbehaved { error, .. } => return Some(error.hint()),
            Self::Invalid { error, .. } => return error.hint.clone(),
            Self::NotExported { .. } => "use a plugin that exports it, or a comparer of the host's",
            Self::Load { error, .. } => return error.hint(),
            Self::Consent(error) => return Some(error.hint()),
            Self::Directory { .. } => {
                "it must exist, or be possible to create, and belong to the user that runs optimus"
            }
            Self::Engine { .. } => "run `optimus doctor`",
        };
        Some(text.to_owned())
    }

    /// A word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSource { .. } => "bad_source",
            Self::BadOptions { .. } => "bad_options",
            Self::Unsupported { .. } => "unsupported",
            Self::Misbehaved { error, .. } => error.code(),
            Self::Invalid { .. } => "plugin_invalid_answer",
            Self::NotExported { .. } => "plugin_not_exported",
            Self::Load { error: LoadError::Signature(_), .. } => "plugin_signature",
            Self::Load { .. } => "plugin_rejected",
            Self::Consent(error) => error.code(),
            Self::Directory { .. } => "plugin_directory",
            Self::Engine { .. } => "plugin_engine",
        }
    }

    /// The same, as data.
    pub fn fault(&self) -> Fault {
        Fault { code: self.code().to_owned(), message: self.to_string(), hint: self.hint() }
    }
}

impl CallError {
    fn hint(&self) -> String {
        match self {
            Self::Trapped { .. } => "a mistake in the plugin: tell its author, with the job's sources",
            Self::Deadline(_) => "a plugin only plans, in well under a millisecond: look for an endless loop in it",
            Self::Memory(_) => "look for an allocation in the plugin that grows with its input",
            Self::TooMuchData(_) => "a plan is small: files that it adds belong into the image",
        }
        .to_owned()
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Trapped { .. } => "plugin_trapped",
            Self::Deadline(_) => "plugin_deadline",
            Self::Memory(_) => "plugin_memory",
            Self::TooMuchData(_) => "plugin_too_much_data",
        }
    }
}

impl LoadError {
    pub(crate) fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Read(_) => "it must be a regular file that optimus can read, and a link must not leave the directory",
            Self::TooBig { .. } => "build it for size, and strip debug information from it",
            Self::NotAComponent => {
                "plugins are WebAssembly components: `languages/` has some to start from, `cargo xtask plugins` builds them"
            }
            Self::CoreModule => "make a component of it: `wasm-tools component new x.wasm -o y.wasm`",
            Self::Precompiled => "drop the `.wasm` file itself: the host compiles and caches it",
            Self::Truncated(_) => "copy it again, under another name first: `cp x.wasm dir/.x && mv dir/.x dir/x.wasm`",
            Self::Malformed(_) => "build it again; threads, 64-bit memories and async components are not supported",
            Self::Compiler(_) => "a plugin is small and compiles in a moment: look for a giant function or table in it",
            Self::Imports(_) => {
                "a plugin plans and does nothing: leave out what needs network, processes or WASI 0.3, or build for \
                 wasm32-unknown-unknown"
            }
            Self::Export { .. } => "build it against this host's contract, `sdk/wit/plugin.wit`",
            Self::ApiVersion { .. } => {
                "build it with an SDK of that version, or use an Optimus that speaks its version"
            }
            Self::Describe(error) => return Some(error.hint()),
            Self::Descriptor(error) => return error.hint.clone(),
            Self::Names { .. } => "build it again: `optimus plugin build` writes the section from the descriptor",
            Self::Signature(why) => why.hint(),
            Self::OtherLanguage { .. } => "put it under its own id",
            Self::Duplicate { .. } => "remove one of the two files",
        };
        Some(text.to_owned())
    }

    /// The refusal of a file.
    pub(crate) fn in_file(self, file: &str) -> PluginError {
        PluginError::Load { file: file.to_owned(), error: self }
    }
}

#[cfg(test)]
mod tests {
    use super::LoadError;

    /// Found by fuzzing: what a file says of itself was repeated whole, as it was.
    #[test]
    fn a_files_own_words_are_few_and_move_no_cursor() {
        let escape = "a\u{1b}[2J\tb".to_owned();
        for error in [
            LoadError::Imports(vec![escape.clone(); 500]),
            LoadError::Malformed(escape.repeat(1_000)),
            LoadError::Export { interface: "x".to_owned(), message: escape.repeat(1_000) },
            LoadError::ApiVersion { found: escape.repeat(100), supported: "1.0.0" },
        ] {
            let said = error.to_string();
            assert!(said.len() < 2_000 && !said.chars().any(char::is_control), "{said:?}");
        }
    }
}
