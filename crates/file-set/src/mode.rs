//! Modes of files, as `chmod` takes them: octal or symbolic.

use std::{fmt, str::FromStr};

/// The permission bits that files get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mode {
    text: String,
    rule: Rule,
}

/// A text that is no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no mode: write it in octal, as `0755`, or as changes, as `u=rwX,go=rX` ({problem})"
)]
pub struct ModeError {
    text: String,
    problem: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// These bits.
    Bits(u32),
    /// These changes of the bits that a file has.
    Changes(Vec<Change>),
}

/// One change: `go-w`, or one of those of `u+r-w`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// The bits that it may touch.
    who: u32,
    operator: char,
    bits: Bits,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Bits {
    /// These, and, with `X`, the right to execute where the file is a directory or has that right already.
    Named { bits: u32, with_x: bool },
    /// Those that the user, the group or others have: a shift of three bits.
    Of(u32),
}

const READ: u32 = 0o444;
const WRITE: u32 = 0o222;
const EXECUTE: u32 = 0o111;
const SET_ID: u32 = 0o6000;
const STICKY: u32 = 0o1000;
const ALL: u32 = 0o7777;

impl Mode {
    /// The mode with these permission bits.
    pub fn of_bits(bits: u32) -> Self {
        let bits = bits & ALL;
        Self {
            text: format!("{bits:04o}"),
            rule: Rule::Bits(bits),
        }
    }

    /// The mode of a file that has the bits `old`.
    pub fn of_file(&self, old: u32) -> u32 {
        match &self.rule {
            Rule::Bits(bits) => *bits,
            Rule::Changes(changes) => changed(old, changes, false),
        }
    }

    /// The mode of a directory that has the bits `old`, and that this mode is meant for.
    pub fn of_directory(&self, old: u32) -> u32 {
        match &self.rule {
            Rule::Bits(bits) => *bits,
            Rule::Changes(changes) => changed(old, changes, true),
        }
    }

    /// The mode of a directory with files that this mode is meant for: who may read the files may enter it.
    pub fn of_directory_above(&self, old: u32) -> u32 {
        match &self.rule {
            Rule::Bits(bits) => bits | (bits & READ) >> 2,
            Rule::Changes(changes) => changed(old, changes, true),
        }
    }
}

fn changed(old: u32, changes: &[Change], is_directory: bool) -> u32 {
    let may_execute = is_directory || old & EXECUTE != 0;
    changes.iter().fold(old & ALL, |mode, change| {
        let bits = match change.bits {
            Bits::Named { bits, with_x } if with_x && may_execute => bits | EXECUTE,
            Bits::Named { bits, .. } => bits,
            Bits::Of(shift) => (mode >> shift & 0o7) * 0o111,
        };
        let bits = bits & change.who;
        match change.operator {
            '+' => mode | bits,
            '-' => mode & !bits,
            _ => mode & !change.who | bits,
        }
    })
}

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let wrong = |problem: String| ModeError {
            text: text.to_owned(),
            problem,
        };
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            let bits = u32::from_str_radix(text, 8);
            let bits =
                bits.map_err(|_| wrong("not all of it are digits from 0 to 7".to_owned()))?;
            if bits > ALL {
                return Err(wrong("the largest is `7777`".to_owned()));
            }
            return Ok(Self::of_bits(bits));
        }
        let mut changes = Vec::new();
        for clause in text.split(',') {
            changes.extend(clause_changes(clause).map_err(wrong)?);
        }
        Ok(Self {
            text: text.to_owned(),
            rule: Rule::Changes(changes),
        })
    }
}

/// The changes of `u+r-w`: each has the same `who`.
fn clause_changes(clause: &str) -> Result<Vec<Change>, String> {
    let is_operator = |c: char| matches!(c, '+' | '-' | '=');
    let Some(at) = clause.find(is_operator) else {
        return Err(format!("`{clause}` has none of `+`, `-` and `=`"));
    };
    let (whom, mut rest) = clause.split_at(at);
    let who = who(whom)?;
    let mut changes = Vec::new();
    while let Some(operator) = rest.chars().next() {
        let behind = &rest[operator.len_utf8()..];
        let end = behind.find(is_operator).unwrap_or(behind.len());
        let (letters, after) = behind.split_at(end);
        changes.push(Change {
            who,
            operator,
            bits: bits(letters)?,
        });
        rest = after;
    }
    Ok(changes)
}

