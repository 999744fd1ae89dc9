//! The names of vertices that are steps: `[base-rootfs linux/arm64] apt install zsh`.

use std::fmt;

use buildkit_llb::{Entry, Exec};

/// The name of a vertex, split into its parts. It is metadata of the vertex, and not part of its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VertexName<'a> {
    /// The variant that has the step; `None` for a name that is only a title.
    pub variant: Option<&'a str>,
    /// The title: what the vertex does.
    pub title: &'a str,
}

impl<'a> VertexName<'a> {
    /// The name of a vertex, if it has one.
    pub fn of(entry: &'a Entry) -> Option<Self> {
        Some(Self::parse(entry.metadata().custom_name()?))
    }

    fn parse(name: &'a str) -> Self {
        let parts = name
            .strip_prefix('[')
            .and_then(|name| name.split_once("] "));
        let (variant, title) = match parts {
            Some((variant, title)) => (Some(variant), title),
            None => (None, name),
        };
        Self { variant, title }
    }

    /// The artifact that has the step.
    pub fn artifact(&self) -> Option<&'a str> {
        self.variant?.split(' ').next()
    }
}

impl fmt::Display for VertexName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.variant {
            Some(variant) => write!(f, "[{variant}] {}", self.title),
            None => f.write_str(self.title),
        }
    }
}

/// The key of a vertex's description with the title as it is written, if its name is another.
const WRITTEN: &str = "llbgen.title";

/// The title of a step in the name of a vertex. The history of an image, which is a part of its id, has the title as it
/// is written.
#[derive(Debug, Clone)]
pub(crate) struct VertexTitle {
    /// The title as it is written.
    pub(crate) written: String,
    /// The title with values in the place of placeholders.
    pub(crate) filled: String,
}

impl VertexTitle {
    /// The command with the written title, if that is another one.
    pub(crate) fn described(&self, exec: Exec) -> Exec {
        if self.written == self.filled {
            return exec;
        }
        exec.description(WRITTEN, self.written.as_str())
    }

    /// The written title of a vertex, if its name has another.
    pub(crate) fn written(entry: &Entry) -> Option<&str> {
        let mut description = entry.metadata().description();
        description
            .find(|(key, _)| *key == WRITTEN)
            .map(|(_, title)| title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_put_together() {
        let check = |name: &str, artifact: Option<&str>, title: &str| {
            let parsed = VertexName::parse(name);
            assert_eq!((parsed.artifact(), parsed.title), (artifact, title));
            assert_eq!(parsed.to_string(), name);
        };
        check("[a linux/arm64 l10n=en] run x", Some("a"), "run x");
        check(
            "[a linux/arm64] run [ -e x ] y",
            Some("a"),
            "run [ -e x ] y",
        );
        check("mkfile /x", None, "mkfile /x");
        check("[ -e x", None, "[ -e x");
    }
}
