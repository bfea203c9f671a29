//! Names of files inside a box.

use serde::{Deserialize, Serialize};

/// A path relative to the work area that cannot leave it: no leading `/`, no `..`, no `.` or empty part, no NUL, no
/// backslash, at most 255 bytes a part and 1,024 in all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct BoxPath(String);

impl BoxPath {
    /// Checks a path.
    ///
    /// # Errors
    /// What is wrong with it, to be shown beside its name.
    pub fn new(path: impl Into<String>) -> Result<Self, &'static str> {
        let path = path.into();
        check(&path)?;
        Ok(Self(path))
    }

    /// The path as text, with `/` between the parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for BoxPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BoxPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        Self::new(path).map_err(serde::de::Error::custom)
    }
}

/// The first part that boxes keep for themselves.
const RESERVED: &str = ".channels";

fn check(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("is empty");
    }
    if path.len() > 1024 {
        return Err("is longer than 1024 bytes");
    }
    if path.starts_with('/') {
        return Err("is absolute; paths are relative to the work area");
    }
    if path.contains('\0') {
        return Err("holds a NUL byte");
    }
    if path.contains('\\') {
        return Err("holds a backslash; parts are separated by `/`");
    }
    if path == RESERVED || path.strip_prefix(RESERVED).is_some_and(|rest| rest.starts_with('/')) {
        return Err("is called `.channels`, as what processes talk through");
    }
    for part in path.split('/') {
        match part {
            "" => return Err("has an empty part"),
            "." | ".." => return Err("has a `.` or `..` part"),
            _ if part.len() > 255 => return Err("has a part longer than 255 bytes"),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_plain_relative_paths() {
        for path in ["main.c", "src/a b/é.rs", "-x", "...", "a.b/.hidden"] {
            assert!(BoxPath::new(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn refuses_the_place_of_channels_and_nothing_beside_it() {
        for (path, is_ok) in
            [(".channels", false), (".channels/0.in", false), (".channels2", true), ("a/.channels", true)]
        {
            assert_eq!(BoxPath::new(path).is_ok(), is_ok, "{path}");
        }
    }

    #[test]
    fn refuses_what_could_leave_or_confuse() {
        let long = "a/".repeat(600) + "b";
        for path in
            ["", "/etc/x", "../x", "a/../../b", "a//b", ".", "./a", "a/", "a\0b", "a\\b", &long, &"x".repeat(256)]
        {
            assert!(BoxPath::new(path).is_err(), "{path:?}");
        }
    }
}
