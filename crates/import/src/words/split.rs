//! Splits a line into words, without a look at what is in them: quotes and escapes stay.

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Blanks,
    Word,
    Quoted(char),
}

/// The words of `text`, as `ENV`, `LABEL` and `ARG` have them.
pub(crate) fn split(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut may_be_empty, mut phase) = (String::new(), false, Phase::Blanks);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if phase == Phase::Blanks {
            if c.is_whitespace() {
                continue;
            }
            phase = Phase::Word;
        }
        match phase {
            Phase::Blanks => {}
            Phase::Word if c.is_whitespace() => {
                phase = Phase::Blanks;
                if may_be_empty || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                may_be_empty = false;
            }
            Phase::Word => {
                if c == '\'' || c == '"' {
                    may_be_empty = true;
                    phase = Phase::Quoted(c);
                }
                push_escaped(&mut word, c, escape, &mut chars);
            }
            Phase::Quoted(quote) => {
                if c == quote {
                    phase = Phase::Word;
                }
                if quote == '\'' {
                    word.push(c);
                } else {
                    push_escaped(&mut word, c, escape, &mut chars);
                }
            }
        }
    }
    if phase != Phase::Blanks && (may_be_empty || !word.is_empty()) {
        words.push(word);
    }
    words
}

/// Adds a sign and, if it is the escape, the sign behind it. At the end of the line an escape is nothing.
fn push_escaped(word: &mut String, c: char, escape: char, chars: &mut std::str::Chars<'_>) {
    if c != escape {
        word.push(c);
    } else if let Some(next) = chars.next() {
        word.push(c);
        word.push(next);
    }
}
