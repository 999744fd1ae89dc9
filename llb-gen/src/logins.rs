//! Logins in URLs, which nobody may see: an error quotes the URL that it is about, password included.

use std::borrow::Cow;

/// The replacement of a login.
const BLOT: &str = "***@";

/// The user of repositories over ssh, who is no secret.
const GIT: &str = "git";

/// The schemes whose URLs have logins. An image's digest comes after an `@`, too.
const SCHEMES: [&str; 5] = ["http", "https", "git", "ssh", "tcp"];

/// A text without the users and passwords of the URLs in it.
pub(crate) fn blotted(text: &str) -> Cow<'_, str> {
    let mut parts = text.split("://");
    let mut before = parts.next().unwrap_or_default();
    let mut blotted = before.to_owned();
    for part in parts {
        let has_logins = SCHEMES.iter().any(|scheme| ends_with(before, scheme));
        let login = login(part).filter(|_| has_logins);
        let rest = login.map_or(part, |login| &part[login.len() + 1..]);
        blotted.extend(["://", login.map_or("", |_| BLOT), rest]);
        before = part;
    }
    if blotted == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(blotted)
    }
}

/// Whether a text ends with a scheme, in small or capital letters.
fn ends_with(text: &str, scheme: &str) -> bool {
    let at = text.len().saturating_sub(scheme.len());
    text.get(at..)
        .is_some_and(|end| end.eq_ignore_ascii_case(scheme))
}

/// The login before the host, which comes after the last `@` of the first part of a URL.
fn login(behind_scheme: &str) -> Option<&str> {
    let ends = |c: char| matches!(c, '/' | '?' | '#' | '`' | '"' | '\'') || c.is_whitespace();
    let authority = behind_scheme.split(ends).next()?;
    let (login, _host) = authority.rsplit_once('@')?;
    (login != GIT).then_some(login)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_blotted_out_and_nothing_else() {
        let check = |text: &str, expected: &str| assert_eq!(blotted(text), expected);
        check("https://u:p@h/x", "https://***@h/x");
        check("HTTPS://u:p@h/x", "HTTPS://***@h/x");
        check("`https://token@h`: no", "`https://***@h`: no");
        check(
            "a http://u:p@w@h:5?q=@ and ssh://git@h/x",
            "a http://***@h:5?q=@ and ssh://git@h/x",
        );
        check("ssh://git:p@h/x, then", "ssh://***@h/x, then");
        check("https://h/x@1 and a@b", "https://h/x@1 and a@b");
        check("https:// u:p@h", "https:// u:p@h");
        for image in ["oci-layout://x@sha256:1", "docker-image://x@sha256:1"] {
            check(image, image);
        }
        check("", "");
        check("line\nhttps://:p@h\nline", "line\nhttps://***@h\nline");
    }
}
