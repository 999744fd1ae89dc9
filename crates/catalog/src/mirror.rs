//! Mirrors: other addresses that downloads are fetched from.

use std::{borrow::Cow, collections::BTreeMap, str::FromStr};

use crate::url::has_login;

/// A mirror: downloads whose URL begins with one prefix are fetched from another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    of: String,
    at: String,
}

/// The mirrors of a call. They enter no id: what a download must hash to stays the same. By default there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrors(BTreeMap<String, String>);

/// A text that is no mirror, or mirrors that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MirrorError {
    /// A text of another form.
    #[error(
        "`{text}` is not PREFIX=PREFIX, such as https://example.com/=http://mirror.example.com/"
    )]
    Form {
        /// The text.
        text: String,
    },
    /// A prefix that ends in the name of a server, which other names may begin with.
    #[error("`{prefix}` has no path: write `{prefix}/`")]
    Server {
        /// The prefix.
        prefix: String,
    },
    /// A prefix that ends in a slash, with one that does not.
    #[error("one of `{of}` and `{at}` ends in a slash: write both with it, or none")]
    Slash {
        /// The prefix of downloads.
        of: String,
        /// The prefix that takes its place.
        at: String,
    },
    /// A prefix with a login, which is not repeated.
    #[error(
        "the address of a mirror has a user or a password in it, which would stand in the graph"
    )]
    Login,
    /// Two mirrors of one prefix.
    #[error("`{of}` has two mirrors")]
    Twice {
        /// The prefix of downloads.
        of: String,
    },
}

impl FromStr for Mirror {
    type Err = MirrorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.match_indices("://");
        if parts.any(|(at, _)| has_login(&text[at..])) {
            return Err(MirrorError::Login);
        }
        let form = || MirrorError::Form {
            text: text.to_owned(),
        };
        let mut ends = ["=http://", "=https://"]
            .into_iter()
            .flat_map(|scheme| text.match_indices(scheme))
            .map(|(at, _)| at);
        let (Some(end), None) = (ends.next(), ends.next()) else {
            return Err(form());
        };
        let (of, at) = (&text[..end], &text[end + 1..]);
        for prefix in [of, at] {
            let (scheme, rest) = prefix.split_once("://").ok_or_else(form)?;
            let is_url = ["http", "https"].contains(&scheme) && !rest.starts_with('/');
            if !is_url || rest.is_empty() || rest.contains(char::is_whitespace) {
                return Err(form());
            }
            if !rest.contains('/') {
                let prefix = prefix.to_owned();
                return Err(MirrorError::Server { prefix });
            }
        }
        let (of, at) = (of.to_owned(), at.to_owned());
        if of.ends_with('/') != at.ends_with('/') {
            return Err(MirrorError::Slash { of, at });
        }
        Ok(Self { of, at })
    }
}

impl Mirrors {
    /// The mirrors `mirrors`.
    ///
    /// # Errors
    /// When two of them are of one prefix.
    pub fn try_new(mirrors: impl IntoIterator<Item = Mirror>) -> Result<Self, MirrorError> {
        let mut by_prefix = BTreeMap::new();
        for Mirror { of, at } in mirrors {
            if by_prefix.insert(of.clone(), at).is_some() {
                return Err(MirrorError::Twice { of });
            }
        }
        Ok(Self(by_prefix))
    }

    /// The URL that the download from `url` is fetched from: that of the mirror with the longest prefix, or `url`.
    pub fn fetched<'a>(&self, url: &'a str) -> Cow<'a, str> {
        match self.of(url) {
            Some((of, at)) => Cow::Owned(format!("{at}{}", &url[of.len()..])),
            None => Cow::Borrowed(url),
        }
    }

    /// Whether the download from `url` has a mirror.
    pub(crate) fn has(&self, url: &str) -> bool {
        self.of(url).is_some()
    }

    /// The prefixes whose mirrors none of the downloads from `urls` uses.
    pub fn unused<'a>(&self, urls: impl IntoIterator<Item = &'a str>) -> Vec<&str> {
        let mut unused = self.0.clone();
        for url in urls {
            if let Some((of, _)) = self.of(url) {
                unused.remove(of);
            }
        }
        let prefixes = self.0.keys().filter(|of| unused.contains_key(*of));
        prefixes.map(String::as_str).collect()
    }

    fn of(&self, url: &str) -> Option<(&str, &str)> {
        let mirrors = self.0.iter().filter(|(of, _)| url.starts_with(of.as_str()));
        let longest = mirrors.max_by_key(|(of, _)| of.len())?;
        Some((longest.0, longest.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrors(texts: &[&str]) -> Result<Mirrors, MirrorError> {
        let mirrors: Result<Vec<Mirror>, _> = texts.iter().map(|text| text.parse()).collect();
        Mirrors::try_new(mirrors?)
    }

    #[test]
    fn the_longest_prefix_names_the_mirror() {
        let mirrors = mirrors(&[
            "https://example.com/=http://near/",
            "https://example.com/a/v=http://nearer/x?v=",
        ]);
        let mirrors = mirrors.unwrap();
        let check = |url: &str, expected: &str| assert_eq!(mirrors.fetched(url), expected);
        check("https://example.com/b/c.tar?d=e", "http://near/b/c.tar?d=e");
        check("https://example.com/a/v1", "http://nearer/x?v=1");
        check("http://example.com/b", "http://example.com/b");
        check(
            "https://example.com.example.org/b",
            "https://example.com.example.org/b",
        );
        let unused = |urls: &[&'static str]| mirrors.unused(urls.iter().copied()).join(" ");
        assert_eq!(
            unused(&["https://example.com/a/v1"]),
            "https://example.com/"
        );
        assert_eq!(
            unused(&["http://example.com/"]),
            "https://example.com/ https://example.com/a/v"
        );
        assert_eq!(
            unused(&["https://example.com/a/v1", "https://example.com/"]),
            ""
        );
    }

    #[test]
    fn what_is_no_mirror_is_refused() {
        let check = |texts: &[&str], expected: &str| {
            let error = mirrors(texts).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        for text in [
            "",
            "https://a/",
            "https://a/=ftp://b/",
            "a/=https://b/",
            "https://a/=https://",
            "https:///=https://b/",
            "https://a/?u=http://b/=https://c/",
            "https://a/=https://b/ c",
        ] {
            check(&[text], "is not PREFIX=PREFIX");
        }
        check(&["https://a=https://b/"], "`https://a` has no path");
        check(&["https://a/=https://b"], "`https://b` has no path");
        check(&["https://a/=https://b/c"], "ends in a slash");
        for text in [
            "https://a/=https://me:secret@b/",
            "https://a/=ftp://me:secret@b/",
        ] {
            check(&[text], "a password in it");
        }
        check(
            &["https://a/=https://b/", "https://a/=https://c/"],
            "two mirrors",
        );
    }
}
