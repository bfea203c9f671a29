//! The arguments and files of each protocol, and the reader of its answers.

use bytes::Bytes;

use super::{Checker, Protocol, Scale};

/// The most that is shown of what a checker says.
const MESSAGE: usize = 1_000;

/// One of the things that a checker looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CheckerFile {
    Input,
    Output,
    Answer,
    /// The submission's source.
    Code,
}

/// A call of a checker.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Files beside it, by path.
    pub files: Vec<(&'static str, CheckerFile)>,
    /// Its arguments.
    pub args: Vec<String>,
    /// It reads the output, too.
    pub output_on_stdin: bool,
    /// The directory into which it writes its answer.
    pub writes_to: Option<&'static str>,
}

/// The end of a checker's run.
#[derive(Debug, Clone, Default)]
pub struct CheckerOutput {
    /// Its exit code.
    pub code: i32,
    /// The beginning of what it printed.
    pub stdout: Bytes,
    /// The same for stderr.
    pub stderr: Bytes,
    /// The files that it wrote, by name.
    pub files: Vec<(String, Bytes)>,
}

impl CheckerOutput {
    /// The file of this name, if the checker wrote it.
    fn file(&self, name: &str) -> Option<&Bytes> {
        self.files.iter().find(|(own, _)| own == name).map(|(_, bytes)| bytes)
    }
}

/// A checker's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Right, wrong, or in bad form.
    pub decision: Decision,
    /// From 0 to 1, for partial credit; under [`Scale::Points`] of any size.
    pub score: Option<f64>,
    /// For people.
    pub message: Option<String>,
}

/// A checker's decision about an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Decision {
    Right,
    Wrong,
    BadForm,
}

const INPUT: &str = "judge/input";
const OUTPUT: &str = "judge/output";
const ANSWER: &str = "judge/answer";
const FEEDBACK: &str = "judge/feedback";
/// The file in which an interactor leaves data for a checker.
const TOLD: &str = "judge/feedback/output";
/// The input of another pass.
pub const NEXT_PASS: &str = "nextpass.in";

impl Checker {
    /// The call of the checker.
    pub fn invocation(&self) -> Invocation {
        use CheckerFile::{Answer, Code, Input, Output};
        let all = vec![(INPUT, Input), (OUTPUT, Output), (ANSWER, Answer)];
        let (files, args): (_, Vec<String>) = match self.protocol {
            Protocol::Exit | Protocol::Testlib | Protocol::Coci => (all, words([INPUT, OUTPUT, ANSWER])),
            Protocol::Kattis => (vec![(INPUT, Input), (ANSWER, Answer)], words([INPUT, ANSWER, "judge/feedback/"])),
            Protocol::Cms | Protocol::Hydro | Protocol::Hustoj => (all, words([INPUT, ANSWER, OUTPUT])),
            Protocol::Peg => (all, words([ANSWER, OUTPUT, INPUT])),
            Protocol::Qduoj => (vec![(INPUT, Input), (OUTPUT, Output)], words([INPUT, OUTPUT])),
            Protocol::Lemon => {
                let full = self.full_score.unwrap_or(100.0).to_string();
                (all, words([INPUT, OUTPUT, ANSWER, &full, "judge/feedback/score", "judge/feedback/message"]))
            }
            Protocol::Syzoj => {
                (vec![("input", Input), ("user_out", Output), ("answer", Answer), ("code", Code)], Vec::new())
            }
        };
        let writes = matches!(self.protocol, Protocol::Kattis | Protocol::Lemon);
        Invocation {
            files,
            args: args.into_iter().chain(self.args.iter().cloned()).collect(),
            output_on_stdin: self.protocol == Protocol::Kattis,
            writes_to: writes.then_some(FEEDBACK),
        }
    }

