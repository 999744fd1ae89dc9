//! Splitting a command line into words, as `google/shlex` does for BuildKit's client.

/// A command line that ends in the middle of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandLineError {
    /// A quote is never closed.
    #[error("a quote in the command line is never closed")]
    UnclosedQuote,
    /// The last character escapes nothing.
    #[error("the command line ends in a backslash")]
    TrailingBackslash,
    /// There is no word in the line.
    #[error("the command line has no word")]
    Empty,
}

/// The state of the reader. A word goes on through quotes until a space outside of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Between,
    Word,
    Comment,
    SingleQuoted,
    DoubleQuoted,
}

/// The words of `line`: quotes group, a backslash escapes any character except in single quotes, and `#` at the start
/// of a word begins a comment. Nothing is expanded.
pub(crate) fn split(line: &str) -> Result<Vec<String>, CommandLineError> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut at = At::Between;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let is_space = matches!(character, ' ' | '\t' | '\r' | '\n');
        at = match (at, character) {
            (At::Comment, '\n') => At::Between,
            (At::Comment, _) | (At::Between, '#') => At::Comment,
            (At::SingleQuoted, '\'') | (At::DoubleQuoted, '"') => At::Word,
            (At::Between | At::Word, '\'') => At::SingleQuoted,
            (At::Between | At::Word, '"') => At::DoubleQuoted,
            (At::Between | At::Word, _) if is_space => {
                if at == At::Word {
                    words.push(std::mem::take(&mut word));
                }
                At::Between
            }
            (At::Between | At::Word | At::DoubleQuoted, '\\') => {
                word.push(
                    characters
                        .next()
                        .ok_or(CommandLineError::TrailingBackslash)?,
                );
                if at == At::DoubleQuoted {
                    At::DoubleQuoted
                } else {
                    At::Word
                }
            }
            (_, character) => {
                word.push(character);
                if at == At::Between { At::Word } else { at }
            }
        };
    }
    match at {
        At::SingleQuoted | At::DoubleQuoted => return Err(CommandLineError::UnclosedQuote),
        At::Word => words.push(word),
        At::Between | At::Comment => {}
    }
    if words.is_empty() {
        Err(CommandLineError::Empty)
    } else {
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_a_shell_would() {
        for (line, expected) in [
            ("ls -l", &["ls", "-l"][..]),
            (
                r#"sh -c "echo 'a b' && ls" plain\ arg # comment"#,
                &["sh", "-c", "echo 'a b' && ls", "plain arg"],
            ),
            ("a#b '' \"\"", &["a#b", "", ""]),
            (r#"a"b c"'d e'f"#, &["ab cd ef"]),
            (r#""a\"b\c""#, &[r#"a"bc"#]),
            (r"'a\b'", &[r"a\b"]),
            ("# only\nnext\t\n", &["next"]),
            (r"\# x", &["#", "x"]),
        ] {
            assert_eq!(split(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn unfinished_lines_are_refused() {
        assert_eq!(split("a 'b"), Err(CommandLineError::UnclosedQuote));
        assert_eq!(split("a \"b"), Err(CommandLineError::UnclosedQuote));
        assert_eq!(split("a \\"), Err(CommandLineError::TrailingBackslash));
        assert_eq!(split(" # x"), Err(CommandLineError::Empty));
    }
}
