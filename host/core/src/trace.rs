//! The place of a job in its client's trace: W3C Trace Context, which is carried from client to worker unread.

use serde::{Deserialize, Serialize};

/// The headers `traceparent` and `tracestate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceContext {
    /// `00-<trace>-<span>-<flags>`.
    pub parent: String,
    /// The vendors' part, `tracestate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// The `tracing` target of the spans that are exported; no other span or event has it.
pub const SPAN_TARGET: &str = "optimus::spans";

/// As long as the first version of the header is; later ones may only append.
const LENGTH: usize = 55;
/// Longer states may be dropped, and are.
const LONGEST_STATE: usize = 512;

impl TraceContext {
    /// `None` when the headers are not well-formed: a trace that cannot be gone on with is ignored, not an error.
    pub fn new(parent: &str, state: Option<&str>) -> Option<Self> {
        let (known, more) = parent.split_at_checked(LENGTH)?;
        let parts: Vec<&str> = known.split('-').collect();
        let [version, trace, span, flags] = parts[..] else { return None };
        let hex = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let named = |text: &str| text.bytes().any(|byte| byte != b'0');
        let ends = if version == "00" { more.is_empty() } else { more.is_empty() || more.starts_with('-') };
        let well = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(span, 16) && hex(flags, 2);
        let fine =
            |state: &&str| state.len() <= LONGEST_STATE && state.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let state = state.filter(|state| !state.is_empty()).filter(fine).map(str::to_owned);
        let parent = format!("00-{trace}-{span}-{flags}");
        (well && ends && named(trace) && named(span)).then_some(Self { parent, state })
    }

    /// The name of the whole trace, as logs say it.
    pub fn trace_id(&self) -> &str {
        self.parent.split('-').nth(1).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_well_formed_is_carried_and_all_else_ignored() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = TraceContext::new(good, Some("a=1,b=2")).unwrap();
        assert_eq!((context.parent.as_str(), context.state.as_deref()), (good, Some("a=1,b=2")));
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let later = TraceContext::new(&format!("cc{}-more", &good[2..]), Some("")).unwrap();
        assert_eq!((later.parent.as_str(), later.state), (good, None));
        assert_eq!(TraceContext::new(good, Some(&"x".repeat(513))).unwrap().state, None);
        for bad in [
            "",
            "00",
            &good[1..],
            &good[..54],
            &format!("{good}-"),
            &format!("{good}x"),
            &good.to_uppercase(),
            &good.replace("00-4", "ff-4"),
            &good.replace("00-4", "cc-4").replace("b7-01", "b7-01x"),
            &good.replace('f', "é"),
            &good.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &good.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &good.replace("b7-01", "b7001"),
        ] {
            assert_eq!(TraceContext::new(bad, None), None, "{bad}");
        }
    }
}
