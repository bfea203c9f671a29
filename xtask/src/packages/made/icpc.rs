//! The format of 2025-09, as far as BAPCtools knows it: without points.

use std::fmt::Write as _;
use std::path::Path;

use super::super::dice::{Dice, put};

pub(in super::super) fn icpc(dice: &mut Dice, dir: &Path) -> anyhow::Result<()> {
    let mut kinds = Vec::new();
    kinds.extend(dice.one_in(3).then_some("interactive"));
    kinds.extend(dice.one_in(3).then_some("multi-pass"));
    let is_plain = kinds.is_empty();
    let kind = if is_plain { "pass-fail".to_owned() } else { format!("[{}]", kinds.join(", ")) };
    let mut yaml = format!(
        "problem_format_version: 2025-09\nname: {{en: P}}\nuuid: 77f9d6ac-0a6f-4b0e-8b9d-2a2f5c0f3c11\ntype: {kind}\n"
    );
    yaml += &dice.lines(2, &[&["constants: {low: 1, high: {value: 20, latex: '2 \\cdot 10'}}"]]);
    let has_constants = yaml.contains("constants");
    yaml += &dice.lines(3, &[&["languages: all", "languages: [python3, cpp]", "languages: [c]"]]);
    let (memory, output, code) = (1 + dice.roll(2048), 1 + dice.roll(64), 1 + dice.roll(256));
    yaml += &dice.lines(4, &[&["author: A", "source_url: 'https://example.org'", "odd: [1]"]]);
    writeln!(yaml, "limits:\n  memory: {memory}\n  output: {output}\n  code: {code}")?;
    let limits: [&[&str]; 5] = [
        &["  generator_time: 9", "  visualizer_time: 9", "  odd: 1"],
        &["  time_limit: 1.0", "  time_limit: 3.0"],
        &["  time_multipliers: {ac_to_time_limit: 3.0}", "  time_multipliers: {time_limit_to_tle: 3.0}"],
        &["  time_resolution: 0.5"],
        &["  validation_time: 9", "  compilation_time: 30"],
    ];
    yaml += &dice.lines(3, &limits);
    if yaml.contains("multi-pass") {
        yaml += &dice.lines(2, &[&["  validation_passes: 3", "  validation_passes: 7"]]);
    }
    put(dir, "problem.yaml", &yaml)?;
    let is_custom = !is_plain || dice.one_in(2);
    if is_custom {
        put(dir, "output_validator/v.py", "low = {{low}}, {{high}}, {{high.latex}}, {{other}}\n")?;
    }
    let words = Words {
        arg: if has_constants { "args: ['{{high}}', x]" } else { "args: ['{{', x]" },
        flags: match (is_custom, has_constants) {
            (true, true) => "output_validator_args: [a, '{{high.latex}}']",
            (true, false) => "output_validator_args: [a, 'b c']",
            (false, _) => "output_validator_args: [case_sensitive]",
        },
    };
    settings(dice, dir, "data/test_group.yaml", words)?;
    let depth = dice.roll(3);
    group(dice, dir, "data/sample", 0, words)?;
    group(dice, dir, "data/secret", depth, words)?;
    for (place, name) in [
        ("accepted", "a.py"),
        ("rejected", "r.py"),
        ("wrong_answer", "w.py"),
        ("mixed", "m.py"),
        ("brute_force", "b.c"),
    ] {
        if place == "accepted" || dice.one_in(2) {
            put(dir, &format!("submissions/{place}/{name}"), "{{low}}\n")?;
        }
    }
    expectations(dice, dir)
}

/// The keys of a test's settings.
#[derive(Debug, Clone, Copy)]
struct Words {
    arg: &'static str,
    flags: &'static str,
}

/// A directory with tests, directories, or both. No directory's name is the beginning of a test's: the format orders
/// them by their names, and BAPCtools by whole paths.
fn group(dice: &mut Dice, dir: &Path, path: &str, depth: u64, words: Words) -> anyhow::Result<()> {
    settings(dice, dir, &format!("{path}/test_group.yaml"), words)?;
    if depth > 0 {
        for name in ["b", "d", "10", "20"].iter().take(usize::try_from(1 + dice.roll(4))?) {
            group(dice, dir, &format!("{path}/{name}"), depth - 1, words)?;
        }
        // Tests beside groups are read where there are no points.
        if !dice.one_in(4) {
            return Ok(());
        }
    }
    for n in 0..1 + dice.roll(4) {
        // A name of other characters is as if it were not there. At least one test is read, and has an answer.
        let names = ["a", "c", "x.y", "10", if n > 0 { "odd name" } else { "a" }];
        let name = format!("{path}/{n}-{}", dice.pick(&names));
        put(dir, &format!("{name}.in"), "{{low}}\n")?;
        if n > 0 && dice.one_in(8) {
            continue;
        }
        put(dir, &format!("{name}.ans"), "1\n")?;
        if dice.one_in(4) {
            settings(dice, dir, &format!("{name}.yaml"), words)?;
        }
    }
    Ok(())
}

fn settings(dice: &mut Dice, dir: &Path, path: &str, words: Words) -> anyhow::Result<()> {
    if dice.one_in(2) {
        return Ok(());
    }
    let choices: [&[&str]; 3] = [
        &[words.arg, "args: []", "args: [a b, '']"],
        &[words.flags, "output_validator_args: []"],
        &["description: some"],
    ];
    let yaml = dice.lines(2, &choices);
    put(dir, path, if yaml.is_empty() { "{}\n" } else { &yaml })
}

fn expectations(dice: &mut Dice, dir: &Path) -> anyhow::Result<()> {
    let rules: [&[&str]; 4] = [
        &["'accepted/a.py': {use_for_time_limit: false}", "'*/a.py': {language: python3}"],
        &["wrong_answer: {permitted: [AC, WA, TLE], required: [TLE]}", "wrong_answer/w: {required: [WA]}"],
        &["'mixed/*': {permitted: [AC, RTE]}", "'{mixed,rejected}/': {permitted: [WA]}"],
        &["rejected: {required: [WA], 'secret/*': {permitted: [WA, AC]}}"],
    ];
    let yaml = dice.lines(2, &rules);
    if yaml.is_empty() { Ok(()) } else { put(dir, "submissions/submissions.yaml", yaml) }
}
