//! Sources that only `ADD` has: URLs, git, tars.

use super::{Loss, copy::Place, script, stage::StageConversion};
use crate::{
    dockerfile::Transfer,
    finding::Weight,
    model::Value,
    text::{Script, Text},
};

/// The ends of names of tars, which ADD unpacks.
const TARS: [&str; 9] = [
    ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst",
];

impl StageConversion<'_, '_, '_> {
    /// What a word is with the defaults of the options.
    fn plain(&self, word: &str) -> String {
        let options = &self.all.shared.options;
        let evaluated = self.end.scope.evaluate(word, self.all.escape, options);
        let known = evaluated
            .ok()
            .and_then(|evaluated| self.known(&evaluated.text));
        known.unwrap_or_else(|| word.to_owned())
    }

    /// Whether a source is a URL or a git repository.
    pub(super) fn is_remote(&self, word: &str) -> bool {
        let plain = self.plain(word);
        is_git(&plain) || is_url(&plain)
    }

    /// Whether ADD unpacks a file of the context: it looks into it, and here its name must do.
    pub(super) fn is_tar(&self, word: &str, unpack: Option<bool>) -> bool {
        let lower = self.plain(word).to_lowercase();
        unpack.unwrap_or_else(|| TARS.iter().any(|end| lower.ends_with(end)))
    }

    pub(super) fn remote(
        &mut self,
        word: &str,
        transfer: &Transfer,
        place: &Place,
    ) -> Result<(), Loss> {
        let url = self.template(word)?;
        let checksum = transfer.checksum.as_deref().map(|sum| self.template(sum));
        let checksum = checksum.transpose()?;
        if is_git(&self.plain(word)) {
            return self.git(&url, checksum, transfer, place);
        }
        let unpack = transfer.unpack == Some(true);
        let mut place = place.clone();
        if place.mode.is_none() && !unpack {
            place.mode = Some("0600".to_owned());
        }
        let mut others = place.keys();
        if let Some(checksum) = checksum {
            others.push(("checksum", Value::text(checksum.template())));
        }
        if unpack {
            others.push(("unpack", Value::Bool(true)));
        }
        self.step("download", Value::text(url.template()), others);
        Ok(())
    }

    fn git(
        &mut self,
        url: &Text,
        checksum: Option<Text>,
        transfer: &Transfer,
        place: &Place,
    ) -> Result<(), Loss> {
        if transfer.keep_git_dir {
            self.lose("`--keep-git-dir`: a checkout has no `.git`");
        }
        let mut place = place.clone();
        if place.mode.take().is_some() {
            self.lose("`--chmod` of a git checkout has no key");
        }
        if !place.exclude.is_empty() {
            self.lose("`--exclude` of a git checkout has no key");
        }
        let mut url = git_url(url)?;
        if let Some(commit) = checksum {
            url = at_commit(&url, &commit)?;
        }
        check_git(&url)?;
        self.step("git", Value::text(url.template()), place.keys());
        Ok(())
    }

    /// A tar of the context, unpacked by a command: no step unpacks files of the context.
    pub(super) fn unpacked(&mut self, word: &str, place: &Place) -> Result<(), Loss> {
        if self.end.is_from_scratch {
            return Err(Loss::new(
                "a tar of the context is unpacked: no step does that, and in a tree from `scratch` no command can",
            ));
        }
        let context = self.all.target.context.clone();
        let (path, _) = self.context_path(word, &context, false)?;
        let literal = self.template(word)?.as_literal();
        let to = place.to.as_literal();
        let (Some(_), Some(to)) = (literal, to) else {
            return Err(Loss::new(
                "a tar of the context is unpacked, under a path with a variable",
            ));
        };
        if place.owner.is_some() || place.mode.is_some() {
            self.lose("`--chown` and `--chmod` of a tar that is unpacked have no key");
        }
        let reason = "a tar of the context is unpacked by `tar` in the tree, which must be there";
        self.tell(Weight::Changed, reason);
        let quoted = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            script::quoted(&words)
        };
        let unpack = quoted(&["tar", "-x", "-f", &path, "-C", &to]);
        let command = if to == "/" {
            unpack
        } else {
            format!("{} && {unpack}", quoted(&["mkdir", "-p", &to]))
        };
        let mut others = vec![("files", Value::list([path]))];
        if self.end.user.is_some() {
            others.push(("user", Value::text("root")));
        }
        self.step("run", Value::Script(Script::literal(command)), others);
        Ok(())
    }
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// Whether a source is a git repository: by its scheme, or by `.git` at the end of its path.
fn is_git(text: &str) -> bool {
    if ["git://", "ssh://", "git@"]
        .iter()
        .any(|start| text.starts_with(start))
    {
        return true;
    }
    let path = text.split(['#', '?']).next().unwrap_or(text);
    let last = path.trim_end_matches('/').rsplit('.').next();
    is_url(text) && last == Some("git")
}

