//! `COPY` and `ADD`.

use super::{Heredoc, command_line::list, flags::Flags};

/// What is put into the tree, and how.
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the flags of the instructions"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) is_add: bool,
    pub(crate) sources: Vec<Source>,
    pub(crate) to: String,
    pub(crate) from: Option<String>,
    pub(crate) chown: Option<String>,
    pub(crate) chmod: Option<String>,
    pub(crate) link: bool,
    pub(crate) parents: bool,
    pub(crate) exclude: Vec<String>,
    pub(crate) checksum: Option<String>,
    pub(crate) keep_git_dir: bool,
    pub(crate) unpack: Option<bool>,
}

/// A source, which a heredoc may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Path(String),
    Heredoc(Heredoc),
}

impl Transfer {
    pub(super) fn parse(
        is_add: bool,
        mut flags: Flags,
        text: &str,
        heredocs: &[Heredoc],
    ) -> Result<Self, String> {
        let words = list(text)?.unwrap_or_else(|| super::instruction::words(text));
        let Some((to, sources)) = words
            .split_last()
            .filter(|(_, sources)| !sources.is_empty())
        else {
            return Err("a source and a destination are needed".to_owned());
        };
        if Heredoc::parse(to).is_some() {
            return Err("a heredoc cannot be the destination".to_owned());
        }
        let source = |word: &String| match Heredoc::parse(word) {
            Some(heredoc) => {
                let known = heredocs.iter().rfind(|known| known.name == heredoc.name);
                Source::Heredoc(known.cloned().unwrap_or(heredoc))
            }
            None => Source::Path(word.clone()),
        };
        let mut transfer = Self {
            is_add,
            sources: sources.iter().map(source).collect(),
            to: to.clone(),
            from: None,
            chown: flags.one("chown")?.filter(|owner| !owner.is_empty()),
            chmod: flags.one("chmod")?.filter(|mode| !mode.is_empty()),
            link: flags.bool("link")?.unwrap_or(false),
            parents: false,
            exclude: flags.all("exclude")?,
            checksum: None,
            keep_git_dir: false,
            unpack: None,
        };
        if is_add {
            transfer.checksum = flags.one("checksum")?.filter(|sum| !sum.is_empty());
            transfer.keep_git_dir = flags.bool("keep-git-dir")?.unwrap_or(false);
            transfer.unpack = flags.bool("unpack")?;
        } else {
            transfer.from = flags.one("from")?.filter(|from| !from.is_empty());
            transfer.parents = flags.bool("parents")?.unwrap_or(false);
        }
        flags.end()?;
        Ok(transfer)
    }
}
