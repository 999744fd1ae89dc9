//! The texts of commands: joined lines become lines again where a shell reads the same.

use crate::dockerfile::ShellText;

/// Shells that join lines at a backslash as BuildKit does.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"];

/// Whether a shell command of the posix kind is given by this list: `/bin/bash -c`.
pub(super) fn is_posix(shell: &[String]) -> bool {
    let [program, options @ ..] = shell else {
        return false;
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let is_command = |option: &String| {
        option.starts_with('-') && !option.starts_with("--") && option.ends_with('c')
    };
    SHELLS.contains(&name) && options.last().is_some_and(is_command)
}

/// The text of a command, on the lines that it had, if `shell` reads them as the joined ones.
pub(super) fn on_lines(command: &ShellText, shell: &[String], escape: char) -> String {
    let text = &command.text;
    if escape != '\\' || !is_posix(shell) || text.contains("<<") {
        return text.clone();
    }
    let mut lines = String::new();
    let mut done = 0;
    for joint in &command.joints {
        if may_break(&text[..*joint]) {
            lines.push_str(&text[done..*joint]);
            lines.push_str("\\\n");
            done = *joint;
        }
    }
    lines.push_str(&text[done..]);
    lines
}

/// Whether a backslash and a line's end after `before` are nothing to a shell: neither in single quotes nor in a
/// comment. What only may be one of these counts as one.
fn may_break(before: &str) -> bool {
    let is_open = before.matches('\'').count() % 2 == 1;
    let begins_comment = |(at, _): (usize, &str)| {
        let previous = before[..at].chars().next_back();
        previous.is_none_or(|c| c.is_whitespace() || ";&|()`".contains(c))
    };
    !is_open && !before.match_indices('#').any(begins_comment)
}

/// Words as a shell takes them.
pub(super) fn quoted(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    let word = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_where_a_shell_reads_them_as_one() {
        let sh = ["/bin/sh".to_owned(), "-c".to_owned()];
        let check = |parts: &[&str], expected: &str| {
            let mut command = ShellText {
                text: String::new(),
                joints: Vec::new(),
            };
            for part in parts {
                if !command.text.is_empty() {
                    command.joints.push(command.text.len());
                }
                command.text.push_str(part);
            }
            assert_eq!(on_lines(&command, &sh, '\\'), expected);
        };
        check(&["a && ", "  b"], "a && \\\n  b");
        check(&["echo 'a ", "b'"], "echo 'a b'");
        check(&["echo 'a' ", "b"], "echo 'a' \\\nb");
        check(&["a # b ", "c"], "a # b c");
        check(&["echo a#b ", "c"], "echo a#b \\\nc");
        check(&["cat <<A ", "c"], "cat <<A c");
        check(&["echo \"a ", "b\" ", "c"], "echo \"a \\\nb\" \\\nc");
    }

    #[test]
    fn shells_are_known_by_their_names() {
        let check = |shell: &[&str], expected: bool| {
            let shell: Vec<String> = shell.iter().map(ToString::to_string).collect();
            assert_eq!(is_posix(&shell), expected, "{shell:?}");
        };
        check(&["/bin/sh", "-c"], true);
        check(&["bash", "-o", "pipefail", "-ec"], true);
        check(&["/bin/sh"], false);
        check(&["pwsh", "-c"], false);
        check(&["python3", "-c"], false);
    }

    #[test]
    fn words_are_quoted() {
        let words = ["a/b", "", "it's", "$x"].map(str::to_owned);
        assert_eq!(quoted(&words), r"a/b '' 'it'\''s' '$x'");
    }
}
