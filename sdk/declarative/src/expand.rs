//! Words with slots: `-o{stem}` is one word with a slot in it; `{sources}` is as many words as there are sources.

use optimus_sdk::options::Options;
use optimus_sdk::{Error, Request};

use crate::Manifest;
use crate::manifest::{Choice, Kind};

/// A part of a word: a slot's name, or text as it is.
pub(crate) struct Piece {
    pub(crate) slot: bool,
    pub(crate) text: String,
}

pub(crate) fn pieces(word: &str) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut text, mut chars) = (Vec::new(), String::new(), word.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => text.extend(chars.next()),
            '}' => return Err(format!("`{word}` has a `}}` without a `{{`; a brace itself is `}}}}`")),
            '{' => {
                pieces.push(Piece { slot: false, text: std::mem::take(&mut text) });
                let name: String = chars.by_ref().take_while(|c| *c != '}').collect();
                if !word.contains(&format!("{{{name}}}")) {
                    return Err(format!("`{word}` has a `{{` without a `}}`; a brace itself is `{{{{`"));
                }
                pieces.push(Piece { slot: true, text: name });
            }
            c => text.push(c),
        }
    }
    pieces.push(Piece { slot: false, text });
    Ok(pieces)
}

/// Fills in the slots for one job.
pub(crate) struct Filler<'a> {
    manifest: &'a Manifest,
    request: &'a Request,
    options: Options,
}

impl<'a> Filler<'a> {
    pub(crate) fn new(manifest: &'a Manifest, request: &'a Request) -> Result<Self, Error> {
        Ok(Self { manifest, request, options: request.options(manifest.declared())? })
    }

    /// The words of a command; `each` is the source that it is repeated for.
    pub(crate) fn words(&self, words: &[String], each: Option<&str>) -> Result<Vec<String>, Error> {
        let mut filled = Vec::new();
        for word in words {
            match word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).map(|name| self.list(name)) {
                Some(Some(list)) => filled.extend(list?),
                _ => filled.push(self.word(word, each)?),
            }
        }
        Ok(filled)
    }

    fn word(&self, word: &str, each: Option<&str>) -> Result<String, Error> {
        // `author` has checked every word, so this plugin was not built by it.
        let pieces = pieces(word).map_err(Error::Unsupported)?;
        let fill = |piece: Piece| if piece.slot { self.one(&piece.text, each) } else { Ok(piece.text) };
        pieces.into_iter().map(fill).collect()
    }

    fn list(&self, name: &str) -> Option<Result<Vec<String>, Error>> {
        let extensions: Vec<&str> = self.manifest.extensions.iter().map(String::as_str).collect();
        Some(match (name, self.option(name)) {
            ("sources", _) => self.request.source_args(&extensions),
            ("others", _) => self.request.source_args(&extensions).map(|list| list.into_iter().skip(1).collect()),
            ("data", _) => Ok(self.request.data(&extensions)),
            (_, Some(Choice { kind: Kind::Flags, .. })) => Ok(self.options.flags(name)),
            (_, Some(Choice { kind: Kind::Switch(word, _), .. })) => {
                Ok(self.options.switch(name).then(|| word.clone()).into_iter().collect())
            }
            (_, Some(Choice { kind: Kind::Text, .. })) => {
                Ok(self.options.text(name).map(str::to_owned).into_iter().collect())
            }
            _ => return None,
        })
    }

    fn one(&self, name: &str, each: Option<&str>) -> Result<String, Error> {
        let main = || self.request.entry_arg();
        let memory = self.request.limits.memory_mib();
        Ok(match name {
            "main" => main()?,
            "stem" => stem(&main()?).to_owned(),
            "dir" => main()?.rsplit_once('/').map_or(".", |(dir, _)| dir).to_owned(),
            "class" => self.request.entry_class()?,
            "each" => each.map_or_else(main, |each| Ok(each.to_owned()))?,
            "memory_mib" => memory.to_string(),
            "stack_mib" => self.request.limits.stack_mib().to_string(),
            "heap_mib" => (memory / 4 * 3).max(4).to_string(),
            _ => match self.option(name).map(|option| &option.kind) {
                Some(Kind::Values(_)) => self.options.choice(name).to_owned(),
                Some(Kind::Text) => self.options.text(name).unwrap_or_default().to_owned(),
                _ => return Err(Error::Unsupported(format!("nothing fills in `{{{name}}}`"))),
            },
        })
    }

    /// The image of the plan: of a command the one that the job chooses.
    pub(crate) fn image(&self) -> String {
        match self.manifest.is_command() {
            true => self.options.choice("image").to_owned(),
            false => self.manifest.images.first().cloned().unwrap_or_default(),
        }
    }

    fn option(&self, name: &str) -> Option<&Choice> {
        self.manifest.options.iter().find(|option| option.name == name)
    }
}

/// A path without its extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rfind('.') {
        Some(dot) if dot > 0 => &path[..path.len() - name.len() + dot],
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_the_path_without_its_extension() {
        assert_eq!([stem("a/b.c"), stem("a.b/c"), stem("./.x"), stem("a.tar.gz")], ["a/b", "a.b/c", "./.x", "a.tar"]);
    }
}
