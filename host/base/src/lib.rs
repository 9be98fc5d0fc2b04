//! What everything else of Reforge stands on.
//!
//! [`failure`] is how anything says that it did not work, [`mod@message`] how anything is said, in which [`language`] and with
//! which words of the [`catalogue`], [`durable`] the one place that syncs, [`effects`] the seam where
//! tests make any effect fail, [`mounts`] what is mounted where, [`phase`] what is being done
//! right now, [`consistency`] how a snapshot was taken, [`state_dir`] where a host keeps its own files, [`audit`] who did what, [`spec`]
//! what is deployed, as plain data, [`limits`] what an entry of a snapshot may be at most.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

pub mod account;
pub mod audit;
pub mod boot;
pub mod catalogue;
pub mod clock;
pub mod consistency;
pub mod demands;
pub mod durable;
pub mod effects;
pub mod failure;
pub mod fingerprint;
pub mod formatting;
pub mod in_order;
pub mod language;
pub mod limits;
pub mod lock_file;
pub mod machine;
pub mod message;
pub mod mounts;
pub mod not_captured;
pub mod numbers;
pub mod open_files;
pub mod permissions;
pub mod phase;
pub mod project;
pub mod random;
pub mod read_lease;
pub mod record_file;
pub mod remark;
pub mod side_by_side;
pub mod signature;
pub mod spec;
pub mod state_dir;
pub mod threads;

pub use failure::{Code, Failure, Result};
pub use language::Language;
pub use message::Message;
pub use phase::Phase;
pub use reforge_text::escape;
