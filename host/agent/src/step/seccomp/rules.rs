//! From the inventory to rules.

use optimus_agent::inventory::{Argument, Class, Decision, Value, calls};

use super::program::{NUMBER, Rule, argument};

/// Which of the filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// Of the agent and all that it starts.
    Box,
    /// Of programs alone: what the agent keeps for itself is refused, and what it counts waits for its answer.
    Step,
    /// The same where the agent cannot be asked.
    UncountedStep,
}

/// The rules of a layer, for every number.
pub(super) fn rules(layer: Layer) -> Rule {
    let mut found = Vec::new();
    for class in calls::classes() {
        let rule = decided(class.decision, layer);
        found.extend(class.members.iter().filter_map(|call| Some((call.number()?, rule.clone()))));
    }
    Rule::Lookup { offset: NUMBER, found, otherwise: unnamed(layer, libc::ENOSYS) }
}

/// In the step's filter only what differs from the box's counts.
fn unnamed(layer: Layer, errno: i32) -> u32 {
    match layer {
        Layer::Box => error(errno),
        Layer::Step | Layer::UncountedStep => libc::SECCOMP_RET_ALLOW,
    }
}

fn decided(decision: Decision, layer: Layer) -> Rule {
    match decision {
        Decision::Inspect(argument) => inspected(argument, layer),
        other => Rule::Answer(answer(other, layer)),
    }
}

fn answer(decision: Decision, layer: Layer) -> u32 {
    match (decision, layer) {
        (Decision::Counted(_), Layer::Step) => libc::SECCOMP_RET_USER_NOTIF,
        (Decision::AgentOnly(errno), Layer::Step | Layer::UncountedStep)
        | (Decision::Refuse(errno) | Decision::WallOnly(errno), Layer::Box) => error(errno),
        (Decision::Ignore, Layer::Box) => error(0),
        _ => libc::SECCOMP_RET_ALLOW,
    }
}

fn inspected(inspected: &Argument, layer: Layer) -> Rule {
    let rule = match *inspected {
        Argument::Value { index, classes, otherwise } => {
            let found = classes.iter().flat_map(|class| values(class, layer)).collect();
            Rule::Lookup { offset: argument(index), found, otherwise: unnamed(layer, otherwise) }
        }
        Argument::Bits { index, classes } => {
            let mask = |class: &Class<Value>| class.members.iter().fold(0, |mask, member| mask | member.value);
            let masks = classes.iter().map(|class| (mask(class), answer(class.decision, layer))).collect();
            Rule::Masks { offset: argument(index), masks, otherwise: libc::SECCOMP_RET_ALLOW }
        }
    };
    if allows_all(&rule) { Rule::Answer(libc::SECCOMP_RET_ALLOW) } else { rule }
}

fn values(class: &'static Class<Value>, layer: Layer) -> impl Iterator<Item = (u32, Rule)> {
    let rule = decided(class.decision, layer);
    class.members.iter().map(move |member| (member.value, rule.clone()))
}

/// Whether a rule need not be asked.
fn allows_all(rule: &Rule) -> bool {
    match rule {
        Rule::Answer(answer) => *answer == libc::SECCOMP_RET_ALLOW,
        Rule::Lookup { found, otherwise, .. } => {
            *otherwise == libc::SECCOMP_RET_ALLOW && found.iter().all(|(_, rule)| allows_all(rule))
        }
        Rule::Masks { masks, otherwise, .. } => {
            *otherwise == libc::SECCOMP_RET_ALLOW && masks.iter().all(|&(_, answer)| answer == *otherwise)
        }
    }
}

fn error(errno: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | errno.cast_unsigned()
}
