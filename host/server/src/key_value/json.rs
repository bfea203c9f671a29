//! Values that are stored as JSON. `kind` names them in messages.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::KeyValueStore;

/// The value of a name; `None`, if there is none.
pub(crate) async fn read<T: DeserializeOwned>(
    store: &dyn KeyValueStore,
    kind: &str,
    name: &str,
) -> anyhow::Result<Option<T>> {
    store.get(name).await?.map(|json| parse(kind, name, &json)).transpose()
}

/// All values, by name. One that cannot be read is logged, and does not keep the others.
pub(crate) async fn all<T: DeserializeOwned>(
    store: &dyn KeyValueStore,
    kind: &str,
) -> anyhow::Result<BTreeMap<String, T>> {
    let readable = |(name, json): (String, Vec<u8>)| match parse(kind, &name, &json) {
        Ok(value) => Some((name, value)),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "a stored {kind} is left out");
            None
        }
    };
    Ok(store.get_all().await?.into_iter().filter_map(readable).collect())
}

/// Stores a value under a name.
pub(crate) async fn write<T: Serialize + Sync>(store: &dyn KeyValueStore, name: &str, value: &T) -> anyhow::Result<()> {
    store.put(name, Some(serde_json::to_vec(value)?)).await
}

fn parse<T: DeserializeOwned>(kind: &str, name: &str, json: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(json).with_context(|| format!("the stored {kind} `{name}` cannot be read"))
}
