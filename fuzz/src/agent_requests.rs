//! Frames as an agent reads them, and messages of both directions: what can be read is what would have been written.

use std::fmt::Debug;

use optimus_agent::protocol::{Kind, MAX_PAYLOAD, Reply, Request, parse, push, push_message, read_message};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One frame after the other, until there is none.
pub fn fuzz(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((kind, payload, used))) = parse(rest) {
        assert!(payload.len() <= MAX_PAYLOAD && used <= rest.len());
        assert_eq!(parse(&rest[..used - 1]), Ok(None), "part of a frame is not a frame");
        let mut again = Vec::new();
        push(&mut again, kind, payload);
        assert_eq!(again, rest[..used]);
        if kind == Kind::Message {
            survives::<Request>(payload);
            survives::<Reply>(payload);
        }
        rest = &rest[used..];
    }
}

fn survives<T: Serialize + DeserializeOwned + Debug>(payload: &[u8]) {
    let Ok(message) = read_message::<T>(payload) else { return };
    let mut written = Vec::new();
    push_message(&mut written, &message).expect("no longer than what it was read from");
    let Ok(Some((_, payload, _))) = parse(&written) else { panic!("a message is a frame") };
    let again: T = read_message(payload).expect("what was written can be read");
    assert_eq!(format!("{message:?}"), format!("{again:?}"));
}
