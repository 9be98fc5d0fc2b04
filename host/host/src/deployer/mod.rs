//! Workloads, their lock, and the one function through which every deploy goes.
//!
//! In reading order: [`configured`] where volumes are said to be, [`resolve`] and [`overlap`] where they are and what
//! is in the way, [`deployed`] where what is deployed has them, [`history`] what was deployed, [`image`] which image
//! runs next, [`absent`] which directories a deploy may make, [`dispatch`] does it, and [`apps`] does it for
//! transactions.

mod about;
mod absent;
mod apps;
mod configured;
pub mod deployed;
pub mod dispatch;
mod forbidden;
pub mod history;
mod image;
mod live;
pub mod overlap;
mod owner;
pub mod prepare;
mod preview;
pub mod resolve;

#[cfg(test)]
pub(crate) mod fixture;
