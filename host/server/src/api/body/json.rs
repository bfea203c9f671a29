//! Bounds what a body of JSON may become in memory: three bytes of text can be a value of some hundred bytes.

use axum::http::StatusCode;

use crate::api::ApiError;

/// Values of one body; a batch of 1,000 jobs with 50 tests each has about half of them.
const MOST: usize = 500_000;

/// Refuses a body with too many values, before any of them is made.
pub(super) fn check_values(json: &[u8]) -> Result<(), ApiError> {
    let values = count_values(json);
    if values <= MOST {
        return Ok(());
    }
    let message = format!("the body holds {values} JSON values, and this server takes {MOST}");
    let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message);
    Err(error.hint("split it, or store the tests once with POST /v1/problems"))
}

/// An upper bound of the number of values: each follows a bracket, a brace, a comma or a colon, or is the first.
fn count_values(json: &[u8]) -> usize {
    let (mut values, mut rest) = (1, json);
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' => skip_string(after),
            b',' | b':' | b'[' | b'{' => {
                values += 1;
                after
            }
            _ => after,
        };
    }
    values
}

/// The rest behind a string whose opening quote was read.
fn skip_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        match rest[at] {
            b'"' => return &rest[at + 1..],
            // An escape is at least two bytes; the second may be a quote.
            _ => rest = rest.get(at + 2..).unwrap_or_default(),
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_strings() {
        assert_eq!(count_values(b"1"), 1);
        assert_eq!(count_values(br#"{"a,[{":"\",\\",  "b":[1,2]}"#), 7);
        assert_eq!(count_values(br#"["\\",1]"#), 3);
        assert_eq!(count_values(br#""open,,,,"#), 1);
    }

    #[test]
    fn many_values_are_refused_and_long_strings_are_not() {
        let many = format!("[{}1]", "1,".repeat(MOST));
        assert!(check_values(many.as_bytes()).is_err());
        let long = format!("\"{}\"", ",".repeat(4 * MOST));
        assert!(check_values(long.as_bytes()).is_ok());
    }
}
