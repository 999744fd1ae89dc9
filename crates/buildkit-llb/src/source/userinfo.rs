//! Users and passwords in addresses: written as Go's `net/url` writes them, and left out of texts for people.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The schemes of identifiers in which an `@` stands before a digest.
const REFERENCES: [&str; 5] = [
    "docker-image://",
    "docker-image+blob://",
    "oci-layout://",
    "oci-layout+blob://",
    "local://",
];

/// The part of an authority before its `@`, written as Go writes it: unescaped, and escaped again. `None` for a
/// malformed escape.
pub(super) fn normalized(userinfo: &str) -> Option<String> {
    let mut written = String::with_capacity(userinfo.len());
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (userinfo, None),
    };
    escape(&super::git_url::unescape(user)?, &mut written);
    if let Some(password) = password {
        written.push(':');
        escape(&super::git_url::unescape(password)?, &mut written);
    }
    Some(written)
}

/// Whether Go takes the text for the part of an authority before its `@`.
pub(super) fn is_valid(userinfo: &str) -> bool {
    let is_valid = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    userinfo.bytes().all(is_valid)
}

/// The address without user and password, for errors and Debug texts; malformed ones, too. The user of an address for
/// ssh is no secret, and stays.
pub(crate) fn without(url: &str) -> Cow<'_, str> {
    let start = url.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = url.split_at(start);
    if REFERENCES.contains(&scheme) {
        return Cow::Borrowed(url);
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let at = rest[..end].rfind('@').or_else(|| {
        // A password with an unescaped slash looks like a host with a port that is no number.
        let (_, port) = rest[..end].split_once(':')?;
        let is_port = port.bytes().all(|b| b.is_ascii_digit());
        if is_port { None } else { rest.rfind('@') }
    });
    let Some(at) = at else {
        return Cow::Borrowed(url);
    };
    let (userinfo, host) = (&rest[..at], &rest[at + 1..]);
    let is_scp_style = scheme.is_empty() && host.split('/').next().is_some_and(has_colon);
    let is_ssh = is_scp_style || scheme.eq_ignore_ascii_case("ssh://");
    match userinfo.split_once(':') {
        None if is_ssh => Cow::Borrowed(url),
        Some((user, _)) if is_ssh => Cow::Owned(format!("{scheme}{user}@{host}")),
        _ => Cow::Owned(format!("{scheme}{host}")),
    }
}

fn has_colon(text: &str) -> bool {
    text.contains(':')
}

fn escape(bytes: &[u8], written: &mut String) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~$&+,;=".contains(byte) {
            written.push(char::from(*byte));
        } else {
            let _never_fails = write!(written, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_passwords_are_written_as_go_writes_them() {
        let check = |given: &str, expected: Option<&str>| {
            assert_eq!(normalized(given).as_deref(), expected, "{given}");
        };
        check("us%65r", Some("user"));
        check("u:p%40ss!", Some("u:p%40ss%21"));
        check("u:", Some("u:"));
        check(":p", Some(":p"));
        check("", Some(""));
        check("a:b:c", Some("a:b%3Ac"));
        check("u:%2f%ff", Some("u:%2F%FF"));
        check("%zz", None);
        check("%4", None);
    }

    #[test]
    fn addresses_are_told_without_what_is_secret_in_them() {
        let check = |given: &str, expected: &str| assert_eq!(without(given), expected, "{given}");
        check("https://u:p@host/a@b", "https://host/a@b");
        check("https://token@host:8443/a", "https://host:8443/a");
        check("https://u:p/w@host/a", "https://host/a");
        check("https://u:p@ho st/a", "https://ho st/a");
        check("https://host:8443/a@b/c", "https://host:8443/a@b/c");
        check("https://host/a:b@c", "https://host/a:b@c");
        check("token@host/a", "host/a");
        check("u:p@host/a", "host/a");
        check("git@host:a/b", "git@host:a/b");
        check("ssh://git@host/a", "ssh://git@host/a");
        check("ssh://git:p@host/a", "ssh://git@host/a");
        check("ftp://u:p@host?q=@", "ftp://host?q=@");
        check("docker-image://a/b@sha256:c", "docker-image://a/b@sha256:c");
        check("oci-layout://a@sha256:c", "oci-layout://a@sha256:c");
        check("", "");
    }
}
