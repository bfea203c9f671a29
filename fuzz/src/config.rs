//! Values that operators and clients write in one line: addresses of Redis, ids, event ids, comparers.
//!
//! Each line as each of them.

use std::str::FromStr as _;

use optimus_core::{Comparer, JobId};
use optimus_queue::EventId;
use optimus_queue::redis::Address;

/// A password in a seed; no message may show it.
const PASSWORD: &str = "hunter2";

/// Whatever it is, it is told without secrets, and what is read is written the same.
pub fn fuzz(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for line in text.lines().take(24) {
        redis(line);
        if let Ok(id) = JobId::from_str(line) {
            assert_eq!(JobId::from_str(&id.to_string()), Ok(id));
        }
        if let Ok(mark) = EventId::from_str(line) {
            assert_eq!(EventId::from_str(&mark.to_string()), Ok(mark));
        }
        if let Ok(comparer) = serde_json::from_str::<Comparer>(line)
            && comparer.check().is_ok()
        {
            let _ = comparer.against("expected".into());
        }
    }
}

fn redis(line: &str) {
    // An operator may name any file, and a fuzzer must not.
    if line.contains("ca=") {
        return;
    }
    let shown = match Address::parse(line, None, None) {
        Ok(address) => address.to_string(),
        Err(error) => error.to_string(),
    };
    // Elsewhere it is no password.
    let hidden = line.split_once("://").and_then(|(scheme, rest)| {
        let (user, place) = rest.rsplit_once('@')?;
        Some(user.contains(PASSWORD) && !place.contains(PASSWORD) && !scheme.contains(PASSWORD))
    });
    let hidden = hidden.unwrap_or_default();
    assert!(!hidden || !shown.contains(PASSWORD), "{shown}");
}
