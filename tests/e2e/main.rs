//! Everything that is claimed about builds, against a real buildkitd and a real registry.
//!
//! One program, so that all tests share one daemon and what it has built. Run it with `scripts/dev/test`.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

mod agents;
mod bad_days;
mod bad_input;
mod bad_minutes;
mod bed;
mod built;
mod cache;
mod canonical;
mod concurrency;
mod devbox_fleet;
mod doctor;
mod doors;
mod emit;
mod every_operation;
mod every_step;
mod examples;
mod exporters;
mod file_steps;
mod fleet_cache;
mod helper_image;
mod images;
mod import;
mod kinds;
mod language;
mod laws;
mod layers;
mod locking;
mod memory;
mod oci_layout;
mod offline;
mod oocana;
mod openlock_fleet;
mod outputs;
mod places;
mod plain_files;
mod private;
mod proxies;
mod publication;
mod publishing;
mod secrets;
mod skipping;
mod sources;
mod stop;
mod tags;
mod tenants;
mod through;
mod tls;
mod tokens;
mod twins;
mod umoci;
mod whiteouts;
