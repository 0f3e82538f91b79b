//! The names nearest to a wrong one, for the text of a 404.

/// The `count` names with the smallest edit distance to `asked`, nearest first.
pub fn nearest<'a>(asked: &str, names: impl Iterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let mut ranked: Vec<(usize, &str)> = names.map(|name| (distance(asked, name), name)).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().take(count).map(|(_, name)| name).collect()
}

/// Levenshtein distance over the first 64 characters.
fn distance(a: &str, b: &str) -> usize {
    const CAP: usize = 64;
    let b: Vec<char> = b.chars().take(CAP).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(CAP).enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        for ((cb, above), above_left) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            let changed = above_left + usize::from(ca != *cb);
            next.push(changed.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_edits() {
        for (a, b, expected) in
            [("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("gpt-5", "gpt-4", 1)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_come_first() {
        let names = ["openai/gpt-5", "openai/gpt-5-mini", "anthropic/claude-haiku-4", "mistral/small"];
        assert_eq!(nearest("openai/gpt5", names.into_iter(), 2), ["openai/gpt-5", "openai/gpt-5-mini"]);
    }
}
