//! Reads as much Kotlin as is needed to find the class to start: the package, the functions called `main` that the JVM can
//! start, and the name of the class that holds a file's own functions. Comments and strings are skipped; nothing is
//! checked, kotlinc does that.

mod tokens;

use tokens::tokens;

/// Declarations of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// `a.b` of `package a.b`.
    package: Option<String>,
    /// `Name` of `@file:JvmName("Name")`.
    jvm_name: Option<String>,
    /// It has a `main` outside of any class.
    has_main: bool,
    /// The first class with a static `main`, by the name that the JVM gives it.
    static_main: Option<String>,
}

/// The owner of a brace.
enum Scope {
    /// A class or object, by its name; a companion's functions are static in the class around it.
    Type(String),
    Companion,
    Other,
}

impl Source {
    /// Reads a file, or its beginning.
    pub(crate) fn read(text: &str) -> Self {
        let tokens = tokens(text);
        let mut source = Self::default();
        let (mut scopes, mut next, mut is_static) = (Vec::new(), Scope::Other, false);
        let mut parentheses = 0_usize;
        for (i, token) in tokens.iter().enumerate() {
            let at = |n: usize| tokens.get(i + n).copied().unwrap_or_default();
            let before = if i > 0 { tokens[i - 1] } else { "" };
            match *token {
                "(" => parentheses += 1,
                ")" => parentheses = parentheses.saturating_sub(1),
                "{" => scopes.push(std::mem::replace(&mut next, Scope::Other)),
                "}" => {
                    scopes.pop();
                    (next, is_static) = (Scope::Other, false);
                }
                "package" if scopes.is_empty() && source.package.is_none() => {
                    source.package = Some(tokens::qualified(&tokens[i + 1..])).filter(|name| !name.is_empty());
                }
                "JvmName" if before == ":" && i > 1 && tokens[i - 2] == "file" => {
                    source.jvm_name = Some(at(2).trim_matches('"').to_owned());
                }
                "JvmStatic" => is_static = true,
                "companion" if at(1) == "object" => next = Scope::Companion,
                "class" | "object" | "interface" if before != "companion" && before != ":" && before != "." => {
                    next = Scope::Type(at(1).trim_matches('`').to_owned());
                }
                "fun" => {
                    if at(1) == "main" && at(2) == "(" && parentheses == 0 {
                        source.main(&scopes, is_static);
                    }
                    (next, is_static) = (Scope::Other, false);
                }
                _ => {}
            }
        }
        source
    }

    /// Notes a `main` that stands there.
    fn main(&mut self, scopes: &[Scope], is_static: bool) {
        let names = scopes.iter().map_while(|scope| match scope {
            Scope::Type(name) => Some(name.as_str()),
            Scope::Companion | Scope::Other => None,
        });
        let names: Vec<&str> = names.collect();
        let in_companion = matches!(scopes, [.., Scope::Companion]) && names.len() + 1 == scopes.len();
        if scopes.is_empty() {
            self.has_main = true;
        } else if is_static && self.static_main.is_none() && (in_companion || names.len() == scopes.len()) {
            self.static_main = Some(names.join("$"));
        }
    }

    /// The name by which `java` starts it, if it has a `main`; `path` is the file's.
    pub(crate) fn class(&self, path: &str) -> Option<String> {
        let class = match &self.static_main {
            _ if self.has_main => self.jvm_name.clone().unwrap_or_else(|| facade(path)),
            Some(class) => class.clone(),
            None => return None,
        };
        Some(match &self.package {
            Some(package) => format!("{package}.{class}"),
            None => class,
        })
    }
}

/// The class that holds a file's own functions: `PackagePartClassUtils` of the compiler. Its name is the file's, made an
/// identifier: `my-prog.kt` becomes `My_progKt`, and `1.kt` becomes `_1Kt`.
pub(crate) fn facade(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let fits = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
    let stem: String = stem.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    match stem.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("_{stem}Kt"),
        Some(first) => format!("{}{}Kt", first.to_uppercase(), &stem[first.len_utf8()..]),
        None => "_Kt".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Option<String> {
        Source::read(text).class("main.kt")
    }

    #[test]
    fn a_main_of_the_file_is_in_the_files_class() {
        for text in [
            "fun main() {}",
            "import a.b\nclass A { fun main() {} }\nsuspend fun main(args: Array<String>) = run {}",
            "val x = listOf({ 1 })\nfun main() {}",
            "/* /* nested */ fun x() { */ fun main() {}",
            "val s = \"\"\"{ fun \"x\" ${ \"}\" } {\"\"\"\nval t = \"{ ${ if (x) \"{\" else \"}\" } {\"\nfun main() {}",
        ] {
            assert_eq!(class(text).as_deref(), Some("MainKt"), "{text}");
        }
        assert_eq!(class("package a.b\nfun main() {}").as_deref(), Some("a.b.MainKt"));
        assert_eq!(class("@file:JvmName(\"Quiz\")\npackage a\nfun main() {}").as_deref(), Some("a.Quiz"));
    }

    #[test]
    fn a_main_of_an_object_is_static_where_it_says_so() {
        let object = "object Quiz {\n  @JvmStatic\n  fun main(args: Array<String>) {}\n}";
        assert_eq!(class(object).as_deref(), Some("Quiz"));
        let companion =
            "class Quiz(val x: Int) : Base() { companion object { @JvmStatic fun main(a: Array<String>) {} } }";
        assert_eq!(class(companion).as_deref(), Some("Quiz"));
        let named = "package p; class A { companion object Main { fun x() {}\n @kotlin.jvm.JvmStatic fun main(a: Array<String>) {} } }";
        assert_eq!(class(named).as_deref(), Some("p.A"));
        assert_eq!(class("object A { object B { @JvmStatic fun main(a: Array<String>) {} } }").as_deref(), Some("A$B"));
        assert_eq!(class("object Quiz { fun main(args: Array<String>) {} }"), None);
    }

    #[test]
    fn what_only_looks_like_a_main_is_none() {
        for text in [
            "",
            "// fun main() {}",
            "val s = \"fun main() {}\"",
            "fun String.main() {}",
            "fun x() { fun main() {} }",
            "class A { fun main() {} }",
            "fun mainly() {}",
        ] {
            assert_eq!(class(text), None, "{text}");
        }
    }

    #[test]
    fn the_class_of_a_file_is_named_as_the_compiler_does() {
        for (path, expected) in [
            ("lib/solution.kt", "SolutionKt"),
            ("my-prog.kt", "My_progKt"),
            ("1a.kt", "_1aKt"),
            ("a.b.kt", "A_bKt"),
            ("_x.kt", "_xKt"),
        ] {
            assert_eq!(facade(path), expected);
        }
    }
}
