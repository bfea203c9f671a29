//! Environment variables that a job sets for its program.

use std::collections::BTreeMap;

use crate::Invalid;
use crate::variable::{MAX_BYTES, MAX_VARIABLES, is_name, is_reserved};

/// Checks the variables of a job.
pub(super) fn check(env: &BTreeMap<String, String>) -> Result<(), Invalid> {
    let bytes: usize = env.iter().map(|(name, value)| name.len() + value.len()).sum();
    if env.len() > MAX_VARIABLES || bytes > MAX_BYTES {
        let message = format!("has {} variables of {bytes} bytes together", env.len());
        let hint = format!("up to {MAX_VARIABLES} variables and {MAX_BYTES} bytes; write more into a file");
        return Err(Invalid::new("env", message).hint(hint));
    }
    env.iter().try_for_each(|(name, value)| check_variable(name, value))
}

fn check_variable(name: &str, value: &str) -> Result<(), Invalid> {
    let shown: String = name.chars().take(64).collect();
    let invalid = |why: &str| Invalid::new("env", format!("`{}` {why}", shown.escape_debug()));
    if !is_name(name) {
        return Err(invalid("does not match [A-Za-z_][A-Za-z0-9_]*, up to 128 bytes"));
    }
    if is_reserved(name) {
        return Err(invalid("may not be set: the loader or the box reads it before the program starts"));
    }
    if value.contains('\0') {
        return Err(invalid("has a value with a NUL byte, which no program can be given"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(name: &str, value: &str) -> Result<(), Invalid> {
        check(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn a_variable_that_no_program_can_have_is_refused_by_its_name() {
        assert_eq!(check_one("A_1", "x=y"), Ok(()));
        assert_eq!(check_one("_", ""), Ok(()));
        for bad in ["", "1A", "A=B", "a b", "Ä", "LD_PRELOAD", "OPTIMUS_X", "GLIBC_TUNABLES", &"A".repeat(129)] {
            let error = check_one(bad, "x").unwrap_err();
            assert!(error.field == "env" && error.message.starts_with('`'), "{bad}: {error}");
        }
        assert!(check_one("A", "x\0y").is_err() && check_one("A", &"x".repeat(MAX_BYTES)).is_err());
        let many = (0..=MAX_VARIABLES).map(|i| (format!("A{i}"), String::new())).collect();
        assert!(check(&many).is_err());
    }
}
