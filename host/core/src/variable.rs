//! Environment variables that a job or a plan may set.

/// The most of them in one environment.
pub const MAX_VARIABLES: usize = 64;
/// Bytes of all their names and values.
pub const MAX_BYTES: usize = 32 << 10;
const MAX_NAME_BYTES: usize = 128;

/// A loader reads these before the program starts, and the box reads its own.
const RESERVED: [&str; 2] = ["GLIBC_TUNABLES", "GCONV_PATH"];
const RESERVED_PREFIXES: [&str; 2] = ["LD_", "OPTIMUS_"];

/// Returns true if `name` matches `[A-Za-z_][A-Za-z0-9_]*`, up to 128 bytes.
pub fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Returns true if the variable is read before the program starts, by the loader or the box.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
