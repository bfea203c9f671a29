//! What this door can do, in go-judge's words.

use axum::Json;
use serde_json::{Value, json};

/// `GET /version`.
pub(super) async fn version() -> Json<Value> {
    let mut answer = abilities();
    answer["buildVersion"] = concat!("optimus-", env!("CARGO_PKG_VERSION")).into();
    answer["goVersion"] = "none".into();
    answer["platform"] = std::env::consts::ARCH.into();
    answer["os"] = std::env::consts::OS.into();
    Json(answer)
}

/// `GET /config`.
pub(super) async fn config() -> Json<Value> {
    let mut answer = abilities();
    answer["fileStorePath"] = "memory".into();
    answer["runnerConfig"] = json!({});
    Json(answer)
}

fn abilities() -> Value {
    json!({
        "copyOutOptional": true,
        "copyOutTruncate": true,
        "pipeProxy": false,
        "pipeProxyZeroCopy": false,
        "symlink": false,
        "fixSymlinkEscape": true,
        "addressSpaceLimit": false,
        "stream": false,
        "procPeak": false,
    })
}
