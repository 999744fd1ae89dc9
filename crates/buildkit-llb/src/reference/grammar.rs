//! The grammar of references, as in `distribution/reference`.

/// The registry of references that name none.
pub(super) const DEFAULT_DOMAIN: &str = "docker.io";
/// Its old name, read as the new one.
const LEGACY_DEFAULT_DOMAIN: &str = "index.docker.io";
/// The directory there of images with a name of one part.
pub(super) const OFFICIAL_PREFIX: &str = "library/";
/// The longest repository path; registries refuse more.
const MAX_PATH: usize = 255;
/// The longest tag.
const MAX_TAG: usize = 128;

/// The registry and the rest; the first part is a registry when it has a dot, a port, an upper-case letter, or is
/// `localhost`.
pub(super) fn split_domain(reference: &str) -> (&str, &str) {
    match reference.split_once('/') {
        Some((LEGACY_DEFAULT_DOMAIN, rest)) => (DEFAULT_DOMAIN, rest),
        Some((first, rest))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.to_lowercase() != first =>
        {
            (first, rest)
        }
        _ => (DEFAULT_DOMAIN, reference),
    }
}

/// A host with an optional port.
pub(super) fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((address, port)) => {
                let is_address = !address.is_empty()
                    && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
                return is_address
                    && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
            }
            None => return false,
        },
        None => match domain.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (domain, None),
        },
    };
    let is_label = |label: &str| {
        let inner = label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        !label.is_empty() && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

/// Lower-case letters and digits, with one dot, one or two underscores, or any number of dashes between them.
fn is_path_component(component: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    if !bytes.first().copied().is_some_and(is_word) || !bytes.last().copied().is_some_and(is_word) {
        return false;
    }
    bytes.split(|b| is_word(*b)).all(|separator| {
        matches!(separator, b"" | b"." | b"_" | b"__") || separator.iter().all(|b| *b == b'-')
    })
}

pub(super) fn is_tag(tag: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let bytes = tag.as_bytes();
    bytes.first().copied().is_some_and(is_word)
        && bytes.len() <= MAX_TAG
        && bytes
            .iter()
            .all(|b| is_word(*b) || matches!(b, b'.' | b'-'))
}

/// A repository in a registry.
pub(super) fn is_path(path: &str) -> bool {
    path.len() <= MAX_PATH && path.split('/').all(is_path_component)
}

/// 64 hex digits, which are an image id.
pub(super) fn is_image_id(reference: &str) -> bool {
    reference.len() == 64
        && reference
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}
