//! The addresses of registries.

/// Docker Hub's name, and the host where it really is.
const HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// The address of the registry at `domain`, such as `https://ghcr.io`.
pub(crate) fn address(domain: &str, insecure: &[String]) -> String {
    let scheme = if is_plain(domain, insecure) {
        "http"
    } else {
        "https"
    };
    let host = if domain == HUB.0 { HUB.1 } else { domain };
    format!("{scheme}://{host}")
}

/// Whether a registry speaks plain HTTP: those on this machine do, as with Docker, and those that the user names.
fn is_plain(domain: &str, insecure: &[String]) -> bool {
    let host = match domain.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => domain.split(':').next().unwrap_or(domain),
    };
    let is_here = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    is_here || insecure.iter().any(|given| given == domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registries_on_this_machine_speak_plain_http() {
        let check = |domain: &str, expected: bool| {
            assert_eq!(
                is_plain(domain, &["lan:5000".to_owned()]),
                expected,
                "{domain}"
            );
        };
        check("localhost:5000", true);
        check("127.0.0.1:5000", true);
        check("[::1]:5000", true);
        check("docker.io", false);
        check("localhost.example.com", false);
        check("lan:5000", true);
        check("lan", false);
    }

    #[test]
    fn the_hub_is_elsewhere_than_its_name() {
        assert_eq!(address("docker.io", &[]), "https://registry-1.docker.io");
        assert_eq!(address("lan:5", &["lan:5".to_owned()]), "http://lan:5");
    }
}
