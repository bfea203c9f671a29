//! The change from one version of a plugin to another; requests beyond the old version need consent.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use serde::Serialize;

use super::lock::Entry;
use crate::output::{self, Advised, Output};

/// From one version of a plugin to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    pub(super) id: String,
    /// Version and digest.
    pub(super) from: [String; 2],
    pub(super) to: [String; 2],
    /// New requests, which need consent.
    pub(super) grows: Vec<String>,
    /// Requests that the new version drops.
    pub(super) shrinks: Vec<String>,
}

impl Change {
    pub(super) fn of(id: &str, old: &Entry, new: &Entry) -> Self {
        let mark = |entry: &Entry| [entry.version.clone(), entry.sha256.clone()];
        let grown = |(line, was): (String, Option<f64>)| was.map_or(line.clone(), |was| format!("{line}, was {was}"));
        let grows = beyond(old, new).into_iter().map(grown).chain(other_signer(old, new)).collect();
        let shrinks = beyond(new, old).into_iter().map(|(line, _)| line).collect();
        Self { id: id.to_owned(), from: mark(old), to: mark(new), grows, shrinks }
    }

    /// The bytes are the same.
    pub(super) fn is_none(&self) -> bool {
        self.from[1] == self.to[1]
    }

    /// A line for each difference, as `diff` marks them.
    pub(super) fn words(&self) -> String {
        let short = |[version, digest]: &[String; 2]| format!("{version} ({})", digest.get(..12).unwrap_or(digest));
        let mut text = format!("{}: {} to {}\n", self.id, short(&self.from), short(&self.to));
        text.extend(self.grows.iter().map(|line| format!("  + {line}\n")));
        text.extend(self.shrinks.iter().map(|line| format!("  - {line}\n")));
        text
    }

    /// Goes on when nothing grows or the user consents: by a flag, or at the keyboard.
    ///
    /// # Errors
    /// The user did not consent.
    pub(super) fn agree(&self, agreed: bool, output: Output) -> anyhow::Result<()> {
        if agreed || self.grows.is_empty() || self.asked(output)? {
            return Ok(());
        }
        let hint = "if that is what you want, `--accept` agrees".to_owned();
        let message =
            format!("the new `{}` asks for more than the one that is there: {}", self.id, self.grows.join("; "));
        Err(Advised::new("asks_for_more", message, Some(hint)).into())
    }

    fn asked(&self, output: Output) -> anyhow::Result<bool> {
        if output.is_json() || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Ok(false);
        }
        output::note(self.words().trim_end());
        output::note("The new version asks for more. Install it? [y/N]");
        std::io::stderr().flush()?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Ok(matches!(line.trim(), "y" | "Y" | "yes"))
    }
}

/// The requests of `new` beyond `old`, a line each; of a number, with the old one.
fn beyond(old: &Entry, new: &Entry) -> Vec<(String, Option<f64>)> {
    let more = |what: &str, old: &[String], new: &[String]| {
        let more = new.iter().filter(|item| !old.contains(item));
        more.map(|item| (format!("{what} {item}"), None)).collect::<Vec<_>>()
    };
    let mut lines = more("imports", &old.imports, &new.imports);
    lines.extend(more("may ask for the image", &old.images, &new.images));
    // An entry of before limits stood in it says nothing of them.
    for (name, value) in new.limits.iter().filter(|_| !old.limits.is_empty()) {
        let was = old.limits.get(name).copied().unwrap_or_default();
        if *value > was {
            lines.push((format!("{name} {value}"), Some(was)));
        }
    }
    lines
}

/// A first signature asks for nothing.
fn other_signer(old: &Entry, new: &Entry) -> Option<String> {
    let was = old.signed_by.as_ref().filter(|_| old.signed_by != new.signed_by)?;
    Some(format!("signed by {} instead of {was}", new.signed_by.as_deref().unwrap_or("nobody")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(images: &[&str], limits: &[(&str, f64)], signed_by: Option<&str>) -> Entry {
        Entry {
            version: "1".to_owned(),
            sha256: images.concat(),
            source: "x".to_owned(),
            imports: vec!["optimus:plugin/log@1.0.0".to_owned()],
            images: images.iter().map(|&image| image.to_owned()).collect(),
            signed_by: signed_by.map(str::to_owned),
            before: None,
            limits: limits.iter().map(|&(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    #[test]
    fn what_grows_is_named_and_what_shrinks_needs_no_leave() {
        let old = entry(&["a:1", "b:1"], &[("time multiplier", 1.0), ("minimum memory_bytes", 64.0)], Some("OLD"));
        let none = Change::of("x", &old, &old);
        assert!(none.is_none() && none.grows.is_empty() && none.shrinks.is_empty());
        let new = entry(&["b:1", "c:1"], &[("time multiplier", 2.5), ("minimum processes", 8.0)], Some("NEW"));
        let change = Change::of("x", &old, &new);
        let grows = [
            "may ask for the image c:1",
            "minimum processes 8, was 0",
            "time multiplier 2.5, was 1",
            "signed by NEW instead of OLD",
        ];
        assert_eq!(change.grows, grows);
        assert_eq!(change.shrinks, ["may ask for the image a:1", "minimum memory_bytes 64"]);
        let words = change.words();
        assert!(words.contains("  + may ask for the image c:1\n") && words.contains("  - may ask"), "{words}");
        let smaller = Change::of("x", &old, &entry(&["a:1"], &[("time multiplier", 0.5)], Some("OLD")));
        assert!(smaller.grows.is_empty() && smaller.agree(false, Output::new(true)).is_ok());
        assert!(change.agree(true, Output::new(true)).is_ok());
        let refused = change.agree(false, Output::new(true)).unwrap_err().to_string();
        assert!(refused.contains("asks for more than the one that is there: may ask for the image c:1"), "{refused}");
    }

    #[test]
    fn who_signs_it_from_now_on_is_a_matter_of_consent_and_a_first_signature_is_none() {
        let by = |signer| entry(&["a:1"], &[], signer);
        assert_eq!(Change::of("x", &by(Some("A")), &by(None)).grows, ["signed by nobody instead of A"]);
        assert!(Change::of("x", &by(None), &by(Some("A"))).grows.is_empty());
        // A lock of before limits stood in it.
        assert!(Change::of("x", &by(None), &entry(&["a:1"], &[("time multiplier", 9.0)], None)).grows.is_empty());
    }
}
