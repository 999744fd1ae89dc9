//! The ways to log in that a registry names: the header `WWW-Authenticate` (RFC 9110, 11.6.1).

use reqwest::header::HeaderValue;

/// A way to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// With a token from another server.
    Bearer(TokenServer),
    /// With user and password.
    Basic,
}

/// The server that gives a registry's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenServer {
    /// Its address.
    pub(super) realm: String,
    /// The registry's name there.
    pub(super) service: Option<String>,
}

/// The best way to log in: with a token where the registry has that; `None` if it names no known way.
pub(crate) fn strongest<'a>(
    headers: impl IntoIterator<Item = &'a HeaderValue>,
) -> Option<Challenge> {
    let texts = headers
        .into_iter()
        .filter_map(|header| header.to_str().ok());
    let challenges: Vec<Challenge> = texts.filter_map(challenge).collect();
    let bearer = challenges
        .iter()
        .find(|challenge| matches!(challenge, Challenge::Bearer(_)));
    bearer.or(challenges.first()).cloned()
}

/// One challenge, as registries send it: a scheme, and parameters with commas between them.
fn challenge(text: &str) -> Option<Challenge> {
    let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let parameters = parameters(rest);
    let value = |wanted: &str| {
        let found = parameters
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone())
    };
    Some(Challenge::Bearer(TokenServer {
        realm: value("realm")?,
        service: value("service"),
    }))
}

/// `name="value"` or `name=value`, with commas between them; a value in quotes may have commas in it.
fn parameters(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while let Some((name, behind)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',']).to_owned();
        let (value, next) = match behind.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => behind.split_once(',').unwrap_or((behind, "")),
        };
        found.push((name, value.trim().to_owned()));
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_before_a_password() {
        let check = |headers: &[&str], expected: Option<Challenge>| {
            let headers: Vec<HeaderValue> = headers
                .iter()
                .map(|text| HeaderValue::from_str(text).unwrap())
                .collect();
            assert_eq!(strongest(&headers), expected, "{headers:?}");
        };
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer(TokenServer {
                realm: realm.to_owned(),
                service: service.map(str::to_owned),
            }))
        };
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a:pull,push""#;
        check(
            &[hub],
            bearer("https://auth.docker.io/token", Some("registry.docker.io")),
        );
        check(&["Basic realm=\"x\"", "bearer realm=y"], bearer("y", None));
        check(&["BASIC realm=\"x, y\""], Some(Challenge::Basic));
        check(&["Basic"], Some(Challenge::Basic));
        check(&["Negotiate", "Bearer service=\"x\"", "", "Bearer"], None);
        check(&["Bearer realm=\"unended"], bearer("unended", None));
        check(&[], None);
    }
}
