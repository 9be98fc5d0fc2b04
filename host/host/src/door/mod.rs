//! The door: what whoever embeds the host builds, asks and is answered. Everything here is one call of what the command line
//! and the API call, too.

mod asked;
mod builder;
mod host;
mod plan;
mod snapshot;

pub use asked::{Caller, Capture, Restore};
pub use builder::HostBuilder;
pub use host::Host;
pub use plan::{Amount, Changes, Plan, PlannedVolume};
pub use snapshot::{Snapshot, SnapshotVolume};
