//! `optimus k8s`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::CodeCacheArgs;
use crate::k8s::{QueueKind, Sizes};

/// Files for a cluster.
#[derive(Debug, Clone, Subcommand)]
pub enum K8s {
    /// Write each language's part of the manifests: a Deployment of workers, and what scales it
    Render(Render),
}

/// Directory of the rendered files in a checkout.
const CHECKED_IN: &str = "k8s/workers";

/// `optimus k8s render`.
#[derive(Debug, Clone, Args)]
pub struct Render {
    /// Only these languages, by id [default: with --check those that were rendered, otherwise all]
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    pub languages: Vec<String>,
    /// Write into this directory, as a kustomization [default: to stdout; with --check `k8s/workers`]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write nothing; say what would change in --out, and exit with 1 if anything would
    #[arg(long)]
    pub check: bool,
    /// Jobs that a pod runs at the same time; KEDA scales by this number
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub slots: u16,
    /// Never more pods of a language
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub max_replicas: u16,
    /// Where the queue is: `postgres` goes with `k8s/components/postgres`
    #[arg(long, value_enum, default_value_t = QueueKind::Redis)]
    pub queue: QueueKind,
    /// The registry of the languages' images
    #[arg(long, value_name = "HOST[/PATH]", value_parser = parse_registry)]
    pub registry: Option<String>,
    /// The directory of language plugins [default: as for `optimus run`]
    #[arg(long, env = "OPTIMUS_PLUGINS", value_name = "DIR")]
    pub plugins: Option<PathBuf>,
    /// The directory with the code cache [default: ~/.local/state/optimus]
    #[arg(long, env = "OPTIMUS_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// The place of compiled plugins
    #[command(flatten)]
    pub code: CodeCacheArgs,
}

impl Render {
    /// The directory of the files; none: they are printed on stdout.
    pub fn place(&self) -> Option<PathBuf> {
        self.out.clone().or_else(|| self.check.then(|| PathBuf::from(CHECKED_IN)))
    }

    /// Sizes of workers, and the registry of images.
    pub fn sizes(&self) -> Sizes {
        Sizes { slots: self.slots, max_replicas: self.max_replicas, registry: self.registry.clone(), queue: self.queue }
    }
}

/// It stands in YAML as it is.
fn parse_registry(text: &str) -> Result<String, String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || ".-_/:".contains(c);
    match !text.is_empty() && text.chars().all(fine) && !text.ends_with('/') {
        true => Ok(text.to_owned()),
        false => Err("like `registry.example.com/judge`".to_owned()),
    }
}
