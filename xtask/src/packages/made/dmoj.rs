//! DMOJ's `init.yml`, with an archive or without.

use std::fmt::Write as _;
use std::path::Path;

use super::super::dice::{Dice, put};

const ENDINGS: [&str; 5] = ["1\n", "1", "1\r\n2\r\n", "", "a\rb"];

pub(in super::super) fn dmoj(dice: &mut Dice, dir: &Path) -> anyhow::Result<()> {
    let mut yaml = dice
        .lines(3, &[&["points: 3", "points: 0", "points: 20"], &["binary_data: true"], &["output_limit_length: 4096"]]);
    yaml += &dice.lines(6, &[&["author: me", "time: 3", "type: {odd: 1}"]]);
    yaml += &dice.lines(
        4,
        &[&[
            "checker: standard",
            "checker: {name: floats, args: {precision: 4}}",
            "checker: linecount",
            "checker: identical",
        ]],
    );
    if dice.one_in(3) {
        patterns(dice, dir, &mut yaml)?;
    } else {
        for n in 0..8 {
            put(dir, &format!("{n}.in"), dice.pick(&ENDINGS))?;
            put(dir, &format!("{n}.out"), dice.pick(&ENDINGS))?;
        }
        cases(dice, &mut yaml)?;
    }
    put(dir, "init.yml", &yaml)
}

fn cases(dice: &mut Dice, yaml: &mut String) -> anyhow::Result<()> {
    *yaml += "test_cases:\n";
    let mut batches = 0;
    for _ in 0..=dice.roll(5) {
        let own = dice.lines(
            2,
            &[&["points: 5", "points: 40", "points: 0"], &["binary_data: true", "binary_data: false"], &["odd: 1"]],
        );
        let own: String = own.lines().fold(String::new(), |all, line| all + ", " + line);
        if dice.one_in(2) {
            let (input, output) = (dice.roll(8), dice.roll(8));
            match dice.roll(8) {
                0 => writeln!(yaml, "- {{out: {output}.out{own}}}")?,
                1 => writeln!(yaml, "- {{in: {input}.in{own}}}")?,
                _ => writeln!(yaml, "- {{in: {input}.in, out: {output}.out{own}}}")?,
            }
            continue;
        }
        batches += 1;
        let shared = if dice.one_in(4) { format!(", out: {}.out", dice.roll(8)) } else { String::new() };
        let mut members = Vec::new();
        for _ in 0..=dice.roll(3) {
            let (input, output) = (dice.roll(8), dice.roll(8));
            let more = dice.pick(&["", "", ", binary_data: true", ", points: 2"]);
            members.push(match shared.is_empty() {
                true => format!("{{in: {input}.in, out: {output}.out{more}}}"),
                false => format!("{{in: {input}.in{more}}}"),
            });
        }
        let needs = match batches > 1 && dice.one_in(2) {
            true => format!(", dependencies: [{}]", 1 + dice.roll(batches - 1)),
            false => String::new(),
        };
        writeln!(yaml, "- {{batched: [{}]{shared}{own}{needs}}}", members.join(", "))?;
    }
    Ok(())
}

/// Names in an archive, which the default patterns or the package's own fit.
fn patterns(dice: &mut Dice, dir: &Path, yaml: &mut String) -> anyhow::Result<()> {
    *yaml += "archive: data.zip\n";
    let is_own = dice.one_in(2);
    if is_own {
        *yaml += "test_cases:\n  input_format: '^case(?:(?P<batch>\\d+)-)?(?P<case>\\w+)\\.i$'\n";
        *yaml += "  output_format: '^case(?:(?P<batch>\\d+)-)?(?P<case>\\w+)\\.o$'\n";
        *yaml += &dice.lines(2, &[&["  case_points: [5, 0, 7, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]]);
    }
    let mut number = 0;
    for group in 1..=1 + dice.roll(4) {
        let is_batch = dice.one_in(2);
        for case in 1..=if is_batch { 1 + dice.roll(11) } else { 1 } {
            number = group * 10;
            let stem = match (is_own, is_batch) {
                (true, true) => format!("case{number}-{case}"),
                (true, false) => format!("case{number}"),
                (false, true) => format!("d/p.{number}b{case}"),
                (false, false) => format!("d/p.{number}"),
            };
            let [input, output] = if is_own { ["i", "o"] } else { ["in", "out"] };
            put(dir, &format!("archive/{stem}.{input}"), format!("{number} {case}\n"))?;
            put(dir, &format!("archive/{stem}.{output}"), format!("{case} {number}\n"))?;
        }
    }
    if dice.one_in(3) {
        put(dir, "archive/README", format!("{number}\n"))?;
    }
    Ok(())
}
