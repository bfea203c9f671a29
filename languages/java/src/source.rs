//! Reads as much Java as is needed to find the class to start: the package, the types at the top level, whether they are
//! public, and whether they have a `main`. Comments and strings are skipped; nothing is checked, javac does that.

/// Declarations of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// `a.b` of `package a.b;`.
    pub(crate) package: Option<String>,
    /// At the top level, in order.
    pub(crate) types: Vec<Type>,
}

/// A type at the top level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) is_public: bool,
    pub(crate) has_main: bool,
}

impl Source {
    /// Reads a file, or its beginning.
    pub(crate) fn read(text: &str) -> Self {
        let tokens = tokens(text);
        let mut source = Self::default();
        let (mut depth, mut is_public) = (0_usize, false);
        for (i, token) in tokens.iter().enumerate() {
            let next = |n: usize| tokens.get(i + n).copied().unwrap_or_default();
            match *token {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    is_public = false;
                }
                ";" if depth == 0 => is_public = false,
                "public" if depth == 0 => is_public = true,
                "package" if depth == 0 && source.types.is_empty() => {
                    source.package = Some(tokens[i + 1..].iter().take_while(|t| **t != ";").copied().collect());
                }
                "class" | "interface" | "enum" | "record" if depth == 0 && is_name(next(1)) => {
                    source.types.push(Type { name: next(1).to_owned(), is_public, has_main: false });
                }
                "void" if depth == 1 && next(1) == "main" && next(2) == "(" => {
                    source.types.iter_mut().last().into_iter().for_each(|last| last.has_main = true);
                }
                _ => {}
            }
        }
        source
    }

    /// The name by which `java` starts one of the types.
    pub(crate) fn full_name(&self, name: &str) -> String {
        match &self.package {
            Some(package) => format!("{package}.{name}"),
            None => name.to_owned(),
        }
    }
}

fn is_name(token: &str) -> bool {
    token.chars().next().is_some_and(|c| is_name_part(c) && !c.is_ascii_digit())
}

/// Beyond ASCII, everything counts: where Unicode draws the line is for javac to say.
fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// Names, numbers and single signs.
fn tokens(mut text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    while let Some(c) = text.chars().next() {
        let length = match c {
            '/' if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
            '/' if text.starts_with("/*") => text[2..].find("*/").map_or(text.len(), |end| end + 4),
            '"' if text.starts_with("\"\"\"") => literal(text, "\"\"\""),
            '"' => literal(text, "\""),
            '\'' => literal(text, "'"),
            c if c.is_ascii_whitespace() => 1,
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

/// The length of what begins with `quote` and ends with the next one that no backslash stands before.
fn literal(text: &str, quote: &str) -> usize {
    let mut at = quote.len();
    while let Some(c) = text[at..].chars().next() {
        if text[at..].starts_with(quote) {
            return at + quote.len();
        }
        at += c.len_utf8();
        if c == '\\' {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(text: &str) -> Vec<(String, bool, bool)> {
        Source::read(text).types.into_iter().map(|t| (t.name, t.is_public, t.has_main)).collect()
    }

    #[test]
    fn finds_types_and_mains() {
        let text = "import java.util.*; class A { static class B { static void main() {} } }\n\
                    public final class C<T> { public static void main(String... a) { class D {} } }\n\
                    record R(int x) {} @interface I {} enum E { X { void main() {} } }";
        let is = |name: &str, public, main| (name.to_owned(), public, main);
        let expected = [
            is("A", false, false),
            is("C", true, true),
            is("R", false, false),
            is("I", false, false),
            is("E", false, false),
        ];
        assert_eq!(types(text), expected);
    }

    #[test]
    fn is_not_taken_in_by_comments_and_strings() {
        let text = "/* public class A {} */ // class B {\n@X(\"public class C {\") class D { char c = '\"', d = '\\''; \
                    String s = \"\\\" } class E {\", t = \"\"\"\n } \" class F { \\\"\"\" \"\"\"; void main() {} }";
        assert_eq!(types(text), [("D".to_owned(), false, true)]);
    }

    #[test]
    fn finds_the_package_and_unusual_names() {
        let source = Source::read("package a . b.c;\npublic class Über$1_ {}");
        assert_eq!(source.full_name(&source.types[0].name), "a.b.c.Über$1_");
    }

    #[test]
    fn survives_anything() {
        for text in ["", "\"", "'", "/*", "\"\"\"\\", "}}}}", "package", "class", "public class", "é'\\é", "void main("]
        {
            assert!(Source::read(text).types.is_empty(), "{text}");
        }
    }
}
