//! Reads a folder of samples: programs that say themselves what their verdict is. In: files. Out: what is posted to
//! `POST /v1/jobs`, and the verdict that must come back. The format is described in `languages/README.md`.
//!
//! This file needs serde_json alone, so that xtask can include it as it stands.

use std::io::{Error, Result};
use std::path::Path;

use serde_json::{Deserializer, Map, Value, json};

/// A program with its verdict.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// The file's or folder's name, without extension.
    pub(crate) name: String,
    /// The verdict that the job must get.
    pub(crate) expected: String,
    /// The body for `POST /v1/jobs`.
    pub(crate) request: Value,
}

/// Samples that every language should have, as `languages/README.md` lists them.
pub(crate) const EXPECTED: [&str; 12] = [
    "hello",
    "echo",
    "sum",
    "compile_error",
    "runtime_error",
    "endless_loop",
    "memory_hog",
    "output_flood",
    "unicode",
    "large_output",
    "multi_file",
    "wrong_answer",
];

const MARK: &str = "optimus:";
/// In a sample of several files, it may be the head and nothing else.
const HEAD: &str = "optimus.txt";

/// Every sample in a folder, by name; none where there is no such folder.
///
/// # Errors
/// A sample that cannot be read or says something that makes no sense, by its path.
pub(crate) fn read_folder(language: &str, folder: &Path) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    if !folder.is_dir() {
        return Ok(samples);
    }
    for name in names(folder)? {
        let path = folder.join(&name);
        let sample = read(language, &path).map_err(|error| Error::other(format!("{}: {error}", path.display())))?;
        samples.push(sample);
    }
    Ok(samples)
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in folder.read_dir()? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn read(language: &str, path: &Path) -> Result<Sample> {
    let mut files = Vec::new();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match path.is_dir() {
        true => collect(path, "", &mut files)?,
        false => files.push((name, std::fs::read_to_string(path)?)),
    }
    let (entry, head) = headed(&mut files)?;
    let (expected, mut request) = parse(&head)?;
    let content = |(path, text): &(String, String)| json!({"path": path, "content": text});
    request.insert("language".to_owned(), json!(language));
    request.insert("entry".to_owned(), json!(entry));
    request.insert("files".to_owned(), files.iter().map(content).collect());
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Sample { name, expected, request: Value::Object(request) })
}

