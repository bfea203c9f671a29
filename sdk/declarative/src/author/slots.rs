//! The names that may stand in braces in a command; `expand` fills them in.

use crate::expand::pieces;

/// A name, and true if it can be several words. An option's slot has the option's name.
pub(super) type Slot = (&'static str, bool);

/// The slots that every command may have.
pub(super) const SLOTS: [Slot; 11] = [
    ("main", false),
    ("stem", false),
    ("dir", false),
    ("class", false),
    ("sources", true),
    ("others", true),
    ("data", true),
    ("each", false),
    ("memory_mib", false),
    ("heap_mib", false),
    ("stack_mib", false),
];

/// The names in braces in a word; `{{` and `}}` are braces.
///
/// # Errors
/// What is wrong with its braces.
pub(super) fn slots(word: &str) -> Result<Vec<String>, String> {
    Ok(pieces(word)?.into_iter().filter_map(|piece| piece.slot.then_some(piece.text)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_slots_unless_doubled() {
        assert_eq!(slots("a{main}b{x}").unwrap(), ["main", "x"]);
        assert_eq!(slots("{{print}}").unwrap(), Vec::<String>::new());
        for wrong in ["{main", "main}", "{{main}", "a}b"] {
            assert!(slots(wrong).is_err(), "{wrong}");
        }
    }
}
