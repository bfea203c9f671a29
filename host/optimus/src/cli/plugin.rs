//! The verbs of a language's author, and of who runs plugins.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{EngineArgs, Keygen, ServerArgs, Sign, TrustArgs};

/// `optimus plugin`.
#[derive(Debug, Clone, Subcommand)]
pub enum PluginVerb {
    /// Begin a language: its description, samples, a Dockerfile, a CI workflow
    #[command(after_help = NEW_EXAMPLES)]
    New(New),
    /// Write a `language.toml` out as a Rust crate that plans the same, where a language needs logic
    Eject(Folder),
    /// Make a `.wasm` of a language; a `language.toml` needs no toolchain for that
    Build(Build),
    /// Say of a file what a server would say that loads it
    Check(File),
    /// Show what a plugin imports, exports, may ask for, and who made it for which version
    Inspect(File),
    /// Make a pair of keys to sign plugins with
    Keygen(Keygen),
    /// Sign plugins: `NAME.wasm.sig` beside `NAME.wasm`
    Sign(Sign),
    /// While a language is being written: build each change, put it into a running server, judge its samples there
    Dev(Dev),
    /// Build a language, judge all its samples, and measure its plugin
    Test(Test),
    /// List the known languages that `new` and `add` take
    Known,
    /// Put known languages into the plugins directory
    Add(Add),
    /// List the plugins directory: what serves, and why not the rest
    List(Dir),
    /// Put a plugin into the plugins directory, once it passes the load gate
    Install(Install),
    /// Replace a plugin by what its source has now, and show the difference; what asks for more needs consent
    Update(Update),
    /// Publish a plugin in an OCI registry, with its signature if it has one
    Push(Push),
    /// Take a language out of the plugins directory
    Remove(Named),
    /// Put back what `install` replaced
    Rollback(Named),
}

const NEW_EXAMPLES: &str = "Examples:
  optimus plugin new NAME                      a known language: see `optimus plugin known`
  optimus plugin new NAME --kind rust          the same as a crate, with room for logic
  optimus plugin new mylang --extension ml --image me/mylang:1 --run 'mylang {main}'
  optimus plugin new mylang --extension ml --image me/mylang:1 --compile 'mlc -o main {sources}' --run ./main";

/// `optimus plugin new`.
#[derive(Debug, Clone, Args)]
pub struct New {
    /// The language's id, which is also the folder's name
    pub name: String,
    /// The kind of plugin: data alone, or Rust where plans need logic
    #[arg(long, value_enum, default_value_t = Kind::Toml)]
    pub kind: Kind,
    /// The extension of its files
    #[arg(long, value_name = "EXT")]
    pub extension: Option<String>,
    /// The image that has its toolchain
    #[arg(long)]
    pub image: Option<String>,
    /// The command that compiles a program into `main`, if there is one
    #[arg(long, value_name = "COMMAND")]
    pub compile: Option<String>,
    /// The command that runs a program
    #[arg(long, value_name = "COMMAND")]
    pub run: Option<String>,
    /// The command that prints the toolchain's version [default: the first program of the commands, with --version]
    #[arg(long, value_name = "COMMAND")]
    pub probe: Option<String>,
    /// A program that prints `Hello, world!`, as the first sample
    #[arg(long, value_name = "SOURCE")]
    pub hello: Option<String>,
}

/// The kind of a plugin's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// One `language.toml`; no toolchain is needed
    Toml,
    /// A crate, built by cargo
    Rust,
}

/// A folder.
#[derive(Debug, Clone, Args)]
pub struct Folder {
    /// A folder with a `language.toml`
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

/// `optimus plugin build`.
#[derive(Debug, Clone, Args)]
pub struct Build {
    /// A folder with a `language.toml` or a `Cargo.toml`
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// The file to write [default: `ID.wasm` in the folder]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// One file.
#[derive(Debug, Clone, Args)]
pub struct File {
    /// The plugin
    pub file: PathBuf,
    /// Trusted signers of plugins
    #[command(flatten)]
    pub trust: TrustArgs,
}

/// `optimus plugin dev`.
#[derive(Debug, Clone, Args)]
pub struct Dev {
    /// A folder with a language and its `samples`
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Do it once, and do not wait for changes
    #[arg(long)]
    pub once: bool,
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `optimus plugin test`.
#[derive(Debug, Clone, Args)]
pub struct Test {
    /// A folder with a language and its `samples`
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// State and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Which plugins directory.
#[derive(Debug, Clone, Args)]
pub struct Dir {
    /// Plugins and state
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus plugin add`.
#[derive(Debug, Clone, Args)]
pub struct Add {
    /// The languages' ids
    #[arg(required = true)]
    pub names: Vec<String>,
    /// Which directory
    #[command(flatten)]
    pub dir: Dir,
}

/// `optimus plugin install`.
#[derive(Debug, Clone, Args)]
pub struct Install {
    /// The plugin: a file, `https://…#sha256=…`, or `oci://HOST/PATH:TAG`
    pub source: String,
    /// Agree to what the new version asks for beyond the old one
    #[arg(long, short = 'y', visible_alias = "yes")]
    pub accept: bool,
    /// Which directory
    #[command(flatten)]
    pub dir: Dir,
}

/// `optimus plugin push`.
#[derive(Debug, Clone, Args)]
pub struct Push {
    /// The plugin
    pub file: PathBuf,
    /// The target: `oci://HOST/PATH:TAG`, with the credential that `docker login` keeps
    pub to: String,
    /// Trusted signers of plugins
    #[command(flatten)]
    pub trust: TrustArgs,
}

/// `optimus plugin update`.
#[derive(Debug, Clone, Args)]
pub struct Update {
    /// Its id [default: all whose sources may have changed]
    pub id: Option<String>,
    /// The new version: a file, or `https://…#sha256=…` [default: the source of the old one]
    #[arg(requires = "id")]
    pub source: Option<String>,
    /// Agree to what the new version asks for beyond the old one
    #[arg(long, short = 'y', visible_alias = "yes")]
    pub accept: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Which directory
    #[command(flatten)]
    pub dir: Dir,
}

/// A language that is installed.
#[derive(Debug, Clone, Args)]
pub struct Named {
    /// Its id
    pub id: String,
    /// Which directory
    #[command(flatten)]
    pub dir: Dir,
}
