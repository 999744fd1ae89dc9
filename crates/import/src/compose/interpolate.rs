//! Variables of the environment in a compose file.

/// A text, and the variables that were in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filled {
    pub(super) text: String,
    pub(super) names: Vec<String>,
}

/// The text with the defaults of its variables; `$$` is a dollar.
pub(super) fn interpolated(text: &str) -> Result<Filled, String> {
    let mut filled = Filled::default();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        filled.text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            filled.text.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let end = closing(after).ok_or_else(|| format!("`${{{after}` is not closed"))?;
            let inner = &after[..end];
            let name_ends = inner.find(|c: char| !is_word(c)).unwrap_or(inner.len());
            let (name, form) = inner.split_at(name_ends);
            if name.is_empty() {
                return Err(format!("`${{{inner}}}` has no name"));
            }
            filled.names.push(name.to_owned());
            if let Some(default) = form.strip_prefix(":-").or_else(|| form.strip_prefix('-')) {
                let default = interpolated(default)?;
                filled.text.push_str(&default.text);
                filled.names.extend(default.names);
            }
            rest = &after[end + 1..];
        } else {
            let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            if end == 0 {
                return Err(format!(
                    "`{text}`: a dollar that is none of a variable is `$$`"
                ));
            }
            filled.names.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
    }
    filled.text.push_str(rest);
    Ok(filled)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Where the brace is that closes the one before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_their_defaults() {
        let check = |text: &str, expected: &str, names: &[&str]| {
            let filled = interpolated(text).unwrap();
            assert_eq!(
                (filled.text.as_str(), filled.names.len()),
                (expected, names.len()),
                "{text}"
            );
            assert_eq!(filled.names, names, "{text}");
        };
        check("a$$b", "a$b", &[]);
        check("${A:-x}-${B-y}", "x-y", &["A", "B"]);
        check("${A:-${B:-z}}", "z", &["A", "B"]);
        check("$A/b", "/b", &["A"]);
        check("${A:+x}", "", &["A"]);
        assert!(interpolated("${A").is_err());
        assert!(interpolated("a$").is_err());
        assert!(interpolated("${}").is_err());
    }
}
