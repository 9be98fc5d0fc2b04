//! Power cuts at the level of single writes: a restore, its undo and the end of both windows on disks that write down what
//! they are told, and then what a start makes of every image that a cut could have left.
//!
//! [`recorder`] is the disk, [`replay`] rebuilds what a cut leaves, [`deployment`] is restored and judged, [`trial`] puts them
//! together, [`claims`] says what must hold. Cuts are chosen by a seed that is printed; `REFORGE_POWER_CUTS` says how many
//! there are for each file system, and `REFORGE_SEED` repeats a run. [`copies`] is the cheap form, [`runs_out`] a disk that has
//! no room for a direction.

mod chance;
mod claims;
mod copies;
mod deployment;
mod file_system;
mod recorder;
mod replay;
mod runs_out;
mod trial;
