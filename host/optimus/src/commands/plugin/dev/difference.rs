//! The difference between two texts, line by line.

/// Lines that went (`-`) and came (`+`); nothing where the texts are the same.
pub(super) fn lines(old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let common = common(&old, &new);
    let (mut text, mut i, mut j) = (String::new(), 0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            text += &format!("  - {}\n", old[i]);
            i += 1;
        } else {
            text += &format!("  + {}\n", new[j]);
            j += 1;
        }
    }
    Some(text)
}

/// Length of the longest common subsequence for each two ends. Plans are some hundred lines.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i][j] = match old[i] == new[j] {
                true => table[i + 1][j + 1] + 1,
                false => table[i + 1][j].max(table[i][j + 1]),
            };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_and_came_is_shown_and_nothing_else() {
        assert_eq!(lines("a\nb", "a\nb"), None);
        assert_eq!(lines("a\nb\nc", "a\nx\nc\nd").unwrap(), "  - b\n  + x\n  + d\n");
        assert_eq!(lines("", "a").unwrap(), "  + a\n");
        assert_eq!(lines("a\nb", "").unwrap(), "  - a\n  - b\n");
    }
}
