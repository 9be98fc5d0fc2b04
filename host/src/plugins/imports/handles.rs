//! What a guest's handles stand for on this side.
//!
//! A proof carries the number that the monitor gave it: one that is forged, used or of another restore does not fit.

use std::sync::Arc;

use crate::restore::monitor::Proof;
use crate::volumes;

pub struct Lease(pub Proof);
pub struct Stopped(pub Proof);
pub struct Safety(pub Proof);
pub struct Transaction(pub Proof);
pub struct Sealed(pub Proof);
pub struct Swapped(pub Proof);

/// The one archive of this call.
#[derive(Clone)]
pub struct Snapshot;

/// A volume of the workload by its name.
pub struct Volume(pub String);

pub struct LiveTree(pub volumes::live_tree::LiveTree);

/// The staging of one volume.
#[derive(Clone)]
pub struct Staging {
    pub volume: usize,
    pub tree: Arc<volumes::staging::Staging>,
}

pub struct LargeFile(pub volumes::staging::LargeFile);
