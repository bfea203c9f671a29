//! Write a language for Optimus in Rust.
//!
//! A plugin says how programs of its language are compiled and run; Optimus does it, in a sandbox. It is a pure function
//! from a [`Request`] to a [`Plan`], and is tested as one: natively, with `cargo test` and no WebAssembly at all.
//!
//! ```
//! use optimus_sdk::{Descriptor, Error, Language, Plan, Request, Step};
//!
//! pub struct Lua;
//!
//! impl Language for Lua {
//!     fn describe() -> Descriptor {
//!         Descriptor::new("lua", "Lua").extensions(["lua"]).image("optimus/lua:5.4").probe(["lua", "-v"])
//!     }
//!
//!     fn plan(request: &Request) -> Result<Plan, Error> {
//!         let main = request.entry_arg()?;
//!         Ok(request.run(["lua", &main]).compile(Step::new("check", ["luac", "-p", &main])))
//!     }
//! }
//!
//! optimus_sdk::plugin!(Lua);
//! ```

mod blob;
mod descriptor;
pub mod diagnostics;
#[doc(hidden)]
pub mod export;
mod json;
mod limits;
pub mod log;
pub mod options;
mod outcome;
mod plan;
mod request;
#[doc(hidden)]
pub mod wit;

pub use blob::Blob;
pub use options::Opt;
pub use wit::checker::exports::optimus::plugin::checker::Finding;
pub use wit::language::optimus::plugin::types::{
    Comparer, Descriptor, Diagnostic, EnvVar, Error, File, Limits, Outcome, Plan, Request, Sample, SourceFile, Step,
    StepLimits,
};

/// A language.
pub trait Language {
    /// Describes the language. Called once, when the plugin is loaded.
    fn describe() -> Descriptor;

    /// Plans how to compile and run a program. Pure: the same request must give the same plan, since plans are
    /// remembered.
    ///
    /// # Errors
    /// What the job lacks, or has wrong: see [`Error`].
    fn plan(request: &Request) -> Result<Plan, Error>;
}

/// Reads what the toolchain prints. Export it with `plugin!(MyLanguage, classify)`.
pub trait Classify: Language {
    /// A compile step's output as data; [`diagnostics`] reads the common formats.
    fn diagnostics(outcome: &Outcome) -> Vec<Diagnostic> {
        let _ = outcome;
        Vec::new()
    }

    /// A better verdict for a run that ended badly, when only the language's runtime knows why.
    fn refine(outcome: &Outcome) -> Option<Refined> {
        let _ = outcome;
        None
    }
}

/// A comparison of the language's own, for plans with [`Comparer::Custom`]. Export it with
/// `plugin!(MyLanguage, checker)`.
pub trait Checker: Language {
    /// Checks if `actual` is a right answer to `input`.
    fn check(input: &Blob<'_>, expected: &Blob<'_>, actual: &Blob<'_>) -> Finding;
}

/// Says which programs may be started warm: as copies of a process that has done the start-up, which is the same for all.
/// Export it with `plugin!(MyLanguage, warm)`.
pub trait Warm: Language {
    /// Whether the program of this run step may be. What the runtime draws at random while it starts, such as a seed of its
    /// hash tables, is common to the runs of one origin.
    fn shares_start(run: &Step) -> bool {
        let _ = run;
        true
    }
}

/// The verdicts that [`Classify::refine`] may give: each blames a limit or the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the report's own")]
pub enum Refined {
    TimeLimitExceeded,
    MemoryLimitExceeded,
    OutputLimitExceeded,
    RuntimeError,
    SecurityViolation,
}

impl Refined {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TimeLimitExceeded => "time_limit_exceeded",
            Self::MemoryLimitExceeded => "memory_limit_exceeded",
            Self::OutputLimitExceeded => "output_limit_exceeded",
            Self::RuntimeError => "runtime_error",
            Self::SecurityViolation => "security_violation",
        }
    }
}

/// Makes a plugin of a [`Language`]; beside it, `classify`, `warm` and `checker` name the optional traits to export.
///
/// Exports appear in WebAssembly only, so that native tests link on every system. The macro also stamps the version of
/// the contract into the section `optimus:api`, which the host reads before it compiles anything.
#[macro_export]
macro_rules! plugin {
    (@classify $language:ty) => {
        impl $crate::wit::classify::exports::optimus::plugin::classify::Guest for Exported {
            fn diagnostics(outcome: $crate::Outcome) -> ::std::vec::Vec<$crate::Diagnostic> {
                $crate::export::diagnostics::<$language>(&outcome)
            }
            fn refine(outcome: $crate::Outcome) -> ::std::option::Option<::std::string::String> {
                $crate::export::refine::<$language>(&outcome)
            }
        }
        $crate::wit::classify::export_classify!(Exported with_types_in $crate::wit::classify);
    };
    (@warm $language:ty) => {
        impl $crate::wit::warm::exports::optimus::plugin::warm::Guest for Exported {
            fn shared(run: $crate::Step) -> ::std::option::Option<$crate::export::Ext> {
                $crate::export::shared::<$language>(&run)
            }
        }
        $crate::wit::warm::export_warm!(Exported with_types_in $crate::wit::warm);
    };
    (@checker $language:ty) => {
        impl $crate::wit::checker::exports::optimus::plugin::checker::Guest for Exported {
            fn check(
                input: &$crate::export::HostBlob,
                expected: &$crate::export::HostBlob,
                actual: &$crate::export::HostBlob,
            ) -> $crate::Finding {
                $crate::export::check::<$language>(input, expected, actual)
            }
        }
        $crate::wit::checker::export_checker!(Exported with_types_in $crate::wit::checker);
    };
    ($language:ty $(, $part:ident)* $(,)?) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Exported;
            impl $crate::wit::language::exports::optimus::plugin::language::Guest for Exported {
                fn describe() -> $crate::Descriptor {
                    $crate::export::describe::<$language>(::std::env!("CARGO_PKG_VERSION"))
                }
                fn plan(request: $crate::Request) -> ::std::result::Result<$crate::Plan, $crate::Error> {
                    $crate::export::plan::<$language>(&request)
                }
            }
            $crate::wit::language::export_language!(Exported with_types_in $crate::wit::language);
            $($crate::plugin!(@$part $language);)*

            // No code runs and no memory is touched by this: the linker copies the bytes into a section of their own.
            #[used]
            #[unsafe(link_section = "optimus:api")]
            static API: [u8; $crate::export::STAMP.len()] = $crate::export::stamp();
        };
    };
}
