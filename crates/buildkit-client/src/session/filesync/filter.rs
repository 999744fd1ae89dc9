//! The filter of sent entries: the include and exclude patterns of a request.
//!
//! Mirrors `filterFS` in fsutil's `filter.go`.

use super::pattern::{Matched, Matcher, PatternError};

/// The patterns of a request.
#[derive(Debug)]
pub(super) struct Filter {
    include: Option<Prunable>,
    exclude: Option<Prunable>,
}

/// Patterns, and whether they tell the directories that can be skipped.
#[derive(Debug)]
struct Prunable {
    matcher: Matcher,
    prunes: bool,
}

/// The decision about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Send it, with the directories above it.
    Send,
    /// Do not send it; if it is a directory, enter it.
    Skip,
    /// Do not send it, and nothing in it can be sent.
    Prune,
}

/// The matches of a directory, for its entries.
#[derive(Debug, Clone, Default)]
pub(super) struct DirMatch {
    include: Matched,
    exclude: Matched,
}

impl Filter {
    pub(super) fn try_new(include: &[String], exclude: &[String]) -> Result<Self, PatternError> {
        Ok(Self {
            include: prunable(include, false)?,
            exclude: prunable(exclude, true)?,
        })
    }

    pub(super) fn decide(
        &self,
        path: &[u8],
        is_dir: bool,
        parent: &DirMatch,
    ) -> (Verdict, DirMatch) {
        let mut dir = DirMatch::default();
        let mut verdict = Verdict::Send;
        if let Some(Prunable { matcher, prunes }) = &self.include {
            let (matched, below) = matcher.matches(path, &parent.include);
            dir.include = below;
            if !matched {
                if is_dir && *prunes && !matcher.can_match_inside(path, false) {
                    return (Verdict::Prune, dir);
                }
                verdict = Verdict::Skip;
            }
        }
        if let Some(Prunable { matcher, prunes }) = &self.exclude {
            let (matched, below) = matcher.matches(path, &parent.exclude);
            dir.exclude = below;
            if matched {
                let comes_back = matcher.has_exceptions() && matcher.can_match_inside(path, true);
                if is_dir && *prunes && !comes_back {
                    return (Verdict::Prune, dir);
                }
                verdict = Verdict::Skip;
            }
        }
        (verdict, dir)
    }
}

/// Plain patterns decide about inclusion, exceptions about taking back exclusions.
fn prunable(patterns: &[String], exceptions: bool) -> Result<Option<Prunable>, PatternError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let matcher = Matcher::try_new(patterns)?;
    let prunes = matcher.only_prefixes(exceptions);
    Ok(Some(Prunable { matcher, prunes }))
}
