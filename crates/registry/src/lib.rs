//! Registries: logins as docker has them, one session for each host, the images that are there, tags; and downloads,
//! which go through the same client.
//!
//! The way through it: [`RegistryAccess`] says how registries are reached, [`RemoteImage::of`] finds the session with
//! the host of an image, and its methods ask. Questions may be asked side by side: a session has at most [`AT_ONCE`] on
//! their way, and knows from the first what its registry wants of all.
//!
//! ```no_run
//! # async fn asked() -> Result<(), Box<dyn std::error::Error>> {
//! use registry::{RegistryAccess, RemoteImage, found};
//!
//! let access = RegistryAccess::default();
//! let image = RemoteImage::of(&"ghcr.io/example/tools:1".parse()?, &access).await?;
//! match found(image.digest().await)? {
//!     Some(digest) => println!("it is {digest}"),
//!     None => println!("it is not there"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A question that fails for a reason that may well go away is asked again, and none is waited for without an end:
//! [`Patience`] says how often and how long.
//!
//! Every failure of a registry, a download, git or a daemon comes down to one [`Trouble`].

mod access;
mod address;
mod answering;
mod client;
mod daemon_tokens;
mod download;
#[cfg(test)]
mod fake;
mod greeting;
mod manifest;
mod patience;
mod problem;
mod remote_image;
mod retry;
mod rights;
mod session;
mod sessions;
mod trouble;

pub use self::{
    access::{RegistryAccess, refused_warning},
    download::sha256_of_url,
    greeting::{ClockOffset, Greeting, Obstacle, Unreached, WantedLogin},
    manifest::RemoteIndex,
    patience::Patience,
    problem::{RemoteProblem, found},
    remote_image::{RemoteImage, ResolvedImage},
    rights::{BegunUpload, Right},
    session::AT_ONCE,
    sessions::Sessions,
    trouble::{NO_PLATFORM, Trouble, status_in},
};
