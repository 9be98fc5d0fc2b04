//! The imports, one file per interface of the WIT: each method finds what its handles stand for and asks what answers them.

mod conversions;
pub(crate) mod handles;
mod lifecycle;
mod report;
mod snapshots;
mod transactions;
mod types;
mod volumes;
mod workers;
