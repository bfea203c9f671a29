//! Cuts Kotlin into words and single signs. A string without a template is one word; of one with templates, all is left out.

/// Names, numbers, strings and single signs.
pub(super) fn tokens(mut text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    while let Some(c) = text.chars().next() {
        let length = match c {
            '/' if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
            '/' if text.starts_with("/*") => comment(text),
            '"' => {
                let length = string(text);
                tokens.push(&text[..length]);
                length
            }
            '\'' => character(text),
            '`' => {
                let length = text[1..].find('`').map_or(text.len(), |end| end + 2);
                tokens.push(&text[..length]);
                length
            }
            c if c.is_ascii_whitespace() || c == '\u{feff}' => c.len_utf8(),
            c => {
                let word = text.find(|c: char| !is_name_part(c)).unwrap_or(text.len());
                let length = word.max(c.len_utf8());
                tokens.push(&text[..length]);
                length
            }
        };
        text = &text[length..];
    }
    tokens
}

/// The words with dots between them that tokens begin with.
pub(super) fn qualified(tokens: &[&str]) -> String {
    let mut name = String::new();
    for pair in tokens.chunks(2) {
        name += pair[0].trim_matches('`');
        match pair.get(1) {
            Some(&".") => name.push('.'),
            _ => break,
        }
    }
    name
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// Comments nest.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// A character has no quote in it but behind a backslash.
fn character(text: &str) -> usize {
    let escaped = text[1..].starts_with('\\');
    let from = if escaped { 3 } else { 1 };
    text.get(from..).and_then(|rest| rest.find('\'')).map_or(text.len(), |end| from + end + 1)
}

/// Maximum depth of templates within strings.
const DEPTH: usize = 16;

fn string(text: &str) -> usize {
    string_within(text, DEPTH)
}

/// A string may hold `${…}`, and that a string again.
fn string_within(text: &str, depth: usize) -> usize {
    let raw = text.starts_with("\"\"\"");
    let quote = if raw { "\"\"\"" } else { "\"" };
    let mut at = quote.len();
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with(quote) {
            // More quotes before the closing three belong to the string.
            let extra = if raw { rest[3..].bytes().take_while(|byte| *byte == b'"').count() } else { 0 };
            return at + quote.len() + extra;
        }
        at += match c {
            '\\' if !raw => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '$' if rest.starts_with("${") && depth > 0 => template(rest, depth - 1),
            '\n' if !raw => return at,
            c => c.len_utf8(),
        };
    }
    text.len()
}

/// The length of `${…}`.
fn template(text: &str, depth: usize) -> usize {
    let (mut braces, mut at) = (0_usize, 1);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        at += match c {
            '{' => {
                braces += 1;
                1
            }
            '}' => {
                braces -= 1;
                if braces == 0 {
                    return at + 1;
                }
                1
            }
            '"' => string_within(rest, depth),
            '\'' => character(rest),
            c => c.len_utf8(),
        };
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_comments_and_characters_hide_what_is_in_them() {
        let text = "a /* } /* } */ */ '}' '\\'' \"}\" \"${ \"}\" }\" \"\"\"}\"\"\"\" `}` // }\nb";
        let words: Vec<&str> = tokens(text).into_iter().filter(|token| !token.starts_with(['"', '`'])).collect();
        assert_eq!(words, ["a", "b"]);
    }

    #[test]
    fn survives_anything() {
        for text in ["\"", "'", "'\\", "`", "/*", "\"${", "\"${'", "\"\"\"$", "\"\\", "é'é", "\"\"\"\"\"", "package ."]
        {
            let _ = tokens(text);
        }
        assert_eq!(qualified(&[]), "");
    }
}
