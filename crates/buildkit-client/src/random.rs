//! Random names, which nobody can guess.

use std::fmt::Write as _;

use tokio_rustls::rustls::crypto::ring;

/// 128 random bits in hexadecimal: a unique name of a session, a build or a namespace.
///
/// Everybody who knows a session's id can get its secrets, so it comes from the system's generator.
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
