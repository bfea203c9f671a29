//! Finds the program in what a model wrote, as SandboxFusion does (`sandbox/utils/extraction.py`).
//!
//! Fenced blocks come first: of them the first in the wanted language, or else the first. Without any, all that follows
//! an opening fence; without that, what looks like a program in the three languages that are looked for.

use crate::space::{is_space, strip};

const FENCE: &str = "```";

/// What was found.
#[derive(Debug, PartialEq)]
pub(super) struct Extracted {
    pub(super) code: String,
    /// How, in SandboxFusion's words.
    pub(super) kind: &'static str,
}

impl Extracted {
    fn new(code: &str, kind: &'static str) -> Self {
        Self { code: code.to_owned(), kind }
    }
}

/// The program in `completion`. `extension` is that of the wanted language's files, which tells how such a program looks;
/// `is_wanted` says whether a fence's word names the language.
pub(super) fn extract(completion: &str, extension: &str, is_wanted: impl Fn(&str) -> bool) -> Extracted {
    let blocks: Vec<(&str, &str)> = Fenced { rest: completion }.collect();
    let wanted = blocks.iter().find(|(word, _)| is_wanted(word)).or(blocks.first());
    if let Some((_, code)) = wanted {
        return Extracted::new(code, "fenced");
    }
    if let Some((_, code)) = opening(completion) {
        return Extracted::new(code, "incomplete_fenced");
    }
    let lines = completion.split('\n').filter(|line| !strip(line).is_empty());
    let text = lines.fold(String::new(), |text, line| text + line + "\n");
    let found = match extension {
        "py" => definition(&text),
        "sql" => query(&text),
        // A text without a line is not one of one empty line.
        "sh" => Some(text.as_str()).filter(|text| !text.is_empty()),
        _ => None,
    };
    found.map_or(Extracted::new("", "empty"), |code| Extracted::new(code, "heuristic"))
}

/// Blocks between two fences, each with the word after the first.
struct Fenced<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Fenced<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (word, after) = opening(self.rest)?;
        for (at, _) in after.match_indices(FENCE) {
            let before = &after[..at];
            // Blank lines before the closing fence are not the block's.
            let blank = before.trim_end_matches(is_space).len();
            if let Some(end) = before[blank..].find('\n') {
                self.rest = &after[at + FENCE.len()..];
                return Some((word, &after[..blank + end]));
            }
        }
        // No later fence is closed either.
        self.rest = "";
        None
    }
}

/// The word of the first opening fence, and what follows its line.
fn opening(text: &str) -> Option<(&str, &str)> {
    let (_, after) = text.split_once(FENCE)?;
    let (word, code) = after.split_once('\n')?;
    Some((strip(word), code))
}

/// The first function or class of Python with its body, and the imports and comments right before it. No line is blank.
fn definition(text: &str) -> Option<&str> {
    let has_more =
        |line: &str, words: &[&str]| words.iter().any(|word| line.len() > word.len() && line.starts_with(word));
    let mut start = None;
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let (from, content) = (start.unwrap_or(at), line.trim_end_matches('\n'));
        at += line.len();
        if has_more(content, &["import", "from", "#"]) {
            start = Some(from);
            continue;
        }
        start = None;
        if has_more(content, &["def ", "class "]) {
            let body_from = at;
            while let Some(body) = lines.next_if(|line| line.starts_with(is_space)) {
                at += body.len();
            }
            if at > body_from {
                return Some(&text[from..at]);
            }
        }
    }
    None
}

/// The first query of SQL, up to its semicolon. No line is blank.
fn query(text: &str) -> Option<&str> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begun = line.trim_start_matches(is_space).to_ascii_lowercase();
        let is_with =
            |rest: &str| rest.starts_with(is_space) && rest.trim_end().get(2..).is_some_and(|of| of.contains("as"));
        if begun.starts_with("select") || begun.strip_prefix("with").is_some_and(is_with) {
            let query = &text[at..];
            return query.split(';').next();
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(completion: &str, language: &str) -> (String, &'static str) {
        let extension = match language {
            "python" => "py",
            "bash" => "sh",
            other => other,
        };
        let found = extract(completion, extension, |word| word == language);
        (found.code, found.kind)
    }

    #[test]
    fn the_first_block_of_the_language_comes_before_the_first_of_all() {
        let two = "Run `x`:\n```bash\nls\n```\nthen\n```python\nprint(1)\nprint(2)\n\n  ```\n```python\nno\n```";
        assert_eq!(of(two, "python"), ("print(1)\nprint(2)".to_owned(), "fenced"));
        assert_eq!(of(two, "rust"), ("ls".to_owned(), "fenced"));
        assert_eq!(of("```\nx\n```", "python"), ("x".to_owned(), "fenced"));
        assert_eq!(of("```python\r\nx\r\n```", "python"), ("x\r".to_owned(), "fenced"));
        assert_eq!(of("```python\n\n```", "python"), (String::new(), "fenced"));
        assert_eq!(of("```python\na ``` b\n```", "python"), ("a ``` b".to_owned(), "fenced"));
    }

    #[test]
    fn a_block_that_is_not_closed_goes_on_to_the_end() {
        assert_eq!(of("so:\n```python\nprint(1)\n", "python"), ("print(1)\n".to_owned(), "incomplete_fenced"));
        assert_eq!(of("```python\nx```", "python"), ("x```".to_owned(), "incomplete_fenced"));
        assert_eq!(of("```python\n```", "python"), ("```".to_owned(), "incomplete_fenced"));
        assert_eq!(of("```python\nx\n```\n```\ny", "python").0, "x");
    }

    #[test]
    fn without_a_fence_what_looks_like_a_program_is_one() {
        let text =
            "Here:\nimport os\n\n# sums\ndef f(a):\n    x = a\n\n    return x\nprint(f(1))\nclass A:\n    pass\n";
        let code = "import os\n# sums\ndef f(a):\n    x = a\n    return x\n";
        assert_eq!(of(text, "python"), (code.to_owned(), "heuristic"));
        assert_eq!(of("import os\nx = 1\ndef g():\n\treturn\n", "python").0, "def g():\n\treturn\n");
        for none in ["print(1)", "", "def f(): pass\n", "```python", "  def f():\n    pass"] {
            assert_eq!(of(none, "python"), (String::new(), "empty"), "{none:?}");
        }
        assert_eq!(of("ls\n\n  pwd", "bash"), ("ls\n  pwd\n".to_owned(), "heuristic"));
        assert_eq!(of("ok:\n Select 1\nfrom t; done", "sql"), (" Select 1\nfrom t".to_owned(), "heuristic"));
        assert_eq!(of("with t as (select 1) select * from t", "sql").1, "heuristic");
        assert_eq!(of("fn main() {}", "rust"), (String::new(), "empty"));
    }
}
