//! The FROM line of a Dockerfile twin, which names an artifact's base so that Renovate and Dependabot keep it current.

use buildkit_llb::ImageRef;

use crate::path::ContextPath;

/// The first FROM line of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FromLine {
    /// The image, or `None` for `FROM scratch`.
    pub(crate) image: Option<ImageRef>,
    /// The stage's name (`AS name`).
    pub(crate) stage: Option<String>,
    /// The line's number, from 1.
    pub(crate) line: usize,
}

/// The reason why a Dockerfile names no base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FromLineError {
    /// There is no FROM line.
    #[error("`{file}` has no FROM line")]
    Missing {
        /// The Dockerfile.
        file: ContextPath,
    },
    /// The FROM line names a build argument or a variable, which only a Dockerfile frontend can fill in.
    #[error("`{file}` line {line}: `{text}` uses a variable; name the image itself")]
    Variable {
        /// The Dockerfile.
        file: ContextPath,
        /// The line's number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// The FROM line is not `FROM [--platform=P] IMAGE [AS NAME]`.
    #[error("`{file}` line {line}: `{text}` is not `FROM [--platform=…] IMAGE [AS NAME]`")]
    Malformed {
        /// The Dockerfile.
        file: ContextPath,
        /// The line's number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// The FROM line's image is no valid reference.
    #[error("`{file}` line {line}: `{image}` is not an image reference")]
    Image {
        /// The Dockerfile.
        file: ContextPath,
        /// The line's number, from 1.
        line: usize,
        /// The text that should be a reference.
        image: String,
        /// What is wrong with it.
        #[source]
        source: buildkit_llb::ImageRefError,
    },
}

/// Reads the first FROM line of a Dockerfile's `text`. The case of the keyword does not matter, and flags are skipped.
pub(crate) fn first_from_line(file: &ContextPath, text: &str) -> Result<FromLine, FromLineError> {
    for (line, text) in logical_lines(text) {
        let mut words = text.split_whitespace();
        if words
            .next()
            .is_some_and(|keyword| keyword.eq_ignore_ascii_case("FROM"))
        {
            return parse_from(file, line, &text);
        }
    }
    Err(FromLineError::Missing { file: file.clone() })
}

fn parse_from(file: &ContextPath, line: usize, text: &str) -> Result<FromLine, FromLineError> {
    let malformed = || FromLineError::Malformed {
        file: file.clone(),
        line,
        text: text.to_owned(),
    };
    let words: Vec<&str> = text
        .split_whitespace()
        .skip(1)
        .skip_while(|word| word.starts_with("--"))
        .collect();
    let (image, stage) = match words[..] {
        [image] => (image, None),
        [image, keyword, stage] if keyword.eq_ignore_ascii_case("AS") => {
            (image, Some(stage.to_owned()))
        }
        _ => return Err(malformed()),
    };
    if image.contains('$') {
        return Err(FromLineError::Variable {
            file: file.clone(),
            line,
            text: text.to_owned(),
        });
    }
    let image = if image == "scratch" {
        None
    } else {
        let parsed = image.parse().map_err(|source| FromLineError::Image {
            file: file.clone(),
            line,
            image: image.to_owned(),
            source,
        })?;
        Some(parsed)
    };
    Ok(FromLine { image, stage, line })
}

/// The instructions with their line numbers: comments left out, lines that end in a backslash joined.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut continued = false;
    for (index, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (text, is_open) = match line.strip_suffix('\\') {
            Some(text) => (text, true),
            None => (line, false),
        };
        match lines.last_mut().filter(|_| continued) {
            Some((_, last)) => last.extend([" ", text]),
            None => lines.push((index + 1, text.to_owned())),
        }
        continued = is_open;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(Option<&str>, Option<&str>, usize), &str>) {
        let file: ContextPath = "dockerfiles/x.dockerfile".parse().unwrap();
        let found = first_from_line(&file, text)
            .map(|from| {
                (
                    from.image.map(|image| image.to_string()),
                    from.stage,
                    from.line,
                )
            })
            .map_err(|error| error.to_string());
        let expected = expected
            .map(|(image, stage, line)| (image.map(str::to_owned), stage.map(str::to_owned), line))
            .map_err(str::to_owned);
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn reads_the_first_from_line() {
        let ubuntu = Some("docker.io/library/ubuntu:latest");
        check("FROM ubuntu", Ok((ubuntu, None, 1)));
        check(
            "# syntax\nARG A=1\n\nfrom ubuntu:latest as Base\nFROM debian",
            Ok((ubuntu, Some("Base"), 4)),
        );
        check(
            "FROM --platform=linux/amd64 \\\n  ubuntu",
            Ok((ubuntu, None, 1)),
        );
        check(
            "FROM ghcr.io/oomol/server-base:v0.6.0 AS builder",
            Ok((Some("ghcr.io/oomol/server-base:v0.6.0"), Some("builder"), 1)),
        );
        check("FROM scratch", Ok((None, None, 1)));
        check(
            "RUN echo FROM x",
            Err("`dockerfiles/x.dockerfile` has no FROM line"),
        );
        check("", Err("`dockerfiles/x.dockerfile` has no FROM line"));
        check(
            "FROM $BASE",
            Err(
                "`dockerfiles/x.dockerfile` line 1: `FROM $BASE` uses a variable; name the image itself",
            ),
        );
        check(
            "FROM a b",
            Err(
                "`dockerfiles/x.dockerfile` line 1: `FROM a b` is not `FROM [--platform=…] IMAGE [AS NAME]`",
            ),
        );
        check(
            "FROM UPPER",
            Err("`dockerfiles/x.dockerfile` line 1: `UPPER` is not an image reference"),
        );
    }
}
