//! Addresses at which other engines' protocols are spoken.

use optimus_server::api::Door;
use tokio::net::TcpListener;

use super::bind;
use crate::cli::HttpArgs;

/// Listens at each door's address.
pub(super) async fn listen(http: &HttpArgs) -> anyhow::Result<Vec<(Door, TcpListener)>> {
    let mut listeners = Vec::new();
    for door in &http.doors {
        listeners.push((door.door, bind(door.address).await?));
    }
    Ok(listeners)
}
