//! Text of guests and files, made safe for messages.

/// A guest's text for a message: short, and nothing in it moves a terminal's cursor.
pub(crate) fn shown(text: &str) -> String {
    let cut = cut(text, 64);
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", cut.escape_debug())
}

/// A text that may quote a file: cut to size, and nothing in it but the ends of its lines moves a terminal's cursor.
pub(crate) fn legible(text: &str) -> String {
    let cut = cut(text, 1_000);
    let dots = if cut.len() < text.len() { "…" } else { "" };
    let hidden = |c: char| c.is_control() && c != '\n';
    let shown = cut.chars().map(|c| if hidden(c) { c.escape_debug().to_string() } else { c.to_string() });
    shown.collect::<String>() + dots
}

/// `text`, cut at a character's border.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
