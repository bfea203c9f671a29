//! Answers of checkers, in every protocol: a score is one, a message is short, and anything else is an error.
//!
//! The first byte picks the exit code and what full points are; then stdout, stderr, and the files that it wrote, each
//! after a line with its name.

use bytes::Bytes;
use optimus_core::Checker;
use optimus_core::checker::{CheckerOutput, Protocol};

use crate::parts;

const PROTOCOLS: [Protocol; 10] = [
    Protocol::Exit,
    Protocol::Testlib,
    Protocol::Kattis,
    Protocol::Cms,
    Protocol::Coci,
    Protocol::Peg,
    Protocol::Hustoj,
    Protocol::Qduoj,
    Protocol::Lemon,
    Protocol::Syzoj,
];
const CODES: [i32; 10] = [0, 1, 2, 3, 4, 7, 8, 42, 43, -1];
const FULL: [Option<f64>; 4] = [None, Some(100.0), Some(f64::MIN_POSITIVE), Some(f64::MAX)];

/// The same words in every protocol.
pub fn fuzz(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let parts = parts(rest);
    let [stdout, stderr, files @ ..] = &parts[..] else { return };
    let said = CheckerOutput {
        code: CODES[usize::from(*first) % CODES.len()],
        stdout: Bytes::copy_from_slice(stdout),
        stderr: Bytes::copy_from_slice(stderr),
        files: files.iter().map(|file| named(file)).collect(),
    };
    for protocol in PROTOCOLS {
        let full_score = FULL[usize::from(*first / 64)];
        holds(&Checker { protocol, full_score, passes: Some(2), ..Checker::default() }, &said);
    }
}

fn named(file: &[u8]) -> (String, Bytes) {
    let end = file.iter().position(|byte| *byte == b'\n').unwrap_or(file.len());
    let content = file.get(end + 1..).unwrap_or_default();
    (String::from_utf8_lossy(&file[..end]).into_owned(), Bytes::copy_from_slice(content))
}

fn holds(checker: &Checker, said: &CheckerOutput) {
    match checker.read(said) {
        Ok(answer) => {
            assert!(answer.score.is_none_or(|score| (0.0..=1.0).contains(&score)), "{checker:?} {answer:?}");
            assert!(answer.message.is_none_or(|message| message.chars().count() <= 1_001));
        }
        Err(message) => assert!(message.len() < 8 << 10, "{message}"),
    }
    for pass in 1..=2 {
        if let Err(message) = checker.next_pass(said, pass) {
            assert!(message.len() < 8 << 10, "{message}");
        }
    }
    assert!(Checker::interactor_output(said).len() <= said.files.iter().map(|(_, file)| file.len()).sum::<usize>());
}