    /// The call of a checker that judges the submission's files, which lie where it starts: `checker LANGUAGE
    /// ENTRY_POINT FEEDBACK_DIR/`. `language` is the format's code, `entry` the file to start with. <https://www.kattis.com/problem-package-format/spec/2025-09#static-validator>
    pub fn source_invocation(&self, language: &str, entry: &str) -> Invocation {
        Invocation {
            files: Vec::new(),
            args: words([language, entry, "judge/feedback/"]).into_iter().chain(self.args.iter().cloned()).collect(),
            output_on_stdin: false,
            writes_to: Some(FEEDBACK),
        }
    }

    /// The call of an interactor.
    pub fn interactive_invocation(&self) -> Invocation {
        use CheckerFile::{Answer, Input};
        let args = match self.protocol {
            Protocol::Kattis => words([INPUT, ANSWER, "judge/feedback/"]),
            Protocol::Testlib => words([INPUT, TOLD, ANSWER]),
            _ => words([INPUT, ANSWER]),
        };
        let writes = matches!(self.protocol, Protocol::Kattis | Protocol::Testlib);
        Invocation {
            files: vec![(INPUT, Input), (ANSWER, Answer)],
            args: args.into_iter().chain(self.args.iter().cloned()).collect(),
            output_on_stdin: false,
            writes_to: writes.then_some(FEEDBACK),
        }
    }

    /// The call of a manager, which talks to several processes through these FIFOs.
    pub fn manager_invocation(&self, fifos: Vec<String>) -> Invocation {
        Invocation {
            files: vec![("input.txt", CheckerFile::Input)],
            args: fifos.into_iter().chain(self.args.iter().cloned()).collect(),
            output_on_stdin: false,
            writes_to: None,
        }
    }

    /// The data that an interactor leaves for a checker.
    pub fn interactor_output(said: &CheckerOutput) -> Bytes {
        said.file(TOLD.rsplit('/').next().unwrap_or(TOLD)).cloned().unwrap_or_default()
    }

    /// The input of another pass, if it wants one after `pass` of them.
    ///
    /// # Errors
    /// It may not.
    pub fn next_pass(&self, said: &CheckerOutput, pass: u32) -> Result<Option<Bytes>, String> {
        match said.file(NEXT_PASS) {
            Some(_) if self.protocol != Protocol::Kattis => Ok(None),
            Some(_) if said.code != 42 => Err(format!("left `{NEXT_PASS}` and exited with code {}", said.code)),
            Some(_) if pass >= self.passes.unwrap_or(1) => {
                Err(format!("left `{NEXT_PASS}` after {pass} of {} passes", self.passes.unwrap_or(1)))
            }
            next => Ok(next.cloned()),
        }
    }

    /// The answer that the output means.
    ///
    /// # Errors
    /// It has none that its protocol knows: what it did instead.
    pub fn read(&self, said: &CheckerOutput) -> Result<Answer, String> {
        let (err, out) = (text(&said.stderr), text(&said.stdout));
        match self.protocol {
            Protocol::Exit | Protocol::Qduoj => match said.code {
                0 => Ok(Answer::new(Decision::Right, first(&out, &err))),
                1 => Ok(Answer::new(Decision::Wrong, first(&out, &err))),
                code => Err(unknown(code, &err)),
            },
            Protocol::Testlib => self.testlib(said.code, &first(&err, &out)),
            Protocol::Coci if said.code == 7 => coci(&err),
            Protocol::Coci => self.testlib(said.code, &first(&err, &out)),
            Protocol::Kattis => self.kattis(said),
            Protocol::Cms => cms(said.code, &out, &err, self.scale),
            Protocol::Hydro => Ok(hydro(said.code, &out, err)),
            Protocol::Peg => match said.code {
                0 => Ok(peg(&out, err, Decision::Right)),
                1 => Ok(peg(&out, err, Decision::Wrong)),
                code => Err(unknown(code, &err)),
            },
            Protocol::Hustoj => {
                let decision = if said.code == 0 { Decision::Right } else { Decision::Wrong };
                Ok(Answer::new(decision, first(&out, &err)))
            }
            Protocol::Lemon => self.lemon(said, &err),
            Protocol::Syzoj if said.code != 0 => Err(unknown(said.code, &err)),
            Protocol::Syzoj => scored(number(&out, "a score from 0 to 100")?, 100.0, err),
        }
    }

