//! The protocol, explored exhaustively: every state that a restore or an undo of two volumes can come to.
//!
//! Processes are killed and the power is cut anywhere; what was not synced is there afterwards or is not, each change for
//! itself; any effect fails once; an engine starts the app when it likes; other commands try the lock; a disk comes late.
//! The journal's states and moves, the judgement of what is live and the recovery table are the product's own types and
//! functions. Only the order of effects is written here, in [`program`], and [`drift`] holds it against real runs.
//!
//! [`machine`] is what is there, with [`volume`] and [`journal`] what of it is durable; [`program`] the steps of each
//! process and [`effects`] what each does; [`explore`] who may do what next; [`claims`] what must hold, and the wrong
//! orders that the model must be able to tell.

mod claims;
mod drift;
mod effects;
mod explore;
mod journal;
mod machine;
mod program;
mod volume;
