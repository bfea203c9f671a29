//! Random choices, the same for the same seed, and files that are written by them.

use std::fs;
use std::path::Path;

/// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to below `sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    /// One time in `sides`.
    pub(super) fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    pub(super) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.roll(choices.len() as u64)).unwrap_or(0);
        choices.get(at).copied().unwrap_or_default()
    }

    /// Some of these lines of YAML, each one time in `sides`.
    pub(super) fn lines(&mut self, sides: u64, choices: &[&[&str]]) -> String {
        let mut text = String::new();
        for lines in choices {
            if self.one_in(sides) {
                text += self.pick(lines);
                text.push('\n');
            }
        }
        text
    }
}

/// Writes a file, and the directories that it is in.
pub(super) fn put(dir: &Path, path: &str, text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap_or(dir))?;
    Ok(fs::write(path, text)?)
}
