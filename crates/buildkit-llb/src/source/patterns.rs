//! Lists of patterns as attribute values: JSON arrays, escaped as Go's `encoding/json` does.

use std::fmt::Write as _;

/// The patterns as a compact JSON array.
pub(super) fn pattern_list(patterns: &[String]) -> String {
    let mut list = String::from("[");
    for (number, pattern) in patterns.iter().enumerate() {
        list.push_str(if number == 0 { "\"" } else { ",\"" });
        pattern
            .chars()
            .for_each(|character| push_escaped(&mut list, character));
        list.push('"');
    }
    list.push(']');
    list
}

/// Go also escapes what is unsafe in HTML, and the two line separators that JavaScript once could not read.
fn push_escaped(list: &mut String, character: char) {
    match character {
        '"' => list.push_str("\\\""),
        '\\' => list.push_str("\\\\"),
        '\n' => list.push_str("\\n"),
        '\r' => list.push_str("\\r"),
        '\t' => list.push_str("\\t"),
        '\u{8}' => list.push_str("\\b"),
        '\u{c}' => list.push_str("\\f"),
        '\0'..='\x1f' | '&' | '<' | '>' | '\u{2028}' | '\u{2029}' => {
            let _never_fails = write!(list, "\\u{:04x}", u32::from(character));
        }
        character => list.push(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_go_does() {
        let check =
            |pattern: &str, expected: &str| assert_eq!(pattern_list(&[pattern.into()]), expected);
        check("src/**", r#"["src/**"]"#);
        check("a & b <c>", r#"["a \u0026 b \u003cc\u003e"]"#);
        check("q\"b\\", r#"["q\"b\\"]"#);
        check(
            "\n\r\t\u{8}\u{c}\u{1}\u{7f}",
            "[\"\\n\\r\\t\\b\\f\\u0001\u{7f}\"]",
        );
        check("ä\u{2028}'", "[\"ä\\u2028'\"]");
        assert_eq!(pattern_list(&["a".into(), "b".into()]), r#"["a","b"]"#);
    }
}
