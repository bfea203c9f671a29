//! Owners of a stored problem. The same package is the same problem for all tenants, and counts for each that has
//! stored it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The tenants that have stored a problem, and its size. Problems of earlier versions, and those that were stored
/// without a tenant, have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owners {
    pub(super) bytes: u64,
    pub(super) tenants: BTreeSet<String>,
}
