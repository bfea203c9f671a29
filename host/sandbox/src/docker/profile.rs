//! The container's seccomp profile, made from the same inventory as the agent's own filters. It allows what the agent
//! needs to nest as well, and leaves arguments to the agent.
//!
//! It is a file, because nodes of a cluster are prepared with it (docs/deploy.md).

/// Refuses what nothing in a box needs, the agent included; the agent refuses more to programs.
pub(super) const PROFILE: &str = include_str!("seccomp.json");

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use optimus_agent::inventory::{Decision, calls};
    use serde_json::{Value, json};

    use super::PROFILE;

    /// `ENOSYS`: what a kernel says that is older than the call.
    const UNKNOWN: i32 = 38;

    fn profile() -> Value {
        let mut allowed = BTreeSet::new();
        let mut refused: BTreeMap<i32, BTreeSet<&str>> = BTreeMap::new();
        for class in calls::classes() {
            let names = class.members.iter().map(|call| call.name);
            match class.decision {
                Decision::Refuse(UNKNOWN) => {}
                Decision::Refuse(errno) => refused.entry(errno).or_default().extend(names),
                // A worker that runs under this profile itself means its locks and flushes.
                Decision::Ignore
                | Decision::Allow
                | Decision::Bound(_)
                | Decision::Counted(_)
                | Decision::AgentOnly(_)
                | Decision::WallOnly(_)
                | Decision::Inspect(_) => allowed.extend(names),
            }
        }
        let allow = json!({"action": "SCMP_ACT_ALLOW", "names": allowed});
        let refuse = |(errno, names)| json!({"action": "SCMP_ACT_ERRNO", "errnoRet": errno, "names": names});
        let rules: Vec<Value> = std::iter::once(allow).chain(refused.into_iter().map(refuse)).collect();
        json!({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": UNKNOWN, "syscalls": rules})
    }

    #[test]
    fn the_profile_is_made_from_the_inventory() {
        let made = serde_json::to_string_pretty(&profile()).unwrap() + "\n";
        if std::env::var_os("OPTIMUS_WRITE_PROFILE").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/docker/seccomp.json");
            std::fs::write(file, &made).unwrap();
            return;
        }
        let again = "`OPTIMUS_WRITE_PROFILE=1 cargo test -p optimus-sandbox --lib profile` writes it again";
        assert!(made == PROFILE, "src/docker/seccomp.json is not what the inventory makes: {again}");
    }
}
