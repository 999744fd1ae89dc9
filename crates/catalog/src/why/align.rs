//! The alignment of two lists of steps: the same ones, the changed ones, the new ones and the ones that are gone.

/// A pair of elements, or an element of one list alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair {
    /// Both lists have it: their indices.
    Both(usize, usize),
    /// Only the old list has it.
    Old(usize),
    /// Only the new list has it.
    New(usize),
}

/// The limit on comparisons; longer lists are paired in their order.
const LIMIT: usize = 4_000_000;

/// Aligns `old` and `new`. First come the `same` elements, in order (a longest common subsequence). Then the elements
/// left between two of them are paired, in order, if `alike` says that one may have become the other.
pub(super) fn align(
    old: usize,
    new: usize,
    same: impl Fn(usize, usize) -> bool,
    alike: impl Fn(usize, usize) -> bool,
) -> Vec<Pair> {
    let head = (0..old.min(new)).take_while(|&i| same(i, i)).count();
    let most = old.min(new) - head;
    let tail = (0..most)
        .take_while(|&i| same(old - 1 - i, new - 1 - i))
        .count();
    let mut pairs: Vec<Pair> = (0..head).map(|i| Pair::Both(i, i)).collect();
    let (old_end, new_end) = (old - tail, new - tail);
    let common = common(head..old_end, head..new_end, &same);
    let (mut i, mut j) = (head, head);
    for (old, new) in common.into_iter().chain([(old_end, new_end)]) {
        between(i..old, j..new, &alike, &mut pairs);
        if old < old_end && new < new_end {
            pairs.push(Pair::Both(old, new));
        }
        (i, j) = (old + 1, new + 1);
    }
    pairs.extend((0..tail).map(|k| Pair::Both(old_end + k, new_end + k)));
    pairs
}

/// A longest common subsequence, as pairs of indices.
fn common(
    old: std::ops::Range<usize>,
    new: std::ops::Range<usize>,
    same: &impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let (rows, columns) = (old.len(), new.len());
    if rows == 0 || columns == 0 || rows.saturating_mul(columns) > LIMIT {
        return Vec::new();
    }
    let width = columns + 1;
    let mut longest = vec![0_u32; (rows + 1) * width];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            longest[row * width + column] = if same(old.start + row, new.start + column) {
                longest[(row + 1) * width + column + 1] + 1
            } else {
                longest[(row + 1) * width + column].max(longest[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < rows && column < columns {
        if same(old.start + row, new.start + column) {
            pairs.push((old.start + row, new.start + column));
            row += 1;
            column += 1;
        } else if longest[(row + 1) * width + column] >= longest[row * width + column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

/// The elements left between two common ones: each old one with the next new one that it may have become.
fn between(
    old: std::ops::Range<usize>,
    new: std::ops::Range<usize>,
    alike: &impl Fn(usize, usize) -> bool,
    pairs: &mut Vec<Pair>,
) {
    let mut next = new.start;
    for i in old {
        match (next..new.end).find(|&j| alike(i, j)) {
            Some(j) => {
                pairs.extend((next..j).map(Pair::New));
                pairs.push(Pair::Both(i, j));
                next = j + 1;
            }
            None => pairs.push(Pair::Old(i)),
        }
    }
    pairs.extend((next..new.end).map(Pair::New));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_lined_up() {
        let check = |old: &str, new: &str, expected: &str| {
            let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
            let pairs = align(
                old.len(),
                new.len(),
                |i, j| old[i] == new[j],
                |i, j| old[i].eq_ignore_ascii_case(&new[j]),
            );
            let shown: Vec<String> = pairs
                .into_iter()
                .map(|pair| match pair {
                    Pair::Both(i, j) if old[i] == new[j] => old[i].to_string(),
                    Pair::Both(i, j) => format!("{}>{}", old[i], new[j]),
                    Pair::Old(i) => format!("-{}", old[i]),
                    Pair::New(j) => format!("+{}", new[j]),
                })
                .collect();
            assert_eq!(shown.join(" "), expected);
        };
        check("abc", "abc", "a b c");
        check("abc", "aBc", "a b>B c");
        check("abc", "abxc", "a b +x c");
        check("abc", "ac", "a -b c");
        check("abc", "xbc", "-a +x b c");
        check("", "ab", "+a +b");
        check("ab", "", "-a -b");
        check("abcd", "xacBd", "+x a -b c +B d");
    }
}
