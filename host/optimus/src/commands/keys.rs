//! `optimus keys`.

use optimus_server::keys::Key;

use std::process::ExitCode;

use super::{NOT_ACCEPTED, runtime};
use crate::cli::{Keys, KeysAction};
use crate::output::Output;
use crate::serving;

pub(super) fn keys(args: &Keys, output: Output) -> anyhow::Result<ExitCode> {
    runtime()?.block_on(async {
        match &args.action {
            KeysAction::Create { tenant, scopes, per_minute, per_day, outstanding, place } => {
                let (store, changes) = serving::key_store(place).await?;
                let (key, secret) = Key::new(tenant, scopes.iter().copied().collect(), *per_minute)?;
                let key = Key { per_day: *per_day, outstanding: *outstanding, ..key };
                let adding = async { store.add(&key).await.map(|()| true) };
                changes.note("optimus keys create", &format!("/v1/keys/{}", key.id), adding).await?;
                output.print(&serde_json::json!({ "id": key.id, "key": secret }), |_| format!("{secret}\n"))?;
            }
            KeysAction::List { place } => {
                let keys = serving::key_store(place).await?.0.load().await?;
                let shown: Vec<_> = keys.iter().map(show).collect();
                output.print(&serde_json::json!({ "keys": shown }), |_| keys.iter().map(line).collect())?;
            }
            KeysAction::Revoke { id, place } => {
                let (store, changes) = serving::key_store(place).await?;
                let target = format!("/v1/keys/{id}");
                let found = changes.note("optimus keys revoke", &target, store.remove(id)).await?;
                let text = if found { "revoked\n" } else { "there is no such key\n" };
                output.print(&serde_json::json!({ "revoked": found }), |_| text.to_owned())?;
                return Ok(if found { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() });
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Without the hash, which is secret.
fn show(key: &Key) -> serde_json::Value {
    let Key { id, tenant, scopes, per_minute, per_day, outstanding, created, .. } = key;
    serde_json::json!({
        "id": id,
        "tenant": tenant,
        "scopes": scopes,
        "per_minute": per_minute,
        "per_day": per_day,
        "outstanding": outstanding,
        "created": created,
    })
}

fn line(key: &Key) -> String {
    let names = key.scopes.iter().filter_map(|scope| Some(serde_json::to_value(scope).ok()?.as_str()?.to_owned()));
    let rate = key.per_minute.map(|n| format!("  {n} a minute")).unwrap_or_default();
    let day = key.per_day.map(|n| format!("  {n} a day")).unwrap_or_default();
    let quota = key.outstanding.map(|n| format!("  {n} at once")).unwrap_or_default();
    format!("{}  {}  {}{rate}{day}{quota}\n", key.id, key.tenant, names.collect::<Vec<_>>().join(","))
}