    fn testlib(&self, code: i32, message: &str) -> Result<Answer, String> {
        let rest = |prefix: &str| message.strip_prefix(prefix).unwrap_or(message).trim().to_owned();
        if let Some(partial) = message.strip_prefix("partially correct (") {
            let (share, rest) = partial.split_once(')').unwrap_or((partial, ""));
            let share = number(share, "a share in percent")?;
            return match self.scale {
                Scale::Percent => self.percent(share, rest.trim().to_owned()),
                _ => scored(share, 100.0, rest.trim().to_owned()),
            };
        }
        match code {
            0 => Ok(Answer::new(Decision::Right, rest("ok "))),
            1 => Ok(Answer::new(Decision::Wrong, rest("wrong answer "))),
            2 | 4 => Ok(Answer::new(Decision::BadForm, rest("wrong output format "))),
            8 => Ok(Answer::new(Decision::BadForm, rest("unexpected eof "))),
            3 => Err(format!("says that it failed: {}", rest("FAIL "))),
            7 => {
                let said = rest("points ");
                let (points, rest) = said.split_once(char::is_whitespace).unwrap_or((&said, ""));
                let (points, rest) = (number(points, "points")?, rest.trim().to_owned());
                if self.scale == Scale::Percent {
                    return self.percent(points, rest);
                }
                let hint = |why| format!("{why}; `full_score` says what it calls full points");
                scored(points, self.full_score.unwrap_or(1.0), rest).map_err(hint)
            }
            code => Err(unknown(code, message)),
        }
    }

    /// Hydro's reading of points: whole points of what the test is worth.
    fn percent(&self, points: f64, message: String) -> Result<Answer, String> {
        let share = if points > 1.0 { points / 100.0 } else { points };
        let full = self.full_score.unwrap_or(100.0);
        // A product that should be whole may be off in its last bits.
        scored((share * full + 1e-9).floor().min(full * share.ceil()), full, message)
    }

    fn kattis(&self, said: &CheckerOutput) -> Result<Answer, String> {
        let file = |name: &str| said.file(name).map(|bytes| text(bytes));
        let message = file("judgemessage.txt").or_else(|| file("teammessage.txt")).unwrap_or_default();
        let score = match (file("score.txt"), file("score_multiplier.txt")) {
            (Some(_), Some(_)) => return Err("wrote both `score.txt` and `score_multiplier.txt`".to_owned()),
            (Some(score), None) => Some((score, self.full_score.unwrap_or(1.0))),
            (None, Some(score)) => Some((score, 1.0)),
            (None, None) => None,
        };
        if self.scale == Scale::Points {
            return self.kattis_points(said, file("score.txt"), message);
        }
        match (said.code, score) {
            (42, None) => Ok(Answer::new(Decision::Right, message)),
            (42, Some((score, full))) => scored(number(&score, "a score")?, full, message),
            (43, None) => Ok(Answer::new(Decision::Wrong, message)),
            (43, Some(_)) => Err("gave a score to a wrong answer".to_owned()),
            (code, _) => Err(unknown(code, &first(&message, &text(&said.stderr)))),
        }
    }

    /// The legacy format: `score.txt` holds any number, also of a rejected output; the grader decides whether it counts.
    fn kattis_points(&self, said: &CheckerOutput, score: Option<String>, message: String) -> Result<Answer, String> {
        let decision = match said.code {
            42 => Decision::Right,
            43 => Decision::Wrong,
            code => return Err(unknown(code, &first(&message, &text(&said.stderr)))),
        };
        let score = score.map(|score| number(&score, "a score")).transpose()?;
        Ok(Answer { score, ..Answer::new(decision, message) })
    }

    fn lemon(&self, said: &CheckerOutput, err: &str) -> Result<Answer, String> {
        if said.code != 0 {
            return Err(unknown(said.code, err));
        }
        let file = |name: &str| said.file(name).map(|bytes| text(bytes));
        let score = number(&file("score").ok_or("wrote no score")?, "a score")?;
        scored(score, self.full_score.unwrap_or(100.0), file("message").unwrap_or_default())
    }
}

