//! From rules to a classic BPF program.

use seccompiler::{BpfProgram, sock_filter};

/// What is decided about a call, and on what it depends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// An answer: `SECCOMP_RET_*` with its data.
    Answer(u32),
    /// The word at this offset of `seccomp_data` is looked up.
    Lookup { offset: u32, found: Vec<(u32, Rule)>, otherwise: u32 },
    /// The first of these masks that has a bit in common with the word at this offset.
    Masks { offset: u32, masks: Vec<(u32, u32)>, otherwise: u32 },
}

/// Where the kernel puts a call's number and its architecture (seccomp(2)).
pub(super) const NUMBER: u32 = 0;
pub(super) const ARCHITECTURE: u32 = 4;

/// Where the kernel puts the low half of an argument, on a little-endian machine.
pub(super) fn argument(index: u8) -> u32 {
    16 + 8 * u32::from(index)
}

/// x32 shares the architecture word of x86-64 and has numbers of its own from this bit on.
const X32_BIT: u32 = 0x4000_0000;

#[cfg(target_arch = "x86_64")]
const NATIVE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const NATIVE: u32 = 0xc000_00b7;

/// A program that kills whoever calls by other numbers than this architecture's.
pub(super) fn guarded(rule: &Rule) -> BpfProgram {
    let mut program = vec![
        load(ARCHITECTURE),
        jump(libc::BPF_JEQ, NATIVE, 1, 0),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
        jump(libc::BPF_JGE, X32_BIT, 0, 1),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
    ];
    program.extend(compiled(rule));
    program
}

/// A program for what is behind a [`guarded`] one.
pub(super) fn bare(rule: &Rule) -> BpfProgram {
    compiled(rule)
}

/// Ends with an answer on every path.
fn compiled(rule: &Rule) -> BpfProgram {
    match rule {
        Rule::Answer(value) => vec![answer(*value)],
        Rule::Lookup { offset, found, otherwise } => {
            let mut program = vec![load(*offset)];
            program.extend(search(&ranges(found, *otherwise)));
            program
        }
        Rule::Masks { offset, masks, otherwise } => {
            let mut program = vec![load(*offset)];
            for &(mask, value) in masks {
                program.extend([jump(libc::BPF_JSET, mask, 0, 1), answer(value)]);
            }
            program.push(answer(*otherwise));
            program
        }
    }
}

/// From where on which rule holds, in ascending order from 0; neighbours differ.
fn ranges(found: &[(u32, Rule)], otherwise: u32) -> Vec<(u32, Rule)> {
    let mut sorted: Vec<&(u32, Rule)> = found.iter().collect();
    sorted.sort_by_key(|(value, _)| *value);
    let mut ranges: Vec<(u32, Rule)> = vec![(0, Rule::Answer(otherwise))];
    let mut next = 0;
    for (value, rule) in sorted {
        if *value > next {
            start(&mut ranges, next, Rule::Answer(otherwise));
        }
        start(&mut ranges, *value, rule.clone());
        next = value.saturating_add(1);
    }
    if next != u32::MAX || found.iter().all(|(value, _)| *value != u32::MAX) {
        start(&mut ranges, next, Rule::Answer(otherwise));
    }
    ranges
}

fn start(ranges: &mut Vec<(u32, Rule)>, at: u32, rule: Rule) {
    if ranges.last().is_some_and(|(from, _)| *from == at) {
        ranges.pop();
    }
    if ranges.last().is_none_or(|(_, last)| *last != rule) {
        ranges.push((at, rule));
    }
}

/// Halves the ranges until one is left.
fn search(ranges: &[(u32, Rule)]) -> BpfProgram {
    let [.., _] = ranges else { return Vec::new() };
    if let [(_, rule)] = ranges {
        return compiled(rule);
    }
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let (lower_half, upper_half) = (search(lower), search(upper));
    let boundary = upper[0].0;
    let mut program = match u8::try_from(lower_half.len()) {
        Ok(over) => vec![jump(libc::BPF_JGE, boundary, over, 0)],
        // A conditional jump reaches 255 instructions.
        Err(_) => vec![jump(libc::BPF_JGE, boundary, 0, 1), skip(lower_half.len())],
    };
    program.extend(lower_half);
    program.extend(upper_half);
    program
}

fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
}

fn answer(value: u32) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, value)
}

fn jump(test: u32, value: u32, then: u8, otherwise: u8) -> sock_filter {
    instruction(libc::BPF_JMP | test | libc::BPF_K, then, otherwise, value)
}

fn skip(instructions: usize) -> sock_filter {
    // A program has at most BPF_MAXINSNS, 4096.
    instruction(libc::BPF_JMP | libc::BPF_JA, 0, 0, u32::try_from(instructions).unwrap_or(u32::MAX))
}

#[expect(clippy::cast_possible_truncation, reason = "an instruction's code has 16 bits")]
fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}
