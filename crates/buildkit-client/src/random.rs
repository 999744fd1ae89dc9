//! Names that nobody can guess.

use std::fmt::Write as _;

use tokio_rustls::rustls::crypto::ring;

/// 128 random bits in hexadecimal: a name that nobody else has, of a session, a build or a namespace.
///
/// Whoever knows a session's id can have its secrets, so it comes from the system's generator.
///
/// # Panics
/// When the system has no random numbers.
pub fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .expect("the system has random numbers");
    bytes.iter().fold(String::new(), |mut id, byte| {
        write!(id, "{byte:02x}").expect("writing to memory cannot fail");
        id
    })
}
