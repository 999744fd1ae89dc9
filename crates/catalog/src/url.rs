//! Addresses of servers.

/// Whether a URL has a login before its host.
pub(crate) fn has_login(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_scheme, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}