impl Answer {
    fn new(decision: Decision, message: String) -> Self {
        Self { decision, score: None, message: (!message.is_empty()).then_some(message) }
    }
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

/// Some of a fraction that has to be one.
fn scored(points: f64, full: f64, message: String) -> Result<Answer, String> {
    let score = points / full;
    if !(0.0..=1.0).contains(&score) {
        return Err(format!("gave {points} of {full} points"));
    }
    let decision = if score > 0.0 { Decision::Right } else { Decision::Wrong };
    Ok(Answer { score: Some(score), ..Answer::new(decision, message) })
}

fn coci(err: &str) -> Result<Answer, String> {
    let fraction = err.lines().find_map(|line| line.strip_prefix("partial ")?.split_once('/'));
    let (share, of) = fraction.ok_or("exited with code 7 and said no `partial X/Y`")?;
    let of = number(of, "a whole above 0")?;
    if of <= 0.0 {
        return Err("gave a fraction of nothing".to_owned());
    }
    scored(number(share, "a number of parts")?, of, String::new())
}

/// Two lines with a number each, one after the other, are a fraction, whatever the exit code; without one that is above
/// 0 the exit code counts.
fn peg(out: &str, message: String, decision: Decision) -> Answer {
    let lines: Vec<Option<f64>> = out.lines().map(|line| line.trim().parse().ok()).collect();
    let fractions = lines.windows(2).filter_map(|pair| Some(pair[0]? / pair[1]?));
    match fractions.into_iter().find(|share| share.is_finite() && *share > 0.0) {
        Some(share) => Answer { score: Some(share.min(1.0)), ..Answer::new(Decision::Right, message) },
        None => Answer::new(decision, message),
    }
}

fn cms(code: i32, out: &str, err: &str, scale: Scale) -> Result<Answer, String> {
    if code != 0 {
        return Err(unknown(code, err));
    }
    let score = number(out.lines().next().unwrap_or_default(), "a score from 0 to 1")?;
    let message = match err.lines().next().unwrap_or_default().trim() {
        "translate:success" => "Output is correct",
        "translate:wrong" => "Output isn't correct",
        "translate:partial" => "Output is partially correct",
        other => other,
    };
    if scale == Scale::Points {
        let decision = if score > 0.0 { Decision::Right } else { Decision::Wrong };
        return Ok(Answer { score: Some(score), ..Answer::new(decision, message.to_owned()) });
    }
    scored(score, 1.0, message.to_owned())
}

/// Reads the score as JavaScript does: text that is no number is worth nothing.
fn hydro(code: i32, out: &str, err: String) -> Answer {
    let score = out.trim().parse::<f64>().ok().filter(|score| score.is_finite()).unwrap_or(0.0).clamp(0.0, 1.0);
    let decision = if score >= 1.0 { Decision::Right } else { Decision::Wrong };
    let message = if code == 0 { err } else { format!("{err} (exit code {code})") };
    Answer { score: (score > 0.0 && score < 1.0).then_some(score), ..Answer::new(decision, message) }
}

fn number(text: &str, what: &str) -> Result<f64, String> {
    let text = text.trim();
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("should give {what}, and said \"{}\"", shortened(text.escape_debug().to_string(), 60)))
}

fn unknown(code: i32, message: &str) -> String {
    let message = if message.is_empty() { String::new() } else { format!(": {message}") };
    format!("exited with code {code}, which its protocol does not know{message}")
}

fn first(one: &str, other: &str) -> String {
    if one.is_empty() { other.to_owned() } else { one.to_owned() }
}

/// A checker's message, as text without white space around it, cut to size.
fn text(bytes: &[u8]) -> String {
    shortened(String::from_utf8_lossy(&bytes[..bytes.len().min(4 * MESSAGE)]).trim().to_owned(), MESSAGE)
}

fn shortened(mut text: String, max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(max) {
        text.truncate(end);
        text.push('…');
    }
    text
}
