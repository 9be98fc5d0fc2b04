//! Reforge puts an app's volumes back as they were in a snapshot, or leaves them exactly as they are.
//!
//! In reading order: [`restore`] is the flow a person asks for, [`deployer`] owns the lock through which everything goes,
//! [`host`] puts together what one configuration has, [`conformance`] says whether a plugin keeps its promises, [`audit`]
//! writes down who did what, [`leftovers`] removes what dead processes left.

pub mod audit;
pub mod conformance;
pub mod deployer;
pub mod host;
pub mod leftovers;
pub mod restore;
