//! Checks of a set-up: the daemon, the registries, the catalog with its lock, the directory of outputs.
//!
//! A [`Checkup`] has what is checked; [`Checkup::run`] asks all of it side by side, each with a deadline, and gives a
//! [`Finding`] for each check, in a fixed order. Nothing is built but a trial of one small file in the daemon, and
//! nothing is written to a registry.

mod binfmt;
mod capabilities;
mod clock;
mod connection;
mod daemon;
mod deadline;
mod finding;
mod needs;
mod output;
mod planning;
mod platforms;
mod quantity;
mod registries;
mod rights;
mod storage;
mod trial;
mod version;

use std::path::PathBuf;

use registry::RegistryAccess;

pub use self::{
    connection::next_step,
    daemon::{AddressSource, DaemonToCheck},
    finding::{Check, Finding, State, Subject},
    needs::Needs,
    planning::planned,
};

/// A set-up to check.
#[derive(Debug)]
pub struct Checkup {
    /// The daemon.
    pub daemon: DaemonToCheck,
    /// The needs of the catalog; `None` checks the daemon alone.
    pub needs: Option<Needs>,
    /// How registries are reached.
    pub access: RegistryAccess,
    /// The directory of outputs; it need not be there yet.
    pub output: PathBuf,
}

impl Checkup {
    /// Checks everything side by side.
    pub async fn run(self) -> Vec<Finding> {
        let platforms = self.needs.as_ref().map(|needs| &needs.platforms);
        let of_daemon = daemon::check(self.daemon, platforms);
        let Some(needs) = &self.needs else {
            return of_daemon.await;
        };
        let of_registries = registries::check(&needs.repositories, &self.access);
        let of_output = output::check(self.output);
        let (daemon, registries, output) = tokio::join!(of_daemon, of_registries, of_output);
        [daemon, registries, output].concat()
    }
}
