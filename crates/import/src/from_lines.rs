//! The images that the `FROM` lines of a Dockerfile name.

use crate::{
    dockerfile::{Dockerfile, Instruction, Statement},
    options::Options,
    scope::{Base, Binding, Scope},
    stages::{Reference, reference, split},
    text::Text,
};

/// A `FROM` line that names an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromLine {
    /// The line, from 1.
    pub line: usize,
    /// The image as it is written.
    pub written: String,
    /// The image with arguments at their defaults, or empty without one; or the reason why it is not known.
    pub image: Result<String, String>,
}

/// A Dockerfile that BuildKit refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct UnreadableDockerfile {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: String,
}

/// The `FROM` lines of a Dockerfile that name an image: neither `scratch` nor an earlier stage. Arguments before the
/// first one have their defaults.
///
/// # Errors
/// When BuildKit refuses the Dockerfile, or it has no `FROM` line.
pub fn from_lines(text: &str) -> Result<Vec<FromLine>, UnreadableDockerfile> {
    let dockerfile = Dockerfile::parse(text).map_err(|error| UnreadableDockerfile {
        line: error.line,
        reason: error.reason,
    })?;
    let (before, stages) = split(&dockerfile);
    if stages.is_empty() {
        return Err(UnreadableDockerfile {
            line: 1,
            reason: "the Dockerfile has no FROM line".to_owned(),
        });
    }
    let scope = arguments(before, dockerfile.escape)?;
    let mut lines = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        let written = &stage.from.base;
        let text = scope.evaluate(written, dockerfile.escape, &Options::default());
        let is_image = |text: &Text| reference(text, &stages, at) == Reference::Image;
        let image = match text {
            Ok(found) if !is_image(&found.text) => continue,
            Ok(found) => literal(&found.text),
            Err(reason) => Err(reason),
        };
        lines.push(FromLine {
            line: stage.head.line,
            written: written.clone(),
            image,
        });
    }
    Ok(lines)
}

/// The arguments before the first `FROM` line that have a default. Others are empty, as they are to BuildKit.
fn arguments(before: &[Statement], escape: char) -> Result<Scope, UnreadableDockerfile> {
    let mut scope = Scope::new(Base::Scratch);
    for statement in before {
        let Instruction::Arg(arguments) = &statement.instruction else {
            continue;
        };
        for (name, default) in arguments {
            let Some(default) = default else { continue };
            let found = scope.evaluate(default, escape, &Options::default());
            let unreadable = |reason| UnreadableDockerfile {
                line: statement.line,
                reason,
            };
            let text = found.map_err(unreadable)?.text;
            scope.bind(name, Binding::Argument { text, is_set: true });
        }
    }
    Ok(scope)
}

fn literal(text: &Text) -> Result<String, String> {
    match text.as_literal() {
        Some(image) if !image.is_empty() => Ok(image),
        _ => Err("it is empty without a value for an argument".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_named_with_arguments_at_their_defaults() {
        let check = |text: &str, expected: &[(usize, Result<&str, &str>)]| {
            let found = from_lines(text).unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|one| (one.line, one.image.as_deref().map_err(String::as_str)))
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        check("FROM a:1 AS x\nFROM x\nFROM scratch\n", &[(1, Ok("a:1"))]);
        let default = "ARG TAG=1\nARG IMAGE=a:${TAG}\nFROM --platform=linux/amd64 ${IMAGE}\n";
        check(default, &[(3, Ok("a:1"))]);
        check(
            "FROM \\\n  a:1\nRUN x\nFROM b\n",
            &[(1, Ok("a:1")), (4, Ok("b"))],
        );
        check("ARG TAG\nFROM a:${TAG:-2}\n", &[(2, Ok("a:2"))]);
        check("ARG TAG\nFROM a${TAG}\n", &[(2, Ok("a"))]);
        let empty = "it is empty without a value for an argument";
        check("ARG IMAGE\nFROM ${IMAGE}\n", &[(2, Err(empty))]);
    }

    #[test]
    fn what_is_no_dockerfile_is_refused() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                from_lines(text).unwrap_err().to_string(),
                expected,
                "{text}"
            );
        };
        check("", "line 1: the Dockerfile has no instruction");
        check("ARG A=1\n", "line 1: the Dockerfile has no FROM line");
        assert!(from_lines("FROM a:1\nNONSENSE\n").is_err());
        let unended = from_lines("ARG A=1\nARG B=${A\nFROM a:${B}\n").unwrap_err();
        assert_eq!(unended.line, 2, "{unended}");
    }
}
