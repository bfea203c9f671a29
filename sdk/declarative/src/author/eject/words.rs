//! Words with slots as expressions: what stands still becomes an array, what may be several words becomes `.args(…)`.

use std::collections::BTreeSet;

use crate::author::literal;
use crate::expand::{self, Piece};
use crate::manifest::{Kind, Manifest};

/// The directory stays, the extension goes.
pub(super) const STEM: &str = r#"/// A path without its extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rfind('.') {
        Some(dot) if dot > 0 => &path[..path.len() - name.len() + dot],
        _ => path,
    }
}
"#;

/// Writes words, and remembers which variables they need.
pub(super) struct Words<'a> {
    manifest: &'a Manifest,
    used: BTreeSet<&'static str>,
}

/// The substitution of a slot.
enum Substitution {
    /// A variable that is a text.
    Variable(&'static str),
    /// A variable that is a number.
    Number(&'static str),
    /// Anything else that is a text.
    Expression(String),
}

impl<'a> Words<'a> {
    pub(super) fn new(manifest: &'a Manifest) -> Self {
        Self { manifest, used: BTreeSet::new() }
    }

    /// Each run of single words as an array, each slot of several words as what it is.
    pub(super) fn lists(&mut self, words: &[String], each: bool) -> Vec<String> {
        let (mut lists, mut run) = (Vec::new(), Vec::new());
        for word in words {
            match self.list(word) {
                Some(list) => {
                    lists.extend(array(&mut run));
                    lists.push(list);
                }
                None => run.push(self.word(word, each)),
            }
        }
        lists.extend(array(&mut run));
        lists
    }

    /// The image that a job chooses.
    pub(super) fn image(&mut self) -> &'static str {
        self.used.insert("options");
        ".image(options.choice(\"image\"))"
    }

    /// A value of the environment: several words with blanks between.
    pub(super) fn joined(&mut self, word: &str, each: bool) -> String {
        let option = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).and_then(|name| self.kind(name));
        let optional = matches!(option, Some(Kind::Switch(..) | Kind::Text));
        match self.list(word) {
            Some(list) if optional => format!("{list}.unwrap_or_default()"),
            Some(list) => format!("{list}.join(\" \")"),
            None => self.word(word, each).trim_start_matches('&').to_owned(),
        }
    }

    /// The `let`s that the words need, in the order in which a plan's errors are found.
    pub(super) fn variables(&self, declared: &str) -> String {
        let used = |name: &str| self.used.contains(name);
        let mut text = String::new();
        let mut put = |line: &str| text += &format!("        {line}\n");
        match used("options") {
            true => put(&format!("let options = request.options({declared})?;")),
            false => put(&format!("request.options({declared})?;")),
        }
        if used("main") || used("stem") || used("dir") {
            put("let main = request.entry_arg()?;");
            put("let main = main.as_str();");
        }
        if used("stem") {
            put("let stem = stem(main);");
        }
        if used("dir") {
            put("let dir = main.rsplit_once('/').map_or(\".\", |(dir, _)| dir);");
        }
        if used("class") {
            put("let class = request.entry_class()?;");
            put("let class = class.as_str();");
        }
        if used("memory_mib") || used("heap_mib") {
            put("let memory_mib = request.limits.memory_mib();");
        }
        if used("heap_mib") {
            put("let heap_mib = (memory_mib / 4 * 3).max(4);");
        }
        if used("stack_mib") {
            put("let stack_mib = request.limits.stack_mib();");
        }
        text
    }

    pub(super) fn needs_stem(&self) -> bool {
        self.used.contains("stem")
    }

    fn kind(&self, name: &str) -> Option<&'a Kind> {
        self.manifest.options.iter().find(|option| option.name == name).map(|option| &option.kind)
    }

    fn list(&mut self, word: &str) -> Option<String> {
        let name = word.strip_prefix('{')?.strip_suffix('}')?;
        let said = literal::text(name);
        let of_options = match (name, self.kind(name)) {
            ("sources", _) => return Some("request.source_args(EXTENSIONS)?".to_owned()),
            ("others", _) => return Some("request.source_args(EXTENSIONS)?.split_off(1)".to_owned()),
            ("data", _) => return Some("request.data(EXTENSIONS)".to_owned()),
            (_, Some(Kind::Flags)) => format!("options.flags({said})"),
            (_, Some(Kind::Switch(word, _))) => format!("options.switch({said}).then_some({})", literal::text(word)),
            (_, Some(Kind::Text)) => format!("options.text({said})"),
            _ => return None,
        };
        self.used.insert("options");
        Some(of_options)
    }

    /// One word: a literal, a variable, or both in a `format!`.
    fn word(&mut self, word: &str, each: bool) -> String {
        let pieces = expand::pieces(word).unwrap_or_default();
        let pieces: Vec<Piece> = pieces.into_iter().filter(|piece| piece.slot || !piece.text.is_empty()).collect();
        if let [Piece { slot: true, text: name }] = &pieces[..] {
            match self.substitution(name, each) {
                Substitution::Variable(name) => return name.to_owned(),
                Substitution::Number(name) => return format!("&{name}.to_string()"),
                Substitution::Expression(expression) => return expression,
            }
        }
        let (mut text, mut behind, mut slots) = (String::new(), String::new(), false);
        for Piece { slot, text: piece } in &pieces {
            slots |= slot;
            match slot.then(|| self.substitution(piece, each)) {
                Some(Substitution::Variable(name) | Substitution::Number(name)) => text += &format!("{{{name}}}"),
                Some(Substitution::Expression(expression)) => {
                    text += "{}";
                    behind += &format!(", {expression}");
                }
                None => text += &piece.replace('{', "{{").replace('}', "}}"),
            }
        }
        match slots {
            true => format!("&format!({}{behind})", literal::text(&text)),
            false => literal::text(&pieces.into_iter().map(|piece| piece.text).collect::<String>()),
        }
    }

    fn substitution(&mut self, name: &str, each: bool) -> Substitution {
        let variable = match name {
            "main" => "main",
            "stem" => "stem",
            "dir" => "dir",
            "class" => "class",
            "each" if each => return Substitution::Variable("each"),
            "each" => "main",
            "memory_mib" => "memory_mib",
            "heap_mib" => "heap_mib",
            "stack_mib" => "stack_mib",
            _ => "options",
        };
        self.used.insert(variable);
        let said = literal::text(name);
        match (variable, self.kind(name)) {
            ("options", Some(Kind::Text)) => {
                Substitution::Expression(format!("options.text({said}).unwrap_or_default()"))
            }
            ("options", _) => Substitution::Expression(format!("options.choice({said})")),
            (number @ ("memory_mib" | "heap_mib" | "stack_mib"), _) => Substitution::Number(number),
            (text, _) => Substitution::Variable(text),
        }
    }
}

/// The words so far as an array, whose first element says that all are `&str`.
fn array(run: &mut Vec<String>) -> Option<String> {
    let mut words = std::mem::take(run);
    let first = words.first_mut()?;
    if let Some(owned) = first.strip_prefix('&') {
        *first = format!("{owned}.as_str()");
    }
    Some(format!("[{}]", words.join(", ")))
}
