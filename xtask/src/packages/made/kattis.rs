//! The legacy Kattis format, and the draft of 2023-07, which describes tests in the same way.

use std::fmt::Write as _;
use std::path::Path;

use super::super::dice::{Dice, put};

pub(in super::super) fn legacy(dice: &mut Dice, dir: &Path) -> anyhow::Result<()> {
    let (is_scoring, is_custom) = (!dice.one_in(4), dice.one_in(2));
    let mut yaml = format!(
        "name: P\nlicense: cc0\nrights_owner: me\ntype: {}\n",
        if is_scoring { "scoring" } else { "pass-fail" }
    );
    if is_custom {
        let interactive = if dice.one_in(4) { " interactive" } else { "" };
        writeln!(yaml, "validation: custom{interactive}")?;
        put(dir, "output_validators/v.py", "import sys\nsys.exit(42)\n")?;
        yaml += &dice.lines(2, &[&["validator_flags: one", "validator_flags: one two", "validator_flags: ''"]]);
    }
    limits(dice, &mut yaml)?;
    yaml += &dice.lines(3, &[&["  time_multiplier: 1", "  time_multiplier: 2.5", "  time_multiplier: 9"]]);
    if is_scoring && dice.one_in(6) {
        yaml += "grading:\n";
        yaml += dice.pick(&[
            "  on_reject: grade\n",
            "  on_reject: first_error\n",
            "  accept_score: 3\n",
            "  reject_score: 1\n",
            "  on_reject: worst_error\n",
            "  objective: max\n",
        ]);
    }
    put(dir, "problem.yaml", &yaml)?;
    data(dice, dir, is_scoring)?;
    submissions(dice, dir)
}

pub(in super::super) fn draft(dice: &mut Dice, dir: &Path) -> anyhow::Result<()> {
    let (is_scoring, is_custom) = (dice.one_in(2), dice.one_in(2));
    let mut kinds = vec![if is_scoring { "scoring" } else { "pass-fail" }];
    if is_custom {
        kinds.extend(dice.one_in(3).then_some("interactive"));
        put(dir, "output_validator/v.py", "import sys\nsys.exit(42)\n")?;
    }
    let version = dice.pick(&["2023-07", "2023-07-draft"]);
    let mut yaml = format!("problem_format_version: {version}\nname: {{en: P}}\ntype: [{}]\n", kinds.join(", "));
    limits(dice, &mut yaml)?;
    let times: [&[&str]; 3] = [
        &["  time_limit: 1", "  time_limit: 2.5"],
        &["  time_resolution: 0.5"],
        &["  time_multipliers: {ac_to_time_limit: 3}", "  time_multipliers: {time_limit_to_tle: 3}"],
    ];
    yaml += &dice.lines(3, &times);
    put(dir, "problem.yaml", &yaml)?;
    data(dice, dir, is_scoring)?;
    submissions(dice, dir)
}

fn limits(dice: &mut Dice, yaml: &mut String) -> anyhow::Result<()> {
    let (memory, output, code) = (1 + dice.roll(2048), 1 + dice.roll(64), 1 + dice.roll(256));
    writeln!(yaml, "limits:\n  memory: {memory}\n  output: {output}\n  code: {code}")?;
    *yaml += &dice.lines(4, &[&["  validation_time: 9", "  compilation_time: 30"]]);
    Ok(())
}

fn data(dice: &mut Dice, dir: &Path, is_scoring: bool) -> anyhow::Result<()> {
    let flags = if dice.one_in(4) { Flags::Root } else { Flags::May };
    settings(dice, dir, "data", is_scoring, flags)?;
    let inside = if flags == Flags::Root { Flags::Must } else { Flags::May };
    if !dice.one_in(4) {
        group(dice, dir, "data/sample", is_scoring, (2, inside))?;
    }
    group(dice, dir, "data/secret", is_scoring, (0, inside))
}

/// The flags of a group's grader.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flags {
    /// Something, or nothing.
    May,
    /// To leave out the samples, which only `data` itself may say.
    Root,
    /// Something, so that it does not inherit that.
    Must,
}

