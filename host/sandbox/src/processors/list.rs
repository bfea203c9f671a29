//! Lists of processors as the kernel writes them (cpuset(7), "List format").

use std::collections::BTreeSet;
use std::str::FromStr;

use rustix::thread::CpuSet;

/// Which processors boxes are to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pinning {
    /// Those that this process may run on, one of each core.
    Auto,
    /// These.
    List(BTreeSet<u16>),
}

impl FromStr for Pinning {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let expected = || format!("`{text}` is no list of processors, like 2-5,8, nor `auto`");
        let mut list = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.trim().parse::<u16>().map_err(|_| expected());
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(expected());
            }
            // A mask of the kernel's calls has no place for more.
            if usize::from(last) >= CpuSet::MAX_CPU {
                return Err(format!("there is no processor {last}"));
            }
            list.extend(first..=last);
        }
        Ok(Self::List(list))
    }
}

/// The list as the kernel writes it: `2-5,8`.
pub(super) fn ranges(list: &BTreeSet<u16>) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for &processor in list {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == processor => *last = processor,
            _ => runs.push((processor, processor)),
        }
    }
    let run = |(first, last): (u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    runs.into_iter().map(run).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_written_as_the_kernel_does() {
        for (text, numbers, written) in [
            ("3", vec![3], "3"),
            ("2-5,8", vec![2, 3, 4, 5, 8], "2-5,8"),
            ("8,2-3,3-4", vec![2, 3, 4, 8], "2-4,8"),
            ("0, 7", vec![0, 7], "0,7"),
        ] {
            let list: BTreeSet<u16> = numbers.into_iter().collect();
            assert_eq!(text.parse(), Ok(Pinning::List(list.clone())), "{text}");
            assert_eq!(ranges(&list), written);
        }
        assert_eq!("auto".parse(), Ok(Pinning::Auto));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["", ",", "1,", "a", "-1", "5-2", "1-", "0-31:2/4", "all", "70000", "1024", "1-2-3"] {
            assert!(text.parse::<Pinning>().is_err(), "{text}");
        }
    }
}
