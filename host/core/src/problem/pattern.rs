//! Patterns of names in `submissions.yaml`: `*` stands for anything but `/`, `{a,b}` for one of several.
//! <https://www.kattis.com/problem-package-format/spec/2025-09#glob-patterns>

/// Returns true if the pattern fits a name or a directory that holds it; a directory may end with a slash.
pub fn fits(pattern: &str, name: &str) -> bool {
    let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
    let holders = name.match_indices('/').map(|(end, _)| &name[..end]).chain([name]);
    let patterns = expand(pattern);
    holders.into_iter().any(|name| patterns.iter().any(|pattern| matches(pattern, name)))
}

/// `{a,b}.py` is `a.py` and `b.py`.
fn expand(pattern: &str) -> Vec<String> {
    let parts = pattern.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?)));
    let Some((head, (choices, tail))) = parts else { return vec![pattern.to_owned()] };
    choices.split(',').flat_map(|choice| expand(&format!("{head}{choice}{tail}"))).collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            let Some(rest) = name.strip_prefix(head) else { return false };
            let end = rest.find('/').unwrap_or(rest.len());
            (0..=end).filter(|at| rest.is_char_boundary(*at)).any(|at| matches(tail, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_within_a_name() {
        assert!(fits("accepted/*", "accepted/a.py") && fits("accepted", "accepted/a.py") && fits("*", "accepted/a.py"));
        assert!(fits("*/a.*", "x/a.py") && !fits("*/a.*", "x/b.py") && !fits("a.*", "x/a.py"));
        assert!(fits("accepted/", "accepted/a.py") && fits("{x,y}/", "y/a.py") && !fits("accepted/", "accept/a.py"));
        assert!(fits("secret/*-easy", "secret/1-easy/3") && !fits("secret/*-easy", "secret/1-hard/3"));
        assert_eq!(expand("{a,b}.{x,y}"), ["a.x", "a.y", "b.x", "b.y"]);
    }
}
