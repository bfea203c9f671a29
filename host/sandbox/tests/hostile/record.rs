//! Notes for whoever collects results: `cargo xtask attack` makes one table of what several suites found.

use std::collections::BTreeSet;
use std::io::Write as _;

/// Appends `backend name held|failed|open` to the file that `OPTIMUS_TEST_RECORD` names, if it does.
pub(crate) fn line(backend: &str, name: &str, word: &str) {
    append(&format!("{backend} {name} {word}"));
}

/// Appends `backend name witness KIB WORK,…`: the most kernel memory that no control group was charged for, and which works of the
/// witnesses failed meanwhile (`-` for none).
pub(crate) fn witness(backend: &str, name: &str, uncharged_kib: u64, failed: &BTreeSet<String>) {
    let failed = failed.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    append(&format!("{backend} {name} witness {uncharged_kib} {}", if failed.is_empty() { "-" } else { &failed }));
}

fn append(line: &str) {
    let Some(path) = std::env::var_os("OPTIMUS_TEST_RECORD") else { return };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| writeln!(file, "{line}")).unwrap();
}
