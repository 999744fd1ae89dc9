//! Proxies for the commands of steps. They are not in cache keys, records or ids.

use buildkit_llb::ProxyEnv;

/// The variables that name proxies, in the spelling of Docker's build arguments. Programs read them in small letters,
/// too.
pub const PROXY_VARIABLES: [&str; 5] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
];

/// The proxies in these variables, in capital or small letters; `None` if all are empty.
pub fn proxies(value_of: impl Fn(&str) -> Option<String>) -> Option<ProxyEnv> {
    let value = |name: &str| {
        let given = value_of(name).filter(|value| !value.is_empty());
        given
            .or_else(|| value_of(&name.to_lowercase()))
            .unwrap_or_default()
    };
    let [http, https, ftp, no, all] = PROXY_VARIABLES.map(value);
    let proxies = ProxyEnv {
        http,
        https,
        ftp,
        no,
        all,
    };
    (proxies != ProxyEnv::default()).then_some(proxies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_count_in_both_spellings() {
        let given = |variables: &[(&str, &str)]| {
            proxies(|name| {
                let (_, value) = variables.iter().find(|(given, _)| *given == name)?;
                Some((*value).to_owned())
            })
        };
        assert_eq!(given(&[("HTTP_PROXY", ""), ("PATH", "/bin")]), None);
        let both = given(&[("HTTP_PROXY", "a"), ("http_proxy", "b"), ("no_proxy", "c")]);
        let both = both.unwrap();
        assert_eq!((both.http.as_str(), both.no.as_str()), ("a", "c"));
        assert_eq!(both.https, "");
    }
}
