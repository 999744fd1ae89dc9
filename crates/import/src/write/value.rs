//! Values of TOML: the plainest spelling of each.

use std::collections::BTreeSet;

use crate::model::Value;

/// A key, in quotes if it needs them.
pub(super) fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        basic(name)
    }
}

/// A value on one line, but for texts of several lines.
pub(super) fn value(of: &Value, names: &BTreeSet<String>) -> String {
    match of {
        Value::Text(of) => text(of),
        Value::Script(script) => text(&script.written(names)),
        Value::Bool(of) => of.to_string(),
        Value::Number(of) => of.to_string(),
        Value::List(values) => {
            let values: Vec<String> = values.iter().map(|of| value(of, names)).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Table(pairs) => {
            let pair =
                |(name, of): &(String, Value)| format!("{} = {}", key(name), value(of, names));
            let pairs: Vec<String> = pairs.iter().map(pair).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

fn text(text: &str) -> String {
    let is_literal = |c: char| !c.is_control() || c == '\t';
    let is_plain = text.chars().all(is_literal);
    if is_plain && !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    if is_plain && !text.contains('\'') {
        return format!("'{text}'");
    }
    let lines_are_literal = text.chars().all(|c| is_literal(c) || c == '\n');
    if lines_are_literal && !text.contains("'''") {
        let begin = if text.contains('\n') { "\n" } else { "" };
        return format!("'''{begin}{text}'''");
    }
    if text.contains('\n') {
        return lines(text);
    }
    basic(text)
}

/// A text of several lines with escapes.
fn lines(text: &str) -> String {
    let escaped: Vec<String> = text.split('\n').map(escaped).collect();
    format!("\"\"\"\n{}\"\"\"", escaped.join("\n"))
}

fn basic(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn code(c: char) -> String {
    format!("\\u{:04X}", u32::from(c))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            c if c.is_control() => escaped.push_str(&code(c)),
            c => escaped.push(c),
        }
    }
    escaped
}