/// The URL with its ref behind `#`; the form with `?` is refused, but for its ref and directory.
fn git_url(url: &Text) -> Result<Text, Loss> {
    let Some(literal) = url.as_literal() else {
        return Ok(url.clone());
    };
    let Some((repository, query)) = literal.split_once('?') else {
        return Ok(url.clone());
    };
    let (mut reference, mut directory) = (String::new(), String::new());
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("ref" | "tag" | "branch", value)) => value.clone_into(&mut reference),
            Some(("subdir", value)) => directory = format!(":{value}"),
            _ => {
                return Err(Loss::new(format!(
                    "`{pair}` in the URL of a git repository has no key"
                )));
            }
        }
    }
    let is_plain = reference.is_empty() && directory.is_empty();
    let end = if is_plain {
        String::new()
    } else {
        format!("#{reference}{directory}")
    };
    Ok(Text::literal(format!("{repository}{end}")))
}

/// Refuses what a git step does not take: ssh, and a directory behind the ref.
fn check_git(url: &Text) -> Result<(), Loss> {
    let start = url.literal_start().unwrap_or("https://");
    if !is_url(start) {
        return Err(Loss::new(
            "a git repository over ssh hangs on the host keys of whoever builds: its https URL can be said",
        ));
    }
    let template = url.template();
    let fragment = template
        .split_once('#')
        .map_or("", |(_, fragment)| fragment);
    if fragment.contains(':') {
        return Err(Loss::new(
            "a directory of a git repository has no key: a stage can have the repository, to copy from",
        ));
    }
    Ok(())
}

/// The URL with the commit in the place of its ref: it is what the checksum of a git source names.
fn at_commit(url: &Text, commit: &Text) -> Result<Text, Loss> {
    let literal = url.as_literal();
    let literal = literal.ok_or_else(|| Loss::new("`--checksum` of a git URL with a variable"))?;
    let (repository, fragment) = literal.split_once('#').unwrap_or((&literal, ""));
    let directory = fragment
        .split_once(':')
        .map(|(_, directory)| format!(":{directory}"));
    let head = Text::literal(format!("{repository}#")).and(commit);
    Ok(head.and(&Text::literal(directory.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_is_known_by_its_url() {
        assert!(is_git("https://example.com/a.git#v1:dir"));
        assert!(is_git("git@example.com:a/b.git"));
        assert!(!is_git("https://example.com/a.git.tar"));
        assert!(!is_git("a.git"));
    }

    #[test]
    fn what_a_git_step_does_not_take_is_refused() {
        let check = |url: &str, expected: bool| {
            assert_eq!(check_git(&Text::literal(url)).is_ok(), expected, "{url}");
        };
        check("https://e.com/a.git#v1", true);
        check("https://e.com/a.git", true);
        check("https://e.com/a.git#v1:d", false);
        check("git@e.com:a/b.git", false);
        check("ssh://e.com/b.git", false);
    }

    #[test]
    fn a_commit_takes_the_place_of_a_ref() {
        let check = |url: &str, expected: &str| {
            let url = at_commit(&Text::literal(url), &Text::literal("abc")).unwrap();
            assert_eq!(url.template(), expected);
        };
        check("https://e.com/a.git", "https://e.com/a.git#abc");
        check("https://e.com/a.git#v1:d", "https://e.com/a.git#abc:d");
        let query = git_url(&Text::literal("https://e.com/a.git?ref=v1&subdir=d")).unwrap();
        assert_eq!(query.template(), "https://e.com/a.git#v1:d");
        assert!(git_url(&Text::literal("https://e.com/a.git?x=1")).is_err());
    }
}
