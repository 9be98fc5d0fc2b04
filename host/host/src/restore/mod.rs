//! A restore from request to receipt.
//!
//! In reading order: [`preflight`] everything a plan stands on, with its digest; [`monitor`] what each call of a plugin
//! requires and what refuses it; [`run`] the flow of a restore; [`undo`] the flow of an undo, which needs no plugin;
//! [`decide`] what only a person can decide; [`progress`] what can be seen and stopped meanwhile; [`report`] what is told at the end;
//! [`import`] the flow of an import, [`conversion`] what comes of a foreign archive, [`taken_in`] what is said of it later;
//! [`word`] what a plugin says, and what of it can be so.

mod conclude;
pub(crate) mod conversion;
pub mod decide;
pub mod import;
pub mod monitor;
pub mod preflight;
pub mod progress;
pub mod report;
pub mod run;
pub mod taken_in;
pub mod undo;
mod word;

pub use report::Report;
