//! When snapshots are due, and which of them stay. Pure: it has no clock, reads no file and deletes nothing.
//!
//! [`calendar`] says when the next snapshot of a workload is due and whether it is overdue, [`retention`] which snapshots a
//! rule like `daily = 7` keeps and why. Both answer the same for the same question, however often they are asked.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

pub mod calendar;
pub mod retention;
