//! Labels in lines.

/// Breaks `text` into lines of at most `width` characters, at blanks and after separators where there are some. The
/// text beyond `lines` lines is cut off with an ellipsis.
pub(super) fn wrap(text: &str, width: usize, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        for word in words(line, width) {
            let length = current.chars().count() + word.trim_end().chars().count();
            if !current.is_empty() && length > width {
                wrapped.push(current.trim_end().to_owned());
                current.clear();
            }
            current.push_str(&word);
        }
        if !current.trim_end().is_empty() {
            wrapped.push(current.trim_end().to_owned());
        }
    }
    if wrapped.len() > lines {
        wrapped.truncate(lines);
        if let Some(last) = wrapped.last_mut() {
            *last = last.chars().take(width - 1).chain(['…']).collect();
        }
    }
    if wrapped.is_empty() {
        wrapped.push(String::new());
    }
    wrapped
}

/// The pieces between which a line may be broken, each no longer than `width`.
fn words(line: &str, width: usize) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in line.chars() {
        let last = words.last().map_or(0, |word| word.chars().count());
        if last == width {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
        if c == ' ' || (matches!(c, '/' | ',' | '@') && last > 12) {
            words.push(String::new());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_broken_at_blanks() {
        let check = |text: &str, expected: &[&str]| assert_eq!(wrap(text, 10, 3), expected);
        check("apt", &["apt"]);
        check("apt install zsh", &["apt", "install", "zsh"]);
        check("run a b c d e", &["run a b c", "d e"]);
        check("0123456789abcdef", &["0123456789", "abcdef"]);
        check("a\nb", &["a", "b"]);
        check(
            "one two three four five six",
            &["one two", "three four", "five six"],
        );
        check(
            "aaaaaaaa bbbbbbbb cccccccc dddddddd",
            &["aaaaaaaa", "bbbbbbbb", "cccccccc…"],
        );
        check("", &[""]);
    }
}
