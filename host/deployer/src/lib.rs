//! Workloads, their lock, and the one function through which every deploy goes.
//!
//! In reading order: [`configured`] where volumes are said to be, [`resolve`] and [`overlap`] where they are and what
//! is in the way, [`deployed`] where what is deployed has them, [`image`] which image
//! runs next, [`absent`] which directories a deploy may make, `replaces` what of others it ends, [`dispatch`] does it,
//! [`start`] what a stop has stopped, and [`apps`] does it for transactions.

mod about;
mod absent;
mod apps;
mod configured;
pub mod deployed;
pub mod dispatch;
mod forbidden;
mod image;
mod live;
pub mod overlap;
mod owner;
pub mod prepare;
mod preview;
mod replaces;
pub mod resolve;
mod start;

#[cfg(test)]
mod history_tests;
