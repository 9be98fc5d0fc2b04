//! What the promises are tested with: a throwaway deployment, apps, disks, signatures, and a forger of archives.

pub mod api;
pub mod apps;
pub mod archives;
pub mod bench;
pub mod browser;
pub mod chance;
pub mod containers;
pub mod described;
pub mod disks;
pub mod edits;
#[allow(dead_code, reason = "the runtime's own tests use it too, and neither uses all of it")]
pub mod engine;
pub mod environment;
pub mod explorer;
pub mod guest_build;
pub mod guests;
pub mod hostile;
pub mod process;
pub mod proxy;
pub mod python;
pub mod registry;
pub mod signature;
#[allow(dead_code, reason = "the plugin's tests use it too, and neither uses all of it")]
pub mod tarball;
pub mod terminal;
pub mod trace;
pub mod world;

pub use process::{Output, Running, eventually};
pub use terminal::Terminal;
pub use world::{Volume, Workload, World};