/// The file to start with, and the text that begins with the head: its own, or that of a file beside it, for languages
/// without comments.
fn headed(files: &mut Vec<(String, String)>) -> Result<(String, String)> {
    if let Some(at) = files.iter().position(|(path, _)| path == HEAD) {
        let (_, text) = files.remove(at);
        let main = files.iter().find(|(path, _)| path.starts_with("main.")).or(files.first());
        return main.map(|(path, _)| (path.clone(), text)).ok_or_else(|| Error::other("there is no program"));
    }
    let mut entries = files.iter().filter(|(_, text)| head(text).next().is_some());
    match (entries.next(), entries.next()) {
        (Some((entry, text)), None) => Ok((entry.clone(), text.clone())),
        _ => Err(Error::other(format!("exactly one file has to begin with `{MARK}` lines"))),
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> Result<()> {
    for name in names(folder)? {
        let (path, inner) = (folder.join(&name), format!("{prefix}{name}"));
        match path.is_dir() {
            true => collect(&path, &format!("{inner}/"), files)?,
            false => files.push((inner, std::fs::read_to_string(path)?)),
        }
    }
    Ok(())
}

/// The text after `optimus:` on the comment lines at the beginning; a line that has to be the first (`#!…`, `<?…`) may
/// stand above.
fn head(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().skip_while(|line| line.starts_with("#!") || line.starts_with("<?"));
    lines.map_while(|line| {
        let comment = line.trim_start_matches(|c: char| c.is_ascii_punctuation() || c == ' ');
        let said = comment.strip_prefix(MARK)?.trim_end();
        // Where a comment has an end, it is not part of what is said.
        Some(["*)", "*/", "-->", " #"].iter().find_map(|end| said.strip_suffix(end)).unwrap_or(said))
    })
}

/// The verdict, and the request without language and files.
fn parse(text: &str) -> Result<(String, Map<String, Value>)> {
    let (mut verdict, mut request, mut tests) = (None, Map::new(), Vec::new());
    for line in head(text) {
        let mut test = Map::new();
        for (key, value) in pairs(line)? {
            match key.as_str() {
                "verdict" => verdict = value.as_str().map(str::to_owned),
                "stdin" | "expect" | "args" | "stdin_times" | "expect_times" => drop(test.insert(key, value)),
                _ => put(&mut request, &key, value),
            }
        }
        if !test.is_empty() {
            tests.push(Value::Object(repeat(test)?));
        }
    }
    if !tests.is_empty() {
        request.insert("tests".to_owned(), Value::Array(tests));
    }
    Ok((verdict.ok_or_else(|| Error::other("no verdict"))?, request))
}

/// `a=1 b="x y" c=word`: each value is JSON or a bare word.
fn pairs(line: &str) -> Result<Vec<(String, Value)>> {
    let (mut rest, mut pairs) = (line.trim(), Vec::new());
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or_else(|| Error::other(format!("no `=` in `{rest}`")))?;
        let word = after.split(' ').next().unwrap_or_default();
        let mut stream = Deserializer::from_str(after).into_iter::<Value>();
        let (value, used) = match stream.next() {
            Some(Ok(value)) => (value, stream.byte_offset()),
            _ if word.starts_with(|c: char| c.is_ascii_alphabetic()) => (json!(word), word.len()),
            _ => return Err(Error::other(format!("`{word}` is neither JSON nor a word"))),
        };
        pairs.push((key.trim().to_owned(), value));
        rest = after[used..].trim_start();
    }
    Ok(pairs)
}

/// `limits.cpu_ms` is a field of a field.
fn put(object: &mut Map<String, Value>, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(object.insert(key.to_owned(), value)),
        Some((outer, inner)) => {
            let field = object.entry(outer).or_insert_with(|| json!({}));
            if let Some(field) = field.as_object_mut() {
                put(field, inner, value);
            }
        }
    }
}

/// `expect="x" expect_times=3` is `expect="xxx"`: megabytes do not belong into a head.
fn repeat(mut test: Map<String, Value>) -> Result<Map<String, Value>> {
    for key in ["stdin", "expect"] {
        let Some(times) = test.remove(&format!("{key}_times")) else { continue };
        let (Some(text), Some(times)) = (test.get(key).and_then(Value::as_str), times.as_u64()) else {
            return Err(Error::other(format!("`{key}_times` needs a number, and a `{key}` to repeat")));
        };
        let text = text.repeat(usize::try_from(times).map_err(Error::other)?);
        test.insert(key.to_owned(), Value::String(text));
    }
    Ok(test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_becomes_a_request() {
        let text = "#!/bin/x\n# optimus: verdict=accepted compare=tokens\n\
                    # optimus: stdin=\"a b\\n\" expect=\"é\" expect_times=2\n# optimus: args=[\"-v\"]\n\
                    # optimus: limits.cpu_ms=500 options.std=\"c11\"\nprint(1)\n# optimus: verdict=skipped\n";
        let (verdict, request) = parse(text).unwrap();
        assert_eq!(verdict, "accepted");
        let (verdict_too, _) = parse("(* optimus: verdict=accepted *)\nlet x = 1\n").unwrap();
        assert_eq!(verdict_too, verdict);
        let expected = json!({
            "compare": "tokens", "limits": {"cpu_ms": 500}, "options": {"std": "c11"},
            "tests": [{"stdin": "a b\n", "expect": "éé"}, {"args": ["-v"]}],
        });
        assert_eq!(Value::Object(request), expected);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["// optimus: expect=\"1\"", "// optimus: verdict", "// optimus: verdict=accepted expect_times=2"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