/// A directory with tests, directories, or both. No name is the beginning of another: the format orders them by their
/// names without extensions, and problemtools by those with.
fn group(
    dice: &mut Dice,
    dir: &Path,
    path: &str,
    is_scoring: bool,
    (depth, flags): (u64, Flags),
) -> anyhow::Result<()> {
    settings(dice, dir, path, is_scoring, flags)?;
    let groups = if depth < 2 { dice.roll(4 - depth) } else { 0 };
    for name in ["b2", "d10", "0a"].iter().take(usize::try_from(groups)?) {
        group(dice, dir, &format!("{path}/{name}"), is_scoring, (depth + 1, Flags::May))?;
    }
    let tests = if groups > 0 && !dice.one_in(4) { 0 } else { 1 + dice.roll(4) };
    for n in 0..tests {
        let name = format!("{path}/{}-{n}", dice.pick(&["a", "c", "x.y", "10", "2"]));
        // Half of a test is none; the first of a group is whole.
        match if n > 0 { dice.roll(12) } else { 2 } {
            0 => put(dir, &format!("{name}.in"), "1\n")?,
            1 => put(dir, &format!("{name}.ans"), "1\n")?,
            _ => {
                put(dir, &format!("{name}.in"), "1\n")?;
                put(dir, &format!("{name}.ans"), "1\n")?;
            }
        }
        if dice.one_in(8) {
            put(dir, &format!("{name}.{}", dice.pick(&["desc", "hint", "png"])), "\n")?;
        }
    }
    if dice.one_in(8) {
        put(dir, &format!("{path}/{}", dice.pick(&["generate.py", "notes.txt", ".gitignore"])), "\n")?;
    }
    Ok(())
}

fn settings(dice: &mut Dice, dir: &Path, path: &str, is_scoring: bool, flags: Flags) -> anyhow::Result<()> {
    if flags == Flags::May && dice.one_in(3) {
        return Ok(());
    }
    let mut yaml = dice.lines(2, &[&["on_reject: break", "on_reject: continue"]]);
    if flags != Flags::May || dice.one_in(2) {
        let score = dice.pick(&["sum", "min", "max", "avg", ""]);
        let verdict = dice.pick(&["worst_error", "first_error", "always_accept", "no_errors", "", ""]);
        let any = dice.pick(&["accept_if_any_accepted", "", ""]);
        let sample = if flags == Flags::Root { "ignore_sample" } else { dice.pick(&["", "", "median"]) };
        writeln!(yaml, "grader_flags: '{score} {verdict} {any} {sample}'")?;
    }
    if is_scoring {
        let scores: [&[&str]; 2] = [
            &["accept_score: 10", "accept_score: 2.5", "accept_score: 7"],
            &["reject_score: 0", "reject_score: 1", "reject_score: 0.5"],
        ];
        yaml += &dice.lines(3, &scores);
    }
    let flags: [&[&str]; 1] = [&[
        "output_validator_flags: case_sensitive",
        "output_validator_flags: space_change_sensitive float_tolerance 1e-6",
        "output_validator_flags: ''",
    ]];
    yaml += &dice.lines(3, &flags);
    put(dir, &format!("{path}/testdata.yaml"), if yaml.is_empty() { "# nothing\n" } else { &yaml })
}

fn submissions(dice: &mut Dice, dir: &Path) -> anyhow::Result<()> {
    let places = [
        ("accepted", "a.py"),
        ("wrong_answer", "w.py"),
        ("partially_accepted", "p.c"),
        ("time_limit_exceeded", "t.cc"),
        ("run_time_error", "r.java"),
        ("odd", "o.py"),
    ];
    for (place, name) in places {
        if place == "accepted" || dice.one_in(2) {
            put(dir, &format!("submissions/{place}/{name}"), "\n")?;
        }
    }
    if dice.one_in(4) {
        put(dir, "submissions/accepted/several/main.py", "\n")?;
        put(dir, "submissions/accepted/several/other.py", "\n")?;
        put(dir, "submissions/accepted/README", "\n")?;
    }
    Ok(())
}
