//! `language.toml`: what is wrong is told with its line and advice; what is right plans and can be built and ejected.

use optimus_declarative::author;
use optimus_sdk::Request;

/// Reads a language and tries it.
pub fn fuzz(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let manifest = match author::read(text, Vec::new()) {
        Ok(manifest) => manifest,
        Err(wrong) => {
            assert!((1..=text.lines().count() + 1).contains(&wrong.line), "{wrong:?}");
            assert!(!wrong.hint.is_empty(), "{wrong:?}");
            return;
        }
    };
    let _ = manifest.descriptor();
    let extension = manifest.extensions.first().map_or("x", String::as_str);
    let (main, other) = (format!("main.{extension}"), format!("a b/-{extension}.{extension}"));
    for request in [
        Request::of([(main.as_str(), "text")]),
        Request::of([(main.as_str(), ""), (other.as_str(), "")]).with_entry(&other).with_args(&["-x", ""]),
        Request::of([("data", "")]).with_options(r#"{"std": "17", "flags": ["-x"], "debug": true}"#),
        Request::of([]).with_options("{"),
    ] {
        // Refusing is fine.
        let _ = manifest.plan(&request);
    }
    // It takes a thousand times as long as all of the above.
    if text.len().is_multiple_of(64) {
        let _ = author::fill(&manifest);
        let _ = author::crates::ejected(&manifest, &[]);
    }
}
