//! Texts of the old language, as today's says them.

use super::{keys::Class, words::Names};

/// The text that means today what `text` meant.
pub(super) fn text(text: &str, class: Class, names: &Names) -> String {
    match class {
        Class::Template => placeholders(text, names),
        Class::Plain => doubled(text, "{}"),
        Class::TreeTemplate => placeholders(&doubled(text, "$"), names),
        Class::TreePlain => doubled(text, "{}$"),
        Class::Script => text.to_owned(),
        Class::Reference => with_tag(text, names),
    }
}

/// The first `{NAME}` of a variable in a command, which is refused today.
pub(super) fn in_script(text: &str, names: &Names) -> Option<String> {
    let mut before = None;
    for (at, c) in text.char_indices() {
        if c == '{'
            && !matches!(before, Some('$' | '{'))
            && let Some((name, rest)) = text[at + 1..].split_once('}')
            && !rest.starts_with('}')
            && names.has(name)
        {
            return Some(name.to_owned());
        }
        before = Some(c);
    }
    None
}

/// `text` with each of `characters` twice.
fn doubled(text: &str, characters: &str) -> String {
    let twice = |c: char| std::iter::repeat_n(c, if characters.contains(c) { 2 } else { 1 });
    text.chars().flat_map(twice).collect()
}

/// `text` with the placeholders of today: `{platform}` was `linux-arm64`, and names had dots.
fn placeholders(text: &str, names: &Names) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, behind) = rest.split_at(at);
        whole.push_str(before);
        if let Some(escaped) = behind.strip_prefix("{{") {
            whole.push_str("{{");
            rest = escaped;
            continue;
        }
        let Some((name, after)) = behind[1..].split_once('}') else {
            rest = behind;
            break;
        };
        let new = match name {
            "platform" => "platform|slug",
            name => names.renamed(name).unwrap_or(name),
        };
        whole.extend(["{", new, "}"]);
        rest = after;
    }
    whole + rest
}

/// The reference of an image with the tag that it had by default.
fn with_tag(text: &str, names: &Names) -> String {
    let text = placeholders(text, names);
    let last = text.rsplit('/').next().unwrap_or_default();
    if text == "scratch" || names.artifacts.contains(&text) || last.contains([':', '@']) {
        return text;
    }
    format!("{text}:latest")
}
