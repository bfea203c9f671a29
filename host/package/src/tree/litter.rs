//! Files that tools leave in a package and that are no part of it. The Kattis format demands that names which begin with a
//! period or a dash are treated as if they were not there (2025-09, "General requirements"); importers of other formats
//! skip what macOS, Windows, editors and version control leave.

/// Whether a name, of a file or a directory, is litter.
fn is(name: &str, is_at_top: bool) -> bool {
    // ICPC's packages keep their time limit in a file of this name.
    if name == ".timelimit" && is_at_top {
        return false;
    }
    name.starts_with(['.', '-'])
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'))
        || matches!(name, "__MACOSX" | "__pycache__" | "Thumbs.db" | "desktop.ini")
}

/// Whether a part of a path, a file or a directory, is.
pub(super) fn is_in(path: &str) -> bool {
    // An archive may hold the package's directory, and that one directories of several packages.
    path.split('/').enumerate().any(|(depth, name)| is(name, depth <= 2))
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn what_tools_leave_is_told_from_what_authors_write() {
        for path in [
            ".git/HEAD",
            "data/secret/._1.in",
            "__MACOSX/x",
            "p/__MACOSX/x",
            "data/1.in~",
            "data/#1.in#",
            "data/-1.in",
            "a/Thumbs.db",
        ] {
            assert!(is_in(path), "{path}");
        }
        for path in
            ["problem.yaml", ".timelimit", "p/.timelimit", "contest/p/.timelimit", "data/1-2.in", "#1.in", "tests/01.a"]
        {
            assert!(!is_in(path), "{path}");
        }
    }
}
