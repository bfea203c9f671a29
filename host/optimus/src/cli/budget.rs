//! The share of the machine's memory that programs may have.

use std::fmt;
use std::str::FromStr;

/// Memory for all running programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryBudget {
    /// A part of the machine's memory, in percent.
    Percent(u64),
    /// A size in MiB.
    Mib(u64),
}

impl MemoryBudget {
    /// In bytes, on a machine with `machine` bytes of memory.
    pub fn bytes(self, machine: u64) -> u64 {
        match self {
            Self::Percent(percent) => machine / 100 * percent,
            Self::Mib(mib) => mib << 20,
        }
    }
}

impl FromStr for MemoryBudget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, is_percent) = match text.strip_suffix('%') {
            Some(number) => (number, true),
            None => (text, false),
        };
        match number.trim().parse() {
            Ok(percent @ 1..=1000) if is_percent => Ok(Self::Percent(percent)),
            Ok(mib @ 1..=0xff_ffff) if !is_percent => Ok(Self::Mib(mib)),
            _ => Err("expected MiB, like 4096, or a share of the machine's memory, like 80%".to_owned()),
        }
    }
}

impl fmt::Display for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Mib(mib) => write!(f, "{mib}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_share_or_mib() {
        assert_eq!("80%".parse::<MemoryBudget>().unwrap().bytes(1000 << 20), 800 << 20);
        assert_eq!("512".parse::<MemoryBudget>().unwrap().bytes(1 << 30), 512 << 20);
        for bad in ["", "0", "0%", "-1", "80 MB", "1e3", "1001%"] {
            assert!(bad.parse::<MemoryBudget>().is_err(), "{bad}");
        }
    }
}
