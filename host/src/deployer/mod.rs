//! Workloads, their lock, and the one function through which every deploy goes.
//!
//! In reading order: [`scope`] says which volumes are ours, [`resolve`] and [`overlap`] where they are and what is in
//! the way, [`workload`] what shall run, [`lease`] who may touch it, [`history`] what was deployed, [`dispatch`] does it.

pub mod dispatch;
pub mod history;
mod keyed_mutex;
pub mod lease;
mod live;
pub(crate) mod mounts;
pub(crate) mod overlap;
mod owner;
mod prepare;
mod preview;
pub mod resolve;
pub mod scope;
pub mod workload;

#[cfg(test)]
pub(crate) mod fixture;
