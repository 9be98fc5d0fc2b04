//! What the promises are tested with: a throwaway deployment, apps, disks, signatures, and a forger of archives.

pub(crate) mod api;
pub(crate) mod apps;
pub(crate) mod archives;
pub(crate) mod bench;
pub(crate) mod browser;
pub(crate) mod chance;
pub(crate) mod containers;
pub(crate) mod described;
pub(crate) mod disks;
pub(crate) mod edits;
#[allow(dead_code, reason = "the runtime's own tests use it too, and neither uses all of it")]
pub(crate) mod engine;
pub(crate) mod environment;
pub(crate) mod explorer;
pub(crate) mod guest_build;
pub(crate) mod guests;
pub(crate) mod hostile;
pub(crate) mod process;
pub(crate) mod projects;
pub(crate) mod proxy;
pub(crate) mod python;
pub(crate) mod receiver;
pub(crate) mod registry;
pub(crate) mod signature;
#[allow(dead_code, reason = "the plugin's tests use it too, and neither uses all of it")]
pub(crate) mod tarball;
pub(crate) mod terminal;
pub(crate) mod trace;
pub(crate) mod world;

pub(crate) use process::{Output, Running, eventually};
pub(crate) use terminal::Terminal;
pub(crate) use world::{Volume, Workload, World};