fn who(letters: &str) -> Result<u32, String> {
    if letters.is_empty() {
        return Ok(ALL);
    }
    letters.chars().try_fold(0, |who, letter| match letter {
        'u' => Ok(who | 0o4700),
        'g' => Ok(who | 0o2070),
        'o' => Ok(who | 0o1007),
        'a' => Ok(ALL),
        _ => Err(format!(
            "`{letter}` is none of `u`, `g`, `o` and `a`, whose rights change"
        )),
    })
}

fn bits(letters: &str) -> Result<Bits, String> {
    match letters {
        "u" => return Ok(Bits::Of(6)),
        "g" => return Ok(Bits::Of(3)),
        "o" => return Ok(Bits::Of(0)),
        _ => {}
    }
    let (mut bits, mut with_x) = (0, false);
    for letter in letters.chars() {
        match letter {
            'r' => bits |= READ,
            'w' => bits |= WRITE,
            'x' => bits |= EXECUTE,
            'X' => with_x = true,
            's' => bits |= SET_ID,
            't' => bits |= STICKY,
            _ => {
                return Err(format!(
                    "`{letter}` is none of the rights `r`, `w`, `x`, `X`, `s` and `t`"
                ));
            }
        }
    }
    Ok(Bits::Named { bits, with_x })
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_those_of_chmod() {
        let check = |mode: &str, old: u32, file: u32, directory: u32| {
            let mode: Mode = mode.parse().unwrap();
            assert_eq!(
                (mode.of_file(old), mode.of_directory(old)),
                (file, directory),
                "{mode} of {old:o}"
            );
        };
        check("0640", 0o755, 0o640, 0o640);
        check("4755", 0o644, 0o4755, 0o4755);
        check("u=rwX,go=", 0o644, 0o600, 0o700);
        check("u=rwX,go=", 0o755, 0o700, 0o700);
        check("a+X", 0o744, 0o755, 0o755);
        check("+x", 0o644, 0o755, 0o755);
        check("go-rwx", 0o4777, 0o4700, 0o4700);
        check("u+s,g+s", 0o755, 0o6755, 0o6755);
        check("+t", 0o777, 0o1777, 0o1777);
        check("o+s,u+t", 0o755, 0o755, 0o755);
        check("g=u", 0o640, 0o660, 0o660);
        check("g=u,o=g", 0o700, 0o777, 0o777);
        check("u+x-w", 0o644, 0o544, 0o544);
        check("a=", 0o7777, 0, 0);
        check("u=rw", 0o4755, 0o655, 0o655);
    }

    #[test]
    fn who_reads_files_enters_their_directory() {
        let check = |mode: &str, expected: u32| {
            let mode: Mode = mode.parse().unwrap();
            assert_eq!(mode.of_directory_above(0o755), expected, "{mode}");
        };
        check("0644", 0o755);
        check("0440", 0o550);
        check("0600", 0o700);
        check("0750", 0o750);
        check("1777", 0o1777);
        check("go-rwx", 0o700);
    }

    #[test]
    fn a_mode_is_written_as_it_is_read() {
        let check = |text: &str, expected: &str| {
            assert_eq!(text.parse::<Mode>().unwrap().to_string(), expected);
        };
        check("755", "0755");
        check("u=rwX,go=rX", "u=rwX,go=rX");
        assert_eq!("0755".parse(), Ok(Mode::of_bits(0o755)));
    }

    #[test]
    fn what_is_no_mode_is_refused_with_its_reason() {
        let check = |text: &str, problem: &str| {
            let error = text.parse::<Mode>().unwrap_err().to_string();
            let expected = format!(
                "`{text}` is no mode: write it in octal, as `0755`, or as changes, as `u=rwX,go=rX` ({problem})"
            );
            assert_eq!(error, expected);
        };
        check("0789", "not all of it are digits from 0 to 7");
        check("10000", "the largest is `7777`");
        check("rwx", "`rwx` has none of `+`, `-` and `=`");
        check("", "`` has none of `+`, `-` and `=`");
        check("u+r,", "`` has none of `+`, `-` and `=`");
        check(
            "q+r",
            "`q` is none of `u`, `g`, `o` and `a`, whose rights change",
        );
        check(
            "u=rwz",
            "`z` is none of the rights `r`, `w`, `x`, `X`, `s` and `t`",
        );
    }
}
