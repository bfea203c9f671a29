//! `optimus audit`.

use clap::Args;
use optimus_core::Timestamp;

use super::ServerArgs;

/// `optimus audit`.
#[derive(Debug, Clone, Args)]
pub struct Audit {
    /// Only from this time on, as in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Timestamp>,
    /// Only this action, like `POST /v1/keys` or `optimus keys revoke`
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Only what this key has changed, by its id
    #[arg(long, value_name = "ID")]
    pub by: Option<String>,
    /// Only what keys of this tenant have changed
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
}

pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    let hint = "write it like 2026-12-24T18:00:00Z, with `Z` or an offset";
    serde_json::from_value(text.into()).map_err(|error| format!("{error}; {hint}"))
}
