//! A folder to begin a language with.

use super::{Known, Wrong, read};
use crate::Manifest;

/// The answers that a new language needs, where it is in no table.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the flags of `optimus plugin new`")]
pub struct Answers {
    pub id: String,
    pub extension: String,
    pub image: String,
    pub compile: Option<String>,
    pub run: String,
    pub probe: Option<String>,
    pub hello: Option<String>,
}

/// A file of the folder: its path and text.
pub type Planted = (String, String);

const README: &str = include_str!("../../templates/README.md");
pub(super) const DOCKERFILE: &str = include_str!("../../templates/Dockerfile");
const WORKFLOW: &str = include_str!("../../templates/plugin.yml");

/// The folder of a known language, under this id.
///
/// # Errors
/// The id is none.
pub fn of_known(known: &Known, id: &str) -> Result<Vec<Planted>, Wrong> {
    let toml = known.toml.replacen(&format!("id = \"{}\"", known.id), &format!("id = {}", quote(id)), 1);
    folder(&toml, known.samples.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

/// The folder of an unknown language.
///
/// # Errors
/// An answer is wrong, as a line of the `language.toml` that it led to.
pub fn of_answers(answers: &Answers) -> Result<Vec<Planted>, Wrong> {
    let Answers { id, image, compile, run, .. } = answers;
    let extension = extension(&answers.extension)?;
    if image.trim().is_empty() || image.contains(char::is_whitespace) {
        return Err(answer("image", image, "name the image that has its toolchain, as in `me/lang:1`"));
    }
    let mut name = id.clone();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let first = |command: &String| command.split_whitespace().next().unwrap_or_default().to_owned();
    let asked = compile.as_ref().map(first).unwrap_or_else(|| first(run));
    let probe = answers.probe.clone().unwrap_or_else(|| format!("{asked} --version"));
    let mut toml = format!("id = {}\nname = {}\nextensions = [{}]\n", quote(id), quote(&name), quote(extension));
    toml += &format!("image = {}\nprobe = {}\n", quote(image), quote(&probe));
    if let Some(compile) = compile {
        let argv = quote(compile);
        toml += &match run.trim().strip_prefix("./") {
            Some(made) => format!("compile = {{ argv = {argv}, collect = {} }}\n", quote(&format!("{made} {{data}}"))),
            None => format!("compile = {argv}\n"),
        };
    }
    toml += &format!("run = {}\n", quote(run));
    let sample = |source: &String| {
        let head = "optimus: verdict=accepted expect=\"Hello, world!\\n\"\n";
        (format!("hello/main.{extension}"), source.clone(), ("hello/optimus.txt".to_owned(), head.to_owned()))
    };
    let mut samples = Vec::new();
    if let Some((path, source, head)) = answers.hello.as_ref().map(sample) {
        samples.extend([(path, source.trim_end().to_owned() + "\n"), head]);
    }
    folder(&toml, samples)
}

/// Without the dot that many a person writes.
fn extension(said: &str) -> Result<&str, Wrong> {
    let extension = said.strip_prefix('.').unwrap_or(said);
    let inner = |c: char| c.is_ascii_alphanumeric() || "+-_".contains(c);
    match extension.starts_with(|c: char| c.is_ascii_alphabetic()) && extension.chars().all(inner) {
        true => Ok(extension),
        false => {
            Err(answer("extensions", said, "letters, digits, `+`, `-` and `_`, beginning with a letter, as in `lua`"))
        }
    }
}

/// An answer that cannot stand in a `language.toml`; it has no line yet.
fn answer(field: &str, said: &str, hint: &str) -> Wrong {
    let message =
        if said.trim().is_empty() { "is empty".to_owned() } else { format!("cannot be `{}`", said.escape_debug()) };
    Wrong { line: 1, field: field.to_owned(), message, hint: hint.to_owned() }
}

fn folder(toml: &str, samples: Vec<Planted>) -> Result<Vec<Planted>, Wrong> {
    let manifest = read(toml, Vec::new())?;
    let fill = |text: &str| filled(text, &manifest);
    let mut files = vec![
        ("language.toml".to_owned(), toml.to_owned()),
        ("README.md".to_owned(), fill(README)),
        ("Dockerfile".to_owned(), fill(DOCKERFILE)),
        (".github/workflows/plugin.yml".to_owned(), fill(WORKFLOW)),
    ];
    files.extend(samples.into_iter().map(|(path, text)| (format!("samples/{path}"), text)));
    Ok(files)
}

/// A page with the language's names in it.
pub(super) fn filled(page: &str, manifest: &Manifest) -> String {
    let image = manifest.images.first().map_or("", String::as_str);
    let install = match manifest.install.starts_with("apt-get install ") {
        true => manifest.install.as_str(),
        false => "apt-get install THE-TOOLCHAIN",
    };
    let slots = [
        ("{{id}}", manifest.id.as_str()),
        ("{{name}}", &manifest.name),
        ("{{image}}", image),
        ("{{install}}", install),
    ];
    slots.iter().fold(page.to_owned(), |page, (slot, value)| page.replace(slot, value))
}

/// As TOML writes a text.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04x}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_language_is_what_was_answered() {
        let answers = Answers {
            id: "xl".to_owned(),
            extension: "xl".to_owned(),
            image: "me/xl:1".to_owned(),
            compile: Some("xlc -o prog {sources}".to_owned()),
            run: "./prog".to_owned(),
            hello: Some("say \"hi\"".to_owned()),
            ..Answers::default()
        };
        let files = of_answers(&answers).unwrap();
        let toml = &files[0].1;
        assert!(toml.contains("probe = \"xlc --version\""), "{toml}");
        assert!(toml.contains("collect = \"prog {data}\""), "{toml}");
        assert!(toml.lines().count() <= 15);
        assert!(files.iter().any(|(path, text)| path == "samples/hello/main.xl" && text == "say \"hi\"\n"));
        assert!(!toml.contains("install"), "which package it is in is not known: {toml}");
        for (extension, image) in [("5c", "x:1"), ("", "x:1"), ("a b", "x:1"), ("c", ""), ("c", " ")] {
            let (extension, image) = (extension.to_owned(), image.to_owned());
            let wrong = of_answers(&Answers { extension, image, ..answers.clone() }).unwrap_err();
            assert!(!wrong.hint.is_empty(), "{wrong:?}");
        }
        let dotted = of_answers(&Answers { extension: ".xl".to_owned(), ..answers.clone() }).unwrap();
        assert_eq!(&dotted[0].1, toml);
        let wrong = of_answers(&Answers { run: "x {mian}".to_owned(), ..answers }).unwrap_err();
        assert!(wrong.hint.contains("did you mean `{main}`?"), "{wrong:?}");
    }
}
