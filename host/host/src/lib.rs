//! Reforge puts an app's volumes back as they were in a snapshot, or leaves them exactly as they are.
//!
//! This crate is for deployers in Rust that have an engine and a panel of their own: they build a [`Host`] that runs
//! workloads through their [`Runtime`], and ask it for snapshots, plans and restores. Locks, journals, the sandbox of the
//! restore plugin and recovery after a crash are the host's. `docs/embedding.md` goes the whole way; this is its outline:
//!
//! ```no_run
//! use std::sync::Arc;
//! use reforge_host::config::{Scope, Volume, Workload};
//! use reforge_host::{Caller, Config, Event, Host, Outcome, Restore, Result};
//!
//! # fn outline(engine: Arc<dyn reforge_host::Runtime>) -> Result<()> {
//! // In code, or `Host::from_toml("/etc/mine/reforge.toml")`.
//! let notes = Workload::new("notes", "notes", "prod", "mine")
//!     .with_image("acme/notes:1.4")
//!     .with_volume(Volume::new("data", Scope::Project, "data"));
//! let config = Config::new("/var/lib/mine/reforge").with_volume_root("/srv/mine").with_workload(notes);
//!
//! let builder = Host::from_config(config)
//!     // `runtime = "mine"`: the name is open.
//!     .runtime("mine", engine)
//!     .events(|event: &Event<'_>| eprintln!("{event:?}"));
//! // Once, when this is installed.
//! builder.init()?;
//! let host = builder.build()?;
//! // At each start, before anything else: whatever a crash left is settled.
//! for settled in host.recover()? {
//!     eprintln!("{}: {:?}", settled.id, settled.result);
//! }
//!
//! let panel = Caller::new("the panel");
//! host.deploy("notes", &panel)?;
//! let snapshot = host.capture("notes", "before the upgrade", &panel)?;
//! host.verify("notes", &snapshot.id, &panel)?;
//!
//! let restore = Restore::of("notes", &snapshot.id);
//! let plan = host.plan(&restore, &panel)?;
//! let report = host.restore(&restore.as_planned(&plan), &panel);
//! if let (Outcome::Done, Some(receipt)) = (report.outcome, report.receipt) {
//!     // While its window lasts.
//!     host.undo(&receipt.id, &panel);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Over HTTP the same is asked of `reforge_server::Api`, whose router is mounted in the deployer's own server.
//!
//! Types that may gain something are `#[non_exhaustive]`. The crates that this one is built of, and whatever of it is not
//! listed here, are internal: they change from one version to the next.
//!
//! For those who read the source, in reading order: [`restore`] is the flow a person asks for, [`reforge_deployer`] owns the
//! lock through which everything goes, [`host`] puts together what one configuration has,
//! [`audit`] writes down who did what, [`events`] tells of it, [`leftovers`] removes what dead processes
//! left, and `door` is what stands here.

mod door;
#[doc(hidden)]
pub mod events;
#[doc(hidden)]
pub mod host;
mod leftovers;
#[doc(hidden)]
pub mod restore;

pub use audit::Event as AuditEvent;
pub use door::{
    Amount, Caller, Capture, Changes, Host, HostBuilder, Plan, PlannedVolume, Restore, Snapshot, SnapshotVolume,
};
pub use events::{Event, EventSink};
pub use reforge_base::audit;
pub use reforge_base::consistency::Taken;
pub use reforge_base::failure::{Code, Failure, Result};
pub use reforge_config::Config;
pub use reforge_runtime::Runtime;
pub use reforge_transaction::lease::{Lease, OuterLock};
pub use reforge_transaction::receipt::{Outcome, Receipt};
pub use reforge_transaction::recover::Recovered;
pub use restore::Report;

/// What a configuration in code is made of.
pub mod config {
    pub use reforge_base::consistency::{Consistency, Hook};
    pub use reforge_base::spec::HealthCheck;
    pub use reforge_config::scope::Scope;
    pub use reforge_config::{Ask, Capturing, Drill, Expect, Links, Probe, Volume, Workload};
}

/// What a [`Runtime`] is given and answers.
pub mod runtime {
    pub use reforge_base::spec::{
        AppState, Container, DeploySpec, Health, HealthCheck, HealthReport, Mount, Observation,
    };
    pub use reforge_runtime::{DeployedMount, Freezable, HookEnd, ImageAtHand, Survey};
    pub use reforge_volumes::identity::Identity;
}
